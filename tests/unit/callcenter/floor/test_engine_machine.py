"""The floor that distributes, under any order of facts, wishes and results of what it ordered."""

from __future__ import annotations

from typing import Any, get_args

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import initialize, precondition, rule

from callcenter.floor import events as e
from callcenter.floor.agent import AgentState
from callcenter.floor.orders import Control, Order, Ring
from tests.unit.callcenter.floor.test_floor_machine import (
    AGENTS,
    CALLS,
    DEVICES,
    QUEUES,
    STEPS,
    AnyOrder,
)

CONTROLS = st.sampled_from(get_args(e.ControlKind))


class EngineOrder(AnyOrder):
    """The same, with queues of the engine: whatever is ordered may succeed, fail or be silent."""

    def opening(self, wrapup: float | None) -> e.FloorOpened:
        self.rings: list[Ring] = []
        self.controls: list[Control] = []
        self.stored: dict[str, str] = {}
        return e.FloorOpened(
            at=0.0,
            wrapup_seconds=wrapup,
            run="r",
            queues=(
                e.QueueSettings(
                    queue="service",
                    distribution="engine",
                    steps=(
                        e.StepSettings(after=0.0, want="cards >= 3"),
                        e.StepSettings(after=30.0, want="any"),
                    ),
                    sticky_seconds=10.0,
                    max_wait=300.0,
                    overflow="night",
                    announce_seconds=40.0,
                ),
                e.QueueSettings(queue="night", distribution="engine", when_empty="leave"),
            ),
            reason_rules=(e.ReasonRule(reason="r", above=0.4, queue="night"),),
        )

    def carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            if isinstance(order, Ring):
                self.rings.append(order)
                state = self.floor.state
                assert state.distributing, "rung while nobody knows what the exchange does"
                assert state.calls[order.call].waiting, "rung for a call that does not wait"
            elif isinstance(order, Control):
                self.controls.append(order)

    @initialize(levels=st.lists(st.integers(0, 5), min_size=2, max_size=2))
    def staffed(self, levels: list[int]) -> None:
        """Most runs begin like a working day, or hardly any phone would ever be rung."""
        self.early = [("cards", level) for level in levels]

    @precondition(lambda self: not self.floor.state.agents)
    @rule()
    def day_begins(self) -> None:
        for agent, device, skill in zip(
            ("mei", "tom"), ("PJSIP/1", "PJSIP/2"), self.early, strict=True
        ):
            at = self.at
            self.feed(
                e.AgentSignedIn(at=at, agent=agent, name=agent, device=device, skills=(skill,))
            )
            self.feed(e.StateChosen(at=at, agent=agent, state="ready"))
        self.all_compared()

    @rule()
    def all_compared(self) -> None:
        calls = tuple(self.floor.state.calls)
        self.feed(e.SnapshotCompared(at=self.at, drift=0, audit=True, calls=calls))

    @rule(step=STEPS, call=CALLS)
    def calls_in(self, step: float, call: str) -> None:
        self.arrived(step=step, call=call, direction="inbound")
        self.waits(step=0.0, call=call, queue="service")

    @rule(agent=AGENTS)
    def back_to_work(self, agent: str) -> None:
        self.feed(e.StateChosen(at=self.at, agent=agent, state="ready"))

    @rule(step=STEPS, call=CALLS, queue=QUEUES)
    def waits(self, step: float, call: str, queue: str) -> None:
        at = self.now(step)
        self.feed(
            e.CallQueued(at=at, call=call, queue=queue, position=1, by="engine", leg=f"leg-{call}")
        )

    @rule(step=STEPS, calls=st.lists(CALLS, unique=True))
    def compared(self, step: float, calls: list[str]) -> None:
        at = self.now(step)
        self.feed(e.SnapshotCompared(at=at, drift=0, audit=True, calls=tuple(calls)))

    @precondition(lambda self: self.rings)
    @rule(step=STEPS, data=st.data())
    def ring_ends(self, step: float, data: st.DataObject) -> None:
        ring = data.draw(st.sampled_from(self.rings[-2:]))
        at = self.now(step)
        how = data.draw(st.sampled_from(["rings", "answered", "silent_answer", "failed"]))
        if how == "rings":
            self.feed(
                e.CallOffered(
                    at=at, call=ring.call, device=ring.device, leg=ring.leg, queue="service"
                )
            )
        elif how == "failed":
            why = data.draw(st.sampled_from(get_args(e.ReservationEnd)))
            self.feed(e.RingFailed(at=at, reservation=ring.reservation.id, why=why))
        else:
            if how == "answered":
                self.feed(e.CallLeftQueue(at=at, call=ring.call, queue="service", why="answered"))
            self.feed(
                e.CallAnswered(
                    at=at, call=ring.call, device=ring.device, leg=ring.leg, queue="service"
                )
            )

    @precondition(lambda self: self.rings)
    @rule(step=STEPS, data=st.data(), agent=AGENTS, accept=st.booleans())
    def said(self, step: float, data: st.DataObject, agent: str, accept: bool) -> None:
        reservation = data.draw(st.sampled_from(self.rings)).reservation.id
        at = self.now(step)
        if accept:
            self.feed(e.ReservationAccepted(at=at, agent=agent, reservation=reservation))
        else:
            self.feed(
                e.ReservationRefused(at=at, agent=agent, reservation=reservation, reason="no")
            )

    @rule(step=STEPS, device=DEVICES, state=st.sampled_from(["idle", "unavailable", "in_use"]))
    def device(self, step: float, device: str, state: Any) -> None:
        self.feed(e.DeviceChanged(at=self.now(step), device=device, state=state))

    @rule(step=STEPS, agent=AGENTS, level=st.integers(0, 5))
    def skilled(self, step: float, agent: str, level: int) -> None:
        at = self.now(step)
        self.feed(e.SkillsChanged(at=at, agent=agent, skills=(("cards", level),), by="boss"))

    @rule(step=STEPS, agent=AGENTS)
    def sent_home(self, step: float, agent: str) -> None:
        self.feed(e.AgentSignedOut(at=self.now(step), agent=agent, by="boss"))

    @rule(step=STEPS, agent=AGENTS, seconds=st.floats(1, 100))
    def longer(self, step: float, agent: str, seconds: float) -> None:
        self.feed(e.WrapUpExtended(at=self.now(step), agent=agent, seconds=seconds))

    @rule(
        step=STEPS, id=st.sampled_from(["i1", "i2"]), agent=AGENTS, call=CALLS, do=CONTROLS,
        role=st.sampled_from(["agent", "supervisor"]), device=DEVICES,
    )  # fmt: skip
    def asked(
        self, step: float, id: str, agent: str, call: str, do: Any, role: Any, device: str
    ) -> None:
        self.feed(
            e.ControlAsked(
                at=self.now(step), id=id, agent=agent, role=role, call=call, do=do, device=device,
                target="1009", digits="1", reason="quality",
            )
        )  # fmt: skip

    @precondition(
        lambda self: (
            self.floor.state.calls and any(call.devices for call in self.floor.state.calls.values())
        )
    )
    @rule(step=STEPS, do=CONTROLS, data=st.data())
    def own_call_asked(self, step: float, do: Any, data: st.DataObject) -> None:
        state = self.floor.state
        talking = [agent for agent in state.agents.values() if agent.state is AgentState.TALKING]
        if talking:
            agent = data.draw(st.sampled_from(talking))
            self.asked(
                step=step, id="i3", agent=agent.id, call=agent.call or "", do=do, role="agent",
                device=agent.device,
            )  # fmt: skip

    @precondition(lambda self: self.controls)
    @rule(step=STEPS, data=st.data())
    def control_ends(self, step: float, data: st.DataObject) -> None:
        control = data.draw(st.sampled_from(self.controls[-2:]))
        at, call, device = self.now(step), control.call, control.device
        facts: list[e.Event] = [
            e.ControlCarriedOut(at=at, id=control.id),
            e.OrderFailed(at=at, order="Control", why="no", id=control.id),
            e.CallHeld(at=at, call=call, device=device),
            e.CallResumed(at=at, call=call, device=device),
            e.ConsultBegan(at=at, call=call, device=device, leg=control.new_leg, to="1009"),
            e.ConsultAnswered(at=at, call=call, device=device, leg=control.new_leg),
            e.ConsultEnded(at=at, call=call, device=device, leg=control.new_leg, why="joined"),
            e.PartyJoined(at=at, call=call, leg=control.new_leg, number="1009", name=None),
            e.PartyLeft(at=at, call=call, leg=control.new_leg),
            e.CallTransferred(at=at, call=call, kind="blind", by=device, to="1009"),
            e.CallParked(at=at, call=call, place="701", by=device),
            e.CallUnparked(at=at, call=call, by=device),
            e.RecordingChanged(at=at, call=call, leg="l", state="on"),
            e.RecordingChanged(at=at, call=call, leg="l", state="paused"),
            e.MuteChanged(at=at, call=call, device=device, muted=True),
            e.SpyBegan(
                at=at, call=call, device=device, by="PJSIP/9", leg=control.new_leg, mode="listen"
            ),
            e.SpyEnded(at=at, call=call, by="PJSIP/9", leg=control.new_leg),
        ]
        self.feed(data.draw(st.sampled_from(facts)))

    def teardown(self) -> None:
        """After everything is over and enough time, nobody is stuck."""
        if not hasattr(self, "floor"):
            return
        super().teardown()
        for call in ("c1", "c2", "c3"):
            self.feed(e.CallEnded(at=self.now(0.0), call=call, why="completed"))
        self.now(4000.0)
        state = self.floor.state
        assert not [one for one in state.reservations.values() if not one.answered]
        assert not state.controlled
        busy = {AgentState.RESERVED, AgentState.TALKING, AgentState.HELD, AgentState.OFFERED}
        assert not [agent.id for agent in state.agents.values() if agent.state in busy]


EngineOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestEngineOrder = EngineOrder.TestCase
del AnyOrder  # collected where it belongs
