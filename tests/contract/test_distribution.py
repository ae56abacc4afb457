"""What records and history promise about distribution, on the twins and on the store alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from callcenter.floor.orders import RecordDecision, ReservationState
from callcenter.ports import ReservationTaken
from tests.contract.conftest import Build
from tests.contract.samples import audited, decision, ended, person, phone, reservation, told
from tests.contract.test_records import MEI

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0


async def test_newest_version_stays(build: Build) -> None:
    """A reservation is replaced by newer versions of itself only, whatever the order."""
    ports = build([], [])
    for version, state in ((1, "pending"), (3, "wrapping"), (2, "accepted"), (3, "completed")):
        await ports.records.keep_reservation(reservation("r1", version, state=state))
    assert await ports.history.reservations("mei") == (reservation("r1", 3, state="wrapping"),)
    done = reservation(
        "r1", 4, state="completed", deadline=None, changed=200.0, why="declined", detail="王 ';--"
    )
    await ports.records.keep_reservation(done)
    assert await ports.history.reservations("mei") == (done,)
    assert await ports.history.reservations("bo") == ()


@pytest.mark.parametrize("first", ["pending", "accepted", "wrapping"])
@pytest.mark.parametrize("second", ["pending", "accepted", "wrapping"])
async def test_one_live_an_agent(
    build: Build, first: ReservationState, second: ReservationState
) -> None:
    """A second live reservation is refused and not stored; other agents are not concerned."""
    ports = build([], [])
    there = reservation("r1", state=first, node="other")
    await ports.records.keep_reservation(there)
    with pytest.raises(ReservationTaken, match="mei has reservation r1"):
        await ports.records.keep_reservation(reservation("r2", state=second))
    await ports.records.keep_reservation(reservation("r3", agent="bo", state=second))
    assert await ports.history.reservations("mei") == (there,)


@pytest.mark.parametrize("left", ["pending", "accepted", "wrapping"])
async def test_a_new_one_ends_what_the_same_engine_left(
    build: Build, left: ReservationState
) -> None:
    """Writing the end of the last one failed: that must not keep the agent from calls for ever."""
    ports = build([], [])
    old = reservation("r1", 3, state=left)
    await ports.records.keep_reservation(old)
    await ports.records.keep_reservation(reservation("b1", agent="bo"))
    new = reservation("r2", made=150.0)
    await ports.records.keep_reservation(new)
    over = replace(old, version=4, state="rescinded", why="withdrawn", changed=150.0, deadline=None)
    assert await ports.history.reservations("mei") == (new, over)
    assert await ports.history.reservations("bo") == (reservation("b1", agent="bo"),)
    await ports.records.keep_reservation(replace(old, version=4, state="completed"))
    assert await ports.history.reservations("mei") == (new, over), "told later, it changes nothing"


async def test_only_a_new_one_does(build: Build) -> None:
    """A later version of something unknown, or one made earlier, finds the agent taken."""
    ports = build([], [])
    await ports.records.keep_reservation(reservation("r1"))
    for other in (reservation("r2", 2, state="accepted", made=150.0), reservation("r3", made=50.0)):
        with pytest.raises(ReservationTaken, match="r1"):
            await ports.records.keep_reservation(other)
    assert await ports.history.reservations("mei") == (reservation("r1"),)


@pytest.mark.parametrize("over", ["refused", "timed_out", "rescinded", "completed"])
async def test_next_after_the_end(build: Build, over: ReservationState) -> None:
    """When the reservation is over the agent may have the next one, and the newest comes first."""
    ports = build([], [])
    await ports.records.keep_reservation(reservation("r1"))
    await ports.records.keep_reservation(reservation("r1", 2, state=over))
    await ports.records.keep_reservation(reservation("r2", made=120.0))
    found = await ports.history.reservations("mei")
    assert [(one.id, one.state) for one in found] == [("r2", "pending"), ("r1", over)]
    assert [one.id for one in await ports.history.reservations("mei", limit=1)] == ["r2"]


async def test_a_refused_write_harms_no_other(build: Build) -> None:
    """What is written at the same moment as a refused reservation is there."""
    ports = build([], [])
    await ports.records.keep_reservation(reservation("r1", node="other"))
    done = await asyncio.gather(
        ports.records.record_audit(audited(1.0)),
        ports.records.keep_reservation(reservation("r2")),
        ports.records.keep_reservation(reservation("r3", agent="bo")),
        ports.records.record_promise(told("p1")),
        return_exceptions=True,
    )
    assert [type(one) for one in done] == [type(None), ReservationTaken, type(None), type(None)]
    assert [one.id for one in await ports.history.reservations("bo")] == ["r3"]
    assert await ports.history.audit(0.0, 2.0) == (audited(1.0),)


async def test_closing_at_the_start(build: Build) -> None:
    """What this node left live is over, a version newer; the rest stays, and agents are free."""
    ports = build([], [])
    before = [
        reservation("a", agent="amy"),
        reservation("b", agent="ben", state="accepted", version=2),
        reservation("c", agent="cid", state="wrapping", version=3, made=90.0),
        reservation("d", agent="dot", node="other"),
        reservation("e", agent="eve", state="timed_out", version=2, why="no_answer"),
    ]
    for one in before:
        await ports.records.keep_reservation(one)
    assert await ports.history.live_reservations("main") == (before[2], before[0], before[1])
    assert await ports.records.close_reservations("main", 500.0) == 3
    assert await ports.records.close_reservations("main", 501.0) == 0
    (first,) = await ports.history.reservations("amy")
    assert first == replace(
        before[0], version=2, state="rescinded", why="engine_stopped", changed=500.0, deadline=None
    )
    states = {one.agent: (await ports.history.reservations(one.agent))[0].state for one in before}
    assert states == {
        "amy": "rescinded", "ben": "rescinded", "cid": "completed", "dot": "pending",
        "eve": "timed_out",
    }  # fmt: skip
    assert await ports.history.live_reservations("main") == ()
    await ports.records.keep_reservation(reservation("f", agent="amy", made=600.0))


async def test_decisions_come_back_whole(build: Build) -> None:
    """A call's decisions, with their trace, in the order they were made."""
    ports = build([], [])
    waits = decision("c1", agent=None, rule="nobody_ready", considered=(), counts=())
    got = decision("c1", at=130.0, trigger="capacity")
    for one in (waits, decision("c2"), got):
        await ports.records.record_decision(RecordDecision(decision=one))
    assert await ports.history.decisions("c1") == (waits, got)
    assert await ports.history.decisions("' OR 1=1 --") == ()


async def test_promises_are_scored(build: Build) -> None:
    """Per queue and local day: how often told, kept within p90, and the error of p50."""
    ports = build([], [])
    noon = 1_767_265_200.0  # 2026-01-01 12:00 in Berlin
    for one in (
        told("kept", told=noon, waited=20.0, answered=True),
        told("late", told=noon, waited=75.0, answered=True),
        told("just", told=noon, waited=60.0, answered=True),
        told("gave_up", told=noon, waited=10.0, answered=False),
        told("open", told=noon),
        told("no_estimate", told=noon, p50=None, p90=None, waited=5.0, answered=True),
        told("sales", told=noon, queue="sales", waited=5.0, answered=False),
        told("before_midnight", told=noon + 12 * 3600 - 1, waited=30.0, answered=True),
        told("next_day", told=noon + 12 * 3600, waited=30.0, answered=True),
        told("too_late", told=noon + 2 * DAY, waited=30.0, answered=True),
    ):
        await ports.records.record_promise(replace(one, waited=None, answered=None))
        await ports.records.record_promise(one)
    scores = await ports.history.promises(noon, noon + 2 * DAY, BERLIN)
    seen = [(one.day, one.queue, one.told, one.n, one.kept, one.answered, one.error)
            for one in scores]  # fmt: skip
    assert seen == [
        ("2026-01-02", "service", 1, 1, 1, 1, 0.0),
        ("2026-01-01", "sales", 1, 1, 0, 0, None),
        ("2026-01-01", "service", 7, 5, 3, 4, 20.0),
    ]


async def test_a_known_outcome_stays(build: Build) -> None:
    """The outcome of a promise survives the telling coming late, and repeats."""
    ports = build([], [])
    whole = told("p1", waited=30.0, answered=True)
    for one in (whole, told("p1"), whole):
        await ports.records.record_promise(one)
    (score,) = await ports.history.promises(0.0, 2000.0, BERLIN)
    assert (score.told, score.n, score.kept, score.error) == (1, 1, 1, 0.0)


async def test_audit_is_searched(build: Build) -> None:
    """Rows by time, agent and call, newest first, at most so many."""
    ports = build([], [])
    rows = [
        audited(1.0), audited(2.0, agent="bo", ok=False, detail="no permission"),
        audited(3.0, call=None, agent=None, what="skills"), audited(3.0, call="c2"), audited(4.0),
    ]  # fmt: skip
    for row in rows:
        await ports.records.record_audit(row)
    assert await ports.history.audit(1.0, 4.0) == (rows[3], rows[2], rows[1], rows[0])
    assert await ports.history.audit(0.0, 9.0, agent="bo") == (rows[1],)
    assert await ports.history.audit(0.0, 9.0, agent="mei", call="c2") == (rows[3],)
    assert await ports.history.audit(0.0, 9.0, limit=2) == (rows[4], rows[3])


async def test_skills_of_accounts(build: Build) -> None:
    """Skills are part of the account, replaced as a whole; unknown accounts are told."""
    ports = build([], [replace(MEI, skills=(("cards", 3), ("english", 5)))])
    found = await ports.accounts.account("mei")
    assert found is not None
    assert found.skills == (("cards", 3), ("english", 5))
    assert await ports.accounts.set_skills("mei", [("loans", 0), ("cards", 4)])
    found = await ports.accounts.account("mei")
    assert found is not None
    assert found.skills == (("cards", 4), ("loans", 0))
    assert await ports.accounts.set_skills("mei", [])
    assert await ports.accounts.account("mei") == MEI
    assert not await ports.accounts.set_skills("nobody", [("cards", 1)])


async def test_transfers_are_shown(build: Build) -> None:
    """How often a call was handed on is on the person's card the next time."""
    ports = build([person("p1", phone("+1"))], [])
    await ports.records.record_call(ended("c1", transfers=3))
    row = await ports.people.person("p1")
    assert row is not None
    assert [one.transfers for one in row.contacts] == [3]
