"""What screens are shown of calls and agents. Reads the floor's state and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from .agent import Agent, AgentState
from .call import Call
from .card import AgentView, CallbackOnCard, CallView, Card, Offer, Party, Pending

if TYPE_CHECKING:
    from .state import State

PartyState = Literal["ringing", "talking", "held", "listening", "parked"]


def card_of(state: State, call: Call, agent: str) -> Card:
    """What ``agent`` is shown about the call now."""
    reservation = state.reservations.get(call.reservation) if call.reservation else None
    offer = None
    if reservation is not None and reservation.agent == agent and reservation.deadline is not None:
        offer = Offer(
            reservation=reservation.id,
            deadline=reservation.deadline,
            auto_answer=reservation.auto_answer,
            preview=reservation.preview,
        )
    return Card(
        call=call.id,
        rev=call.rev,
        direction=call.direction,
        state=call.state.value,
        queue=call.queue,
        number=call.number,
        caller_name=call.name,
        dialled=call.dialled,
        arrived=call.arrived,
        offered=call.offered,
        answered=call.answered,
        ended=call.ended,
        identity=call.identity,
        candidates=call.candidates,
        profile=call.profile,
        reasons_state=call.reasons_state,
        reasons=call.reasons,
        answers_state=call.answers_state,
        answers=call.answers,
        noted=agent in call.noted,
        offer=offer,
        parties=_parties(state, call) if call.devices else (),
        recording=call.recording,
        recording_resumes=call.recording_resumes,
        parked=call.parked,
        pending=tuple(
            Pending(id=control.id, do=control.do, deadline=control.deadline)
            for control in call.controls.values()
            if control.agent == agent
        )
        if call.controls
        else (),
        transfers=call.transfers,
        model=call.model,
        words=call.words,
        not_ours=call.not_ours,
        marks=call.marks,
        callback=_callback(state, call),
    )


def _callback(state: State, call: Call) -> CallbackOnCard | None:
    shown = call.callback_card
    held = state.callbacks.get(state.attempts.get(call.id, ""))
    if shown is None or held is None:
        return shown
    if held.stage == "dialling":
        return replace(shown, stage="calling")
    return replace(shown, stage="answered") if held.stage in ("answered", "talking") else shown


def _parties(state: State, call: Call) -> tuple[Party, ...]:
    caller: PartyState = "talking"
    if call.parked is not None:
        caller = "parked"
    elif call.holding:
        caller = "held"
    parties = [
        Party(
            leg=call.leg, kind="caller", agent=None, number=call.number, name=call.name,
            state=caller,
        )
    ]  # fmt: skip
    for device, leg in call.devices.items():
        agent = state.by_device.get(device)
        parties.append(
            Party(
                leg=leg,
                kind="agent",
                agent=agent.id if agent else None,
                number=device,
                name=agent.name if agent else None,
                state="talking",
                muted=device in call.muted,
            )
        )
    if (consult := call.consult) is not None:
        talking: PartyState = "talking" if call.holding else "held"
        parties.append(
            Party(
                leg=consult.leg, kind="consulted", agent=None, number=consult.to, name=None,
                state=talking if consult.answered else "ringing",
            )
        )  # fmt: skip
    parties.extend(call.others.values())
    if state.opened.listening_visible:
        for leg, spy in call.spies.items():
            listener = state.by_device.get(spy.by)
            parties.append(
                Party(
                    leg=leg, kind="supervisor", agent=listener.id if listener else None,
                    number=spy.by, name=listener.name if listener else None,
                    state="listening" if spy.mode == "listen" else "talking",
                )
            )  # fmt: skip
    return tuple(parties)


def agent_view(state: State, agent: Agent) -> AgentView:
    """What screens show of an agent."""
    call = state.calls.get(agent.call) if agent.call else None
    busy_with: Literal["customer", "internal"] | None = None
    if call is not None and agent.state in (AgentState.TALKING, AgentState.HELD):
        busy_with = "internal" if call.direction == "internal" else "customer"
    return agent.view(
        call.queue if call else None,
        state.devices.get(agent.device, "unknown"),
        busy_with,
    )


def call_view(state: State, call: Call) -> CallView:
    """What a supervisor sees of a live call in the list of all."""
    devices = dict.fromkeys((*call.devices, *call.offers))
    agents = (state.by_device.get(device) for device in devices)
    return CallView(
        call=call.id,
        direction=call.direction,
        state=call.state.value,
        queue=call.queue,
        number=call.number,
        caller_name=call.name,
        arrived=call.arrived,
        waiting_since=(call.place or call.queued) if call.waiting else None,
        answered=call.answered,
        agents=tuple(agent.id for agent in agents if agent is not None),
        distribution="engine" if call.engine else "exchange",
        reservation=call.reservation,
        parked=call.parked,
        recording=call.recording,
        transfers=call.transfers,
    )
