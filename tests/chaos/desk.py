"""The agents at their consoles: they sign in and out, take breaks, refuse, note, and lose browsers.

Pure but for the node it is given: an agent sees what the engine shows and does what people do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from callcenter.floor import events as e
from callcenter.floor import orders as o
from tests.chaos.node import At, Node
from tests.chaos.plan import SKILLS, SUPERVISOR, Plan

RESTLESS = 40.0
"""Mean seconds until an agent does something on their own account."""

CONTROLS: tuple[e.ControlKind, ...] = (
    "hold", "resume", "hold", "resume", "mute", "unmute", "record", "stop_recording",
    "pause_recording", "dtmf", "hang_up", "blind_transfer",
)  # fmt: skip
SUPERVISION: tuple[e.ControlKind, ...] = ("listen", "whisper", "barge", "stop_listening")


class Desk:
    """All agents of a run. They outlive the engine: a new one finds them at the door."""

    def __init__(self, plan: Plan, at: At, now: Callable[[], float], chance: random.Random) -> None:
        self._at, self._now, self._chance = at, now, chance
        names = [f"agent{n}" for n in range(1, plan.agents + 1)]
        self._devices = dict(zip(names, plan.devices, strict=True))
        self._skills = dict(zip(names, plan.skills, strict=True))
        self._controls = plan.controls
        # The last of them leads nowhere.
        self._targets = (*plan.queues, *(one[6:] for one in plan.devices), "7777")
        self._asked = 0
        self._blind: dict[str, float] = {}
        """Until when somebody's browser is gone."""
        self._node: Node | None = None
        self.over = False

    def open(self, node: Node, within: float) -> None:
        """An engine runs: everybody signs in some time within `within` seconds."""
        self._node = node
        node.on_agent = self._seen
        for agent in self._devices:
            self._at(
                self._now() + self._chance.uniform(0, within),
                partial(self._for(node, agent, self._arrive)),
            )

    def _for(self, node: Node, agent: str, do: Callable[[Node, str], None]) -> Callable[[], None]:
        """Something an agent does later, if the engine is the same and their browser works."""

        def act() -> None:
            if node is self._node and not node.dead:
                do(node, agent)

        return act

    def _later(self, mean: float, agent: str, do: Callable[[Node, str], None]) -> None:
        assert self._node is not None
        self._at(self._now() + self._chance.expovariate(1 / mean), self._for(self._node, agent, do))

    # --- on their own account -------------------------------------------------------------------

    def _arrive(self, node: Node, agent: str) -> None:
        device = self._devices[agent]
        signed_in = e.AgentSignedIn(
            at=self._now(), agent=agent, name=agent, device=device, skills=self._skills[agent]
        )
        if node.take(signed_in):
            self._ready(node, agent)
        self._later(RESTLESS, agent, self._does_something)

    def _does_something(self, node: Node, agent: str) -> None:
        if self.over:
            return
        dice = self._chance.random()
        if agent not in node.floor.state.agents:
            self._arrive(node, agent)
            return
        if dice < 0.25:
            node.take(e.StateChosen(at=self._now(), agent=agent, state="break"))
            self._later(8.0, agent, self._ready)
        elif dice < 0.35 and node.take(e.AgentSignedOut(at=self._now(), agent=agent)):
            self._later(15.0, agent, self._arrive)
            return
        elif dice < 0.45:
            self._blind[agent] = self._now() + self._chance.uniform(5, 60)
        elif dice < 0.6:
            self._supervisor(node, agent)
        else:
            self._ready(node, agent)
        self._later(RESTLESS, agent, self._does_something)

    def _supervisor(self, node: Node, agent: str) -> None:
        """What somebody else does to an agent; what cannot be done is refused."""
        at, by, dice = self._now(), "boss", self._chance.random()
        if dice < 0.3:
            node.take(e.AgentSignedOut(at=at, agent=agent, by=by))
        elif dice < 0.5:
            node.take(e.StateChosen(at=at, agent=agent, state="break", by=by))
            self._later(8.0, agent, self._ready)
        elif dice < 0.8:
            levels = tuple((skill, self._chance.randint(0, 5)) for skill in SKILLS)
            node.take(e.SkillsChanged(at=at, agent=agent, skills=levels, by=by))
        elif node.take(e.HelpAsked(at=at, agent=agent, call=None, text="how?")):
            node.take(e.HelpGiven(at=at, agent=agent, by=by))

    def _ready(self, node: Node, agent: str) -> None:
        if agent in node.floor.state.agents and self._sees(agent):
            node.take(e.StateChosen(at=self._now(), agent=agent, state="ready"))

    def _sees(self, agent: str) -> bool:
        return self._now() >= self._blind.get(agent, 0.0)

    # --- at what they are shown -------------------------------------------------------------------

    def _seen(self, shown: o.ShowAgent) -> None:
        view = shown.view
        if shown.gone or not self._sees(view.agent):
            return
        if view.state == "wrapup":
            dice = self._chance.random()
            if view.call is not None and dice < 0.6:
                self._later(3.0, view.agent, self._note)
            elif dice < 0.65:
                self._later(1.0, view.agent, self._needs_longer)
        elif view.state == "missed":
            self._later(6.0, view.agent, self._ready)
        elif view.state == "reserved" and self._previews(view.reservation):
            self._looks_at_card(view.agent, view.reservation or "")
        elif view.state == "reserved" and view.reservation is not None:
            dice = self._chance.random()
            if dice < 0.04:
                self._later(1.0, view.agent, partial(self._refuse, view.reservation))
            elif dice < 0.08:
                self._later(1.0, view.agent, partial(self._accept, view.reservation))

        elif view.state == "talking" and view.call and self._chance.random() < self._controls:
            self._later(4.0, view.agent, partial(self._control, view.call))

    def _previews(self, reservation: str | None) -> bool:
        assert self._node is not None
        found = self._node.floor.state.reservations.get(reservation or "")
        return found is not None and found.preview

    def _looks_at_card(self, agent: str, reservation: str) -> None:
        """A customer is to be called back if the agent says yes; some say nothing."""
        dice = self._chance.random()
        if dice < 0.6:
            self._later(2.0, agent, partial(self._accept, reservation))
        elif dice < 0.7:
            self._later(2.0, agent, partial(self._refuse, reservation))
        elif dice < 0.8:
            self._later(2.0, agent, partial(self._snooze, reservation))

    def _snooze(self, reservation: str, node: Node, agent: str) -> None:
        node.take(
            e.CallbackSnoozed(
                at=self._now(), agent=agent, reservation=reservation,
                seconds=self._chance.uniform(2.0, 40.0),
            )
        )  # fmt: skip

    def _control(self, call: str, node: Node, agent: str) -> None:
        """Something is wanted of the exchange, and often something more a while later."""
        if self.over or not self._sees(agent):
            return
        self._asked += 1
        wish = e.ControlAsked(
            at=self._now(), id=f"wish{self._asked}", agent=agent, role="agent", call=call,
            do=self._chance.choice(CONTROLS), digits="1",
            target=self._chance.choice(self._targets),
        )  # fmt: skip
        if self._chance.random() < 0.2:
            wish = replace(
                wish, agent="boss", role="supervisor", do=self._chance.choice(SUPERVISION),
                device=SUPERVISOR, reason="training", target=None,
            )  # fmt: skip
        node.take(wish)
        if self._chance.random() < 0.8:
            self._later(3.0, agent, partial(self._control, call))

    def _needs_longer(self, node: Node, agent: str) -> None:
        node.take(e.WrapUpExtended(at=self._now(), agent=agent, seconds=5.0))

    def _refuse(self, reservation: str, node: Node, agent: str) -> None:
        node.take(
            e.ReservationRefused(
                at=self._now(), agent=agent, reservation=reservation, reason="busy"
            )
        )

    def _accept(self, reservation: str, node: Node, agent: str) -> None:
        node.take(e.ReservationAccepted(at=self._now(), agent=agent, reservation=reservation))

    def _note(self, node: Node, agent: str) -> None:
        state = node.floor.state.agents.get(agent)
        if state is not None and state.cards and self._sees(agent):
            node.take(
                e.OutcomeNoted(
                    at=self._now(), agent=agent, call=state.cards[-1], reason="other",
                    outcome="done", notes="", finish=self._chance.random() < 0.8,
                )
            )  # fmt: skip
