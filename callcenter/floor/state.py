"""The state of the floor and the steps that keep its parts in agreement.

An agent's state, the counts of the queues they are a member of, the pause on the exchange and the
wrap-up deadline change together, here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from . import events as e
from .agent import AWAY, RINGABLE, WORKING, Agent, AgentState, Move
from .call import Call, CallState
from .callback import Callback
from .card import AgentView
from .errors import UnknownAgent, UnknownCall
from .held import Held
from .orders import (
    AskSnapshot,
    CloseCard,
    Identify,
    Order,
    RecordCall,
    SetPaused,
    ShowAgent,
    ShowCard,
    ShowQueue,
)
from .queue import Queue
from .reservation import Reservation
from .routing import Router
from .shown import agent_view, card_of
from .timers import Timers
from .waits import Waits

DOUBTS_BEFORE_SNAPSHOT: Final = 20
"""So many facts that do not fit, and the exchange is asked for the whole picture again."""

KEEPS_DEADLINE: Final = frozenset({AgentState.WRAPUP, AgentState.OFFERED})
"""A call offered during wrap-up may go away again, and wrap-up goes on."""

GONE: Final = frozenset({"unavailable", "invalid"})
"""Conditions of a device that cannot be rung."""


class State:
    """All live state. ``orders`` and the ``dirty_*`` sets are what the present event caused."""

    def __init__(self, opened: e.FloorOpened) -> None:
        self.opened = opened
        self.calls: dict[str, Call] = {}
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.devices: dict[str, e.DeviceState] = {}
        self.memberships: dict[str, set[str]] = {}
        """Device to the queues it is a member of."""
        self.exchange_up = False
        self.unexpected: Counter[str] = Counter()
        self.doubts = 0
        self.by_device: dict[str, Agent] = {}
        self.reservations: dict[str, Reservation] = {}
        """The live ones."""
        self.made = 0
        """Counts what is given an id: reservations, legs, controls of our own."""
        self.timers = Timers()
        self.distributing = False
        """Calls are given out: not before the exchange was compared with what we believe."""
        self.freed: dict[str, None] = {}
        """Agents who may take a call since the present event."""
        self.entered: dict[str, None] = {}
        """Calls of the engine's line that may be given to somebody since the present event."""
        self.overlooked = False
        """A call that others waited behind while it was looked up is settled: ready agents are
        asked about again."""
        self.controlled: dict[str, str] = {}
        """What is asked of a live call, by its id: the call."""
        self.before: dict[str, e.CallRestored] = {}
        """Calls of the run before, until the exchange was asked whether it still has them."""
        self.missing: dict[str, int] = {}
        """Calls that the exchange did not show, and how often."""
        self.callbacks: dict[str, Held] = {}
        """By id: those this engine holds."""
        self.attempts: dict[str, str] = {}
        """Call to the callback whose present attempt it is, or is to be."""
        self.let_go: dict[str, tuple[float, Callback]] = {}
        """Callbacks this engine held a moment ago, and since when not: kept until their last
        version is surely stored."""
        self.kept_from: dict[str, dict[str, float]] = {}
        """Callback to the agents who did not answer or refused an attempt of it, each with the
        moment until which they are not asked for the next one either."""
        self.bereft: dict[str, e.ReservationEnd] = {}
        """Attempts whose reservation ended in the present event, and why."""
        self.outside: dict[str, None] = {}
        """Calls that may not be made now: found when it was their turn in the present event."""
        self.unmanned = frozenset(opened.devices)
        """Devices of agents who may sign in; who is signed in is looked up first."""
        self.orders: list[Order] = []
        self.dirty_agents: dict[str, None] = {}
        self.dirty_queues: dict[str, None] = {}
        self.dirty_calls: dict[str, None] = {}
        self.router = Router(
            skills=opened.skills,
            max_credit=opened.max_credit,
            occupancy_cap=opened.occupancy_cap,
        )
        self.waits = Waits()
        self.engine = any(one.distribution == "engine" for one in opened.queues)
        """Whether any queue is distributed here."""
        self.tiers = dict(opened.tiers)
        for settings in opened.queues:
            self.queues[settings.queue] = Queue(settings.queue, settings.threshold, settings)
            self.dirty_queues[settings.queue] = None
            self.router.set_queue(settings)

    def expect(self, queue: Queue, at: float) -> None:
        """The line moved: what would somebody who comes now have to wait?"""
        engine = queue.settings.distribution == "engine"
        ready = self.router.ready_for(queue.id) if engine else queue.states.get(AgentState.READY, 0)
        ahead = len(queue.waiting) + len(queue.callbacks)
        queue.estimate = self.waits.estimate(queue.id, ahead + 1, ready, at)

    def new_id(self, kind: str) -> str:
        """Unique among all runs of this engine; good as the Uniqueid of a channel."""
        self.made += 1
        return f"{kind}{self.opened.run}-{self.made}"

    def agent_view(self, agent: Agent) -> AgentView:
        """What screens show of an agent."""
        return agent_view(self, agent)

    def identify(self, call: Call, person: str | None = None) -> None:
        call.asked += 1
        held = self.callbacks.get(self.attempts.get(call.id, ""))
        self.orders.append(
            Identify(
                call=call.id,
                number=call.number,
                name=call.name,
                dialled=call.dialled,
                person=person,
                chosen=call.chosen,
                asked_back=held is not None and held.callback.person == person is not None,
                ask=call.asked,
            )
        )

    def record(self, call: Call) -> None:
        assert call.ended is not None
        assert call.why is not None
        self.orders.append(
            RecordCall(
                call=call.id,
                direction=call.direction,
                number=call.number,
                caller_name=call.name,
                dialled=call.dialled,
                person=call.profile.person if call.profile else None,
                queue=call.queue,
                agent=call.agent,
                arrived=call.arrived,
                answered=call.answered,
                ended=call.ended,
                wait=call.wait,
                talk=call.ended - call.answered if call.answered is not None else 0.0,
                why=call.why,
                transfers=call.transfers,
                predicted=call.reasons,
                model=call.model,
                context=call.context,
            )
        )

    def open_card(self, agent: Agent, call: Call) -> None:
        if call.id not in agent.cards:
            agent.cards.append(call.id)
            call.screens.add(agent.id)
        self.dirty_calls[call.id] = None

    def close_card(self, agent: Agent, call_id: str) -> None:
        if call_id not in agent.cards:
            return
        agent.cards.remove(call_id)
        self.orders.append(CloseCard(agent=agent.id, call=call_id))
        call = self.calls[call_id]
        call.screens.discard(agent.id)
        self.forget(call)

    def forget(self, call: Call) -> None:
        if call.state is CallState.ENDED and not call.screens:
            self.calls.pop(call.id, None)
            self.dirty_calls.pop(call.id, None)

    def move(self, agent: Agent, move: Move, at: float) -> bool:
        before = agent.state
        if not agent.move(move, at):
            self.unexpected[f"agent.{before.value}.{move.value}"] += 1
            return False
        if agent.state is before:
            return True
        for queue in self.memberships.get(agent.device, ()):
            self.queues[queue].count(before, -1)
            self.queues[queue].count(agent.state, +1)
            self.dirty_queues[queue] = None
        self.dirty_agents[agent.id] = None
        if agent.state is AgentState.READY and self.devices.get(agent.device) in GONE:
            self.move(agent, Move.LOSE_PHONE, at)
            return True
        if self.engine:
            self.tell_router(agent)
        if agent.state is AgentState.WRAPUP and before is not AgentState.OFFERED:
            seconds = self.opened.wrapup_seconds
            self.set_deadline(agent, None if seconds is None else at + seconds)
        elif agent.deadline is not None and agent.state not in KEEPS_DEADLINE:
            self.set_deadline(agent, None)
        elif agent.deadline is not None:  # it does not run while the phone rings
            wrapping = agent.state is AgentState.WRAPUP
            self.timers.set(("wrapup", agent.id), max(agent.deadline, at) if wrapping else None)
        self.set_paused(agent)
        if agent.reservation is not None:
            self.follow(agent, at)
        return True

    def follow(self, agent: Agent, at: float) -> None:
        """An answered reservation wraps up with its agent, and is completed with the wrap-up."""
        reservation = self.reservations[agent.reservation or ""]
        if not reservation.answered:
            return
        if agent.state is AgentState.WRAPUP and reservation.state == "accepted":
            reservation.move("wrapping", agent.deadline)
            self.keep(reservation, at)
        elif agent.state not in WORKING:
            reservation.move("completed")
            del self.reservations[reservation.id]
            agent.reservation = None
            self.keep(reservation, at)

    def keep(
        self,
        reservation: Reservation,
        at: float,
        why: e.ReservationEnd | None = None,
        detail: str = "",
    ) -> None:
        """Have it stored as it is now."""
        self.orders.append(reservation.kept(self.opened.node, at, why, detail))

    def member_of(self, agent: Agent) -> None:
        """The queues of the exchange that have them as a member changed."""
        if self.engine:
            queues = frozenset(self.memberships.get(agent.device, ()))
            self.router.membership_changed(agent.id, queues)
            if agent.state is AgentState.READY:
                self.freed[agent.id] = None

    def tell_router(self, agent: Agent) -> None:
        """The router learns of every change of an agent's state."""
        if agent.state is AgentState.READY:
            self.router.agent_ready(agent.id, agent.idle_since, agent.occupancy or 0.0)
            self.freed[agent.id] = None
        else:
            self.router.agent_busy(agent.id, agent.state.value)
            self.freed.pop(agent.id, None)

    def to_wrap_up(self, agent: Agent) -> list[str]:
        """Calls on the agent's screen that their phone has no part in any more, oldest first."""
        device = agent.device
        return [
            call
            for call in agent.cards
            if device not in self.calls[call].devices and device not in self.calls[call].offers
        ]

    def wrapped_up(self, agent: Agent, at: float) -> None:
        """One call is wrapped up: go on with the next (there was a second call), or be done."""
        left = self.to_wrap_up(agent)
        if left:
            agent.call = left[-1]
            self.dirty_agents[agent.id] = None
        else:
            self.move(agent, Move.DONE, at)

    def set_deadline(self, agent: Agent, deadline: float | None) -> None:
        agent.deadline = deadline
        self.timers.set(("wrapup", agent.id), deadline)

    def wants_pause(self, agent: Agent) -> bool:
        """Members of the engine's queues alone stay free for when the engine does not act: then
        those queues of the exchange stand in, and skip a phone in use by themselves."""
        if self.engine and all(
            self.queues[queue].settings.distribution == "engine"
            for queue in self.memberships.get(agent.device, ())
        ):
            return agent.state in AWAY
        return agent.state not in RINGABLE

    def set_paused(self, agent: Agent) -> None:
        wanted = self.wants_pause(agent)
        if not self.opened.control_members or not self.exchange_up or agent.paused == wanted:
            return
        if not self.memberships.get(agent.device):
            return  # a member of no queue: there is nothing to pause
        agent.paused = wanted
        reason = agent.reason or agent.state.value
        self.orders.append(SetPaused(device=agent.device, paused=wanted, reason=reason))

    def pause_unmanned(self, device: str) -> None:
        """Nobody is signed in at this agent's phone: queues must not ring it."""
        if self.opened.control_members and self.exchange_up:
            self.orders.append(SetPaused(device=device, paused=True, reason="signed_out"))

    def agent(self, agent: str) -> Agent:
        try:
            return self.agents[agent]
        except KeyError:
            raise UnknownAgent(f"{agent} is not signed in.") from None

    def card_call(self, agent: str, call: str) -> Call:
        if call not in self.agent(agent).cards:
            raise UnknownCall(f"The call {call} is not on your screen.")
        return self.calls[call]

    def queue(self, queue: str) -> Queue:
        if queue not in self.queues:
            self.queues[queue] = Queue(queue)
        self.dirty_queues[queue] = None
        return self.queues[queue]

    def call(self, event: Any) -> Call | None:
        call = self.calls.get(event.call)
        if call is None or call.state is CallState.ENDED or call.on_exchange == "no":
            self.doubt(event)
            return None
        call.on_exchange = "yes"
        return call

    def moved(self, event: Any) -> Call | None:
        call = self.call(event)
        if call is not None and not call.apply(event):
            self.doubt(event)
            return None
        return call

    def doubt(self, event: e.Event) -> None:
        self.unexpected[type(event).__name__] += 1
        self.doubts += 1
        if self.doubts >= DOUBTS_BEFORE_SNAPSHOT:
            self.doubts = 0
            self.orders.append(AskSnapshot(why="too many events that do not fit"))

    def drain(self) -> list[Order]:
        orders = self.orders
        if self.dirty_calls:
            for call_id in self.dirty_calls:
                call = self.calls[call_id]
                call.rev += 1
                for agent_id in sorted(call.screens):
                    orders.append(ShowCard(agent=agent_id, card=card_of(self, call, agent_id)))
            self.dirty_calls = {}
        if self.dirty_agents:
            for agent_id in self.dirty_agents:
                orders.append(ShowAgent(view=self.agent_view(self.agents[agent_id])))
            self.dirty_agents = {}
        if self.dirty_queues:
            for queue in self.dirty_queues:
                orders.append(ShowQueue(view=self.queues[queue].view()))
            self.dirty_queues = {}
        if orders:
            self.orders = []
        return orders
