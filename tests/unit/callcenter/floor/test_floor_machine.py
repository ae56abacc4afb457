"""The floor under any order of facts and wishes: invariants hold, a replay gives the same floor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callcenter.floor import agent as agents
from callcenter.floor import call as calls
from callcenter.floor import events as e
from callcenter.floor.agent import AgentState
from callcenter.floor.call import CallState
from callcenter.floor.card import Reason
from callcenter.floor.errors import FloorError
from callcenter.floor.floor import TAKE, Floor
from callcenter.floor.invariants import broken
from callcenter.floor.orders import Order

CALLS = st.sampled_from(["c1", "c2", "c3"])
AGENTS = st.sampled_from(["mei", "tom"])
DEVICES = st.sampled_from(["PJSIP/1", "PJSIP/2", "PJSIP/3"])
QUEUES = st.sampled_from(["service", "sales"])
STEPS = st.one_of(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 90))
"""Seconds: mostly soon, or every phone would have stopped ringing before anybody answers."""


class AnyOrder(RuleBasedStateMachine):
    """Feeds events that may or may not fit, as a lossy network and impatient people would."""

    @initialize(wrapup=st.sampled_from([None, 30.0]))
    def open(self, wrapup: float | None) -> None:
        self.floor = Floor()
        self.at = 0.0
        self.journal: list[e.Event] = []
        self.feed(self.opening(wrapup))
        self.feed(e.ExchangeConnected(at=0.0, version="22", restarted=False))

    def opening(self, wrapup: float | None) -> e.FloorOpened:
        return e.FloorOpened(at=0.0, wrapup_seconds=wrapup)

    def feed(self, event: e.Event) -> None:
        before = (self.floor.agent_views(), self.floor.queue_views(), self.floor.cards())
        try:
            self.carry_out(self.floor.receive(event))
        except FloorError:
            after = (self.floor.agent_views(), self.floor.queue_views(), self.floor.cards())
            assert before == after, "a refused wish changed something"
            return
        self.journal.append(event)

    def carry_out(self, orders: list[Order]) -> None:
        """What is ordered stays undone here: any event may come, or none."""

    def now(self, step: float) -> float:
        self.at += step
        deadline = self.floor.deadline()
        while deadline is not None and deadline <= self.at:
            self.feed(e.TimePassed(at=self.at))
            deadline = self.floor.deadline()
        return self.at

    @rule(step=STEPS, call=CALLS, direction=st.sampled_from(get_args(e.Direction)))
    def arrived(self, step: float, call: str, direction: e.Direction) -> None:
        self.feed(
            e.CallArrived(
                at=self.now(step),
                call=call,
                direction=direction,
                number="1",
                name=None,
                dialled="2",
            )
        )

    @rule(step=STEPS, call=CALLS, queue=QUEUES)
    def queued(self, step: float, call: str, queue: str) -> None:
        self.feed(e.CallQueued(at=self.now(step), call=call, queue=queue, position=1))

    @rule(step=STEPS, call=CALLS, queue=QUEUES, why=st.sampled_from(get_args(e.QueueExit)))
    def left(self, step: float, call: str, queue: str, why: e.QueueExit) -> None:
        self.feed(e.CallLeftQueue(at=self.now(step), call=call, queue=queue, why=why))

    @rule(step=STEPS, call=CALLS, device=DEVICES)
    def offered(self, step: float, call: str, device: str) -> None:
        self.feed(
            e.CallOffered(at=self.now(step), call=call, device=device, leg="l", queue="service")
        )

    @rule(step=STEPS, call=CALLS, device=DEVICES, why=st.sampled_from(get_args(e.OfferEnd)))
    def offer_ended(self, step: float, call: str, device: str, why: e.OfferEnd) -> None:
        self.feed(e.OfferEnded(at=self.now(step), call=call, device=device, leg="l", why=why))

    @rule(step=STEPS, call=CALLS, device=DEVICES)
    def answered(self, step: float, call: str, device: str) -> None:
        self.feed(
            e.CallAnswered(at=self.now(step), call=call, device=device, leg="l", queue="service")
        )

    @rule(step=STEPS, call=CALLS, device=DEVICES, kind=st.sampled_from([e.CallHeld, e.CallResumed]))
    def hold(self, step: float, call: str, device: str, kind: Any) -> None:
        self.feed(kind(at=self.now(step), call=call, device=device))

    @rule(step=STEPS, call=CALLS, device=DEVICES)
    def device_left(self, step: float, call: str, device: str) -> None:
        self.feed(e.DeviceLeft(at=self.now(step), call=call, device=device, leg="l"))

    @rule(step=STEPS, call=CALLS, why=st.sampled_from(get_args(e.CallEnd)))
    def ended(self, step: float, call: str, why: e.CallEnd) -> None:
        self.feed(e.CallEnded(at=self.now(step), call=call, why=why))

    @rule(step=STEPS, call=CALLS, absorbed=CALLS)
    def merged(self, step: float, call: str, absorbed: str) -> None:
        self.feed(e.CallsMerged(at=self.now(step), call=call, absorbed=absorbed))

    @rule(step=STEPS, queue=QUEUES, device=DEVICES, paused=st.booleans())
    def member(self, step: float, queue: str, device: str, paused: bool) -> None:
        self.feed(
            e.MemberSeen(
                at=self.now(step), queue=queue, device=device, name="", paused=paused, state="idle"
            )
        )

    @rule(step=STEPS, queue=QUEUES, device=DEVICES)
    def member_gone(self, step: float, queue: str, device: str) -> None:
        self.feed(e.MemberGone(at=self.now(step), queue=queue, device=device))

    @rule(step=STEPS, agent=AGENTS, device=DEVICES)
    def signed_in(self, step: float, agent: str, device: str) -> None:
        self.feed(e.AgentSignedIn(at=self.now(step), agent=agent, name=agent, device=device))

    @rule(step=STEPS, agent=AGENTS)
    def signed_out(self, step: float, agent: str) -> None:
        self.feed(e.AgentSignedOut(at=self.now(step), agent=agent))

    @rule(step=STEPS, agent=AGENTS, state=st.sampled_from(["ready", "break"]))
    def chose(self, step: float, agent: str, state: Any) -> None:
        self.feed(e.StateChosen(at=self.now(step), agent=agent, state=state, reason="lunch"))

    @rule(step=STEPS, agent=AGENTS, call=CALLS, finish=st.booleans())
    def noted(self, step: float, agent: str, call: str, finish: bool) -> None:
        self.feed(
            e.OutcomeNoted(
                at=self.now(step), agent=agent, call=call, reason="r", outcome="o", notes="",
                finish=finish,
            )
        )  # fmt: skip

    @rule(step=STEPS, call=CALLS, ask=st.integers(0, 3))
    def mind(self, step: float, call: str, ask: int) -> None:
        at = self.now(step)
        self.feed(e.CallerIdentified(at=at, call=call, identity="unknown", ask=ask))
        reasons = (Reason(code="r", probability=0.5),)
        self.feed(e.ReasonsPredicted(at=at, call=call, reasons=reasons, model="m", ask=ask))

    @rule(step=STEPS)
    def exchange_again(self, step: float) -> None:
        self.feed(e.ExchangeLost(at=self.now(step), why="cut"))
        self.feed(e.ExchangeConnected(at=self.at, version="22", restarted=False))

    @invariant()
    def no_agent_in_a_call_that_does_not_exist(self) -> None:
        if not hasattr(self, "floor"):
            return
        state = self.floor.state
        for agent in state.agents.values():
            if agent.state in agents.BUSY:
                assert agent.call in state.calls
            if agent.state is AgentState.OFFERED:
                assert agent.call is not None
                assert agent.device in state.calls[agent.call].offers
            if agent.state in (AgentState.TALKING, AgentState.HELD):
                assert agent.call is not None
                assert agent.device in state.calls[agent.call].devices
            for call in agent.cards:
                assert agent.id in state.calls[call].screens

    @invariant()
    def nobody_is_free_with_a_call_to_wrap_up(self) -> None:
        if not hasattr(self, "floor"):
            return
        state = self.floor.state
        for agent in state.agents.values():
            if agent.state in (AgentState.READY, AgentState.BREAK):
                assert not state.to_wrap_up(agent)

    @invariant()
    def no_call_is_kept_without_need(self) -> None:
        if not hasattr(self, "floor"):
            return
        state = self.floor.state
        for call in state.calls.values():
            if call.state is CallState.ENDED:
                assert call.screens
                assert not call.offers
                assert not call.devices
                assert not call.waiting
            for agent in call.screens:
                assert call.id in state.agents[agent].cards
            if call.waiting:
                assert call.queue is not None
                assert call.id in state.queues[call.queue].waiting

    @invariant()
    def queues_count_their_members_states(self) -> None:
        if not hasattr(self, "floor"):
            return
        state = self.floor.state
        for queue in state.queues.values():
            for what in AgentState:
                there = sum(
                    agent.state is what and agent.device in queue.members
                    for agent in state.agents.values()
                )
                assert queue.states.get(what, 0) == there
            assert set(queue.waiting) <= set(state.calls)

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "floor"):
            assert broken(self.floor.state, self.at) == []

    def teardown(self) -> None:
        if not hasattr(self, "floor"):
            return
        again = Floor()
        for event in self.journal:
            again.receive(event)
        mine, theirs = self.floor.state, again.state
        assert theirs.calls == mine.calls
        assert theirs.agents == mine.agents
        assert theirs.queues == mine.queues
        assert again.cards() == self.floor.cards()
        assert theirs.reservations == mine.reservations
        assert again.deadline() == self.floor.deadline()
        assert theirs.unexpected == mine.unexpected


AnyOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestAnyOrder = AnyOrder.TestCase


def test_every_event_has_its_place() -> None:
    """A new event class without a function to take it is a mistake."""
    assert set(TAKE) | {e.FloorOpened} == set(e.EVENTS)


def test_every_state_of_a_call_is_reached_and_can_end() -> None:
    """The table has no island and no trap."""
    targets = {to for row in calls.TRANSITIONS.values() for to in row.values() if to != calls.BACK}
    assert targets | {CallState.ARRIVED} == set(CallState)
    for state, row in calls.TRANSITIONS.items():
        assert state is CallState.ENDED or row[e.CallEnded] is CallState.ENDED


def test_every_state_of_an_agent_is_reached_and_left() -> None:
    """The table has no island and no trap."""
    rows = agents.TRANSITIONS
    targets = {to for row in rows.values() for to in row.values()}
    assert set(AgentState) <= targets | {AgentState.BREAK, AgentState.READY}
    for state, row in rows.items():
        assert any(to is not state for to in row.values())


def test_a_frozen_event_cannot_be_changed() -> None:
    """Events are facts; a copy with another time is another event."""
    event = e.TimePassed(at=1.0)
    assert replace(event, at=2.0) != event
