"""Reservations: an agent is asked to take a call, their phone rings, and it ends somehow.

Steps over ``State``. Whatever happens to the reservation or to the phone, the call keeps its place
and the agent is not stuck. Who is asked to take what, ``distribution`` decides.
"""

from __future__ import annotations

from typing import Final

from . import attempts
from . import events as e
from .agent import Agent, AgentState, Move
from .call import Call
from .orders import RecordDecision, Ring, StopRinging
from .reservation import ENDS, Reservation
from .routing import Decision
from .state import State

GRACE: Final = 3.0
"""Seconds after the ringing should have ended within which the exchange has to say so."""

ANSWER_SECONDS: Final = 10.0
"""An agent who accepted on screen has so long to be in the talk."""

RING_LEG: Final = "cc-"
"""How the ids of legs begin that the engine rings for a reservation."""


def reserve(state: State, call: Call, agent: Agent, decision: Decision, at: float) -> None:
    """Ask one agent to take one call."""
    assert call.queue is not None
    settings = state.queues[call.queue].settings
    leg = state.new_id(RING_LEG)
    reservation = Reservation(
        id=leg,
        agent=agent.id,
        call=call.id,
        queue=call.queue,
        device=agent.device,
        leg=leg,
        made=at,
        deadline=at + settings.ring_seconds,
        auto_answer=settings.auto_answer,
    )
    state.reservations[reservation.id] = reservation
    agent.reservation = call.reservation = reservation.id
    state.router.reserved(call.id)
    state.move(agent, Move.RESERVE, at)
    agent.call = call.id
    state.open_card(agent, call)
    if call.on_exchange != "no":
        ring(state, call, reservation, at)
    elif attempts.reserved(state, call, reservation, at):
        ring(state, call, reservation, at, alone=True)
    state.orders.append(RecordDecision(decision=decision))


def ring(
    state: State, call: Call, reservation: Reservation, at: float, alone: bool = False
) -> None:
    """Ring the agent's phone. ``alone``: before the customer's."""
    assert call.queue is not None
    settings = state.queues[call.queue].settings
    reservation.alone = alone
    attempts.until(state, reservation, at + settings.ring_seconds, GRACE)
    state.orders.append(
        Ring(
            reservation=reservation.kept(state.opened.node, at),
            call=call.id,
            device=reservation.device,
            leg=reservation.leg,
            seconds=settings.ring_seconds,
            auto_answer=settings.auto_answer,
            number=call.number,
            name=call.name,
            alone=alone,
        )
    )


def end(
    state: State, reservation: Reservation, why: e.ReservationEnd, at: float, detail: str = ""
) -> None:
    """It ends without a talk. The call keeps its place, the agent is what the reason makes them."""
    reservation.move(ENDS[why])
    del state.reservations[reservation.id]
    state.timers.set(("reservation", reservation.id), None)
    state.keep(reservation, at, why, detail)
    state.orders.append(StopRinging(reservation=reservation.id, leg=reservation.leg))
    call = state.calls.get(reservation.call)
    if call is not None and call.reservation == reservation.id:
        call.reservation = None
        state.dirty_calls[call.id] = None
        if call.since is not None:
            if why not in ("caller_gone", "withdrawn", "agent_gone"):
                until = at + state.opened.retry_seconds
                state.router.keep_from(call.id, reservation.agent, until)
                if why in ("no_answer", "busy", "declined", "unreachable"):
                    attempts.keep_from(state, call, reservation.agent, until, at)
            state.router.released(call.id)
            state.entered[call.id] = None
        if call.id in state.attempts:
            state.bereft[call.id] = why
    agent = state.agents.get(reservation.agent)
    if agent is None:
        return
    agent.reservation = None
    if call is not None:
        state.close_card(agent, call.id)
    if agent.state is not AgentState.RESERVED:
        return
    agent.deadline = None
    agent.call = None
    if why in ("no_answer", "busy", "unreachable", "taken"):
        agent.missed_today += 1
        if state.opened.missed_policy == "missed":
            agent.reason = why
            state.move(agent, Move.MISS, at)
    if agent.state is AgentState.RESERVED:
        state.move(agent, Move.RESERVE_OVER, at)
    ringing = next((c for c in agent.cards if agent.device in state.calls[c].offers), None)
    if ringing is not None:  # somebody dials them directly
        state.move(agent, Move.OFFER, at)
        agent.call = ringing


def answered(state: State, call: Call, agent: Agent | None, at: float) -> None:
    """The call is in a talk: whose reservation that was is accepted; any other one is over."""
    reservation = state.reservations.get(call.reservation) if call.reservation else None
    if reservation is None:
        return
    if agent is None or reservation.agent != agent.id:
        end(state, reservation, "withdrawn", at)
        return
    reservation.answered = True
    state.timers.set(("reservation", reservation.id), None)
    call.reservation = None
    if reservation.state == "pending":
        reservation.move("accepted")
        state.keep(reservation, at)
    reservation.deadline = agent.deadline = None


def over_time(state: State, reservation_id: str, at: float) -> None:
    """The exchange should have said by now how the ringing ended."""
    reservation = state.reservations.get(reservation_id)
    if reservation is not None and not reservation.answered:
        end(state, reservation, "no_answer", at, "the exchange did not say how it ended")
