"""What the floor orders about callbacks: nothing is dialled that is not on disk and ours."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from callcenter.callback_ports import Caps, Source
from callcenter.callbacks.orders import CallbackOrders
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import Callback
from callcenter.ports import DialError, SwitchError
from tests.fake_callbacks import MemoryCallbacks
from tests.fakes import MemoryRecords

NOW = 1_800_000_000.0


def callback(**changes: Any) -> Callback:
    return replace(
        Callback(
            id="7KQ4-M2PX", version=1, state="requested", origin="web", queue="service",
            number="+442079460123", zone="Europe/London", made=NOW, place=NOW, opens=NOW - 60,
            closes=NOW + 900, due=NOW,
        ),
        **changes,
    )  # fmt: skip


class Phone:
    """A switch that notes what was on disk when it was told to dial."""

    def __init__(self, store: MemoryCallbacks) -> None:
        self.store = store
        self.dialled: list[tuple[str, str]] = []
        self.trouble: Exception | None = None
        self.stopped: list[str] = []
        self.told: list[o.TellCaller] = []

    async def dial(self, order: o.Dial) -> None:
        self.dialled.append((order.call, self.store.rows[order.callback.id].state))
        if self.trouble is not None:
            raise self.trouble

    async def stop_dialling(self, order: o.StopDialling) -> None:
        self.stopped.append(order.call)

    async def tell_caller(self, order: o.TellCaller) -> None:
        self.told.append(order)


class Desk:
    def __init__(self, store: type[MemoryCallbacks] = MemoryCallbacks) -> None:
        self.time = NOW
        self.store = store(lambda: self.time)
        self.phone = Phone(self.store)
        self.posted: list[e.Event] = []
        self.failed: list[str] = []
        self.over: list[Callback] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.records = MemoryRecords()
        self.orders = CallbackOrders(
            store=self.store, requests=self, records=self.records, switch=self.phone,  # type: ignore[arg-type]
            now=lambda: self.time, post=self.posted.append, start=self.start,
            failed=self.failed.append, over=self.over.append,
        )  # fmt: skip

    async def from_queue(self, order: o.RequestCallback, at: float) -> e.CallbackDenied:
        return e.CallbackDenied(at=at, call=order.call, why="closed")

    def start(self, order: o.Order, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    async def claimed(self) -> Callback:
        await self.store.book(callback(), Source(), Caps())
        (one,) = await self.store.claim("main")
        return one

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)


def dial(one: Callback) -> o.Dial:
    dialling = replace(
        one, state="dialling", version=one.version + 1, call="cb-1-1", attempts=1, dialled=NOW
    )
    kept = o.KeepReservation(
        id="cc-1-2", version=1, node="main", agent="mei", call="cb-1-1", queue="service",
        state="pending", made=NOW, deadline=NOW + 60, changed=NOW,
    )  # fmt: skip
    return o.Dial(
        callback=dialling, reservation=kept, call="cb-1-1", queue="service",
        number=one.number, seconds=30.0, caller_id="", agent_leg=None, machine="connect", name=None,
    )  # fmt: skip


async def test_it_is_on_disk_before_it_is_dialled() -> None:
    """The exchange is told once the row says ``dialling`` and the attempt is written down."""
    desk = Desk()
    desk.orders.dial(dial(await desk.claimed()))
    await desk.settle()
    assert desk.phone.dialled == [("cb-1-1", "dialling")]
    assert [one.call for one in await desk.store.attempts("7KQ4-M2PX")] == ["cb-1-1"]
    assert [one.id for one in await desk.records.reservations("mei")] == ["cc-1-2"]
    assert desk.posted == []


async def test_what_is_no_longer_ours_is_not_dialled() -> None:
    """Somebody cancelled it, or another engine has it: the fence says so."""
    desk = Desk()
    one = await desk.claimed()
    assert await desk.store.change(replace(one, state="cancelled"), one.version)
    desk.orders.dial(dial(one))
    await desk.settle()
    assert desk.phone.dialled == []
    failed, lost = desk.posted
    assert isinstance(failed, e.DialFailed)
    assert failed.why == "lost"
    assert isinstance(lost, e.CallbackLost)


async def test_outside_its_window_nothing_is_dialled() -> None:
    """By the store's clock, whatever the engine's says."""
    desk = Desk()
    one = await desk.claimed()
    desk.store.clock = lambda: NOW + 901
    desk.orders.dial(dial(one))
    await desk.settle()
    assert desk.phone.dialled == []
    (failed,) = desk.posted
    assert isinstance(failed, e.DialFailed)
    assert failed.why == "outside"


async def test_what_cannot_be_stored_is_not_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk dials nobody."""
    desk = Desk()
    one = await desk.claimed()

    async def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(desk.store, "keep", full)
    desk.orders.dial(dial(one))
    await desk.settle()
    assert desk.phone.dialled == []
    (failed,) = desk.posted
    assert isinstance(failed, e.DialFailed)
    assert (failed.why, desk.failed) == ("not_stored", ["Dial"])


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (DialError("busy", "cause 17"), "busy"),
        (SwitchError("the exchange refuses"), "congestion"),
        (SwitchError("the line is cut", unknown=True), None),
    ],
)
async def test_how_it_ended_is_told(trouble: Exception, told: str | None) -> None:
    """What nobody can know is not made up: the next snapshot says it."""
    desk = Desk()
    desk.phone.trouble = trouble
    desk.orders.dial(dial(await desk.claimed()))
    await desk.settle()
    assert [event.why for event in desk.posted if isinstance(event, e.DialFailed)] == (
        [told] if told else []
    )


async def test_versions_are_stored_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow first write does not let a later one pass, and the attempt's end is written down."""
    desk = Desk()
    one = await desk.claimed()
    order = dial(one)
    gate, keep = asyncio.Event(), desk.store.keep
    stored: list[int] = []

    async def slow(kept: Callback, dialling: bool = False) -> None:
        if kept.state == "reserved":
            await gate.wait()
        stored.append(kept.version)
        await keep(kept, dialling)

    monkeypatch.setattr(desk.store, "keep", slow)
    desk.orders.keep(
        o.KeepCallback(callback=replace(one, state="reserved", version=one.version + 1))
    )
    later = replace(order.callback, version=one.version + 2)
    desk.orders.dial(replace(order, callback=later))
    await asyncio.sleep(0)
    assert (stored, desk.phone.dialled) == ([], [])
    gate.set()
    await desk.settle()
    assert stored == [one.version + 1, one.version + 2]
    over = replace(later, state="retry", version=later.version + 1, causes=("busy",))
    desk.orders.keep(o.KeepCallback(callback=over))
    await desk.settle()
    assert [(a.how, a.ended) for a in await desk.store.attempts(one.id)] == [("busy", NOW)]
    assert desk.over == []
    (again,) = await desk.store.claim("main")
    ended = replace(again, state="expired", why="attempts_used", version=again.version + 1)
    desk.orders.keep(o.KeepCallback(callback=ended))
    await desk.settle()
    assert [(done.id, done.why) for done in desk.over] == [(one.id, "attempts_used")]


async def test_a_lost_step_is_told() -> None:
    """The floor drops a callback whose row is another's."""
    desk = Desk()
    one = await desk.claimed()
    taken = replace(one, fence=one.fence - 1, state="reserved", version=one.version + 1)
    desk.orders.keep(o.KeepCallback(callback=taken))
    await desk.settle()
    assert [type(event) for event in desk.posted] == [e.CallbackLost]


async def test_a_caller_is_answered() -> None:
    """What booking says comes back as it is."""
    desk = Desk()
    request = o.RequestCallback(
        call="c1", queue="service", number="07", entered=True, place=NOW, name=None, person=None,
        language=None, reason=None, words="",
    )  # fmt: skip
    desk.orders.request(request)
    desk.orders.tell_caller(o.TellCaller(call="c1", leg="l1", queue="service", granted=False))
    desk.orders.stop_dialling(o.StopDialling(call="cb-1-1"))
    await desk.settle()
    assert desk.posted == [e.CallbackDenied(at=NOW, call="c1", why="closed")]
    assert desk.phone.stopped == ["cb-1-1"]
    assert [told.call for told in desk.phone.told] == ["c1"]


class SlowStore(MemoryCallbacks):
    """Writing that an attempt begins takes longer than anything else."""

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        if dialling:
            await asyncio.sleep(0.01)
        await super().keep(callback, dialling)


async def test_the_agent_goes_away_while_the_dialling_is_being_stored() -> None:
    """What comes after it is stored after it, and nobody's phone rings for nobody."""
    desk = Desk(SlowStore)
    order = dial(await desk.claimed())
    desk.orders.dial(order)
    await asyncio.sleep(0)
    desk.orders.stop_dialling(o.StopDialling(call=order.call))
    again = replace(
        order.callback, state="retry", version=order.callback.version + 1, causes=("agent_gone",)
    )
    desk.orders.keep(o.KeepCallback(callback=again))
    await desk.settle()
    assert desk.phone.dialled == []
    assert desk.posted == []
    row = desk.store.rows["7KQ4-M2PX"]
    assert (row.state, row.attempts) == ("retry", 1)
    assert [(one.call, one.how) for one in await desk.store.attempts(row.id)] == [
        ("cb-1-1", "agent_gone")
    ]


async def test_what_is_dialled_already_is_taken_back_on_the_exchange() -> None:
    desk = Desk()
    order = dial(await desk.claimed())
    desk.orders.dial(order)
    await desk.settle()
    desk.orders.stop_dialling(o.StopDialling(call=order.call))
    await desk.settle()
    assert desk.phone.stopped == [order.call]
