"""What lessons, surroundings and knowledge promise, on the twins and on the store alike."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from callcenter.floor.card import Words
from callcenter.floor.orders import RecordOutcome, RecordPrediction
from callcenter.ports import KnowledgeEdit, Lesson, PageView
from tests.contract.conftest import Build
from tests.contract.samples import (
    DAY,
    NOW,
    condition,
    happening,
    marked,
    noted,
    person,
    phone,
    predicted,
)

HOSTILE = "'; DROP TABLE happenings;-- <img src=x onerror=alert(1)> \u202e王小明"


async def test_a_prediction_becomes_a_lesson(build: Build) -> None:
    """All of the last prediction of a call, and the reason as noted last."""
    ports = build([], [])
    first = predicted("c1", 1, at=90.0, model="rules", features=())
    last = predicted("c1", 2)
    for order in (first, last):
        await ports.records.record_prediction(order)
    assert list(ports.lessons.lessons(0.0, 999.0)) == []
    await ports.records.record_outcome(noted("c1", reason="fees", at=170.0))
    await ports.records.record_outcome(noted("c1", reason="card_lost", at=180.0, person="p2"))
    assert list(ports.lessons.lessons(0.0, 999.0)) == [
        Lesson(
            call="c1", at=100.0, person="p2", tier="gold", language="zh-Hans", queue="service",
            context=last.context, features=last.features, words=last.words, reason="card_lost",
            outcome="solved", notes="explained", model="trees-7",
            shown=(("fees", 0.75), ("card_lost", 0.125)), challengers=last.challengers,
            answers=("fees.why", "fees.refund"), marks=(("fees.why", "used"), ("", "missing")),
        )
    ]  # fmt: skip


async def test_lessons_of_calls_without_a_prediction(build: Build) -> None:
    """An outcome alone has its context and no features; a prediction of nothing no model."""
    ports = build([], [])
    await ports.records.record_outcome(noted("old", at=90.0, features=(("a|b", 1.0),)))
    nothing = predicted("none", model="", reasons=(), person=None, answers=(), marks=())
    await ports.records.record_prediction(nothing)
    await ports.records.record_outcome(noted("none", person=None))
    old, none = ports.lessons.lessons(0.0, 999.0)
    assert (old.call, old.at, old.person, old.queue) == ("old", 90.0, "p1", "service")
    assert (old.context, old.features, old.words) == (("service", "late"), (), ())
    assert (old.tier, old.model, old.shown, old.answers) == (None, None, (), ())
    assert (none.call, none.model, none.shown, none.person) == ("none", None, (), None)
    assert none.features == nothing.features


async def test_lessons_of_a_time(build: Build) -> None:
    """Oldest first whatever they are made of, from ``since`` and before ``until``."""
    ports = build([], [])
    for at, call in ((300.0, "d"), (100.0, "a"), (200.0, "c"), (200.0, "b"), (400.0, "e")):
        await ports.records.record_prediction(predicted(call, at=at))
        await ports.records.record_outcome(noted(call, at=at + 900.0))
    for at, call in ((250.0, "x"), (200.0, "bb"), (99.0, "w")):
        await ports.records.record_outcome(noted(call, at=at))
    found = [(one.at, one.call) for one in ports.lessons.lessons(100.0, 400.0)]
    assert found == [
        (100.0, "a"), (200.0, "b"), (200.0, "bb"), (200.0, "c"), (250.0, "x"), (300.0, "d"),
    ]  # fmt: skip
    assert list(ports.lessons.lessons(500.0, 900.0)) == []


async def test_the_last_prediction_says_when(build: Build) -> None:
    """A call whose last prediction is of another time is not there twice."""
    ports = build([], [])
    await ports.records.record_prediction(predicted("c1", 1, at=100.0))
    await ports.records.record_prediction(predicted("c1", 2, at=200.0))
    await ports.records.record_outcome(noted("c1"))
    assert [one.call for one in ports.lessons.lessons(0.0, 200.0)] == []
    assert [one.call for one in ports.lessons.lessons(200.0, 300.0)] == ["c1"]


async def test_confirmed_since(build: Build) -> None:
    """Counts calls by when their reason was noted last."""
    ports = build([], [])
    assert ports.lessons.confirmed_since(0.0) == 0
    for call, at in (("a", 10.0), ("b", 20.0), ("b", 30.0), ("c", 30.0)):
        await ports.records.record_outcome(noted(call, at=at))
    assert [ports.lessons.confirmed_since(at) for at in (0.0, 10.5, 30.0, 30.5)] == [3, 2, 2, 0]


async def test_newer_version_wins_in_any_order(build: Build) -> None:
    """Predictions and outcomes in any order, repeated, end in the same lessons."""
    ports = build([], [])
    for seed in range(8):
        call = f"c{seed}"
        orders: list[RecordPrediction | RecordOutcome] = [
            *(predicted(call, ask, version, model=f"m{ask}.{version}")
              for ask in (1, 2) for version in (1, 2, 3)),
            noted(call, at=1.0), noted(call, at=2.0, reason="refund"),
        ]  # fmt: skip
        orders *= 2
        random.Random(seed).shuffle(orders)
        for order in orders:
            if isinstance(order, RecordPrediction):
                await ports.records.record_prediction(order)
            else:
                await ports.records.record_outcome(order)
        await ports.records.record_prediction(predicted(call, 2, 3, model="the same version"))
    lessons = list(ports.lessons.lessons(0.0, 999.0))
    assert [(one.model, one.reason) for one in lessons] == [("m2.3", "refund")] * 8


async def test_happenings_and_pages_are_on_the_card(build: Build) -> None:
    """What is told of a person comes with them, newest first; told twice it is there once."""
    ports = build([person("p1", phone("+1")), person("p2", phone("+2"))], [])
    told = [
        happening("h1", NOW - 5.0, title=HOSTILE),
        happening("h2", NOW - 50 * DAY, topic=None, title=""),
        happening("h0", NOW - 5.0, kind="card_declined"),
        happening("old", NOW - 61 * DAY),
    ]
    seen = [
        PageView(at=NOW - 90.0, page="fees"),
        PageView(at=NOW - 60.0, page="loans"),
        PageView(at=NOW - 60.0, page="cards"),
        PageView(at=NOW - 1.1 * DAY, page="old"),
    ]
    for _ in range(2):
        assert await ports.surroundings.happened("p1", told)
        assert await ports.surroundings.viewed("p1", seen)
    (row,) = await ports.people.behind(["+1"])
    assert row.happenings == (told[2], told[0], told[1])
    assert row.pages == (seen[1], seen[2], seen[0])
    assert await ports.people.person("p1") == replace(row, matched=None)
    (other,) = await ports.people.behind(["+2"])
    assert (other.happenings, other.pages) == ((), ())


async def test_a_happening_told_anew(build: Build) -> None:
    """The latest telling of a happening stands; the same id of another person is another."""
    ports = build([person("p1"), person("p2")], [])
    await ports.surroundings.happened("p1", [happening("h", NOW - 9.0)])
    await ports.surroundings.happened("p2", [happening("h", NOW - 8.0, kind="refund")])
    changed = happening("h", NOW - 7.0, title="corrected", topic=None)
    await ports.surroundings.happened("p1", [changed, happening("i", NOW - 20.0)])
    one, two = await ports.people.person("p1"), await ports.people.person("p2")
    assert one is not None
    assert two is not None
    assert one.happenings == (changed, happening("i", NOW - 20.0))
    assert [made.kind for made in two.happenings] == ["refund"]


async def test_so_many_of_a_person(build: Build) -> None:
    """Forty happenings and twenty pages are given, the newest, of however many."""
    rows = [person("p1", happenings=tuple(happening(f"b{n:02}", NOW - n) for n in range(20)))]
    ports = build(rows, [])
    await ports.surroundings.happened(
        "p1", [happening(f"h{n}", NOW - 100.0 - n) for n in range(60)]
    )
    await ports.surroundings.viewed("p1", [PageView(at=NOW - n, page=f"x{n}") for n in range(50)])
    row = await ports.people.person("p1")
    assert row is not None
    expected = [*(f"b{n:02}" for n in range(20)), *(f"h{n}" for n in range(20))]
    assert [one.id for one in row.happenings] == expected
    assert [one.page for one in row.pages] == [f"x{n}" for n in range(20)]


async def test_nobody_to_tell_of(build: Build) -> None:
    """Of somebody unknown nothing is kept, and that is said."""
    ports = build([person("p1")], [])
    assert not await ports.surroundings.happened("nobody", [happening("h", NOW)])
    assert not await ports.surroundings.viewed(HOSTILE, [PageView(at=NOW, page="fees")])
    assert await ports.surroundings.happened("p1", [])
    assert await ports.surroundings.viewed("p1", [])


async def test_nothing_is_to_be_predicted(build: Build) -> None:
    """Whether a person is to be predicted is kept; yes when nothing was said."""
    ports = build([person("p1"), person("p2", predict=False)], [])
    rows = [await ports.people.person(who) for who in ("p1", "p2")]
    assert [row.predict for row in rows if row is not None] == [True, False]


async def test_conditions(build: Build) -> None:
    """Those that last or ended lately, oldest first; told anew, the latest telling stands."""
    ports = build([], [])
    lasting = condition("b", 50.0, title=HOSTILE, product="card")
    over = condition("a", 20.0, until=100.0, kind="campaign")
    for one in (lasting, over, condition("c", 50.0), condition("c", 50.0, until=60.0)):
        await ports.surroundings.set_condition(one)
    ended = condition("c", 50.0, until=60.0)
    assert await ports.surroundings.conditions(0.0) == (over, lasting, ended)
    assert await ports.surroundings.conditions(60.0) == (over, lasting, ended)
    assert await ports.surroundings.conditions(100.0) == (over, lasting)
    assert await ports.surroundings.conditions(100.5) == (lasting,)


def edit(id: str, version: int, **changes: object) -> KnowledgeEdit:
    plain = KnowledgeEdit(
        id=id, version=version, at=1.0 * version, by="mei", entry=f"v = {version}"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_edited_knowledge(build: Build) -> None:
    """The latest version of each entry, by id; a version is stored once."""
    ports = build([], [])
    assert await ports.knowledge.edits() == ()
    assert await ports.knowledge.edit(edit("fees.why", 1))
    assert await ports.knowledge.edit(edit("a", 1, entry=HOSTILE))
    assert not await ports.knowledge.edit(edit("fees.why", 1, entry="somebody else's"))
    assert await ports.knowledge.edit(edit("fees.why", 2, retired=True))
    assert not await ports.knowledge.edit(edit("fees.why", 1))
    assert await ports.knowledge.edits() == (
        edit("a", 1, entry=HOSTILE), edit("fees.why", 2, retired=True),
    )  # fmt: skip


async def test_two_edit_at_once(build: Build) -> None:
    """Of two who store the same version at the same time one is told no."""
    ports = build([], [])
    told = await asyncio.gather(*(ports.knowledge.edit(edit("x", 1, by=by)) for by in "abc"))
    assert sorted(told) == [False, False, True]


async def test_marks(build: Build) -> None:
    """Marks of a time, oldest first, with the words there were; the same one again is one."""
    ports = build([], [])
    missing = marked("c1", 5.0, answer=None, mark="missing", text=HOSTILE, reason=None,
                     words=(Words(source="note", text="n"),))  # fmt: skip
    orders = [marked("c1", 7.0), missing, marked("c1", 5.0), marked("c2", 9.0, mark="wrong"),
              marked("c1", 5.0), missing]  # fmt: skip
    for order in orders:
        await ports.records.record_mark(order)
    assert await ports.knowledge.marks(0.0, 9.0) == (missing, orders[2], orders[0])
    assert await ports.knowledge.marks(5.5, 9.5) == (orders[0], orders[3])
