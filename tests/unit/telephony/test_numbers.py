"""Phone numbers in the forms of seven countries, of trunks, of spreadsheets and of strangers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.numbers import NumberError, normalise_for_store, read_number, spelled, zones_of

LONDON = "+442079460123"
BERLIN = "+4930123456"
WASHINGTON = "+12025550123"
SHANGHAI_MOBILE = "+8613800138000"
SHENZHEN = "+8675586013388"
TAIPEI = "+886223456789"
HONG_KONG = "+85291234567"
SAO_PAULO = "+5511987654321"

HABITS = [
    ("GB", "+44 20 7946 0123", LONDON),
    ("GB", "02079460123", LONDON),
    ("GB", "2079460123", LONDON),
    ("GB", "442079460123", LONDON),
    ("GB", "00442079460123", LONDON),
    ("GB", "+44 (0)20 7946 0123", LONDON),
    ("GB", "(020) 7946-0123", LONDON),
    ("GB", "0442079460123", LONDON),
    ("GB", "902079460123", LONDON),
    ("GB", "90442079460123", LONDON),
    ("GB", "+4402079460123", LONDON),
    ("GB", "++442079460123", LONDON),
    ("GB", "０２０７９４６０１２３", LONDON),
    ("GB", "٠٢٠٧٩٤٦٠١٢٣", LONDON),
    ("GB", "\u202a+44 20 7946 0123\u202c", LONDON),
    ("GB", "020\u201179460123", LONDON),
    ("GB", "020 7946 0123 ext 12", LONDON),
    ("GB", "+442079460123;ext=12", LONDON),
    ("GB", "tel:+44-20-7946-0123", LONDON),
    ("GB", "tel:020-7946-0123;phone-context=example.com", LONDON),
    ("GB", "sip:02079460123@pbx.example.com", LONDON),
    ("GB", "sips:%2B442079460123@example.com:5061;transport=tls", LONDON),
    ("GB", '"Bob" <sip:+442079460123@example.com;user=phone>;tag=1', LONDON),
    ("GB", "442079460123.0", LONDON),
    ("GB", "'02079460123", LONDON),
    ("GB", "07700 900123", "+447700900123"),
    ("GB", "8613800138000", SHANGHAI_MOBILE),
    ("GB", "0012025550123", WASHINGTON),
    ("DE", "030 123456", BERLIN),
    ("DE", "030/12 34 56", BERLIN),
    ("DE", "(030) 1234-56", BERLIN),
    ("DE", "+49 (0) 30 123456", BERLIN),
    ("DE", "0049 30 123456", BERLIN),
    ("DE", "4930123456", BERLIN),
    ("DE", "0171 1234567", "+491711234567"),
    ("DE", "1711234567", "+491711234567"),
    ("US", "(202) 555-0123", WASHINGTON),
    ("US", "202.555.0123", WASHINGTON),
    ("US", "1-202-555-0123", WASHINGTON),
    ("US", "12025550123", WASHINGTON),
    ("US", "202-555-0123 x45", WASHINGTON),
    ("US", "011 44 20 7946 0123", LONDON),
    ("US", "00442079460123", LONDON),
    ("CN", "13800138000", SHANGHAI_MOBILE),
    ("CN", "013800138000", SHANGHAI_MOBILE),
    ("CN", "8613800138000", SHANGHAI_MOBILE),
    ("CN", "008613800138000", SHANGHAI_MOBILE),
    ("CN", "+86 138 0013 8000", SHANGHAI_MOBILE),
    ("CN", "17951 13800138000", SHANGHAI_MOBILE),
    ("CN", "0755-86013388", SHENZHEN),
    ("CN", "75586013388", SHENZHEN),
    ("CN", "86075586013388", SHENZHEN),
    ("CN", "０７５５－８６０１３３８８", SHENZHEN),
    ("CN", "0755 8601 3388 转 12", SHENZHEN),
    ("CN", "0755-86013388分机12", SHENZHEN),
    ("CN", "400-812-3123", "+864008123123"),
    ("TW", "(02) 2345-6789", TAIPEI),
    ("TW", "02-2345-6789", TAIPEI),
    ("TW", "002886223456789", TAIPEI),
    ("TW", "0912 345 678", "+886912345678"),
    ("TW", "886912345678", "+886912345678"),
    ("HK", "9123 4567", HONG_KONG),
    ("HK", "85291234567", HONG_KONG),
    ("HK", "0085291234567", HONG_KONG),
    ("HK", "001 86 138 0013 8000", SHANGHAI_MOBILE),
    ("BR", "(11) 98765-4321", SAO_PAULO),
    ("BR", "011987654321", SAO_PAULO),
    ("BR", "0 15 11 98765-4321", SAO_PAULO),
    ("BR", "5511987654321", SAO_PAULO),
    ("BR", "1187654321", SAO_PAULO),
    ("BR", "+55 11 8765-4321", SAO_PAULO),
    ("BR", "(11) 3234-5678", "+551132345678"),
]


@pytest.mark.parametrize(("region", "raw", "e164"), HABITS)
def test_the_habits_of_a_country_lead_to_one_number(region: str, raw: str, e164: str) -> None:
    """However a number is written where it is written, its first reading is the E.164 one."""
    number = read_number(raw, region)
    assert number.readings[:1] == (e164,)
    assert not number.anonymous


@pytest.mark.parametrize(("region", "raw", "e164"), HABITS)
def test_what_a_caller_shows_finds_what_a_spreadsheet_stored(
    region: str, raw: str, e164: str
) -> None:
    """The stored form is the first reading, so a person imported is a person found."""
    assert normalise_for_store(raw, region) == e164


@pytest.mark.parametrize(
    "raw",
    [None, "", "  ", "anonymous", "Anonymous", "<unknown>", "unknown", "Restricted", "Unavailable",
     "private", "sip:anonymous@anonymous.invalid", "266696687", "匿名", "Number Withheld",
     "()", "\x00\x01"],
)  # fmt: skip
def test_a_withheld_number_is_anonymous(raw: str | None) -> None:
    """Every word for "withheld" means the same: no reading, and said so."""
    number = read_number(raw, "GB")
    assert number.anonymous
    assert number.readings == ()


@pytest.mark.parametrize("raw", ["1", "999", "1001", "10086", "95588", "201234", "07946"])
def test_a_short_number_is_an_extension_and_no_person(raw: str) -> None:
    """An extension or a hotline has no E.164 reading, and is not anonymous either."""
    number = read_number(raw, "CN")
    assert (number.kind, number.readings, number.anonymous) == ("extension", (), False)


@pytest.mark.parametrize(
    "raw",
    ["Bob", "1-800-FLOWERS", "${EXTEN}", "500&PJSIP/1002", "' OR 1=1", "*67 020", "0" * 40,
     "9" * 5000, "+", "+442079460123+44", "02079460123 / 07700900123",
     "４" * 200, "12345678"],
)  # fmt: skip
def test_nonsense_has_no_reading_and_harms_nobody(raw: str) -> None:
    """Letters, codes, two numbers in one, endless digits: no reading, and a short display form."""
    number = read_number(raw, "GB")
    assert number.readings == ()
    assert not number.anonymous
    assert len(number.raw) <= 40


def test_brazil_mexico_and_argentina_write_one_mobile_in_two_ways() -> None:
    """A number that gained or loses a digit has both forms among its readings."""
    assert read_number("11 8765-4321", "BR").readings == (SAO_PAULO, "+551187654321")
    assert read_number("+5511987654321", "GB").readings == (SAO_PAULO, "+551187654321")
    assert read_number("+52 1 55 1234 5678", "MX").readings == ("+525512345678", "+5215512345678")
    assert read_number("55 1234 5678", "MX").readings == ("+525512345678", "+5215512345678")
    assert "+5491123456789" in read_number("11 2345 6789", "AR").readings
    assert "+541123456789" in read_number("011 15 2345 6789", "AR").readings


def test_digits_that_may_be_home_or_abroad_give_both_readings_home_first() -> None:
    """12 digits from a US trunk are Indian, or a Washington number behind a 9 for outside."""
    assert read_number("912025550123", "US").readings == ("+912025550123", WASHINGTON)
    assert read_number("8613800138000", "DE").readings[-1] == SHANGHAI_MOBILE


@pytest.mark.parametrize(
    ("raw", "kind", "region"),
    [
        ("+8613800138000", "mobile", "CN"),
        ("02079460123", "fixed", "GB"),
        ("+12025550123", "fixed_or_mobile", "US"),
        ("0800 123 4567", "toll_free", "GB"),
        ("+864008123123", "shared_cost", "CN"),
        ("+447700900123", "unknown", "GB"),  # kept free for plays: no operator has it
        ("+80012345678", "toll_free", None),  # of no country
    ],
)
def test_kind_and_region_are_those_of_the_likeliest_reading(
    raw: str, kind: str, region: str | None
) -> None:
    """What sort of number it is and where, for the card and for callbacks."""
    number = read_number(raw, "GB")
    assert (number.kind, number.region) == (kind, region)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "is empty"),
        ("anonymous", "withheld"),
        ("1001", "only 4 digits"),
        ("Bob", "no part of a phone number: B b o"),
        ("4.42E+11", "rounded by a spreadsheet"),
        ("020 7946 0123 / 07700 900123", "more than one number"),
        ("0" * 40, "at most 15"),
        ("1" * 500, "too long"),
        ("+", "no digits"),
        ("12345678", "not a complete number in GB"),
        ("+4412", "not a complete number in any country"),
    ],
)
def test_a_rejected_number_says_what_to_do(raw: str, says: str) -> None:
    """The report of an import gives each bad number a reason somebody can act on."""
    with pytest.raises(NumberError, match=re.escape(says)):
        normalise_for_store(raw, "GB")


def test_an_unknown_home_region_still_reads_international_numbers() -> None:
    """Without a known region only what carries its country is read."""
    assert read_number(LONDON, "XX").readings == (LONDON,)
    assert read_number("02079460123", "XX").readings == ()


@given(raw=st.text(max_size=150), region=st.sampled_from(["GB", "US", "CN", "BR", "DE", "ZZ", ""]))
def test_any_text_is_read_without_harm(raw: str, region: str) -> None:
    """Whatever comes, readings are E.164, distinct and at most six; storing either works the same
    or says why not."""
    number = read_number(raw, region)
    assert len(set(number.readings)) == len(number.readings) <= 6
    assert all(re.fullmatch(r"\+[1-9][0-9]{4,16}", reading) for reading in number.readings)
    assert not (number.anonymous and number.readings)
    if number.readings:
        assert normalise_for_store(raw, region) in number.readings
    else:
        with pytest.raises(NumberError, match=r"."):
            normalise_for_store(raw, region)


@given(
    national=st.from_regex(r"7[4-9][0-9]{8}", fullmatch=True),
    form=st.sampled_from(["0{}", "{}", "+44{}", "0044{}", "44{}", "+44 (0){}", "+440{}"]),
)
def test_all_forms_of_a_british_mobile_read_alike(national: str, form: str) -> None:
    """Seven ways to write it, one first reading."""
    assert read_number(form.format(national), "GB").readings[:1] == ("+44" + national,)


@pytest.mark.parametrize(
    ("number", "zones", "spelling"),
    [
        ("+442079460123", ("Europe/London",), "+44 20 7946 0123"),
        ("+8613800138000", ("Asia/Shanghai",), "+86 138 0013 8000"),
        ("+999123", (), "+999123"),
        ("nonsense", (), "nonsense"),
    ],
)
def test_where_a_number_is_and_how_it_is_written(
    number: str, zones: tuple[str, ...], spelling: str
) -> None:
    """Zones of a number, and its spelling; what is no number is left as it is."""
    assert (zones_of(number), spelled(number)) == (zones, spelling)
