"""What the people port promises, on the twin and on the store alike."""

from __future__ import annotations

from callcenter.ports import BillRow, CaseRow, ContactPoint, OrderRow, PromiseRow
from tests.contract.conftest import Build
from tests.contract.samples import contact, ended, noted, person, phone

HOSTILE = "'; DROP TABLE people;-- <img src=x onerror=alert(1)> ${EXTEN} \u202e王小明"
RICH = person(
    "p1",
    phone("+442079460123", "home"),
    ContactPoint(kind="email", value="a@example.org", label=None),
    ContactPoint(kind="account", value="A-1", label=None),
    name=HOSTILE, language="zh-Hans", tier="gold", since=1.5, birth="1980-12-31", city="Leeds",
    segment="s", products=("card", "loan"), lifetime_value=-12_345, currency="GBP",
    payment_days=2.5, preferred_channel="phone", preferred_time="evening", note="calls at 6",
    consent_marketing=False, consent_recording=True,
    orders=(OrderRow(id="o2", placed=9.0, state="open", title="T", amount=1, currency="GBP",
                     due=None),
            OrderRow(id="o1", placed=5.0, state="delivered", title="T", amount=2, currency="GBP",
                     due=6.5)),
    bills=(BillRow(id="b1", issued=1.0, due=2.0, amount=3, currency="GBP", paid=None),),
    cases=(CaseRow(id="c1", opened=1.0, closed=None, reason=None, title="T", state="waiting"),),
    promises=(PromiseRow(id="m1", made=1.0, due=2.0, text="refund", kept=None),),
    contacts=(contact("old2", 50.0), contact("old1", 40.0, reason=None, outcome=None, notes="",
                                             talk=0.0, ended="abandoned")),
)  # fmt: skip


async def test_everything_comes_back(build: Build) -> None:
    """A person found by number has all that was stored, hostile text unchanged."""
    ports = build([RICH], [])
    (found,) = await ports.people.behind(["+442079460123"])
    assert found.matched == "+442079460123"
    assert await ports.people.person("p1") == RICH
    assert (found.name, found.points, found.contacts) == (HOSTILE, RICH.points, RICH.contacts)


async def test_nobody(build: Build) -> None:
    """Unknown numbers and ids, hostile ones too, find nobody and raise nothing."""
    ports = build([RICH], [])
    assert await ports.people.behind([]) == ()
    assert await ports.people.behind(["+1", "' OR 1=1 --", HOSTILE, "A-1", "a@example.org"]) == ()
    assert await ports.people.person("nobody") is None


async def test_shared_number(build: Build) -> None:
    """All people behind a number are found, each told how many share it."""
    home = "+442079460000"
    ports = build([person(who, phone(home)) for who in ("b", "a", "c")], [])
    found = await ports.people.behind([home])
    assert [(row.id, row.matched, row.sharers) for row in found] == [
        ("a", home, 3), ("b", home, 3), ("c", home, 3),
    ]  # fmt: skip


async def test_likelier_reading_first(build: Build) -> None:
    """People of the first reading come first, nobody twice, at most ten in all."""
    people = [
        person("z", phone("+1")),
        person("a", phone("+2")),
        person("b", phone("+1"), phone("+2")),
    ]
    many = [person(f"m{n}", phone("+3")) for n in range(9)]
    ports = build([*people, *many], [])
    found = await ports.people.behind(["+1", "+2", "+1"])
    assert [(row.id, row.matched) for row in found] == [("b", "+1"), ("z", "+1"), ("a", "+2")]
    found = await ports.people.behind(["+1", "+2", "+3"])
    assert [row.id for row in found] == ["b", "z", "a", *(f"m{n}" for n in range(7))]


async def test_crowd_behind_a_number(build: Build) -> None:
    """Of more than ten sharers those heard from lately are given, and the count is of all."""
    crowd = [person(f"p{n:02}", phone("+1")) for n in range(30)]
    crowd[25] = person("p25", phone("+1"), contacts=(contact("x", 9.0),))
    crowd[28] = person("p28", phone("+1"), contacts=(contact("y", 99.0),))
    found = await build(crowd, []).people.behind(["+1"])
    assert [row.id for row in found] == ["p28", "p25", *(f"p{n:02}" for n in range(8))]
    assert {row.sharers for row in found} == {30}


async def test_next_call_shows_the_last(build: Build) -> None:
    """A recorded call with its outcome is the first contact the next time."""
    ports = build([RICH], [])
    await ports.records.record_call(ended("new"))
    await ports.records.record_outcome(noted("new"))
    row = await ports.people.person("p1")
    assert row is not None
    assert [one.call for one in row.contacts] == ["new", "old2", "old1"]
    newest = row.contacts[0]
    assert (newest.at, newest.queue, newest.agent, newest.ended) == (
        100.0, "service", "mei", "completed",
    )  # fmt: skip
    assert (newest.reason, newest.outcome, newest.notes) == ("fees", "solved", "explained")
    assert (newest.wait, newest.talk) == (4.0, 56.0)


async def test_at_most_twenty_contacts(build: Build) -> None:
    """Twenty contacts are shown, the newest."""
    ports = build([RICH], [])
    for n in range(25):
        await ports.records.record_call(ended(f"n{n:02}", arrived=1000.0 + n))
    row = await ports.people.person("p1")
    assert row is not None
    assert [one.call for one in row.contacts] == [f"n{n:02}" for n in range(24, 4, -1)]


async def test_person_settled_in_wrapup(build: Build) -> None:
    """Whom the agent chose has the call, whichever of call and outcome is recorded first."""
    ports = build([RICH, person("p2")], [])
    await ports.records.record_call(ended("c1", person=None))
    await ports.records.record_outcome(noted("c1", person="p2"))
    await ports.records.record_outcome(noted("c2", person="p2"))
    row = await ports.people.person("p2")
    assert row is not None
    assert [one.call for one in row.contacts] == ["c1"]
    await ports.records.record_call(ended("c2", person="p1", agent=None))
    row = await ports.people.person("p2")
    assert row is not None
    assert [(one.call, one.agent) for one in row.contacts] == [("c2", "mei"), ("c1", "mei")]
