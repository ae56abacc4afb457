"""The floor: every live call, agent and queue, and the only place where they change.

``receive(event)`` takes a fact or a wish and returns orders. It never waits, reads no clock, draws
no random number and does no I/O; time is in the event. Facts are never refused: one that does not
fit is counted in ``unexpected``. A wish that cannot be granted raises ``FloorError`` before
anything has changed. The same events in the same order give the same floor, to the byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from . import (
    announcements,
    callbacks,
    claims,
    controls,
    dialling,
    distribution,
    exchange,
    facts,
    inherited,
    reasons,
    requests,
    reservations,
    results,
    talk_facts,
    wishes,
)
from . import events as e
from .call import Call, CallState
from .callback import Callback
from .card import AgentView, CallView, Card, QueueView
from .errors import UnknownCall
from .orders import Order
from .queue import Counters
from .routing import Decision
from .shown import call_view, card_of
from .state import State


def time_passed(state: State, event: e.TimePassed) -> None:
    while (key := state.timers.due(event.at)) is not None:
        what, key_id = key
        if what == "wrapup":
            agent = state.agents[key_id]
            for call_id in state.to_wrap_up(agent):
                state.close_card(agent, call_id)
            state.wrapped_up(agent, event.at)
        elif what == "reservation":
            reservations.over_time(state, key_id, event.at)
        elif what == "control":
            controls.over_time(state, key_id, event.at)
        elif what == "recording":
            controls.recording_goes_on(state, key_id, event.at)
        elif what == "hours":
            distribution.hours_changed(state, key_id, event.at)
        elif what == "router":
            distribution.widen(state, event.at)
        elif what == "mind":
            distribution.looked_up(state, key_id)
        elif what == "away":
            distribution.back_in_line(state, key_id, event.at)
        elif what == "callback":
            callbacks.over_time(state, key_id, event.at)
        elif what == "keep":
            callbacks.keep_again(state, key_id, event.at)
        elif what == "announce":
            announcements.announce(state, state.calls[key_id], event.at)
        else:
            distribution.send_on(state, state.calls[key_id], "timed_out", event.at)
        if state.bereft:  # the next timer may find another agent for it
            callbacks.settle(state, event.at)


def day_began(state: State, event: e.DayBegan) -> None:
    for queue in state.queues.values():
        queue.today = Counters()
        state.dirty_queues[queue.id] = None
    for agent in state.agents.values():
        agent.calls_today = agent.missed_today = 0
        state.dirty_agents[agent.id] = None


TAKE: Final[dict[type[e.Event], Callable[[State, Any], None]]] = {
    e.TimePassed: time_passed,
    e.CallRestored: inherited.restored,
    e.CountersNoted: inherited.noted,
    e.DayBegan: day_began,
    e.ExchangeConnected: exchange.connected,
    e.ExchangeLost: exchange.lost,
    e.CallArrived: facts.arrived,
    e.CallerChanged: facts.caller_changed,
    e.CallQueued: facts.queued,
    e.CallLeftQueue: facts.left_queue,
    e.CallOffered: facts.offered,
    e.OfferEnded: facts.offer_ended,
    e.CallAnswered: facts.answered,
    e.CallHeld: facts.held,
    e.CallResumed: facts.resumed,
    e.DeviceLeft: facts.device_left,
    e.CallTransferred: talk_facts.transferred,
    e.CallParked: talk_facts.parked,
    e.CallUnparked: talk_facts.unparked,
    e.ConsultBegan: talk_facts.consult_began,
    e.ConsultAnswered: talk_facts.consult_answered,
    e.ConsultEnded: talk_facts.consult_ended,
    e.PartyJoined: talk_facts.party_joined,
    e.PartyLeft: talk_facts.party_left,
    e.RecordingChanged: talk_facts.recording_changed,
    e.MuteChanged: talk_facts.mute_changed,
    e.SpyBegan: talk_facts.spy_began,
    e.SpyEnded: talk_facts.spy_ended,
    e.KeyPressed: facts.key_pressed,
    e.CallerSaid: reasons.said,
    e.EstimateTold: announcements.told,
    e.SnapshotCompared: exchange.compared,
    e.CallEnded: facts.ended,
    e.CallsMerged: facts.merged,
    e.DeviceChanged: exchange.device_changed,
    e.MemberSeen: exchange.member_seen,
    e.MemberGone: exchange.member_gone,
    e.AgentSignedIn: wishes.signed_in,
    e.AgentSignedOut: wishes.signed_out,
    e.SkillsChanged: wishes.skills_changed,
    e.StateChosen: wishes.state_chosen,
    e.WrapUpExtended: wishes.wrap_up_extended,
    e.WrapUpRestored: wishes.wrap_up_restored,
    e.ReservationAccepted: wishes.accepted,
    e.ReservationRefused: wishes.refused,
    e.ControlAsked: controls.asked,
    e.HelpAsked: wishes.help_asked,
    e.HelpGiven: wishes.help_given,
    e.PersonChosen: wishes.person_chosen,
    e.OutcomeNoted: wishes.outcome_noted,
    e.AnswerMarked: reasons.marked,
    e.CallerIdentified: results.identified,
    e.ReasonsPredicted: reasons.predicted,
    e.AnswersFound: reasons.answers_found,
    e.OutcomeStored: results.outcome_stored,
    e.ControlCarriedOut: controls.carried_out,
    e.RingFailed: results.ring_failed,
    e.OrderFailed: results.order_failed,
    e.CallbackDue: claims.due,
    e.CallbackLost: claims.lost,
    e.CallbackAsked: requests.asked,
    e.CallbackBooked: requests.booked,
    e.CallbackDenied: requests.denied,
    e.AgentOnLine: dialling.agent_on_line,
    e.AgentOffLine: dialling.agent_off_line,
    e.CustomerAnswered: dialling.customer_answered,
    e.MessageLeft: dialling.message_left,
    e.DialFailed: dialling.dial_failed,
    e.CallbackSnoozed: wishes.snoozed,
}
"""Which function takes which event. ``FloorOpened`` is the floor's own: it begins a new state."""


class Floor:
    """All live state behind three ways in: ``receive``, ``deadline``, ``tick``."""

    def __init__(self) -> None:
        self.state = State(e.FloorOpened(at=0.0))

    def receive(self, event: e.Event) -> list[Order]:
        """Take one event; returns what is to be done, in order.

        Raises ``FloorError`` for a wish that cannot be granted; then nothing has changed.
        """
        if isinstance(event, e.FloorOpened):
            self.state = State(event)
            for queue in event.queues:
                if queue.hours.weekly or queue.hours.holidays:
                    distribution.hours_changed(self.state, queue.queue, event.at)
        else:
            TAKE[type(event)](self.state, event)
        state = self.state
        if state.callbacks:
            callbacks.settle(state, event.at)
        if state.engine:
            distribution.assign(state, event.at)
        if state.outside:
            callbacks.settle(state, event.at)
        return state.drain()

    def deadline(self) -> float | None:
        """When ``tick`` is due next, seconds since the epoch, or nothing."""
        return self.state.timers.next()

    def tick(self, now: float) -> list[Order]:
        """Do what is due; the same as receiving ``TimePassed``, which is what the journal keeps."""
        return self.receive(e.TimePassed(at=now))

    @property
    def unexpected(self) -> Counter[str]:
        """How often a fact did not fit, by name."""
        return self.state.unexpected

    def agent_views(self) -> dict[str, AgentView]:
        return {agent.id: self.state.agent_view(agent) for agent in self.state.agents.values()}

    def agent_view(self, agent: str) -> AgentView:
        """Raises KeyError when the agent is not signed in."""
        return self.state.agent_view(self.state.agents[agent])

    def queue_views(self) -> dict[str, QueueView]:
        return {queue.id: queue.view() for queue in self.state.queues.values()}

    def cards(self) -> dict[str, tuple[Card, ...]]:
        """Per agent: what is open on their screen, oldest first."""
        return {agent: self.cards_of(agent) for agent in self.state.agents}

    def cards_of(self, agent: str) -> tuple[Card, ...]:
        """Raises KeyError when the agent is not signed in."""
        state = self.state
        return tuple(card_of(state, state.calls[call], agent) for call in state.agents[agent].cards)

    def live_calls(self) -> dict[str, Call]:
        """Calls that have not ended; not those that have not even begun, in line to be made."""
        return {
            one: call
            for one, call in self.state.calls.items()
            if call.state is not CallState.ENDED and call.on_exchange != "no"
        }

    def callbacks(self) -> dict[str, Callback]:
        """Those that this floor holds, by id, as of their last version."""
        return {one: held.callback for one, held in self.state.callbacks.items()}

    def call_view(self, call: str) -> CallView:
        """Raises KeyError for a call that is not known."""
        return call_view(self.state, self.state.calls[call])

    def explain(self, call_id: str, at: float) -> Decision:
        """Who would get this waiting call at ``at``, and why. Nothing changes.

        Raises ``UnknownCall`` for one that does not wait in a queue of the engine.
        """
        call = self.state.calls.get(call_id)
        if call is None or call.since is None:
            raise UnknownCall(f"The call {call_id} does not wait in a queue of the engine.")
        return self.state.router.explain(call_id, at)
