"""Importing people: what is taken, what is rejected and why, resuming, and wrong files."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.people_import import ImportProgress, ImportReport, PeopleFileError, import_people
from callcenter.ports import ContactPoint, PersonRow
from callcenter.store import Store, open_store
from tests.contract.samples import person, phone


def normalise(text: str) -> str:
    """Stands in for the telephone library: British, and only as clever as these tests need."""
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) < 6 or any(char.isalpha() for char in text):
        raise ValueError("not a telephone number")
    return f"+{digits}" if text.startswith("+") else f"+44{digits.lstrip('0')}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def run(store: Store, file: Path, text: str | bytes, **options: str) -> ImportReport:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_people(store, file, "GB", normalise, **options)  # type: ignore[arg-type]


def rejected(report: ImportReport) -> dict[int, str]:
    assert report.rejected_file is not None
    with Path(report.rejected_file).open(encoding="utf-8", newline="") as lines:
        return {int(row["rejected_line"]): row["rejected_reason"] for row in csv.DictReader(lines)}


async def one(store: Store, number: str) -> PersonRow:
    (found,) = await store.people.behind([number])
    return found


async def test_every_column(store: Store, file: Path) -> None:
    """All columns arrive, under their names in any case or an alias, Unicode composed."""
    report = run(
        store,
        file,
        "\ufeffID,Full Name,Phone,Mobile,E-Mail,Account Number,Tier,lang,City,DOB,Customer since,"
        "Segment,Products,LTV,Currency,preferred_channel,preferred_time,Marketing consent,"
        "consent_recording,Notes\r\n"
        'c-1,"O’Brien, Zoe\u0308",020 7946 0001;+442079460002,07700 900001,Z@Example.ORG,A1;A2,'
        "GOLD,zh_cn,Leeds,1980-12-31,2020-01-02,retail,card; loan,-12.5,gbp,phone,evenings,"
        'yes,NO,"calls\nat six"\r\n',
    )
    assert (report.accepted, report.rejected, report.already) == (1, 0, False)
    assert report.rejected_file is None
    expected = person(
        "c-1",
        phone("+442079460001"),
        phone("+442079460002"),
        phone("+447700900001", "mobile"),
        ContactPoint(kind="email", value="z@example.org", label=None),
        ContactPoint(kind="account", value="A1", label=None),
        ContactPoint(kind="account", value="A2", label=None),
        name="O’Brien, Zo\u00eb", tier="gold", language="zh-Hans", city="Leeds",
        birth="1980-12-31", since=1_577_923_200.0, segment="retail", products=("card", "loan"),
        lifetime_value=-1250, currency="GBP", preferred_channel="phone",
        preferred_time="evenings", consent_marketing=True, consent_recording=False,
        note="calls\nat six",
    )  # fmt: skip
    assert await store.people.person("c-1") == expected


async def test_bad_lines_are_listed_and_good_ones_kept(store: Store, file: Path) -> None:
    """Each bad line is listed with its number and reason; every good line is taken."""
    report = run(
        store,
        file,
        "id,name,phone,email,account,tier,language,birth,since,consent_marketing,"
        "lifetime_value,currency\n"
        "1,Good,020 7946 0001,,,,,,,,,\n"
        "2,Bad,call me,,,,,,,,,\n"
        "3,,020 7946 0003,,,,,,,,,\n"
        ",Nobody,,,,,,,,,,\n"
        "5,Short,020 7946 0005\n"
        "6,Mail,,x@y,,,,,,,,\n"
        "7,Tier,,,,very gold!,,,,,,\n"
        "8,Lang,,,,,klingon,,,,,\n"
        "9,Birth,,,,,,31.12.1980,,,,\n"
        "10,Birth,,,,,,1980-02-30,,,,\n"
        "11,Consent,,,,,,,,maybe,,\n"
        "12,Money,,,,,,,,,12.345,EUR\n"
        "13,Money,,,,,,,,,12,\n"
        "14,Money,,,,,,,,,1e99,EUR\n"
        "15,Nul\0,,,,,,,,,,\n"
        "16,Bi\u202edi,,,,,,,,,,\n"
        f"17,{'x' * 201},,,,,,,,,,\n"
        f"18,{'x' * 100_001},,,,,,,,,,\n"
        '19,"Quo"te,,,,,,,,,,\n'
        "1,Again,,,,,,,,,,\n"
        "a b,Blank,,,,,,,,,,\n"
        "\n"
        "23,Also good,020 7946 0023,,,,,,,,,\n",
    )
    reasons = rejected(report)
    assert (report.accepted, report.rejected) == (2, len(reasons))
    expected = {
        3: "phone: 'call me': not a telephone number",
        4: "name: empty",
        5: "no id, phone, email or account: nobody could ever find this person",
        6: "3 cells where the header has 12 columns",
        7: "email: 'x@y' is no e-mail address",
        8: "tier: 'very gold!' is no code",
        9: "language: 'klingon' is no language tag",
        10: "birth: '31.12.1980' is no date such as 1980-12-31",
        11: "birth: '1980-02-30' is no date such as 1980-12-31",
        12: "consent_marketing: 'maybe' is neither yes nor no",
        13: "lifetime_value: '12.345' is no amount of EUR",
        14: "lifetime_value: its currency is missing",
        15: "lifetime_value: '1e99' is no amount of EUR",
        16: "contains a NUL character",
        17: "name: contains the invisible character U+202E",
        18: "name: 201 characters, at most 200 are allowed",
        19: "the line is longer than 100000 characters",
        20: "wrong quotation marks",
        21: "the person with id 1 is on line 2 already",
        22: "id: at most 64 characters without blanks",
    }
    assert reasons.keys() == expected.keys()
    for line, words in expected.items():
        assert reasons[line].startswith(words), (line, reasons[line])
    assert (await one(store, "+442079460001")).name == "Good"
    assert (await one(store, "+442079460023")).name == "Also good"
    assert Path(report.rejected_file or "").stat().st_mode & 0o777 == 0o600


async def test_lost_quote_costs_one_line(store: Store, file: Path) -> None:
    """A quotation mark that is never closed costs its own line, not all that follow."""
    good = "".join(f"{n},Person {n},0207946{n:04}\n" for n in range(3000))
    report = run(store, file, f'id,name,phone\nx,"lost,02079469999\n{good}y,"also lost,1')
    assert report.accepted == 3000
    assert rejected(report) == {
        2: "a quotation mark is opened and not closed",
        3003: "a quotation mark is opened and not closed",
    }
    assert (await one(store, "+442079462999")).name == "Person 2999"


async def test_corrected_list_is_imported(store: Store, file: Path) -> None:
    """The list of rejected lines, corrected, is itself a file to import."""
    report = run(store, file, "id,name,phone\n1,Ann,letters\n")
    listed = Path(report.rejected_file or "")
    again = run(store, listed, listed.read_text().replace("letters", "020 7946 0001"))
    assert (again.accepted, again.rejected) == (1, 0)
    assert (await one(store, "+442079460001")).id == "1"


async def test_same_file_is_a_no_op(store: Store, file: Path) -> None:
    """A file imported before changes nothing and says so; for another region it is another one."""
    text = "id,name,phone\n1,Ann,020 7946 0001\n2,Bo,letters\n"
    first = run(store, file, text)
    second = run(store, file, text)
    assert (second.already, second.accepted, second.rejected) == (True, 1, 1)
    assert second.finished == first.finished
    assert not import_people(store, file, "IE", normalise).already


async def test_update_by_id_then_account(store: Store, file: Path) -> None:
    """People are found by id, else by account; columns the file lacks stay, its cells replace."""
    run(store, file, "id,name,phone,account,city\n1,Ann,02079460001,A1,Leeds\n2,Bo,,A2,York\n")
    report = run(store, file, "name,account,phone\nAnn Lee,A1,02079460009\nCy,A3,\nDi,A3,\n")
    assert rejected(report) == {4: "the person with account A3 is on line 3 already"}
    ann = await store.people.person("1")
    assert ann is not None
    assert (ann.name, ann.city) == ("Ann Lee", "Leeds")
    assert [point.value for point in ann.points] == ["+442079460009", "A1"]
    run(store, file, "id,name,city\n1,Ann,\n")
    ann = await store.people.person("1")
    assert ann is not None
    assert (ann.city, len(ann.points)) == (None, 2)


async def test_shared_account_needs_an_id(store: Store, file: Path) -> None:
    """An account of two people does not say which one a line is about."""
    run(store, file, "id,name,account\n1,Ann,A1\n2,Bo,A1\n")
    report = run(store, file, "name,account\nCy,A1\n")
    assert rejected(report) == {2: "account A1 belongs to 2 people: give an id"}


async def test_account_that_moved_in_the_same_file(store: Store, file: Path) -> None:
    """An account a line takes from somebody is free for a later line of the same file."""
    run(store, file, "id,name,account\n1,Ann,A1\n2,Bo,A1;A2\n")
    report = run(store, file, "id,name,account\n1,Ann,A9\n2,Bo,A2\n,Cy,A1\n")
    assert (report.accepted, report.rejected) == (3, 0)
    ann = await store.people.person("1")
    assert ann is not None
    assert (ann.name, [point.value for point in ann.points]) == ("Ann", ["A9"])


async def test_line_without_id_stays_one_person(store: Store, file: Path) -> None:
    """A line without id and account is the same person in every file that has it."""
    run(store, file, "name,phone,city\nAnn,02079460001,Leeds\nAnn,02079460001,York\n")
    run(store, file, "name,phone,city\nAnn,02079460001,York\n")
    assert (await one(store, "+442079460001")).city == "York"


async def test_hostile_text_is_only_text(store: Store, file: Path) -> None:
    """SQL, markup and dialplan in names and notes are stored as they are."""
    hostile = "'); DROP TABLE people;-- <img src=x onerror=alert(1)> ${EXTEN} &PJSIP/1"
    run(store, file, f'name,phone,note\n"{hostile}",02079460001,"{hostile}"\n')
    found = await one(store, "+442079460001")
    assert (found.name, found.note) == (hostile, hostile)


@pytest.mark.parametrize("mark", [";", "\t"])
async def test_other_separators(store: Store, file: Path, mark: str) -> None:
    """Semicolons and tabs, as office programs write them, are understood."""
    report = run(store, file, "id,name,phone\n1,Ann,02079460001\n".replace(",", mark))
    assert report.accepted == 1
    assert (await one(store, "+442079460001")).name == "Ann"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,nam,phone\n", "unknown column 'nam' (did you mean name?); column name is missing"),
        ("id,name,shoe size\n", "unknown column 'shoe size'. Allowed are: id, name, phone"),
        ("id,name,phone,Tel\n", "column phone is there twice"),
        ("name,city\n", "one of the columns id, phone, email, account is needed"),
        ("id,name,ltv\n", "lifetime_value needs the column currency"),
        ("\n1,Ann\n", "the first line is empty: it must name the columns"),
        ("", "the first line is empty: it must name the columns"),
        ('"id,name\n', "the first line cannot be read: a quotation mark is opened"),
    ],
)
async def test_wrong_header(store: Store, file: Path, text: str, words: str) -> None:
    """A wrong header is refused whole, naming file, columns and what is allowed."""
    with pytest.raises(PeopleFileError) as caught:
        run(store, file, text)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "option", "name"),
    [
        ("gb18030", "gb18030", "王小明、李娜和张伟"),
        ("cp1252", "windows-1252", "Jürgen Müßig"),
        ("utf-16", "utf-16", "Jürgen Müßig"),
        ("utf-16-le", "utf-16-le", "王小明"),
    ],
)
async def test_other_encodings(
    store: Store, file: Path, encoding: str, option: str, name: str
) -> None:
    """Text in another encoding is refused before anything is stored, naming line, byte and cure."""
    text = f"id,name,phone\n1,Ann,02079460001\n2,{name},02079460002\n".encode(encoding)
    with pytest.raises(PeopleFileError) as caught:
        run(store, file, text)
    words = str(caught.value)
    assert f"iconv -f {option.upper()} -t UTF-8 people.csv" in words
    assert f"--encoding {option}" in words
    if not encoding.startswith("utf-16"):
        at = text.index(name.encode(encoding))
        high = next(n for n in range(at, len(text)) if text[n] >= 0x80)
        assert f"line 3, byte {high} (0x{text[high]:02X}) is not UTF-8" in words
    assert await store.people.person("1") is None
    report = run(store, file, text, encoding=option)
    assert report.accepted == 2
    assert (await one(store, "+442079460002")).name == name


async def test_bad_byte_far_into_the_file(store: Store, file: Path) -> None:
    """The place of a wrong byte is right however far it is from the beginning."""
    text = b"id,name\n" + b"1,Zo\xc3\xab\n" * 300_000
    with pytest.raises(PeopleFileError) as caught:
        run(store, file, text + b"2,Zo\xeb\n")
    assert f"line 300002, byte {len(text) + 4} (0xEB) is not UTF-8" in str(caught.value)


async def test_unreadable_files(store: Store, tmp_path: Path) -> None:
    """A file that is not there, and an encoding that is not one, are said to be so."""
    with pytest.raises(PeopleFileError, match="cannot be read: No such file"):
        import_people(store, tmp_path / "none.csv", "GB", normalise)
    (tmp_path / "x.csv").write_text("id,name\n")
    with pytest.raises(PeopleFileError, match="there is no encoding 'klingon'"):
        import_people(store, tmp_path / "x.csv", "GB", normalise, encoding="klingon")


async def test_progress(store: Store, file: Path) -> None:
    """Progress grows to the whole file, with the counts so far."""
    file.write_text("id,name\n" + "".join(f"{n},P{n}\n" for n in range(2000)))
    seen: list[ImportProgress] = []
    import_people(store, file, "GB", normalise, seen.append)
    size = file.stat().st_size
    assert [step.accepted for step in seen] == [1000, 2000, 2000]
    assert [step.bytes_total for step in seen] == [size] * 3
    assert sorted(step.bytes_done for step in seen) == [step.bytes_done for step in seen]
    assert seen[-1].bytes_done == size


IMPORT_SLOWLY = """
import sys, time
from callcenter.people_import import import_people
from callcenter.store import open_store
from tests.integration.test_import import normalise

def step(progress):
    print(progress.accepted + progress.rejected, flush=True)
    time.sleep(0.02)

import_people(open_store(sys.argv[1]), sys.argv[2], "GB", normalise, step)
"""


async def test_killed_import_goes_on(tmp_path: Path, file: Path) -> None:
    """An import killed again and again ends as if it had never been: nobody twice, none missing."""
    lines = [f"Person {n},{'x' if n % 7 == 0 else '0207'}{n:07}" for n in range(12_000)]
    file.write_text("name,phone\n" + "\n".join(lines) + "\n")
    address = f"sqlite:///{tmp_path / 'store.db'}"
    root = Path(__file__).parents[2]
    for kills in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORT_SLOWLY, address, str(file)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        assert process.stdout is not None
        for _ in range(kills + 1):
            assert process.stdout.readline()
        time.sleep(0.01 * kills)
        process.kill()
        process.stdout.close()
        process.wait()
    store = open_store(address)
    report = import_people(store, file, "GB", normalise)
    assert report.resumed_at >= 3000
    assert (report.accepted, report.rejected) == (10_285, 1715)
    assert list(rejected(report)) == [n + 2 for n in range(0, 12_000, 7)]
    for n in (1, 5000, 11_999):
        assert (await one(store, f"+44207{n:07}")).sharers == 1
    store.close()
