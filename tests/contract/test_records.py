"""What the records, accounts and journal ports promise, on the twins and on the store alike."""

from __future__ import annotations

import asyncio
import random

from callcenter.floor.events import TimePassed
from callcenter.floor.orders import RecordCall, RecordOutcome
from callcenter.ports import Account
from tests.contract.conftest import Build
from tests.contract.samples import draft, ended, noted, person

MEI = Account(
    agent="mei", name="王小梅", role="agent", device="PJSIP/1001", password_hash="$argon2id$x",
    language="zh-Hans", active=True,
)  # fmt: skip


async def test_repeating_is_harmless(build: Build) -> None:
    """Recording a call or outcome again changes nothing; of a call the first version stays."""
    ports = build([person("p1")], [])
    for _ in range(3):
        await ports.records.record_call(ended("c1"))
        await ports.records.record_outcome(noted("c1"))
    await ports.records.record_call(ended("c1", why="lost", agent="bo"))
    row = await ports.people.person("p1")
    assert row is not None
    assert [(one.call, one.ended, one.agent) for one in row.contacts] == [
        ("c1", "completed", "mei")
    ]
    assert list(await ports.records.reasons_seen()) == [("service", ("service", "late"), "fees", 1)]


async def test_latest_note_wins(build: Build) -> None:
    """A correction replaces the note; one that comes late but was made earlier does not."""
    ports = build([person("p1")], [])
    await ports.records.record_outcome(noted("c1", at=200.0, reason="card_lost"))
    await ports.records.record_outcome(noted("c1", at=190.0, reason="fees"))
    assert list(await ports.records.reasons_seen()) == [
        ("service", ("service", "late"), "card_lost", 1)
    ]
    await ports.records.record_outcome(noted("c1", at=200.0, reason="refund"))
    assert list(await ports.records.reasons_seen()) == [
        ("service", ("service", "late"), "refund", 1)
    ]


async def test_reasons_are_counted(build: Build) -> None:
    """Reasons are counted by context, in a fixed order."""
    ports = build([], [])
    assert list(await ports.records.reasons_seen()) == []
    for n, (context, reason) in enumerate(
        [(("b",), "x"), ((), "x"), (("a", "b"), "y"), (("b",), "x"), (("b",), "a")]
    ):
        await ports.records.record_outcome(noted(f"c{n}", context=context, reason=reason))
    assert list(await ports.records.reasons_seen()) == [
        ("service", (), "x", 1), ("service", ("a", "b"), "y", 1),
        ("service", ("b",), "a", 1), ("service", ("b",), "x", 2),
    ]  # fmt: skip


async def test_older_draft_never_wins(build: Build) -> None:
    """Saving returns what is stored: the highest revision, whatever the order."""
    ports = build([], [])
    assert (await ports.records.save_draft(draft("c1", 2))).rev == 2
    assert await ports.records.save_draft(draft("c1", 1)) == draft("c1", 2)
    assert await ports.records.save_draft(draft("c1", 2, notes="other")) == draft("c1", 2)
    assert await ports.records.save_draft(draft("c1", 3)) == draft("c1", 3)
    assert await ports.records.drafts("mei") == (draft("c1", 3),)
    assert await ports.records.drafts("bo") == ()


async def test_noted_draft_is_gone(build: Build) -> None:
    """A draft has served once the outcome is noted; one saved later stays, others' stay."""
    ports = build([], [])
    for one in (draft("c1", 1), draft("c2", 1, saved=149.0), draft("c1", 1, agent="bo")):
        await ports.records.save_draft(one)
    await ports.records.record_outcome(noted("c1", at=170.0))
    await ports.records.save_draft(draft("c3", 1, saved=180.0))
    await ports.records.record_outcome(noted("c3", at=170.0))
    assert [one.call for one in await ports.records.drafts("mei")] == ["c2", "c3"]
    assert [one.call for one in await ports.records.drafts("bo")] == ["c1"]


async def test_any_order_gives_one_state(build: Build) -> None:
    """Calls, corrections and repeats in any order end in the same contacts and counts."""
    people = [person("p1"), person("p2")]
    orders: list[RecordCall | RecordOutcome] = [
        ended("a", person=None), ended("b"), ended("a", person=None),
        noted("a", at=1.0, person="p1"), noted("a", at=2.0, person="p2", reason="y"),
        noted("b", at=1.0, person="p2"), noted("b", at=3.0, person="p1", reason="z"),
    ]  # fmt: skip
    ports = build(people, [])
    random.Random(7).shuffle(orders)
    await asyncio.gather(
        *(
            ports.records.record_call(order)
            if isinstance(order, RecordCall)
            else ports.records.record_outcome(order)
            for order in orders
        )
    )
    one, two = await ports.people.person("p1"), await ports.people.person("p2")
    assert one is not None
    assert two is not None
    assert [(c.call, c.reason) for c in one.contacts] == [("b", "z")]
    assert [(c.call, c.reason) for c in two.contacts] == [("a", "y")]
    assert [seen[2:] for seen in await ports.records.reasons_seen()] == [("y", 1), ("z", 1)]


async def test_accounts(build: Build) -> None:
    """An account comes back as it was put; a name nobody has gives nothing."""
    ports = build([], [MEI])
    assert await ports.accounts.account("mei") == MEI
    assert await ports.accounts.account("MEI' --") is None


async def test_journal_gives_positions_in_order(build: Build) -> None:
    """Positions count up by one from 1, and each is durable when asked for."""
    journal = build([], []).journal
    positions = [journal.append(TimePassed(at=float(n))) for n in range(50)]
    assert positions == list(range(1, 51))
    await journal.durable(25)
    await asyncio.gather(*(journal.durable(position) for position in positions))
