"""The router against a slow reference, over any sequence of facts."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from callcenter.floor.events import QueueSettings, StepSettings
from callcenter.floor.routing import Router, Waiting, steps_of
from callcenter.floor.skills import parse
from tests.unit.callcenter.floor.routing_reference import Reference, Someone

QUEUES = ("red", "blue", "plain")
AGENTS = tuple("abcd")
SETTINGS = (
    QueueSettings(
        queue="red",
        steps=(
            StepSettings(after=0, want="loans >= 3"),
            StepSettings(after=10, want="loans"),
            StepSettings(after=25, want="any"),
        ),
    ),
    QueueSettings(
        queue="blue",
        steps=(StepSettings(after=0, want="member and not loans"), StepSettings(after=7, want="")),
    ),
)
MAX_CREDIT = 30.0
skills = st.dictionaries(st.sampled_from(["loans", "english"]), st.integers(0, 4))
members = st.frozensets(st.sampled_from(QUEUES), min_size=1)
agents = st.sampled_from(AGENTS)
seconds = st.integers(0, 40).map(float)
# "off" is a state the floor does not have: an unknown word means that nobody waits for the agent.
away = st.sampled_from(["talking", "wrapup", "break", "missed", "unreachable", "off"])
wishes = st.sampled_from([None, None, parse("english >= 2"), parse("not member")])
data = st.data()


class Routing(RuleBasedStateMachine):
    """Facts go to both; every decision, position and deadline must be the same."""

    @initialize(staff=st.lists(st.tuples(skills, members, seconds), min_size=2, max_size=4))
    def begin(self, staff: list[tuple[dict[str, int], frozenset[str], float]]) -> None:
        self.now = 100.0
        self.made = 0
        self.router = Router(max_credit=MAX_CREDIT, occupancy_cap=0.8)
        self.plain = Reference(MAX_CREDIT, 0.8)
        for settings_ in SETTINGS:
            self.router.set_queue(settings_)
            self.plain.steps[settings_.queue] = steps_of(settings_)
        for agent, (levels, queues, idle) in zip(AGENTS, staff, strict=False):
            self.agent_in(agent, levels, queues)
            self.ready(agent, idle, 0.5)

    @rule(by=st.sampled_from([0.0, 0.5, 3.0, 7.0, 10.0, 30.0, -5.0]))
    def time_passes(self, by: float) -> None:
        """The clock of the machine may be set back."""
        self.now += by

    @rule(agent=agents, skills=skills, queues=members)
    def agent_in(self, agent: str, skills: dict[str, int], queues: frozenset[str]) -> None:
        self.router.agent_in(agent, skills, queues)
        self.plain.agents[agent] = Someone(skills, queues)

    @precondition(lambda self: self.plain.agents)
    @rule(data=data)
    def agent_out(self, data: Any) -> None:
        agent = data.draw(st.sampled_from(sorted(self.plain.agents)))
        self.router.agent_out(agent)
        del self.plain.agents[agent]

    @precondition(lambda self: self.plain.agents)
    @rule(data=data, skills=skills, queues=members)
    def agent_learns(self, data: Any, skills: dict[str, int], queues: frozenset[str]) -> None:
        agent = data.draw(st.sampled_from(sorted(self.plain.agents)))
        self.router.skills_changed(agent, skills)
        self.router.membership_changed(agent, queues)
        self.plain.agents[agent].skills = skills
        self.plain.agents[agent].queues = queues

    @precondition(lambda self: self.plain.agents)
    @rule(data=data, idle=seconds, occupancy=st.sampled_from([0.1, 0.79, 0.8, 1.0]))
    def agent_ready(self, data: Any, idle: float, occupancy: float) -> None:
        self.ready(data.draw(st.sampled_from(sorted(self.plain.agents))), idle, occupancy)

    def ready(self, agent: str, idle: float, occupancy: float) -> None:
        self.router.agent_ready(agent, self.now - idle, occupancy)
        someone = self.plain.agents[agent]
        someone.state, someone.idle_since, someone.occupancy = "ready", self.now - idle, occupancy

    @precondition(lambda self: self.plain.agents)
    @rule(data=data, state=away)
    def agent_busy(self, data: Any, state: str) -> None:
        agent = data.draw(st.sampled_from(sorted(self.plain.agents)))
        self.router.agent_busy(agent, state)
        self.plain.agents[agent].state = state

    @rule(
        queue=st.sampled_from(QUEUES),
        waited=seconds,
        credit=seconds,
        promised=st.none() | seconds,
        kind=st.sampled_from(["call", "call", "filler"]),
        want=wishes,
        preferred=st.none() | agents,
        until=seconds,
    )
    def call_waits(
        self,
        queue: str,
        waited: float,
        credit: float,
        promised: float | None,
        kind: Any,
        want: Any,
        preferred: str | None,
        until: float,
    ) -> None:
        self.made += 1
        waiting = Waiting(
            call=f"c{self.made}",
            queue=queue,
            place=self.now - waited,
            since=self.now,
            credit=credit,
            promised=None if promised is None else self.now + promised,
            kind=kind,
            want=want,
            want_until=self.now + until,
            preferred=preferred,
            preferred_until=self.now + until,
        )
        self.router.wait(waiting)
        self.plain.calls[waiting.call] = waiting
        self.plain.arrivals.append(waiting.call)

    @precondition(lambda self: self.plain.calls)
    @rule(data=data, what=st.sampled_from(["left", "reserved", "released"]))
    def call_moves(self, data: Any, what: str) -> None:
        call = data.draw(st.sampled_from(sorted(self.plain.calls)))
        getattr(self.router, what)(call)
        if what == "reserved":
            self.plain.reserved.add(call)
        else:
            self.plain.reserved.discard(call)
        if what == "left":
            del self.plain.calls[call]

    @precondition(lambda self: self.plain.calls)
    @rule(data=data, agent=agents, seconds=seconds)
    def call_kept_from(self, data: Any, agent: str, seconds: float) -> None:
        call = data.draw(st.sampled_from(sorted(self.plain.calls)))
        self.router.keep_from(call, agent, self.now + seconds)
        kept = {**self.plain.calls[call].kept_from, agent: self.now + seconds}
        self.plain.change(call, kept_from=kept)

    @precondition(lambda self: self.plain.calls)
    @rule(data=data, credit=seconds, want=wishes, preferred=st.none() | agents, until=seconds)
    def call_weighed(
        self, data: Any, credit: float, want: Any, preferred: str | None, until: float
    ) -> None:
        call = data.draw(st.sampled_from(sorted(self.plain.calls)))
        news = {
            "credit": credit,
            "want": want,
            "want_until": self.now + until,
            "preferred": preferred,
            "preferred_until": self.now + until,
        }
        self.router.weigh(call, **news)
        self.plain.change(call, **news)

    @precondition(lambda self: self.plain.calls)
    @rule(data=data, queue=st.sampled_from(QUEUES))
    def call_overflows(self, data: Any, queue: str) -> None:
        call = data.draw(st.sampled_from(sorted(self.plain.calls)))
        self.plain.change(call, queue=queue, since=self.now)
        self.router.wait(self.plain.calls[call])

    @precondition(lambda self: self.plain.calls)
    @rule(data=data)
    def arrival_is_decided(self, data: Any) -> None:
        """A decision that names an agent becomes a reservation."""
        call = data.draw(st.sampled_from(sorted(self.plain.calls)))
        expected = dict(self.plain.given_out(self.now)).get(call)
        decision = self.router.decide_call(call, self.now)
        assert decision.agent == expected
        if expected is not None:
            self.reserve(call, expected)

    @precondition(lambda self: self.plain.agents)
    @rule(data=data)
    def capacity_is_decided(self, data: Any) -> None:
        """An agent who is asked for gets what the same order gives them."""
        agent = data.draw(st.sampled_from(sorted(self.plain.agents)))
        expected = {who: call for call, who in self.plain.given_out(self.now)}.get(agent)
        decision = self.router.decide_agent(agent, self.now)
        assert (decision and decision.call) == expected
        if decision is not None and decision.agent is not None:
            assert decision.agent == agent
            self.reserve(decision.call, agent)

    @rule()
    def everything_is_decided(self) -> None:
        """Afterwards no ready agent could take a call that was not offered."""
        while (decision := self.router.decide_next(self.now)) is not None:
            assert decision.agent is not None
            assert (decision.call, decision.agent) == next(self.plain.given_out(self.now))
            self.reserve(decision.call, decision.agent)
        for call in set(self.plain.calls) - self.plain.reserved:
            assert not any(
                self.plain.may_take(call, agent, self.now) for agent in self.plain.agents
            )

    def reserve(self, call: str, agent: str) -> None:
        self.router.reserved(call)
        self.router.agent_busy(agent, "reserved")
        self.plain.reserved.add(call)
        self.plain.agents[agent].state = "reserved"

    @invariant()
    def same_answers(self) -> None:
        """For every call and agent, as often as one likes: asking changes nothing."""
        if not hasattr(self, "plain"):
            return
        given = dict(self.plain.given_out(self.now))
        taken = {agent: call for call, agent in given.items()}
        order = sorted(self.plain.calls, key=self.plain.order)
        for place, call in enumerate(order):
            decision = self.router.explain(call, self.now)
            assert decision.agent == given.get(call)
            assert decision.step == self.plain.step(call, self.now)
            assert decision.ahead == self.router.ahead(call) == place
            assert decision.score == self.now - self.plain.order(call)[1]
            able = {a for a in self.plain.agents if self.plain.eligible(call, a, self.now)}
            assert decision.eligible == len(able)
            assert decision.ready == sum(self.plain.agents[a].state == "ready" for a in able)
            assert sum(count for _, count in decision.counts) == len(self.plain.agents)
            assert len(decision.considered) == min(len(self.plain.agents), 12)
            assert self.router.free(call) == sum(
                self.plain.may_take(call, agent, self.now) for agent in self.plain.agents
            )
        for agent in self.plain.agents:
            capacity = self.router.decide_agent(agent, self.now)
            assert (capacity and capacity.call) == taken.get(agent)
        for queue in QUEUES:
            calls = [call for call in order if self.plain.calls[call].queue == queue]
            assert self.router.waiting(queue) == tuple(calls)
            assert [self.router.position(call) for call in calls] == [*range(1, len(calls) + 1)]
        self.router.changed(self.now)
        assert self.router.next_change(self.now) == self.plain.next_change(self.now)


Routing.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestRouting = Routing.TestCase
