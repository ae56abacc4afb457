"""What agents wish: checked whole before anything changes; a refusal raises ``FloorError``."""

from __future__ import annotations

from . import events as e
from .agent import BUSY, RINGABLE, Agent, AgentState, Move
from .errors import BadChoice, DeviceTaken, NotNow
from .orders import RecordOutcome, ShowAgent
from .state import State


def signed_in(state: State, event: e.AgentSignedIn) -> None:
    if event.agent in state.agents:
        raise NotNow(f"{event.agent} is signed in already.")
    other = state.by_device.get(event.device)
    if other is not None:
        raise DeviceTaken(f"The device {event.device} is in use by {other.name}.")
    agent = Agent(event.agent, event.name, event.device, event.at)
    state.agents[agent.id] = agent
    state.by_device[agent.device] = agent
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
    if agent.state in BUSY:
        raise NotNow("A call is on your phone; end it first.")
    for call in list(agent.cards):
        state.close_card(agent, call)
    if agent.state in RINGABLE:
        state.move(agent, Move.CHOOSE_BREAK, event.at)
    for queue in state.memberships.get(agent.device, ()):
        state.queues[queue].count(agent.state, -1)
        state.dirty_queues[queue] = None
    state.set_deadline(agent, None)
    del state.agents[agent.id], state.by_device[agent.device]
    state.dirty_agents.pop(agent.id, None)
    state.orders.append(ShowAgent(view=state.agent_view(agent), gone=True))


def state_chosen(state: State, event: e.StateChosen) -> None:
    agent = state.agent(event.agent)
    reasons = state.opened.break_reasons
    if event.state == "break" and reasons and event.reason not in reasons:
        raise BadChoice(f"A break needs one of these reasons: {', '.join(reasons)}.")
    wanted = AgentState(event.state)
    reason = event.reason if wanted is AgentState.BREAK else None
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
        )
    )
    if event.finish and agent.device not in call.devices:
        state.close_card(agent, call.id)
        if agent.state is AgentState.WRAPUP and agent.call == call.id:
            state.wrapped_up(agent, event.at)
