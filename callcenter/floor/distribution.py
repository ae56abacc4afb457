"""The engine's own line: calls enter it, are given to agents, and leave it.

Steps over ``State``. Who gets which call is the router's decision; here it becomes a reservation
(``reservations``) and, whatever comes of that, a call that kept its place. Assignment runs at the
end of every event that let a call in or an agent become free.
"""

from __future__ import annotations

from typing import Final, Literal

from . import announcements, attempts, reservations
from . import events as e
from .agent import AgentState
from .call import Call
from .hours import Hours
from .orders import RecordDecision, SendAway
from .queue import Queue
from .routing import Trigger, Waiting
from .skills import parse
from .state import State

MIND_SECONDS: Final = 0.05
"""A call waits so long for what is known and predicted about it before it is given out anyway."""

AWAY_AGAIN: Final = 5.0
"""Seconds after which a call that could not be sent out of the line is looked at again."""


# --- the line ---------------------------------------------------------------------------------


def enter(state: State, call: Call, queue: Queue, at: float) -> None:
    """The call waits in this queue of the engine. Its place is that of its first entering."""
    call.engine = True
    call.place = at if call.place is None else call.place
    settings = queue.settings
    if settings.distribution != "engine":
        # The dialplan has it wait for us, the settings say that the exchange chooses. Nobody here
        # would take it, and while other queues keep our sign of life going, nobody there either.
        if state.engine:
            send_away(state, call, "fallback")
        return
    call.since = at
    state.router.wait(
        Waiting(
            call=call.id, queue=queue.id, place=call.place, since=at, credit=settings.credit,
            promised=call.promised,
        )
    )  # fmt: skip
    if call.on_exchange == "no":
        queue.callbacks[call.id] = None
        state.expect(queue, at)
    weigh(state, call, at)
    if call.queue != queue.id:
        return  # what is known already sent it to another queue
    if call.waiting:
        if not queue.open:
            send_on(state, call, "closed", at)
            return
        if settings.when_empty != "wait" and not state.router.anybody(call.id):
            send_on(state, call, "empty", at)
            return
        on_the_phone(state, call, settings, at)
    if not understood(state, call):
        state.timers.set(("mind", call.id), at + MIND_SECONDS)
    state.entered[call.id] = None


def on_the_phone(state: State, call: Call, settings: e.QueueSettings, at: float) -> None:
    """What only somebody needs who hears our music."""
    if settings.max_wait is not None:
        state.timers.set(("max_wait", call.id), at + settings.max_wait)
    if settings.announce_seconds:
        announcements.announce(state, call, at)


def answers_in_line(state: State, call: Call, leg: str, line: str, at: float) -> None:
    """Somebody who is called back has answered and waits on the phone now, with the place they had
    all the time: for the agent who is reserved for them, or for the next one."""
    assert call.queue is not None
    queue = state.queue(call.queue)
    queue.callbacks.pop(call.id, None)
    call.leg, call.line, call.waiting, call.engine = leg, line, True, True
    queue.waiting[call.id] = call.queued = at
    state.dirty_calls[call.id] = None
    on_the_phone(state, call, queue.settings, at)
    if call.reservation is not None:
        reservations.ring(state, call, state.reservations[call.reservation], at)
    else:
        state.router.released(call.id)
        state.entered[call.id] = None


def leave(state: State, call: Call) -> None:
    """It is out of the engine's line, for whatever reason."""
    call.engine = False
    if call.since is None:
        return
    call.since = None
    state.router.left(call.id)
    if call.called_back and call.queue is not None:
        state.queue(call.queue).callbacks.pop(call.id, None)
    state.entered.pop(call.id, None)
    state.overlooked |= state.timers.at(("mind", call.id)) is not None
    for what in ("max_wait", "announce", "mind"):
        state.timers.set((what, call.id), None)


def send_on(
    state: State, call: Call, why: Literal["closed", "empty", "timed_out"], at: float
) -> None:
    """By the queue's policy: into another queue of the engine, or out of the line."""
    assert call.queue is not None
    settings = state.queues[call.queue].settings
    policy = {"closed": settings.when_closed, "empty": settings.when_empty}.get(why, "overflow")
    if policy == "overflow" and settings.overflow is not None:
        move_to(state, call, settings.overflow, at)
        return
    if call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "withdrawn", at)
    leave(state, call)
    send_away(state, call, why)


def send_away(
    state: State, call: Call, why: Literal["closed", "empty", "timed_out", "fallback"]
) -> None:
    assert call.queue is not None
    assert call.leg is not None
    call.engine = True  # still there until the exchange says it left
    state.orders.append(SendAway(call=call.id, leg=call.leg, queue=call.queue, why=why))


def not_sent_away(state: State, call: Call, at: float) -> None:
    """The exchange did not do it. Not asked for again at once: it would be refused again."""
    state.timers.set(("away", call.id), at + AWAY_AGAIN)


def back_in_line(state: State, call_id: str, at: float) -> None:
    """A call that could not be sent away and is still there waits as if it had just come, with its
    place; whatever sent it away sends it away again."""
    call = state.calls.get(call_id)
    if call is not None and call.engine and call.waiting and call.since is None:
        enter(state, call, state.queue(call.queue or ""), at)


def move_to(state: State, call: Call, queue_id: str, at: float) -> None:
    """Into another queue of the engine, keeping the place. The exchange need not know."""
    if call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "withdrawn", at)
    old, new = state.queue(call.queue or queue_id), state.queue(queue_id)
    leave(state, call)
    call.queue = queue_id
    if call.waiting:
        call.wait += max(0.0, at - old.waiting.pop(call.id, at))
        new.waiting[call.id] = call.queued = at
    if not call.called_back:
        old.today.left += 1
        new.today.offered += 1
    state.dirty_calls[call.id] = None
    enter(state, call, new, at)


def nobody_left(state: State, at: float) -> None:
    """Somebody signed out: calls that nobody could ever take now are sent on by their policy."""
    for queue in list(state.queues.values()):
        if queue.settings.distribution != "engine" or queue.settings.when_empty == "wait":
            continue
        for call_id in list(queue.waiting):
            call = state.calls[call_id]
            if call.since is not None and not state.router.anybody(call_id):
                send_on(state, call, "empty", at)


def hours_changed(state: State, queue_id: str, at: float) -> None:
    """A queue opens or closes; who waits already goes on waiting."""
    queue = state.queues[queue_id]
    hours = Hours(queue.settings.hours)
    queue.open = hours.open_at(at)
    state.dirty_queues[queue_id] = None
    state.timers.set(("hours", queue_id), hours.next_change(at))
    for call_id in queue.callbacks:
        state.outside[call_id] = None  # whoever may not be called any more leaves the line


# --- what is known about a caller -----------------------------------------------------------------


def understood(state: State, call: Call) -> bool:
    """Everything that the choice of an agent depends on is known, or will not be."""
    assert call.queue is not None
    if state.opened.reason_rules:
        return call.reasons_state != "pending"
    if state.tiers or state.queues[call.queue].settings.sticky_seconds:
        return call.identity != "pending"
    return True


def weigh(state: State, call: Call, at: float) -> None:
    """Tell the router what is known about a waiting call: tier, last agent, likely reason.

    A likely reason may send it to another queue; below its rule's probability it changes nothing.
    """
    assert call.queue is not None
    assert call.since is not None
    settings = state.queues[call.queue].settings
    profile = call.profile
    credit = settings.credit
    if profile is not None and profile.tier is not None:
        credit += state.tiers.get(profile.tier, 0.0)
    want, want_until = None, None
    for rule in state.opened.reason_rules:
        meant = rule.leaves or (rule.reason,)
        likely = [reason.probability for reason in call.reasons if reason.code in meant]
        if not likely or sum(likely) < rule.above:
            continue
        if rule.queue is not None and rule.queue != call.queue and rule.queue in state.queues:
            if call.reservation is None and call.routed_by != rule.reason:
                call.routed_by = rule.reason
                move_to(state, call, rule.queue, at)
                return
            continue
        credit += rule.credit
        if rule.want and want is None:
            want, want_until = parse(rule.want), call.since + rule.want_seconds
    preferred, until = None, None
    if (kept_for := attempts.preferred(state, call)) is not None:
        preferred, until = kept_for
    elif settings.sticky_seconds and (last := last_agent(state, call, at)) is not None:
        preferred, until = last, call.since + settings.sticky_seconds
    state.router.weigh(
        call.id,
        credit=credit,
        want=want,
        want_until=want_until,
        preferred=preferred,
        preferred_until=until,
    )


def last_agent(state: State, call: Call, at: float) -> str | None:
    """Who talked to this person last, unless that is too long ago."""
    if call.profile is None:
        return None
    for contact in call.profile.contacts:
        if contact.agent is not None and contact.talk > 0:
            recent = at - contact.at <= state.opened.sticky_days * 86400.0
            return contact.agent if recent else None
    return None


def learned(state: State, call: Call, at: float) -> None:
    """Something new is known about a call that waits in the engine's line."""
    if not call.offerable:
        return
    assert call.queue is not None
    settings = state.queues[call.queue].settings
    if not (state.opened.reason_rules or state.tiers or settings.sticky_seconds):
        return  # whoever calls, and why, changes nothing here
    weigh(state, call, at)
    if state.router.knows(call.id) and understood(state, call):  # not sent out of the line by it
        state.timers.set(("mind", call.id), None)
        looked_up(state, call.id)


def looked_up(state: State, call_id: str) -> None:
    """All is known about a waiting call, or it waited long enough for that. Agents and calls were
    held back for it, and perhaps in vain."""
    state.entered[call_id] = None
    state.overlooked = True


# --- giving out ---------------------------------------------------------------------------------


def assign(state: State, at: float) -> None:
    """Give out what the present event made possible: by a call that came, by an agent who is free
    again. What the clock will make possible is a timer."""
    if not state.distributing:
        state.entered.clear()
        state.freed.clear()
        return
    while state.entered:
        call_id = next(iter(state.entered))
        del state.entered[call_id]
        if (call := state.calls.get(call_id)) is not None:
            offer(state, call, at)
    if state.overlooked:
        state.overlooked = False
        if state.router.anything_open:
            for agent in state.agents.values():
                if agent.state is AgentState.READY:
                    state.freed[agent.id] = None
    while state.freed:
        agent_id = next(iter(state.freed))
        del state.freed[agent_id]
        free = state.agents.get(agent_id)
        if free is None or free.state is not AgentState.READY:
            continue
        decision = state.router.decide_agent(agent_id, at)
        if decision is None:
            continue
        call = state.calls[decision.call]
        if held_back(state, call):
            continue
        if attempts.may(state, call, at):
            reservations.reserve(state, call, free, decision, at)
        else:
            outside(state, call)
            state.freed[agent_id] = None
    state.timers.set(("router", ""), state.router.next_change(at))


def held_back(state: State, call: Call) -> bool:
    """What is known about the caller may come in a moment, and may change who is asked."""
    return not understood(state, call) and state.timers.at(("mind", call.id)) is not None


def outside(state: State, call: Call) -> None:
    """It is their turn, and they may not be called now: out of the line, until they may."""
    leave(state, call)
    state.outside[call.id] = None


def offer(state: State, call: Call, at: float, trigger: Trigger = "arrival") -> None:
    """Look for an agent for one call."""
    if not call.offerable or call.reservation is not None or held_back(state, call):
        return
    if not attempts.may(state, call, at):
        outside(state, call)
        return
    decision = state.router.decide_call(call.id, at, trigger)
    if decision.agent is not None:
        reservations.reserve(state, call, state.agents[decision.agent], decision, at)
    elif trigger == "arrival":
        state.orders.append(RecordDecision(decision=decision))


def widen(state: State, at: float) -> None:
    """A step began, a preference or an exclusion expired: somebody else may take these calls."""
    if not state.distributing:
        return  # all of them are looked at when the exchange is known again
    for call_id in state.router.changed(at):
        offer(state, state.calls[call_id], at, "step")


def begin(state: State, at: float) -> None:
    """The exchange was compared with what we believe: from now on calls are given out."""
    state.distributing = True
    for call in state.calls.values():
        if call.offerable and call.reservation is None:
            state.entered[call.id] = None
