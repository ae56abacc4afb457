"""Claims, leases, fences and steps of callbacks, on twin and store alike."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from callcenter.callback_ports import (
    Attempt,
    CallbackOutside,
    CallbackRefused,
    CallbackTaken,
    SlotHold,
    Source,
)
from callcenter.floor.callback import HELD, WAITING, Callback, CallbackState
from tests.contract.callback_samples import (
    NO_CAPS,
    booked,
    dialling,
    full,
    number,
    stepped,
    wanted,
)
from tests.contract.conftest import Office
from tests.contract.samples import NOW

DAY = 86_400.0


def ids(callbacks: tuple[Callback, ...]) -> list[str]:
    return [one.id for one in callbacks]


async def test_what_is_due_is_claimed_by_place(office: Office) -> None:
    """Not before it is due, earliest place first, so many at once; each once."""
    late = [wanted(n, place=NOW - n, due=NOW + (n % 3) - 1.0) for n in range(9)]
    await booked(office.callbacks, *late)
    assert ids(await office.callbacks.claim("one", limit=4)) == ["R007", "R006", "R004", "R003"]
    assert ids(await office.callbacks.claim("two", limit=4)) == ["R001", "R000"]
    office.clock.now += 0.5
    assert await office.callbacks.claim("two") == ()
    office.clock.now += 0.5
    assert ids(await office.callbacks.claim("two")) == ["R008", "R005", "R002"]


@pytest.mark.parametrize("state", sorted(WAITING))
async def test_a_claimed_one(office: Office, state: CallbackState) -> None:
    """It comes as due, with holder, a new version and the fence raised, and is stored so."""
    await booked(office.callbacks, replace(full(1), state=state, fence=3, version=8))
    (claimed,) = await office.callbacks.claim("one")
    assert claimed == replace(full(1), state="due", version=9, fence=4, node="one", tried=())
    assert await office.callbacks.one("R001") == claimed


async def test_queues_that_are_not_served(office: Office) -> None:
    """What waits in queues that are left out stays there."""
    await booked(office.callbacks, wanted(1), wanted(2, queue="sales"), wanted(3, queue="'; --"))
    assert ids(await office.callbacks.claim("one", but=("service", "'; --"))) == ["R002"]
    assert ids(await office.callbacks.claim("one")) == ["R001", "R003"]


async def test_a_lost_one_comes_with_its_state(office: Office) -> None:
    """Whose holder's lease is over is claimed in the state it had; its steps are refused then."""
    await booked(office.callbacks, *(wanted(n) for n in range(1, 5)))
    held = await office.callbacks.claim("one", lease=30.0)
    dialled = dialling(held[1], "cb-1")
    await office.callbacks.keep(dialled, dialling=True)
    talking = stepped(dialling(held[2], "cb-2"), state="talking", reached=NOW)
    await office.callbacks.keep(dialling(held[2], "cb-2"), dialling=True)
    await office.callbacks.keep(talking)
    reserved = stepped(held[3], state="reserved")
    await office.callbacks.keep(reserved)
    office.clock.now = NOW + 29.9
    assert await office.callbacks.claim("two") == ()
    office.clock.now = NOW + 30.0
    taken = await office.callbacks.claim("two", lease=30.0)
    assert [(one.id, one.state, one.node, one.fence) for one in taken] == [
        ("R001", "due", "two", 2), ("R002", "dialling", "two", 2), ("R003", "talking", "two", 2),
        ("R004", "reserved", "two", 2),
    ]  # fmt: skip
    assert taken[1].call == "cb-1"
    assert taken[1].tried == (NOW,)
    for old in (stepped(held[0]), stepped(dialled), stepped(talking), stepped(reserved)):
        with pytest.raises(CallbackTaken):
            await office.callbacks.keep(old)
        with pytest.raises(CallbackTaken):
            await office.callbacks.keep(replace(old, version=99, node="two"))
    assert [await office.callbacks.one(one.id) for one in taken] == list(taken)
    assert await office.callbacks.claim("one") == ()


async def test_renewing(office: Office) -> None:
    """A lease goes on while it is renewed; who lost one is not told it."""
    await booked(office.callbacks, wanted(1), wanted(2), wanted(3, due=NOW + 1.0))
    await office.callbacks.claim("one", limit=1)
    await office.callbacks.claim("two", limit=1)
    for _ in range(5):
        office.clock.now += 20.0
        assert await office.callbacks.renew("one") == {"R001"}
    assert ids(await office.callbacks.claim("three")) == ["R002", "R003"]
    assert await office.callbacks.renew("two") == frozenset()
    assert await office.callbacks.renew("three") == {"R002", "R003"}
    await office.callbacks.renew("one", lease=0.5)
    office.clock.now += 0.5
    assert ids(await office.callbacks.claim("two")) == ["R001"]


async def test_an_engine_that_comes_back(office: Office) -> None:
    """It gets what its run before held, by place, fence raised; the run before can do nothing."""
    await booked(office.callbacks, *(wanted(n) for n in (1, 2, 3)))
    before = await office.callbacks.claim("one", limit=2)
    await office.callbacks.claim("two")
    dialled = dialling(before[0], "cb-1")
    await office.callbacks.keep(dialled, dialling=True)
    office.clock.now += 5.0
    again = await office.callbacks.mine("one")
    assert again == (
        replace(dialled, version=4, fence=2, tried=(NOW,)),
        replace(before[1], version=3, fence=2),
    )
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(stepped(dialled)))
    office.clock.now += 29.0
    assert ids(await office.callbacks.claim("two")) == ["R003"]
    assert await office.callbacks.mine("three") == ()


async def test_one_is_taken_before_it_is_due(office: Office) -> None:
    """A customer who calls in gets theirs to the engine they reached, unless it is held or over."""
    await booked(office.callbacks, wanted(1, state="scheduled", due=NOW + 99.0), wanted(2))
    taken = await office.callbacks.take("R001", "one")
    assert taken is not None
    assert (taken.state, taken.node, taken.fence, taken.version) == ("due", "one", 1, 2)
    assert await office.callbacks.one("R001") == taken
    assert await office.callbacks.take("R001", "two") is None
    office.clock.now += 31.0
    assert await office.callbacks.take("R001", "two") is None  # what it was at is for ``claim``
    assert await office.callbacks.take("R009", "two") is None
    over = stepped(wanted(2), state="cancelled", why="by_staff", ended=NOW)
    assert await office.callbacks.change(over, 1)
    assert await office.callbacks.take("R002", "two") is None


async def test_a_released_one_waits_for_anybody(office: Office) -> None:
    """Kept as waiting, nobody holds it: it comes back when it is due, to whoever looks first."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    again = stepped(held, state="retry", due=NOW + 300.0, causes=("busy",))
    await office.callbacks.keep(again)
    assert await office.callbacks.one("R001") == replace(again, node=None)
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(again))
    assert await office.callbacks.renew("one") == frozenset()
    assert await office.callbacks.mine("one") == ()
    office.clock.now = NOW + 299.9
    assert await office.callbacks.claim("two") == ()
    office.clock.now = NOW + 300.0
    (taken,) = await office.callbacks.claim("two")
    assert (taken.state, taken.fence, taken.causes) == ("due", 2, ("busy",))


async def test_a_step_without_its_holder_named(office: Office) -> None:
    """A floor may name no node as it lets go; the fence says that it is its own."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    over = stepped(held, state="done", why="talked", ended=NOW + 9.0, node=None)
    await office.callbacks.keep(over)
    assert await office.callbacks.one("R001") == over
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(over))
    office.clock.now += DAY
    assert await office.callbacks.claim("one") == ()


async def test_steps_that_are_too_old(office: Office) -> None:
    """The version there, or an older one, is never stored again; one may be missing between."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(replace(held, words="again"))
    later = replace(held, version=held.version + 2, words="later")
    await office.callbacks.keep(later)
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(held, words="before"))
    assert await office.callbacks.one("R001") == later
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(wanted(9), node="one"))


async def test_an_attempt_is_stored_with_its_step(office: Office) -> None:
    """Dialling stores step and attempt; how it ended comes with the step after it."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    office.clock.now = NOW + 2.0
    first = dialling(held, "cb-1", dialled=NOW + 1.0)
    await office.callbacks.keep(first, dialling=True)
    assert await office.callbacks.one("R001") == first
    stored = Attempt(
        callback="R001", number=1, call="cb-1", number_dialled=number(1), at=NOW + 2.0, ended=None,
        how=None,
    )  # fmt: skip
    assert await office.callbacks.attempts("R001") == (stored,)
    office.clock.now = NOW + 10.0
    over = stepped(first, state="due", causes=("busy",))
    await office.callbacks.keep(over)
    office.clock.now = NOW + 60.0
    second = dialling(over, "cb-2")
    await office.callbacks.keep(second, dialling=True)
    assert await office.callbacks.attempts("R001") == (
        replace(stored, ended=NOW + 10.0, how="busy"),
        replace(stored, number=2, call="cb-2", at=NOW + 60.0),
    )
    assert await office.callbacks.attempts("R002") == ()


async def test_no_call_is_made_twice(office: Office) -> None:
    """The same attempt, or another callback's, is not stored again, and so not dialled."""
    await booked(office.callbacks, wanted(1), wanted(2))
    one, two = await office.callbacks.claim("one")
    await office.callbacks.keep(dialling(one, "cb-1"), dialling=True)
    for again in (dialling(one, "cb-1"), dialling(dialling(one, "cb-1"), "cb-1")):
        with pytest.raises(CallbackTaken):
            await office.callbacks.keep(again, dialling=True)
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(dialling(two, "cb-1"), dialling=True)
    with pytest.raises(ValueError, match="dialled by no call"):
        await office.callbacks.keep(stepped(two, state="dialling"), dialling=True)
    assert await office.callbacks.one("R002") == two
    assert len(await office.callbacks.attempts("R001")) == 1


@pytest.mark.parametrize(
    ("at", "inside"), [(-0.1, False), (0.0, True), (899.9, True), (900.0, False)]
)
async def test_no_dialling_outside_the_window(office: Office, at: float, inside: bool) -> None:
    """Whatever the engine believes: the store's clock and the window as promised decide."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    office.clock.now = NOW + at
    step = dialling(held, "cb-1", opens=NOW - 9_000.0, closes=NOW + 9_000.0)
    if inside:
        await office.callbacks.keep(step, dialling=True)
        assert len(await office.callbacks.attempts("R001")) == 1
        return
    with pytest.raises(CallbackOutside):
        await office.callbacks.keep(step, dialling=True)
    assert await office.callbacks.one("R001") == held
    assert await office.callbacks.attempts("R001") == ()
    await office.callbacks.keep(stepped(held, state="expired", why="window_over", ended=NOW))


async def test_when_a_number_was_tried(office: Office) -> None:
    """A claim says when that number was dialled in the last 24 hours, for whatever callback."""
    await booked(office.callbacks, wanted(1), wanted(2))
    one, two = await office.callbacks.claim("one")
    await office.callbacks.keep(dialling(two, "other"), dialling=True)
    for call, at in (("cb-1", NOW + 1.0), ("cb-2", NOW + 500.0)):
        office.clock.now = at
        one = dialling(one, call)
        await office.callbacks.keep(one, dialling=True)
    await office.callbacks.keep(stepped(one, state="expired", ended=NOW, why="attempts_used"))
    office.clock.now = NOW + 1.0 + DAY - 0.5
    window = {"due": NOW, "opens": NOW + DAY, "closes": NOW + DAY + 900.0}
    await booked(office.callbacks, wanted(3, number=number(1), **window))
    claimed = {one.id: one.tried for one in await office.callbacks.claim("one")}
    assert claimed == {"R003": (NOW + 1.0, NOW + 500.0), "R002": ()}
    office.clock.now = NOW + 1.0 + DAY
    (again,) = [one for one in await office.callbacks.mine("one") if one.id == "R003"]
    assert again.tried == (NOW + 500.0,)


async def test_a_person_found_out_later(office: Office) -> None:
    """Who is found to have another open one stays unnamed; else the person is kept."""
    await booked(office.callbacks, wanted(1, person="p1"), wanted(2), wanted(3))
    _, two, three = await office.callbacks.claim("one")
    await office.callbacks.keep(stepped(two, person="p1", words="known"))
    await office.callbacks.keep(stepped(three, person="p3"))
    assert await office.callbacks.one("R002") == stepped(two, words="known")
    assert await office.callbacks.one("R003") == stepped(three, person="p3")
    over = replace(two, version=9, person="p1", state="done", why="talked", ended=NOW, node=None)
    await office.callbacks.keep(over)
    assert await office.callbacks.one("R002") == over


async def test_changed_from_outside(office: Office) -> None:
    """A change is stored with the fence raised, and lets go of it: the holder's next step fails."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    moved = replace(held, state="scheduled", opens=NOW + 900.0, due=NOW + 900.0, by="sue")
    assert not await office.callbacks.change(moved, held.version - 1)
    assert not await office.callbacks.change(replace(moved, id="R009"), held.version)
    assert await office.callbacks.one("R001") == held
    assert await office.callbacks.change(replace(moved, version=77, fence=0), held.version)
    assert await office.callbacks.one("R001") == replace(moved, version=3, fence=2, node=None)
    with pytest.raises(CallbackTaken):
        await office.callbacks.keep(stepped(stepped(held)))
    assert not await office.callbacks.change(moved, held.version)


@pytest.mark.parametrize("state", [*sorted(HELD), "done", "cancelled"])
async def test_what_can_be_changed_from_outside(office: Office, state: CallbackState) -> None:
    """Not who is being dialled or talked to, and not what is over. What an engine held and was
    changed is anybody's at once."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    kept = stepped(held, state=state, ended=NOW if state in ("done", "cancelled") else None)
    await office.callbacks.keep(kept)
    allowed = state in ("due", "reserved")
    assert await office.callbacks.change(replace(kept, agent="bo"), kept.version) == allowed
    claimed = await office.callbacks.claim("two")
    assert [(one.state, one.agent) for one in claimed] == ([(state, "bo")] if allowed else [])


async def test_a_clock_that_jumps_back(office: Office) -> None:
    """Ten minutes back: nothing is dialled early, nothing is claimed or dialled twice."""
    chance = random.Random(7)
    rows = [wanted(n, state="scheduled", due=NOW + 60.0 * n, opens=NOW + 60.0 * n,
                   closes=NOW + 60.0 * n + 900.0) for n in range(30)]  # fmt: skip
    await booked(office.callbacks, *rows)
    held: dict[str, Callback] = {}
    dialled: list[str] = []
    jumped = False
    while len(dialled) < 30:
        for one in await office.callbacks.claim(chance.choice(("one", "two"))):
            assert one.due <= office.clock.now
            assert one.id not in held
            held[one.id] = one
        for one in list(held.values()):
            if one.id in dialled or chance.random() < 0.5:
                continue
            try:
                await office.callbacks.keep(dialling(one, f"cb-{one.id}"), dialling=True)
            except CallbackOutside:
                assert office.clock.now < one.opens
                continue
            assert one.opens <= office.clock.now < one.closes
            dialled.append(one.id)
        office.clock.now += 30.0
        for node in ("one", "two"):
            await office.callbacks.renew(node)
        if not jumped and office.clock.now >= NOW + 900.0:
            jumped, office.clock.now = True, office.clock.now - 600.0
            for node in ("one", "two"):
                await office.callbacks.renew(node)
    assert sorted(dialled) == sorted(held)
    assert jumped


async def test_moved_where_others_are(office: Office) -> None:
    """A window takes as many as it has room for; whoever moves within it takes no room of it."""
    at = NOW + 3600.0
    slot = SlotHold(opens=at, capacity=2)
    there = {"state": "scheduled", "opens": at, "closes": at + 900.0, "due": at}
    elsewhere = wanted(9, **{**there, "queue": "sales"})
    await booked(office.callbacks, wanted(1), wanted(2), wanted(3, **there), elsewhere)
    assert await office.callbacks.change(replace(wanted(1), **there), 1, slot)
    with pytest.raises(CallbackRefused, match="slot_taken"):
        await office.callbacks.change(replace(wanted(2), **there), 1, slot)
    assert await office.callbacks.one("R002") == wanted(2)
    assert not await office.callbacks.change(replace(wanted(2), **there), 7, slot)
    assert await office.callbacks.change(replace(wanted(3, **there), name="Bo"), 1, slot)
    gone = replace(wanted(3, **there), state="cancelled", ended=NOW, why="by_staff")
    assert await office.callbacks.change(gone, 2)
    assert await office.callbacks.change(replace(wanted(2), **there), 1, slot)
    assert await office.callbacks.promised("service", at, at + 1.0) == {at: 2}


async def test_movers_and_bookers_at_once(office: Office) -> None:
    """Whoever is first, a window is never fuller than it may be, and no other row is changed."""
    at = NOW + 3600.0
    slot = SlotHold(opens=at, capacity=3)
    there = {"state": "scheduled", "opens": at, "closes": at + 900.0, "due": at}
    await booked(office.callbacks, *(wanted(n) for n in range(8)))
    came = await asyncio.gather(
        *(office.callbacks.change(replace(wanted(n), **there), 1, slot) for n in range(8)),
        *(office.callbacks.book(wanted(n, **there), Source(), NO_CAPS, slot) for n in (20, 21)),
        return_exceptions=True,
    )
    refused = [one for one in came if isinstance(one, CallbackRefused)]
    assert [one.why for one in refused] == ["slot_taken"] * 7
    assert await office.callbacks.promised("service", at, at + 1.0) == {at: 3}
    rows = [await office.callbacks.one(f"R{n:03}") for n in range(8)]
    assert [one for one in came[:8] if one is True] == [True] * sum(
        row is not None and row.opens == at for row in rows
    )
    for n, row in enumerate(rows):
        assert row in (wanted(n), replace(wanted(n), **there, version=2, fence=1))


async def test_how_an_attempt_ended_is_stored_with_the_step(office: Office) -> None:
    """At one time: a kill between two writings would leave the attempt without an end."""
    await booked(office.callbacks, wanted(1))
    (held,) = await office.callbacks.claim("one")
    dialled = dialling(held, "cb-1")
    await office.callbacks.keep(dialled, dialling=True)
    office.clock.now = NOW + 20.0
    retry = stepped(dialled, state="retry", due=NOW + 300.0, causes=("busy",))
    await office.callbacks.keep(retry)
    (attempt,) = await office.callbacks.attempts("R001")
    assert (attempt.how, attempt.ended) == ("busy", NOW + 20.0)
    office.clock.now = NOW + 300.0
    (held,) = await office.callbacks.claim("one")
    again = replace(dialling(held, "cb-2"), attempts=2)
    await office.callbacks.keep(again, dialling=True)
    talking = stepped(again, state="talking", reached=NOW + 310.0)
    await office.callbacks.keep(talking)
    assert (await office.callbacks.attempts("R001"))[1].how is None
    await office.callbacks.keep(stepped(talking, state="done", why="talked", ended=NOW + 400.0))
    assert [one.how for one in await office.callbacks.attempts("R001")] == ["busy", "talked"]
