"""The floor by example: stimulus in, list of orders out."""

from __future__ import annotations

from typing import TypeVar

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Answer, Candidate, Evidence, Phrasing, Profile, Reason
from callcenter.floor.errors import BadChoice, DeviceTaken, NotNow, UnknownAgent, UnknownCall
from callcenter.floor.floor import Floor
from callcenter.floor.orders import (
    AskSnapshot,
    CloseCard,
    FindAnswers,
    Identify,
    Order,
    Predict,
    RecordCall,
    RecordOutcome,
    SetPaused,
    ShowAgent,
    ShowCard,
    ShowQueue,
)

PHONE = "PJSIP/1001"
OTHER = "PJSIP/1002"
T = TypeVar("T", bound=Order)


def only(orders: list[Order], kind: type[T]) -> list[T]:
    return [order for order in orders if isinstance(order, kind)]


def one(orders: list[Order], kind: type[T]) -> T:
    found = only(orders, kind)
    assert len(found) == 1, found
    return found[0]


def opened(**settings: object) -> Floor:
    floor = Floor()
    defaults: dict[str, object] = {
        "at": 0.0,
        "wrapup_seconds": 60.0,
        "queues": (e.QueueSettings(queue="service", threshold=20.0),),
        "break_reasons": ("lunch", "training"),
        "reasons": ("fees", "balance"),
        "outcomes": ("solved", "open"),
    }
    floor.receive(e.FloorOpened(**{**defaults, **settings}))  # type: ignore[arg-type]
    floor.receive(e.ExchangeConnected(at=0.0, version="22", restarted=False))
    for device in (PHONE, OTHER):
        floor.receive(
            e.MemberSeen(
                at=0.0, queue="service", device=device, name=device, paused=True, state="idle"
            )
        )
    return floor


def sign_in(floor: Floor, agent: str = "mei", device: str = PHONE, ready: bool = True) -> None:
    floor.receive(e.AgentSignedIn(at=1.0, agent=agent, name=agent.title(), device=device))
    if ready:
        floor.receive(e.StateChosen(at=2.0, agent=agent, state="ready"))


def arrive(floor: Floor, call: str = "c1", at: float = 10.0) -> list[Order]:
    orders = floor.receive(
        e.CallArrived(
            at=at,
            call=call,
            direction="inbound",
            number="+442079460123",
            name="Wang",
            dialled="800",
        )
    )
    return orders + floor.receive(e.CallQueued(at=at + 0.1, call=call, queue="service", position=1))


def offer(floor: Floor, call: str = "c1", device: str = PHONE, at: float = 12.0) -> list[Order]:
    return floor.receive(
        e.CallOffered(at=at, call=call, device=device, leg="l" + device, queue="service")
    )


def answer(floor: Floor, call: str = "c1", device: str = PHONE, at: float = 15.0) -> list[Order]:
    orders = floor.receive(e.CallLeftQueue(at=at, call=call, queue="service", why="answered"))
    return orders + floor.receive(
        e.CallAnswered(at=at, call=call, device=device, leg="l" + device, queue="service")
    )


def end(
    floor: Floor, call: str = "c1", at: float = 100.0, why: e.CallEnd = "completed"
) -> list[Order]:
    return floor.receive(e.CallEnded(at=at, call=call, why=why))


WANG = Profile(person="p1", name="王小明", language="zh-Hans", tier="gold", facts=(), contacts=())
CANDIDATES = (
    Candidate(
        person="p1", name="王小明", probability=0.9, evidence=(Evidence(code="number_exact"),)
    ),
    Candidate(
        person="p2", name="王大明", probability=0.1, evidence=(Evidence(code="number_exact"),)
    ),
)


def identified(call: str = "c1", ask: int = 1) -> e.CallerIdentified:
    return e.CallerIdentified(
        at=10.2, call=call, identity="known", candidates=CANDIDATES, profile=WANG,
        context=("open:bill",), ask=ask,
    )  # fmt: skip


def test_a_call_that_arrives_is_identified() -> None:
    """The first thing that happens is the question who calls."""
    orders = arrive(opened())
    assert one(orders, Identify) == Identify(
        call="c1", number="+442079460123", name="Wang", dialled="800", ask=1
    )
    assert one(orders, ShowQueue).view.waiting == 1


def test_internal_calls_are_nobodys_business() -> None:
    """A colleague is not looked up among the customers."""
    floor = opened()
    orders = floor.receive(
        e.CallArrived(
            at=1.0, call="c9", direction="internal", number="1002", name=None, dialled="1001"
        )
    )
    assert only(orders, Identify) == []


def test_the_card_is_shown_when_the_phone_is_about_to_ring() -> None:
    """An offer opens the card with what is known so far."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    orders = offer(floor)
    card = one(orders, ShowCard).card
    assert (card.call, card.identity, card.queue) == ("c1", "pending", "service")
    assert one(orders, ShowAgent).view.state == "offered"


def test_what_comes_in_late_refines_the_card() -> None:
    """Person, reasons and answers arrive one after the other, each with a higher revision."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    first = one(offer(floor), ShowCard).card
    orders = floor.receive(identified())
    second = one(orders, ShowCard).card
    assert second.profile == WANG
    predict = one(orders, Predict)
    assert (predict.queue, predict.context) == ("service", ("open:bill",))
    orders = floor.receive(
        e.ReasonsPredicted(
            at=10.3, call="c1", reasons=(Reason(code="fees", probability=0.7),), model="m",
            ask=predict.ask,
        )
    )  # fmt: skip
    third = one(orders, ShowCard).card
    find = one(orders, FindAnswers)
    answers = (
        Answer(
            id="a", reason="fees", source="handbook",
            phrasings=(Phrasing(language="en", title="Fees", body="..."),),
        ),
    )  # fmt: skip
    fourth = one(
        floor.receive(e.AnswersFound(at=10.4, call="c1", answers=answers, ask=find.ask)), ShowCard
    ).card
    assert fourth.answers == answers
    assert first.rev < second.rev < third.rev < fourth.rev


def test_known_before_the_offer_means_shown_whole_at_the_offer() -> None:
    """Nothing is asked twice when the caller waited long enough to be known."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    floor.receive(identified())
    assert one(offer(floor), ShowCard).card.profile == WANG


def test_an_answer_to_an_older_question_is_dropped() -> None:
    """The number changed meanwhile: only the newer look-up counts."""
    floor = opened()
    arrive(floor)
    orders = floor.receive(e.CallerChanged(at=10.2, call="c1", number="+49301234567", name=None))
    assert one(orders, Identify).ask == 2
    assert floor.receive(identified(ask=1)) == []
    assert one(floor.receive(identified(ask=2)), Predict).call == "c1"


def test_a_late_answer_for_a_call_that_ended_is_dropped() -> None:
    """Nobody has the card open any more."""
    floor = opened()
    arrive(floor)
    end(floor, at=11.0, why="abandoned")
    assert floor.receive(identified()) == []


def test_a_call_answered_and_wrapped_up() -> None:
    """Offer, talk, wrap-up, ready again: with counters, record, pause and unpause."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    floor.receive(identified())
    offer(floor)
    orders = answer(floor)
    assert one(orders, SetPaused).paused is True
    view = only(orders, ShowQueue)[-1].view
    assert (view.answered, view.within_threshold, view.talking) == (1, 1, 1)
    assert view.wait_total == pytest.approx(4.9)
    orders = end(floor)
    record = one(orders, RecordCall)
    assert (record.person, record.agent, record.talk) == ("p1", "mei", 85.0)
    assert record.wait == pytest.approx(4.9)
    agent = one(orders, ShowAgent).view
    assert (agent.state, agent.deadline, agent.call) == ("wrapup", 160.0, "c1")
    orders = floor.receive(
        e.OutcomeNoted(at=110.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="x")
    )
    assert one(orders, RecordOutcome).reason == "fees"
    assert one(orders, CloseCard).call == "c1"
    assert one(orders, SetPaused).paused is False
    assert one(orders, ShowAgent).view.state == "ready"
    assert floor.state.calls == {}
    assert floor.deadline() is None


def test_ring_all_has_one_winner() -> None:
    """The losers' cards close and they are ready again, since when they were before."""
    floor = opened()
    sign_in(floor)
    sign_in(floor, "tom", OTHER)
    arrive(floor)
    offer(floor)
    offer(floor, device=OTHER)
    answer(floor, device=OTHER)
    orders = floor.receive(
        e.OfferEnded(at=15.0, call="c1", device=PHONE, leg="l", why="answered_elsewhere")
    )
    assert one(orders, CloseCard).agent == "mei"
    view = one(orders, ShowAgent).view
    assert (view.state, view.since) == ("ready", 2.0)
    assert floor.state.calls["c1"].state.value == "talking"


def test_no_answer_puts_the_call_back_in_line() -> None:
    """The call waits on; the agent is as before."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    orders = floor.receive(e.OfferEnded(at=30.0, call="c1", device=PHONE, leg="l", why="no_answer"))
    assert one(orders, CloseCard).call == "c1"
    assert floor.state.calls["c1"].state.value == "queued"


def test_a_caller_who_gives_up_while_it_rings() -> None:
    """The abandoned call is counted and recorded, the agent is not stuck."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    floor.receive(e.CallLeftQueue(at=20.1, call="c1", queue="service", why="abandoned"))
    orders = end(floor, at=20.1, why="abandoned")
    assert one(orders, RecordCall).why == "abandoned"
    assert one(orders, ShowAgent).view.state == "ready"
    assert floor.queue_views()["service"].abandoned == 1
    assert floor.state.calls == {}


def test_wrap_up_ends_by_itself() -> None:
    """At the deadline the agent is ready and the card is closed."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    answer(floor)
    end(floor)
    assert floor.deadline() == 160.0
    assert floor.tick(159.9) == []
    orders = floor.tick(160.0)
    assert one(orders, ShowAgent).view.state == "ready"
    assert one(orders, CloseCard).call == "c1"
    assert floor.deadline() is None


def test_the_state_for_after_the_call_is_chosen_during_it() -> None:
    """Break chosen while talking begins after wrap-up and is shown meanwhile."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    answer(floor)
    orders = floor.receive(e.StateChosen(at=20.0, agent="mei", state="break", reason="lunch"))
    view = one(orders, ShowAgent).view
    assert (view.state, view.next_state, view.next_reason) == ("talking", "break", "lunch")
    end(floor)
    orders = floor.receive(
        e.OutcomeNoted(at=110.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="")
    )
    view = one(orders, ShowAgent).view
    assert (view.state, view.reason, view.next_state) == ("break", "lunch", None)
    assert only(orders, SetPaused) == []


def test_break_chosen_while_it_rings_begins_when_the_offer_is_over() -> None:
    """Not answering must not bring back a ready state the agent has left."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    floor.receive(e.StateChosen(at=13.0, agent="mei", state="break", reason="lunch"))
    orders = floor.receive(e.OfferEnded(at=30.0, call="c1", device=PHONE, leg="l", why="no_answer"))
    view = one(orders, ShowAgent).view
    assert (view.state, view.reason) == ("break", "lunch")
    assert one(orders, SetPaused).paused is True


def test_a_call_taken_on_break_returns_to_the_break() -> None:
    """Somebody dialled the agent directly."""
    floor = opened()
    sign_in(floor, ready=False)
    floor.receive(e.StateChosen(at=3.0, agent="mei", state="break", reason="training"))
    arrive(floor)
    offer(floor)
    answer(floor)
    end(floor)
    floor.tick(160.0)
    view = floor.agent_views()["mei"]
    assert (view.state, view.reason) == ("break", "training")


def test_an_outcome_noted_during_the_call_skips_wrap_up() -> None:
    """Wrap-up may begin during the call; the end of talk then ends it."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    answer(floor)
    floor.receive(
        e.OutcomeNoted(at=50.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="")
    )
    orders = end(floor)
    assert only(orders, ShowAgent)[-1].view.state == "ready"
    assert one(orders, CloseCard).call == "c1"


def test_the_agent_says_who_it_is() -> None:
    """A chosen person is looked up again and a late automatic answer does not undo it."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    floor.receive(identified())
    offer(floor)
    orders = floor.receive(e.PersonChosen(at=13.0, agent="mei", call="c1", person="p2"))
    ask = one(orders, Identify)
    assert (ask.person, ask.chosen, ask.ask) == ("p2", True, 2)
    assert floor.receive(e.CallerChanged(at=13.1, call="c1", number="+491", name=None)) != []
    assert floor.state.calls["c1"].asked == 2


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (e.StateChosen(at=9.0, agent="nobody", state="ready"), UnknownAgent),
        (e.StateChosen(at=9.0, agent="mei", state="break", reason="nap"), BadChoice),
        (e.StateChosen(at=9.0, agent="mei", state="break"), BadChoice),
        (e.AgentSignedIn(at=9.0, agent="mei", name="Mei", device="PJSIP/9"), NotNow),
        (e.AgentSignedIn(at=9.0, agent="tom", name="Tom", device=PHONE), DeviceTaken),
        (e.AgentSignedOut(at=9.0, agent="mei"), NotNow),
        (e.PersonChosen(at=9.0, agent="mei", call="c7", person="p1"), UnknownCall),
        (e.PersonChosen(at=9.0, agent="mei", call="c1", person="p7"), BadChoice),
        (
            e.OutcomeNoted(
                at=9.0, agent="mei", call="c1", reason="fees", outcome="solved", notes=""
            ),
            NotNow,
        ),
        (
            e.OutcomeNoted(at=9.0, agent="mei", call="c1", reason="x", outcome="solved", notes=""),
            BadChoice,
        ),
        (
            e.OutcomeNoted(at=9.0, agent="mei", call="c1", reason="fees", outcome="x", notes=""),
            BadChoice,
        ),
    ],
)
def test_an_impossible_wish_is_refused_and_changes_nothing(
    wish: e.Event, error: type[Exception]
) -> None:
    """A refusal says why; every view is as it was."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    floor.receive(identified())
    offer(floor)
    before = (floor.agent_views(), floor.queue_views(), floor.cards(), floor.deadline())
    with pytest.raises(error, match=r"."):
        floor.receive(wish)
    assert before == (floor.agent_views(), floor.queue_views(), floor.cards(), floor.deadline())
    assert floor.receive(e.TimePassed(at=9.0)) == []


def test_failed_orders_degrade_the_card_and_nothing_else() -> None:
    """No store: the card says so; the prediction goes on without the person."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    orders = floor.receive(e.OrderFailed(at=11.0, order="Identify", why="disk", call="c1", ask=1))
    assert one(orders, ShowCard).card.identity == "failed"
    predict = one(orders, Predict)
    orders = floor.receive(
        e.OrderFailed(at=11.0, order="Predict", why="model", call="c1", ask=predict.ask)
    )
    card = one(orders, ShowCard).card
    assert (card.reasons_state, card.answers_state) == ("failed", "failed")


def test_facts_that_do_not_fit_are_counted_and_lead_to_a_snapshot() -> None:
    """Nothing raises, nothing is resurrected; after many doubts the exchange is asked."""
    floor = opened()
    orders: list[Order] = []
    for number in range(20):
        orders += floor.receive(e.CallEnded(at=1.0, call=f"ghost{number}", why="completed"))
    assert one(orders, AskSnapshot)
    assert floor.unexpected["CallEnded"] == 20
    assert floor.state.calls == {}


def test_merged_calls_are_one_card() -> None:
    """The absorbed call leaves the screen, the surviving one comes."""
    floor = opened()
    sign_in(floor)
    arrive(floor, "c1")
    arrive(floor, "c2", at=11.0)
    offer(floor, "c2")
    answer(floor, "c2")
    orders = floor.receive(e.CallsMerged(at=16.0, call="c1", absorbed="c2"))
    assert one(orders, CloseCard).call == "c2"
    assert only(orders, ShowCard)[-1].card.call == "c1"
    assert floor.agent_views()["mei"].call == "c1"
    end(floor, "c1")
    assert floor.agent_views()["mei"].state == "wrapup"


def test_members_paused_behind_our_back_are_put_right() -> None:
    """The exchange's idea of a pause follows the agent's state."""
    floor = opened()
    sign_in(floor)
    orders = floor.receive(
        e.MemberSeen(at=5.0, queue="service", device=PHONE, name="", paused=True, state="idle")
    )
    assert one(orders, SetPaused).paused is False
    floor.receive(e.ExchangeLost(at=6.0, why="cut"))
    orders = floor.receive(e.ExchangeConnected(at=7.0, version="22", restarted=True))
    assert one(orders, SetPaused).paused is False


def test_a_phone_in_use_before_the_console_was() -> None:
    """Signing in during a call shows its card at once."""
    floor = opened()
    arrive(floor)
    offer(floor)
    answer(floor)
    orders = floor.receive(e.AgentSignedIn(at=20.0, agent="mei", name="Mei", device=PHONE))
    assert one(orders, ShowCard).card.call == "c1"
    assert only(orders, ShowAgent)[-1].view.state == "talking"


def test_a_new_day_begins_with_zero() -> None:
    """Counters are since the centre's midnight."""
    floor = opened()
    arrive(floor)
    floor.receive(e.DayBegan(at=86400.0))
    view = floor.queue_views()["service"]
    assert (view.offered, view.waiting) == (0, 1)


def test_signing_out_removes_the_agent_everywhere() -> None:
    """Counts of the queue go down and the screens are told."""
    floor = opened()
    sign_in(floor)
    orders = floor.receive(e.AgentSignedOut(at=5.0, agent="mei"))
    assert one(orders, ShowAgent).gone is True
    assert one(orders, SetPaused).paused is True
    assert floor.queue_views()["service"].signed_in == 0


def test_two_calls_on_one_phone_are_both_wrapped_up() -> None:
    """A second call during the first: neither card is forgotten, and readiness waits for both."""
    floor = opened()
    sign_in(floor)
    arrive(floor, "c1")
    offer(floor, "c1")
    answer(floor, "c1")
    arrive(floor, "c2", at=20.0)
    offer(floor, "c2", at=21.0)
    view = floor.agent_views()["mei"]
    assert (view.state, view.call) == ("talking", "c1")
    answer(floor, "c2", at=22.0)
    end(floor, "c2", at=30.0)
    view = floor.agent_views()["mei"]
    assert (view.state, view.call) == ("talking", "c1")
    end(floor, "c1", at=40.0)
    assert floor.agent_views()["mei"].state == "wrapup"
    for call, state in (("c1", "wrapup"), ("c2", "ready")):
        floor.receive(
            e.OutcomeNoted(
                at=50.0, agent="mei", call=call, reason="fees", outcome="solved", notes=""
            )
        )
        assert floor.agent_views()["mei"].state == state
    assert floor.state.calls == {}
    assert not floor.unexpected


def test_wrap_up_time_is_for_all_calls_of_the_phone() -> None:
    """When it is up, every card of a finished call closes and nothing is left behind."""
    floor = opened()
    sign_in(floor)
    for call, at in (("c1", 10.0), ("c2", 20.0)):
        arrive(floor, call, at=at)
        offer(floor, call, at=at + 1)
        answer(floor, call, at=at + 2)
    end(floor, "c2", at=30.0)
    end(floor, "c1", at=40.0)
    orders = floor.tick(100.0)
    assert {order.call for order in only(orders, CloseCard)} == {"c1", "c2"}
    assert floor.agent_views()["mei"].state == "ready"
    assert floor.state.calls == {}


def test_wrap_up_that_ran_out_while_the_phone_rang_ends_at_once() -> None:
    """Its time does not run during an offer; the deadline is due then, not in the past."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    offer(floor)
    answer(floor)
    end(floor, at=100.0)
    arrive(floor, "c2", at=150.0)
    offer(floor, "c2", at=155.0)
    floor.receive(e.OfferEnded(at=170.0, call="c2", device=PHONE, leg="l" + PHONE, why="no_answer"))
    assert floor.agent_views()["mei"].state == "wrapup"
    assert floor.deadline() == 170.0
    floor.tick(170.0)
    assert floor.agent_views()["mei"].state == "ready"


def test_phones_of_agents_who_are_not_signed_in_are_not_rung() -> None:
    """A member that belongs to an account is paused; phones the engine does not know are not."""
    floor = opened(devices=(PHONE,))
    for device, wanted in ((PHONE, [True]), (OTHER, [])):
        orders = floor.receive(
            e.MemberSeen(
                at=1.0, queue="service", device=device, name="", paused=False, state="idle"
            )
        )
        assert [order.paused for order in only(orders, SetPaused)] == wanted


def test_who_calls_again_during_wrap_up_gets_a_card_with_what_was_noted() -> None:
    """Once the outcome is stored the same person's other card is looked up again."""
    floor = opened()
    sign_in(floor)
    sign_in(floor, "tom", OTHER)
    arrive(floor, "c1")
    floor.receive(identified("c1"))
    arrive(floor, "c2", at=20.0)
    floor.receive(identified("c2"))
    arrive(floor, "c3", at=21.0)
    orders = floor.receive(e.OutcomeStored(at=30.0, call="c1", person="p1"))
    assert [(ask.call, ask.ask) for ask in only(orders, Identify)] == [("c2", 2)]
    assert floor.receive(e.OutcomeStored(at=30.0, call="c1", person=None)) == []
