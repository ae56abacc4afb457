"""Who is brought back after a restart, and as what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.floor.errors import NotNow, UnknownAgent
from callcenter.floor.events import (
    AgentSignedIn,
    AgentSignedOut,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    Event,
    FloorOpened,
    OutcomeNoted,
    PersonChosen,
    StateChosen,
    TimePassed,
    WrapUpRestored,
)
from callcenter.floor.floor import Floor
from callcenter.floor.invariants import broken
from callcenter.floor.orders import Identify, RecordOutcome
from callcenter.restart import KINDS, at_work, played, wrap_ups


def signed_in(agent: str, at: float = 1.0) -> AgentSignedIn:
    return AgentSignedIn(at=at, agent=agent, name=agent.title(), device=f"PJSIP/{agent}")


def test_agents_come_back_as_they_last_chose_to_be() -> None:
    """The last choice since the last sign-in counts; who signed out stays away."""
    events = [
        signed_in("mei"),
        StateChosen(at=2.0, agent="mei", state="break", reason="lunch"),
        StateChosen(at=3.0, agent="mei", state="ready"),
        signed_in("tom"),
        StateChosen(at=4.0, agent="tom", state="ready"),
        AgentSignedOut(at=5.0, agent="tom"),
        signed_in("ann"),
        StateChosen(at=6.0, agent="ann", state="ready"),
        AgentSignedOut(at=7.0, agent="ann"),
        signed_in("ann"),
    ]
    assert at_work(events, 9.0) == [
        signed_in("mei", 9.0),
        StateChosen(at=9.0, agent="mei", state="ready"),
        signed_in("ann", 9.0),
    ]


def test_an_empty_run_brings_nobody_back() -> None:
    """The first start of all."""
    assert at_work([], 9.0) == []


OPENED = FloorOpened(
    at=0.0, wrapup_seconds=60.0, break_reasons=("lunch",), outcomes=("solved",), reasons=("fees",)
)


def talk(ends: float = 100.0) -> list[Event]:
    """Mei signs in and talks with a caller of ``service`` until ``ends``."""
    phone = "PJSIP/mei"
    return [
        signed_in("mei"),
        StateChosen(at=2.0, agent="mei", state="ready"),
        CallArrived(
            at=10.0, call="c1", direction="inbound", number="+442079460123", name="Wang",
            dialled="+442079460100",
        ),
        CallQueued(at=11.0, call="c1", queue="service", position=1),
        CallOffered(at=12.0, call="c1", device=phone, leg="l", queue="service"),
        CallLeftQueue(at=20.0, call="c1", queue="service", why="answered"),
        CallAnswered(at=20.0, call="c1", device=phone, leg="l", queue="service"),
        CallEnded(at=ends, call="c1", why="completed"),
    ]  # fmt: skip


def restored(*more: Event, at: float = 120.0, opened: FloorOpened = OPENED) -> list[Event]:
    """What is wished for at ``at`` after a run of these events."""
    events = [*talk(), *more]
    chosen = [event for event in events if isinstance(event, KINDS)]
    return wrap_ups(played(opened, chosen, events)[0], at)


def brought_back(*more: Event, at: float = 120.0) -> Floor:
    """The floor of the next run."""
    events = [*talk(), *more]
    chosen = [event for event in events if isinstance(event, KINDS)]
    floor = Floor()
    floor.receive(replace(OPENED, at=at))
    for wish in (*at_work(chosen, at), *restored(*more, at=at)):
        floor.receive(wish)
    return floor


def test_skills_are_those_of_the_account() -> None:
    """What a supervisor changed since the sign-in counts; without an account, what was."""
    sign_in = replace(signed_in("mei"), skills=(("cards", 1),))
    (back,) = at_work([sign_in], 9.0, {"mei": (("cards", 5),)})
    assert back == replace(sign_in, at=9.0, skills=(("cards", 5),))
    assert at_work([sign_in], 9.0, {}) == [replace(sign_in, at=9.0)]


def test_a_wrap_up_goes_on_with_what_is_left_of_it() -> None:
    """The deadline is what it was; the card is back and the caller is looked up again."""
    (wish,) = restored()
    assert wish == WrapUpRestored(
        at=120.0, agent="mei", call="c1", since=100.0, deadline=160.0, direction="inbound",
        number="+442079460123", name="Wang", dialled="+442079460100", queue="service",
        arrived=10.0, answered=20.0, ended=100.0,
    )  # fmt: skip
    floor = Floor()
    floor.receive(replace(OPENED, at=120.0))
    for event in at_work([signed_in("mei")], 120.0):
        floor.receive(event)
    orders = floor.receive(wish)
    asked = [one for one in orders if isinstance(one, Identify)]
    assert [(one.call, one.number) for one in asked] == [("c1", "+442079460123")]
    view = floor.agent_view("mei")
    assert (view.state, view.since, view.call, view.deadline) == ("wrapup", 100.0, "c1", 160.0)
    (card,) = floor.cards_of("mei")
    assert (card.call, card.state, card.queue, card.ended) == ("c1", "ended", "service", 100.0)
    assert card.answered == 20.0
    assert floor.deadline() == 160.0
    assert broken(floor.state, 120.0) == []


def test_it_ends_at_its_deadline_or_at_once() -> None:
    """Time passed while the engine was down as well; then the agent is as they had chosen."""
    floor = brought_back()
    floor.tick(160.0)
    assert floor.agent_view("mei").state == "ready"
    assert floor.cards_of("mei") == ()
    assert floor.state.calls == {}
    late = brought_back(at=200.0)
    assert (late.deadline() or 999.0) <= 200.0
    late.tick(200.0)
    assert late.agent_view("mei").state == "ready"


def test_the_outcome_can_still_be_noted() -> None:
    """With what the record of the call needs, and wrap-up ends with it."""
    floor = brought_back()
    note = OutcomeNoted(
        at=130.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="n"
    )
    orders = floor.receive(note)
    (record,) = [one for one in orders if isinstance(one, RecordOutcome)]
    assert (record.call, record.agent, record.queue) == ("c1", "mei", "service")
    assert floor.agent_view("mei").state == "ready"
    assert floor.state.calls == {}


def test_a_break_chosen_for_afterwards_comes_afterwards() -> None:
    """The agent chose it during the talk or the wrap-up; a restart does not forget it."""
    floor = brought_back(StateChosen(at=105.0, agent="mei", state="break", reason="lunch"))
    view = floor.agent_view("mei")
    assert view.state == "wrapup"
    floor.tick(160.0)
    view = floor.agent_view("mei")
    assert (view.state, view.reason) == ("break", "lunch")


def test_what_is_over_is_not_brought_back() -> None:
    """Noted already, timed out already, signed out, or still talking: nothing to restore."""
    note = OutcomeNoted(
        at=110.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="n"
    )
    assert restored(note) == []
    assert restored(TimePassed(at=160.0), at=170.0) == []
    assert restored(AgentSignedOut(at=110.0, agent="mei")) == []
    events = talk()[:-1]
    assert wrap_ups(played(OPENED, [], events)[0], 120.0) == []


def test_noted_without_finishing_goes_on() -> None:
    """The note is stored; the time to wrap up is not over by it."""
    note = OutcomeNoted(
        at=110.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="n", finish=False
    )
    assert [type(one) for one in restored(note)] == [WrapUpRestored]


def test_only_the_tail_of_a_run_need_be_played_again() -> None:
    """Who signed in before it is known from their choices; odd beginnings do no harm."""
    events = talk()
    chosen = [event for event in events if isinstance(event, KINDS)]
    (wish,) = wrap_ups(played(OPENED, chosen, events[2:])[0], 120.0)
    assert isinstance(wish, WrapUpRestored)
    odd = PersonChosen(at=1.5, agent="eve", call="c0", person=None)
    assert wrap_ups(played(OPENED, chosen, [odd, *events[2:]])[0], 120.0) == [wish]


def test_somebody_at_something_else_is_left_alone() -> None:
    """The phone was in use again before the wish came: refused, and nothing is changed."""
    (wish,) = restored()
    floor = brought_back()
    before = floor.agent_views()
    with pytest.raises(NotNow, match="something else"):
        floor.receive(wish)
    assert floor.agent_views() == before
    with pytest.raises(UnknownAgent):
        floor.receive(replace(wish, agent="tom"))
