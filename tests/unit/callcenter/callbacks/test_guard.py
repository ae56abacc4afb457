"""Which numbers are called, in every way that people write them."""

from __future__ import annotations

import pytest

from callcenter.callback_ports import NEVER_CALLED
from callcenter.callbacks.guard import WORLDWIDE, judged
from callcenter.callbacks.plans import GuardRules
from telephony.numbers import read_number

RULES = GuardRules(
    countries=frozenset({"GB", "CN", "TW", "HK", "DE"}),
    blocked_prefixes=("+44740099",),
    own=frozenset({"+442079460000"}),
)


def _why(raw: str, region: str = "GB", rules: GuardRules = RULES) -> str:
    found = judged(read_number(raw, region), rules)
    return found[0].why if found else "good"


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("020 7946 0123", "GB", "+442079460123"),
        ("(020) 7946-0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "GB", "+442079460123"),
        ("0044 20 7946 0123", "GB", "+442079460123"),
        ("+442079460123", "CN", "+442079460123"),
        ("+442079460123", "GB", "+442079460123"),
        ("07400 123456", "GB", "+447400123456"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("+86 138 0013 8000", "GB", "+8613800138000"),
        ("(010) 6552 9988", "CN", "+861065529988"),
        ("0912-345-678", "TW", "+886912345678"),
        ("(02) 2345-6789", "TW", "+886223456789"),
        ("2123 4567", "HK", "+85221234567"),
        ("030 / 123456", "DE", "+4930123456"),
        ("tel:+442079460123", "GB", "+442079460123"),
        ("\u202d+44 20 7946 0123\u202c", "GB", "+442079460123"),
    ],
)
def test_every_national_habit(raw: str, region: str, e164: str) -> None:
    read = read_number(raw, region)
    assert read.readings[0] == e164
    assert judged(read, RULES) == ()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "number_withheld"),
        ("anonymous", "number_withheld"),
        ("call me", "number_bad"),
        ("0800 FLOWERS", "number_bad"),
        ("12", "number_bad"),
        ("0" * 60, "number_bad"),
        ("+44 20 7946 0123 / 020 7946 0124", "number_bad"),
        ("<script>alert(1)</script>", "number_bad"),
        ("'; DROP TABLE callbacks;--", "number_bad"),
        ("+1 202 555 0143", "country"),
        ("+1 876 555 0123", "country"),  # Jamaica, +1 as well
        ("+33 1 70 36 39 50", "country"),
        ("+247 6 5432", "country"),
        ("0909 879 0123", "kind"),
        ("0845 600 0123", "kind"),
        ("0800 123 4567", "kind"),
        ("070 1234 5678", "kind"),
        ("07640 123456", "kind"),
        ("+44 55 1234 5678", "kind"),
        ("400-820-8820", "kind"),
        ("020 7946 0000", "prefix"),
        ("07400 991234", "prefix"),
        ("07700 900123", "kind"),  # of films: nobody's
    ],
)
def test_what_is_not_called(raw: str, why: str) -> None:
    region = "CN" if raw.startswith("400") else "GB"
    assert _why(raw, region) == why


@pytest.mark.parametrize(
    "number",
    [
        "+870 773 111 632", "+881 6 3251 2345", "+882 16 5421 2345", "+882 34 1234567",
        "+883 5100 1234 5678", "+979 1 2345 6789", "+808 1234 5678", "+878 10 1234567890",
        "+888 123 456 789 01",
    ],
)  # fmt: skip
def test_satellites_and_international_tariffs_are_never_called(number: str) -> None:
    """Also where rules are only tried out, and whatever countries and kinds are configured."""
    everything = GuardRules(
        countries=frozenset({"GB", "US", "001"}),
        kinds=frozenset(
            {"mobile", "fixed", "fixed_or_mobile", "voip", "toll_free", "unknown", "premium",
             "shared_cost", "pager", "uan", "personal", "voicemail"}
        ),
    )  # fmt: skip
    found = judged(read_number(number, "GB"), everything)
    assert any(one.hard for one in found)
    assert found[0].why in ("kind", "number_bad")


def test_kinds_that_cost_are_refused_whatever_is_configured() -> None:
    everything = GuardRules(countries=frozenset({"GB"}), kinds=NEVER_CALLED | {"mobile"})
    for raw in ("0909 879 0123", "0845 600 0123", "07640 123456"):
        found = judged(read_number(raw, "GB"), everything)
        assert [(one.why, one.hard) for one in found] == [("kind", True)]


def test_what_is_configured_is_called() -> None:
    rules = GuardRules(countries=frozenset({"GB", "US"}), kinds=frozenset({"toll_free", "fixed"}))
    assert _why("0800 123 4567", rules=rules) == "good"
    assert _why("07400 123456", rules=rules) == "kind"
    assert [one.hard for one in judged(read_number("07400 123456", "GB"), rules)] == [False]


def test_the_table_names_codes_once() -> None:
    codes = [code for code, _ in WORLDWIDE]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("+") and code[1:].isdigit() and len(code) == 4 for code in codes)
