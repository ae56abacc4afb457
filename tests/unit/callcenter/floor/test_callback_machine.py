"""Callbacks under any order of facts, wishes, losses and repetitions: one attempt is dialled once,
inside its window, and nobody stays reserved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import precondition, rule

from callcenter.floor import events as e
from callcenter.floor.callback import (
    HELD,
    TRANSITIONS,
    WAITING,
    Callback,
    CallbackRules,
    DialEnd,
    LawRules,
)
from callcenter.floor.calling_times import may_call
from callcenter.floor.orders import Control, Dial, KeepCallback, Order, Ring
from tests.unit.callcenter.floor.test_engine_machine import EngineOrder
from tests.unit.callcenter.floor.test_floor_machine import AGENTS, CALLS, DEVICES, STEPS

LAW = (LawRules(region="*", weekly=(), attempts=4),)
HOURS = e.HoursSettings(weekly=((4, 0, 40), (4, 50, 24 * 60)))
NOT_DIALLED = ("not_stored", "lost", "outside")


class CallbackOrder(EngineOrder):
    """The same, with callbacks: ``rows`` is what a store would have."""

    def opening(self, wrapup: float | None) -> e.FloorOpened:
        opened = super().opening(wrapup)
        self.rows: dict[str, Callback] = {}
        self.taken: dict[str, e.CallbackDue] = {}
        self.dials: list[Dial] = []
        self.under_way: dict[str, str] = {}
        self.attempts: set[tuple[str, int]] = set()
        first, second = opened.queues
        rules = CallbackRules(machine="message", max_attempts=4)
        if wrapup is not None:
            rules = CallbackRules(first="agent", preview_seconds=20.0)
        return replace(
            opened,
            law=LAW,
            queues=(
                replace(first, callback=rules, hours=HOURS),
                replace(second, callback=CallbackRules(preview_seconds=10.0)),
            ),
        )

    def carry_out(self, orders: list[Order]) -> None:
        state = self.floor.state
        for order in orders:
            if isinstance(order, Ring):
                self.rings.append(order)
                assert state.distributing, "rung while nobody knows what the exchange does"
                call = state.calls[order.call]
                assert call.waiting or (order.alone and call.on_exchange == "no")
            elif isinstance(order, Control):
                self.controls.append(order)
            elif isinstance(order, KeepCallback):
                self.row_stored(order.callback)
            elif isinstance(order, Dial):
                self.was_dialled(order)

    def row_stored(self, row: Callback) -> None:
        before = self.rows[row.id]
        assert row.version > before.version
        assert row.fence == before.fence
        assert row.state in TRANSITIONS[before.state] | {before.state}, (before.state, row.state)
        assert row.attempts >= len(row.causes)
        self.rows[row.id] = row
        if row.state not in ("dialling", "talking"):
            self.under_way.pop(row.id, None)
        if row.state in WAITING:
            assert row.opens <= row.due < row.closes

    def was_dialled(self, dial: Dial) -> None:
        row = dial.callback
        assert dial.call not in {one.call for one in self.dials}, "an id is used again"
        assert row.id not in self.under_way, "dialled while an attempt is under way"
        assert (row.id, row.attempts) not in self.attempts, "one attempt, dialled twice"
        before = replace(row, tried=tuple(one for one in row.tried if one < self.at))
        queue = self.floor.state.queues[dial.queue]
        assert may_call(before, self.at, LAW, queue.settings.hours), "dialled outside"
        assert self.floor.state.distributing
        self.rows[row.id] = row
        self.under_way[row.id] = dial.call
        self.attempts.add((row.id, row.attempts))
        self.dials.append(dial)

    def claimed(self, row: Callback) -> None:
        state = "due" if row.state in WAITING else row.state
        row = replace(row, state=state, version=row.version + 1, fence=row.fence + 1)
        self.rows[row.id] = row
        self.taken[row.id] = e.CallbackDue(at=self.at, callback=row)
        self.feed(self.taken[row.id])

    @rule(
        step=STEPS, window=st.floats(20, 3000), ahead=st.floats(-100, 50), queue=st.booleans(),
        number=st.sampled_from(["1", "77"]), agent=st.none() | AGENTS,
        origin=st.sampled_from(["web", "queue", "agent"]),
    )  # fmt: skip
    def comes_due(
        self, step: float, window: float, ahead: float, queue: bool, number: str,
        agent: str | None, origin: Any,
    ) -> None:  # fmt: skip
        at = self.now(step)
        if len(self.rows) >= 12:
            return
        self.claimed(
            Callback(
                id=f"CB{len(self.rows)}", version=1, state="requested", origin=origin,
                queue="service" if queue else "night", number=number, zone="UTC", made=at - 60,
                place=at - 60, opens=at + ahead, closes=at + ahead + window, due=at + ahead,
                agent=agent, words="help", reason="r",
            )
        )  # fmt: skip

    @precondition(lambda self: any(row.state in WAITING for row in self.rows.values()))
    @rule(step=STEPS, data=st.data())
    def due_again(self, step: float, data: st.DataObject) -> None:
        at = self.now(step)
        ready = [row for row in self.rows.values() if row.state in WAITING and row.due <= at + 400]
        if ready:
            row = data.draw(st.sampled_from(ready))
            self.now(max(0.0, row.due - at))
            if self.rows[row.id] == row:
                self.claimed(row)

    @precondition(lambda self: self.rows)
    @rule(step=STEPS, data=st.data(), how=st.sampled_from(["lost", "told_again", "claimed"]))
    def other_engines(self, step: float, data: st.DataObject, how: str) -> None:
        at = self.now(step)
        row = self.rows[data.draw(st.sampled_from(sorted(self.rows)))]
        if how == "told_again":
            if row.id in self.floor.callbacks():
                self.feed(replace(self.taken[row.id], at=at))
        elif how == "lost":
            self.feed(e.CallbackLost(at=at, id=row.id, why="changed"))
        elif row.state in HELD:  # the lease was over
            self.claimed(row)

    @precondition(lambda self: self.rows)
    @rule(step=STEPS, data=st.data())
    def not_stored(self, step: float, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(sorted(self.rows)))
        self.feed(e.OrderFailed(at=self.now(step), order="KeepCallback", why="disk", id=row))

    @precondition(lambda self: self.dials)
    @rule(step=STEPS, data=st.data(), device=DEVICES, why=st.sampled_from(get_args(e.CallEnd)))
    def dial_goes_on(self, step: float, data: st.DataObject, device: str, why: e.CallEnd) -> None:
        dial = data.draw(st.sampled_from(self.dials[-2:]))
        self.now(step)
        at, call, queue = self.at, dial.call, "service"
        facts: list[e.Event] = [
            e.CallArrived(
                at=at, call=call, direction="outbound", number="1", name=None, dialled=None
            ),
            e.CustomerAnswered(
                at=at, call=call, by=data.draw(st.sampled_from(["human", "machine", "unknown"]))
            ),
            e.CallQueued(at=at, call=call, queue=queue, position=1, by="engine", leg=call),
            e.CallQueued(at=at, call=call, queue=queue, position=1),
            e.CallLeftQueue(at=at, call=call, queue=queue, why="abandoned"),
            e.MessageLeft(at=at, call=call),
            e.CallAnswered(at=at, call=call, device=device, leg="l", queue=queue),
            e.CallEnded(at=at, call=call, why=why),
            e.CallsMerged(at=at, call=call, absorbed="c1"),
            e.CallsMerged(at=at, call="c2", absorbed=call),
        ]
        self.feed(data.draw(st.sampled_from(facts)))

    @precondition(lambda self: self.dials)
    @rule(step=STEPS, data=st.data())
    def dial_fails(self, step: float, data: st.DataObject) -> None:
        dial = data.draw(st.sampled_from(self.dials[-2:]))
        why = data.draw(st.sampled_from((*get_args(DialEnd), *NOT_DIALLED)))
        at = self.now(step)
        held = self.floor.state.callbacks.get(dial.callback.id)
        mine = held is not None and held.call == dial.call and held.stage == "dialling"
        if why in NOT_DIALLED:
            if not mine or self.rows[dial.callback.id] != dial.callback:
                return  # nothing else can have happened to what was not dialled
            self.attempts.discard((dial.callback.id, dial.callback.attempts))
        self.feed(e.DialFailed(at=at, call=dial.call, why=why))
        if why == "lost":
            self.under_way.pop(dial.callback.id, None)

    @precondition(lambda self: self.dials)
    @rule(data=st.data(), agent=st.booleans())
    def customer_comes(self, data: st.DataObject, agent: bool) -> None:
        """As it mostly goes, or hardly anybody would ever talk."""
        dial, at = self.dials[-1], self.now(0.5)
        self.feed(
            e.CallArrived(
                at=at, call=dial.call, direction="outbound", number="1", name=None, dialled=None
            )
        )
        self.feed(e.CustomerAnswered(at=at, call=dial.call, by="human"))
        if dial.agent_leg is not None and agent:
            device = dial.reservation.agent
            self.feed(
                e.CallAnswered(
                    at=at, call=dial.call, device={"mei": "PJSIP/1"}.get(device, "PJSIP/2"),
                    leg=dial.agent_leg, queue=dial.queue,
                )
            )  # fmt: skip
        else:
            self.feed(
                e.CallQueued(
                    at=at, call=dial.call, queue=dial.queue, position=1, by="engine", leg=dial.call
                )
            )

    @precondition(lambda self: self.floor.state.reservations)
    @rule(
        step=STEPS, data=st.data(), seconds=st.floats(-1, 500),
        how=st.sampled_from(["accept", "refuse", "snooze", "on", "off"]),
    )  # fmt: skip
    def agent_says(self, step: float, data: st.DataObject, seconds: float, how: str) -> None:
        at = self.now(step)
        live = list(self.floor.state.reservations.values())
        if not live:
            return
        one = data.draw(st.sampled_from(live))
        wishes: dict[str, e.Event] = {
            "accept": e.ReservationAccepted(at=at, agent=one.agent, reservation=one.id),
            "refuse": e.ReservationRefused(at=at, agent=one.agent, reservation=one.id, reason=""),
            "snooze": e.CallbackSnoozed(
                at=at, agent=one.agent, reservation=one.id, seconds=seconds
            ),
            "on": e.AgentOnLine(at=at, reservation=one.id),
            "off": e.AgentOffLine(at=at, leg=one.leg),
        }
        self.feed(wishes[how])

    @rule(step=STEPS, call=CALLS, how=st.sampled_from(["asked", "booked", "denied", "failed"]))
    def in_line(self, step: float, call: str, how: str) -> None:
        at = self.now(step)
        facts: dict[str, e.Event] = {
            "asked": e.CallbackAsked(at=at, call=call, queue="service", number=None, leg=call),
            "booked": e.CallbackBooked(at=at, call=call, id="CB0"),
            "denied": e.CallbackDenied(at=at, call=call, why="off"),
            "failed": e.OrderFailed(at=at, order="RequestCallback", why="disk", call=call),
        }
        self.feed(facts[how])

    def teardown(self) -> None:
        """When all is over, no callback is held, and what was released is what was stored."""
        if not hasattr(self, "floor"):
            return
        for dial in self.dials:
            self.feed(e.CallEnded(at=self.at, call=dial.call, why="completed"))
        super().teardown()
        state = self.floor.state
        for _ in range(2):
            self.feed(e.SnapshotCompared(at=self.at, drift=0, audit=True, calls=()))
        self.now(4000.0)
        for call in [*state.calls]:
            self.feed(e.CallEnded(at=self.at, call=call, why="completed"))
        self.now(4000.0)
        assert not state.callbacks, list(state.callbacks.values())
        assert not state.attempts
        assert not [call for call in state.calls.values() if call.on_exchange == "no"]
        assert not [queue.callbacks for queue in state.queues.values() if queue.callbacks]


CallbackOrder.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestCallbackOrder = CallbackOrder.TestCase
del EngineOrder  # collected where it belongs
