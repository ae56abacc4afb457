"""Importing people from JSON Lines: what the keys mean, what is rejected and why, and resuming."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.people_import import ImportReport, import_people
from callcenter.ports import ContactPoint, Happening, PageView
from callcenter.store import Store, open_store
from tests.contract.samples import NOW, person, phone
from tests.integration.test_import import normalise


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", now=lambda: NOW)
    yield store
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.jsonl"


def run(store: Store, file: Path, *lines: dict[str, Any] | str) -> ImportReport:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return import_people(store, file, "GB", normalise, clock=lambda: NOW)


def rejected(report: ImportReport) -> dict[int, str]:
    assert report.rejected_file is not None
    lines = Path(report.rejected_file).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["rejected_line"]: row["rejected_reason"] for row in rows}


ZOE: dict[str, Any] = {
    "ID": "c-1", "Full Name": "O’Brien, Zoe\u0308", "phone": ["020 7946 0001", "+442079460002"],
    "mobile": "07700 900001", "email": "Z@Example.ORG", "account": ["A1", 2], "tier": "GOLD",
    "language": "zh_cn", "city": None, "birth": "1980-12-31", "products": ["card", "loan"],
    "lifetime_value": -12.5, "currency": "gbp", "consent_marketing": True, "predict": False,
    "note": "calls\nat six",
    "happenings": [
        {"id": "h1", "at": NOW - 50.0, "kind": "fee_charged", "title": "月费", "topic": "fees"},
        {"id": "h2", "at": int(NOW) - 40, "kind": "card_declined"},
        {"id": "h3", "at": NOW - 60.0, "kind": "refused", "title": None, "topic": None},
    ],
    "pages": [{"at": NOW - 9.0, "page": "fees"}, {"at": NOW - 9.0, "page": "cards/replace"}],
}  # fmt: skip


async def test_every_key(store: Store, file: Path) -> None:
    """Keys are the columns of the CSV file; numbers, booleans and lists are what they look like."""
    report = run(store, file, ZOE)
    assert (report.accepted, report.rejected, report.rejected_file) == (1, 0, None)
    (row,) = await store.people.behind(["+447700900001"])
    assert await store.people.person("c-1") == person(
        "c-1",
        phone("+442079460001"),
        phone("+442079460002"),
        phone("+447700900001", "mobile"),
        ContactPoint(kind="email", value="z@example.org", label=None),
        ContactPoint(kind="account", value="A1", label=None),
        ContactPoint(kind="account", value="2", label=None),
        name="O’Brien, Zo\u00eb", tier="gold", language="zh-Hans", birth="1980-12-31",
        products=("card", "loan"), lifetime_value=-1250, currency="GBP", consent_marketing=True,
        predict=False, note="calls\nat six",
        happenings=(
            Happening(id="h2", at=NOW - 40.0, kind="card_declined"),
            Happening(id="h1", at=NOW - 50.0, kind="fee_charged", title="月费", topic="fees"),
            Happening(id="h3", at=NOW - 60.0, kind="refused"),
        ),
        pages=(PageView(at=NOW - 9.0, page="fees"), PageView(at=NOW - 9.0, page="cards/replace")),
    )  # fmt: skip
    assert row.id == "c-1"


async def test_what_a_line_does_not_name_stays(store: Store, file: Path) -> None:
    """Objects with other keys in one file change only what they name; happenings are added."""
    run(store, file, ZOE, {"id": "c-2", "name": "Bo", "city": "Leeds"})
    report = run(
        store, file,
        {"id": "c-2", "name": "Bo", "tier": "basic"},
        {"id": "c-1", "name": "Zoe", "predict": True, "products": [],
         "happenings": [{"id": "h1", "at": NOW, "kind": "fee_returned"},
                        {"id": "h9", "at": NOW - 70.0, "kind": "refused"}]},
        {"id": "c-3", "name": "New"},
    )  # fmt: skip
    assert (report.accepted, report.rejected) == (3, 0)
    one, two = await store.people.person("c-1"), await store.people.person("c-2")
    assert one is not None
    assert two is not None
    assert (one.name, one.tier, one.predict, one.products) == ("Zoe", "gold", True, ())
    assert [made.id for made in one.happenings] == ["h1", "h2", "h3", "h9"]
    assert (one.happenings[0].kind, one.happenings[0].title) == ("fee_returned", "")
    assert len(one.pages) == 2
    assert (two.city, two.tier) == ("Leeds", "basic")


BASE: dict[str, Any] = {"id": "x", "name": "X"}
FEE: dict[str, Any] = {"id": "h", "at": 5, "kind": "fee"}


WRONG: list[tuple[dict[str, Any] | str, str]] = [
    ("{", "is not JSON"), ("[1]", "is not a JSON object"), ("5", "is not a JSON object"),
    ('{"id": "x", "name": NaN}', "is not JSON (NaN)"),
    ("[" * 100_000, "nested too deeply"),
    ('{"id": "x", "id": "y", "name": "X"}', "'id': is there twice"),
    ('{"id": "x", "name": "X", "birth": ' + "1" * 5000 + "}", "is not JSON"),
    ({"id": "x"}, "name: is missing"), ({**BASE, "name": ""}, "name: empty"),
    ({**BASE, "full name": "Y"}, "name: is there twice"),
    ({**BASE, "citty": "L"}, "unknown key 'citty' (did you mean city?)"),
    ({**BASE, "happening": []}, "(did you mean happenings?)"),
    ({**BASE, "\ud800": 1}, "unknown key '\\ud800'"),
    ({**BASE, "name": "a\0b"}, "name: contains the invisible character U+0000"),
    ({**BASE, "name": "a\ud800b"}, "name: contains the invisible character U+D800"),
    ({**BASE, "city": {"a": 1}}, "city: an object is not expected here"),
    ({**BASE, "products": ["a;b"]}, "products: 'a;b' contains ';'"),
    ({**BASE, "products": [None]}, "products: nothing in the list is no text"),
    ({**BASE, "predict": "perhaps"}, "predict: 'perhaps' is neither yes nor no"),
    ({**BASE, "lifetime_value": 5}, "lifetime_value: its currency is missing"),
    ({"name": "X"}, "no id, phone, email or account"),
    ({**BASE, "happenings": {}}, "happenings: an object is no list"),
    ({**BASE, "happenings": [5]}, "happenings[0]: '5' is no object"),
    ({**BASE, "happenings": [FEE, FEE]}, "happenings[1]: the same is in the list before"),
    ({**BASE, "happenings": [{**FEE, "at": "5"}]}, "happenings[0].at: '5' is no time"),
    ({**BASE, "happenings": [{**FEE, "at": True}]}, "happenings[0].at: 'True' is no time"),
    ({**BASE, "happenings": [{**FEE, "at": NOW + 9e4}]}, "more than a day ahead"),
    ({**BASE, "happenings": [{**FEE, "at": -1}]}, "happenings[0].at: '-1' is before 1970"),
    ({**BASE, "happenings": [{**FEE, "at": 10**400}]}, "such a number is before 1970 or more"),
    ({**BASE, "happenings": [{**FEE, "id": "a b"}]}, "happenings[0].id: 'a b' is not visible"),
    ({**BASE, "happenings": [FEE, {"id": "i", "at": 5}]}, "happenings[1].kind: nothing is not"),
    ({**BASE, "happenings": [{**FEE, "topic": "<b>"}]}, "happenings[0].topic: '<b>' is not"),
    ({**BASE, "happenings": [{**FEE, "title": 5}]}, "happenings[0].title: '5' is no text"),
    ({**BASE, "happenings": [{**FEE, "title": "x" * 201}]}, "happenings[0].title: 201 char"),
    ({**BASE, "happenings": [{**FEE, "title": "\u202ex"}]}, "happenings[0].title: contains"),
    ({**BASE, "happenings": [{**FEE, "why": 1}]}, "happenings[0]: unknown key 'why'"),
    ({**BASE, "happenings": [FEE] * 1001}, "happenings: 1001 of them, at most 1000"),
    ({**BASE, "pages": [{"at": 5, "page": "Fees!"}]}, "pages[0].page: 'Fees!' is not a short"),
    ({**BASE, "pages": [{"page": "fees"}]}, "pages[0].at: nothing is no time"),
]  # fmt: skip


async def test_rejected(store: Store, file: Path) -> None:
    """One wrong line costs itself; the list names line and key, and its neighbours are there."""
    lines = [line for line, _ in WRONG]
    report = run(store, file, {"id": "a", "name": "A"}, "", *lines, {"id": "b", "name": "B"})
    assert (report.accepted, report.rejected) == (2, len(WRONG))
    assert report.rejected_file == str(file.with_name("people.rejected.jsonl"))
    found = rejected(report)
    assert sorted(found) == list(range(3, 3 + len(WRONG)))
    for number, (_, reason) in enumerate(WRONG, 3):
        assert reason in found[number]
    assert await store.people.person("x") is None
    for who in "ab":
        assert await store.people.person(who) is not None


async def test_the_list_can_be_corrected(store: Store, file: Path) -> None:
    """The list of rejected lines keeps them as they were, and is a file to import itself."""
    text = '{"id": "x", "name": "X", "lifetime_value": 1234.50, "currency": "Euro"}'
    report = run(store, file, text, "{}", "no JSON")
    listed = Path(str(report.rejected_file)).read_text(encoding="utf-8")
    assert "1234.50" in listed
    assert [json.loads(line)["rejected_line"] for line in listed.splitlines()] == [1, 2, 3]
    corrected = file.with_name("corrected.jsonl")
    corrected.write_text(listed.replace('"Euro"', '"EUR"'), encoding="utf-8")
    again = import_people(store, corrected, "GB", normalise, clock=lambda: NOW)
    assert (again.accepted, again.rejected) == (1, 2)
    row = await store.people.person("x")
    assert row is not None
    assert (row.lifetime_value, row.currency) == (123_450, "EUR")
    assert "rejected_text" in rejected(again)[3]


async def test_long_lines_and_marks(store: Store, file: Path) -> None:
    """A byte order mark and CRLF are no content; a line too long costs itself."""
    long = json.dumps({**BASE, "note": "x" * 1_000_000})
    report = run(store, file, "\ufeff" + json.dumps({"id": "a", "name": "A"}) + "\r", long, BASE)
    assert (report.accepted, report.rejected) == (2, 1)
    assert rejected(report) == {2: "the line is longer than 1000000 characters"}


async def test_the_same_file_again(store: Store, file: Path) -> None:
    """A file that was imported is not imported again; the same person twice is refused."""
    first = run(store, file, BASE, {**BASE, "name": "Y"})
    assert rejected(first) == {2: "the person with id x is on line 1 already"}
    assert run(store, file, BASE, {**BASE, "name": "Y"}).already


async def test_a_csv_file_has_it_too(store: Store, tmp_path: Path) -> None:
    """``predict`` is a column of CSV files; happenings are not."""
    file = tmp_path / "people.csv"
    file.write_text("id,name,predict\na,A,no\nb,B,yes\nc,C,\n")
    assert import_people(store, file, "GB", normalise).accepted == 3
    rows = [await store.people.person(who) for who in "abc"]
    assert [row.predict for row in rows if row] == [False, True, True]
