"""Routing said slowly and plainly: what the router's decisions are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from callcenter.floor.line import Step, Waiting
from callcenter.floor.skills import MEMBER

WORKING = {"ready", "reserved", "offered", "talking", "held", "wrapup"}


@dataclass
class Someone:
    skills: Mapping[str, int]
    queues: frozenset[str]
    state: str = "signed_in"
    idle_since: float = 0.0
    occupancy: float = 0.0


@dataclass
class Reference:
    max_credit: float
    cap: float
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    agents: dict[str, Someone] = field(default_factory=dict)
    calls: dict[str, Waiting] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)
    reserved: set[str] = field(default_factory=set)

    def order(self, call: str) -> tuple[bool, float, int]:
        waiting = self.calls[call]
        rank = waiting.place - max(0.0, waiting.credit)
        if waiting.promised is not None:
            rank = min(rank, waiting.promised - self.max_credit)
        rank = max(rank, waiting.place - self.max_credit)
        return waiting.kind == "filler", rank, self.arrivals.index(call)

    def step(self, call: str, now: float) -> int:
        waiting = self.calls[call]
        steps = self.steps.get(waiting.queue, ())
        return max(sum(waiting.since + step.after <= now for step in steps) - 1, 0)

    def eligible(self, call: str, agent: str, now: float) -> bool:
        waiting, someone = self.calls[call], self.agents[agent]
        steps = self.steps.get(waiting.queue, ())
        want = steps[self.step(call, now)].want if steps else MEMBER
        member = waiting.queue in someone.queues
        extra = waiting.want if waiting.want_until > now else None
        return want.holds(someone.skills, member) and (
            extra is None or extra.holds(someone.skills, member)
        )

    def may_take(self, call: str, agent: str, now: float) -> bool:
        """Whatever else happens, as far as this call and this agent go."""
        waiting, someone = self.calls[call], self.agents[agent]
        if someone.state != "ready" or waiting.kept_from.get(agent, 0.0) > now:
            return False
        if waiting.kind == "filler" and someone.occupancy >= self.cap:
            return False
        last = waiting.preferred
        if (
            last is not None
            and waiting.preferred_until > now
            and last in self.agents
            and self.agents[last].state in WORKING
            and waiting.kept_from.get(last, 0.0) <= now
            and self.eligible(call, last, now)
            and last != agent
        ):
            return False
        return self.eligible(call, agent, now)

    def given_out(self, now: float) -> Iterator[tuple[str, str]]:
        """Every call in line order to whoever may take it and has been idle longest."""
        free = set(self.agents)
        for call in sorted(set(self.calls) - self.reserved, key=self.order):
            takers = [agent for agent in free if self.may_take(call, agent, now)]
            if takers:
                agent = min(takers, key=lambda name: (self.agents[name].idle_since, name))
                free.remove(agent)
                yield call, agent

    def next_change(self, now: float) -> float | None:
        times: list[float] = []
        for waiting in self.calls.values():
            times += [waiting.since + step.after for step in self.steps.get(waiting.queue, ())[1:]]
            times += waiting.kept_from.values()
            times += [waiting.want_until] if waiting.want is not None else []
            times += [waiting.preferred_until] if waiting.preferred is not None else []
        return min((time for time in times if time > now), default=None)

    def change(self, call: str, **changes: object) -> None:
        self.calls[call] = replace(self.calls[call], **changes)  # type: ignore[arg-type]
