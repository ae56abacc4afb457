"""What agents wish: checked whole before anything changes; a refusal raises ``FloorError``."""

from __future__ import annotations

from typing import Final

from . import dialling, distribution, inherited, reservations
from . import events as e
from .agent import BUSY, RINGABLE, WORKING, Agent, AgentState, Move
from .call import Call, CallState
from .errors import BadChoice, DeviceTaken, NotNow, UnknownCall
from .orders import RecordAudit, RecordOutcome, RecordSkills, ShowAgent, ShowHelp
from .reservation import Reservation
from .state import State

MOST_WRAP_UP: Final = 3600.0
"""Seconds by which wrap-up is extended at most at a time."""


def signed_in(state: State, event: e.AgentSignedIn) -> None:
    if event.agent in state.agents:
        raise NotNow(f"{event.agent} is signed in already.")
    other = state.by_device.get(event.device)
    if other is not None:
        raise DeviceTaken(f"The device {event.device} is in use by {other.name}.")
    agent = Agent(event.agent, event.name, event.device, event.at, skills=event.skills)
    agent.weighed = agent.idle_since = event.at
    state.agents[agent.id] = agent
    state.by_device[agent.device] = agent
    if state.engine:
        memberships = frozenset(state.memberships.get(agent.device, ()))
        state.router.agent_in(agent.id, dict(agent.skills), memberships)
        state.router.agent_busy(agent.id, agent.state.value)
    for queue in state.memberships.get(agent.device, ()):
        state.queues[queue].count(agent.state, +1)
        state.dirty_queues[queue] = None
    state.dirty_agents[agent.id] = None
    state.set_paused(agent)
    for call in state.calls.values():  # the phone may have been in use before the console was
        if agent.device in call.devices:
            state.move(agent, Move.ANSWER, event.at)
            agent.call, call.agent = call.id, agent.id
            state.open_card(agent, call)
        elif agent.device in call.offers:
            state.move(agent, Move.OFFER, event.at)
            agent.call = agent.call or call.id
            state.open_card(agent, call)


def signed_out(state: State, event: e.AgentSignedOut) -> None:
    agent = state.agent(event.agent)
    if agent.state is AgentState.RESERVED and event.by is not None:
        reservation = state.reservations[agent.reservation or ""]
        others = [call for call in agent.cards if call != reservation.call]
        if any(agent.device in state.calls[call].offers for call in others):
            raise NotNow("A call is on your phone; end it first.")
        reservations.end(state, reservation, "agent_gone", event.at)
    if agent.state in BUSY:
        raise NotNow("A call is on your phone; end it first.")
    audit(state, event.at, event.by, "sign_out", agent.id)
    if agent.reservation is not None:  # wrapping up
        reservation = state.reservations.pop(agent.reservation)
        reservation.move("completed")
        agent.reservation = None
        state.keep(reservation, event.at)
    for call in list(agent.cards):
        state.close_card(agent, call)
    if agent.state in RINGABLE or agent.state is AgentState.UNREACHABLE:
        state.move(agent, Move.CHOOSE_BREAK, event.at)
    for queue in state.memberships.get(agent.device, ()):
        state.queues[queue].count(agent.state, -1)
        state.dirty_queues[queue] = None
    state.set_deadline(agent, None)
    if agent.help_since is not None:
        help_over(state, agent)
    if state.engine:
        state.freed.pop(agent.id, None)
        state.router.agent_out(agent.id)
    del state.agents[agent.id], state.by_device[agent.device]
    state.dirty_agents.pop(agent.id, None)
    state.orders.append(ShowAgent(view=state.agent_view(agent), gone=True))
    distribution.nobody_left(state, event.at)


def audit(
    state: State, at: float, by: str | None, what: str, agent: str, reason: str = "",
    detail: str = "",
) -> None:  # fmt: skip
    """What a supervisor does to an agent is written down."""
    if by is not None:
        state.orders.append(
            RecordAudit(
                at=at, by=by, what=what, agent=agent, call=None, reason=reason, ok=True,
                detail=detail,
            )
        )  # fmt: skip


def skills_changed(state: State, event: e.SkillsChanged) -> None:
    agent = state.agent(event.agent)
    for skill, level in event.skills:
        if state.opened.skills and skill not in state.opened.skills:
            raise BadChoice(f"There is no skill {skill!r} in this centre.")
        if not 0 <= level <= 5:
            raise BadChoice(f"The level of {skill} must be 0 to 5, not {level}.")
    agent.skills = event.skills
    state.dirty_agents[agent.id] = None
    state.orders.append(RecordSkills(agent=agent.id, skills=agent.skills))
    said = ", ".join(f"{skill}={level}" for skill, level in agent.skills)
    audit(state, event.at, event.by, "skills", agent.id, detail=said)
    if state.engine:
        state.router.skills_changed(agent.id, dict(event.skills))
        if agent.state is AgentState.READY:
            state.freed[agent.id] = None


def wrap_up_extended(state: State, event: e.WrapUpExtended) -> None:
    agent = state.agent(event.agent)
    if agent.state is not AgentState.WRAPUP or agent.deadline is None:
        raise NotNow("There is no wrap-up time running.")
    if not 0 < event.seconds <= MOST_WRAP_UP:
        raise BadChoice(f"Wrap-up can be extended by 1 to {MOST_WRAP_UP:.0f} seconds at a time.")
    state.set_deadline(agent, agent.deadline + event.seconds)
    state.dirty_agents[agent.id] = None


def wrap_up_restored(state: State, event: e.WrapUpRestored) -> None:
    agent = state.agent(event.agent)
    known = state.calls.get(event.call)
    live = known is not None and known.state is not CallState.ENDED
    if live or not state.move(agent, Move.RESTORE, event.at):
        raise NotNow(f"{agent.name} is at something else by now.")
    agent.since = event.since
    state.set_deadline(agent, None if event.deadline is None else max(event.deadline, event.at))
    call = known or Call(
        event.call, event.direction, event.number, event.name, event.dialled, event.arrived,
        state=CallState.ENDED, queue=event.queue, answered=event.answered, ended=event.ended,
        agent=agent.id,
    )  # fmt: skip
    inherited.wrap_up(state, agent, call)


def accepted(state: State, event: e.ReservationAccepted) -> None:
    reservation = own_reservation(state, event.agent, event.reservation)
    if reservation.state != "pending" or dialling.accepted(state, reservation, event.at):
        return
    reservation.move("accepted", event.at + reservations.ANSWER_SECONDS)
    state.timers.set(("reservation", reservation.id), reservation.deadline)
    state.keep(reservation, event.at)
    state.dirty_calls[reservation.call] = None


def refused(state: State, event: e.ReservationRefused) -> None:
    reservation = own_reservation(state, event.agent, event.reservation)
    reservations.end(state, reservation, "declined", event.at, event.reason)


def snoozed(state: State, event: e.CallbackSnoozed) -> None:
    reservation = own_reservation(state, event.agent, event.reservation)
    dialling.snooze(state, reservation, event.seconds, event.at)


def own_reservation(state: State, agent_id: str, reservation_id: str) -> Reservation:
    agent = state.agent(agent_id)
    reservation = state.reservations.get(reservation_id)
    if reservation is None or agent.reservation != reservation_id or reservation.answered:
        raise UnknownCall("That call is no longer offered to you.")
    return reservation


def help_asked(state: State, event: e.HelpAsked) -> None:
    agent = state.agent(event.agent)
    agent.help_since = event.at
    state.dirty_agents[agent.id] = None
    state.orders.append(
        ShowHelp(
            agent=agent.id, name=agent.name, call=event.call or agent.call, text=event.text[:500],
            since=event.at,
        )
    )  # fmt: skip


def help_given(state: State, event: e.HelpGiven) -> None:
    agent = state.agent(event.agent)
    if agent.help_since is None:
        raise NotNow(f"{agent.name} does not ask for help any more.")
    help_over(state, agent)
    audit(state, event.at, event.by, "help", agent.id)


def help_over(state: State, agent: Agent) -> None:
    agent.help_since = None
    state.dirty_agents[agent.id] = None
    state.orders.append(
        ShowHelp(agent=agent.id, name=agent.name, call=agent.call, text="", since=None)
    )


def state_chosen(state: State, event: e.StateChosen) -> None:
    agent = state.agent(event.agent)
    reasons = state.opened.break_reasons
    if event.state == "break" and reasons and event.reason not in reasons:
        raise BadChoice(f"A break needs one of these reasons: {', '.join(reasons)}.")
    wanted = AgentState(event.state)
    reason = event.reason if wanted is AgentState.BREAK else None
    audit(state, event.at, event.by, "state", agent.id, f"{event.state} {reason or ''}".strip())
    going = agent.state in (AgentState.READY, AgentState.UNREACHABLE)
    if event.by is None and going != (wanted is AgentState.READY) and agent.state not in WORKING:
        agent.toggle(event.at)
    if agent.state in BUSY or agent.state is AgentState.WRAPUP:
        agent.next_state, agent.next_reason = wanted, reason
        agent.next_chosen = wanted is not AgentState.READY
        state.dirty_agents[agent.id] = None
        return
    move = Move.CHOOSE_READY if wanted is AgentState.READY else Move.CHOOSE_BREAK
    if agent.reason != reason:
        agent.reason, agent.since = reason, event.at
        state.dirty_agents[agent.id] = None
    state.move(agent, move, event.at)


def person_chosen(state: State, event: e.PersonChosen) -> None:
    call = state.card_call(event.agent, event.call)
    known = {candidate.person for candidate in call.candidates}
    if event.person is not None and event.person not in known:
        raise BadChoice("That person is not among the candidates for this call.")
    call.chosen = True
    state.identify(call, event.person)


def outcome_noted(state: State, event: e.OutcomeNoted) -> None:
    agent = state.agent(event.agent)
    call = state.card_call(event.agent, event.call)
    if state.opened.reasons and event.reason not in state.opened.reasons:
        raise BadChoice(f"There is no reason {event.reason!r} in this centre.")
    if state.opened.outcomes and event.outcome not in state.opened.outcomes:
        raise BadChoice(f"There is no outcome {event.outcome!r} in this centre.")
    if agent.device in call.offers:
        raise NotNow("The call has not been answered yet.")
    call.noted.add(agent.id)
    state.dirty_calls[call.id] = None
    state.orders.append(
        RecordOutcome(
            at=event.at,
            call=call.id,
            agent=agent.id,
            person=call.profile.person if call.profile else None,
            reason=event.reason,
            outcome=event.outcome,
            notes=event.notes,
            queue=call.queue,
            context=call.context,
            features=call.features,
            words=call.words,
        )
    )
    if event.finish and agent.device not in call.devices:
        state.close_card(agent, call.id)
        if agent.state is AgentState.WRAPUP and agent.call == call.id:
            state.wrapped_up(agent, event.at)
