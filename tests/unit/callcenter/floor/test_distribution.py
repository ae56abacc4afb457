"""The engine's line by example: who is rung, and what becomes of caller and agent."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Contact, Profile, Reason
from callcenter.floor.errors import NotNow, UnknownCall
from callcenter.floor.orders import (
    Announce,
    KeepReservation,
    RecordCall,
    RecordDecision,
    RecordPromise,
    Ring,
    SendAway,
    SetPaused,
    ShowCard,
    StopRinging,
)
from tests.unit.callcenter.floor.engine_line import MEI, TOM, Line, only


def service(**settings: object) -> e.QueueSettings:
    return e.QueueSettings(queue="service", distribution="engine", **settings)  # type: ignore[arg-type]


def test_a_call_goes_to_the_ready_agent_and_their_screen() -> None:
    """Arrival: reserved, rung, shown, in one step; the reservation is pending."""
    line = Line()
    line.sign_in("mei", MEI)
    orders = line.arrive("c1", number="+442079460123")
    ring = line.ring()
    assert (ring.call, ring.device, ring.number) == ("c1", MEI, "+442079460123")
    assert ring.reservation.state == "pending"
    assert ring.reservation.version == 1
    assert line.states() == {"mei": "reserved"}
    assert only(orders, ShowCard)[-1].card.offer is not None
    (record,) = only(orders, RecordDecision)
    assert (record.decision.agent, record.decision.rule) == ("mei", "longest_idle")


def test_an_answer_accepts_and_the_talk_wraps_up_and_completes() -> None:
    """pending, accepted, wrapping, completed, each stored with a higher version."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.rings(ring)
    line.pass_time(3)
    orders = line.answer(ring)
    line.pass_time(100)
    orders += line.end("c1")
    assert line.states() == {"mei": "wrapup"}
    orders += line.pass_time(60)
    assert line.states() == {"mei": "ready"}
    kept = only(orders, KeepReservation)
    assert [(one.state, one.version) for one in kept] == [
        ("accepted", 2), ("wrapping", 3), ("completed", 4),
    ]  # fmt: skip
    queue = line.floor.queue_views()["service"]
    assert (queue.offered, queue.answered, queue.wait_total) == (1, 1, 3.0)


def test_a_reservation_that_could_not_be_stored_is_nobodys_fault() -> None:
    """Nothing rang: the agent stays ready, and the call is tried with somebody else."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.say(
        e.RingFailed(
            at=line.at, reservation=line.ring().reservation.id, why="not_stored", detail="disk full"
        )
    )
    assert line.states() == {"mei": "ready"}
    assert line.floor.agent_view("mei").missed_today == 0
    orders = line.sign_in("tom", TOM)
    assert [one.device for one in only(orders, Ring)] == [TOM]


def test_no_answer_makes_the_agent_missed_and_the_call_keeps_its_place() -> None:
    """It goes to the next agent, before a call that came later."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.pass_time(5)
    line.arrive("c2")
    line.pass_time(10)
    line.failed(ring)
    assert line.states() == {"mei": "missed"}
    assert line.agent("mei").missed_today == 1
    line.sign_in("tom", TOM)
    assert line.ring().call == "c1"


def test_one_click_brings_a_missed_agent_back() -> None:
    """And the call they missed is not given to them again at once."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring())
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    assert line.states() == {"mei": "ready"}
    assert only(line.orders, Ring) == []
    line.pass_time(61)
    assert line.states() == {"mei": "reserved"}, "after retry_seconds it may be"


def test_capacity_that_frees_takes_the_longest_waiting_call() -> None:
    """Nobody was ready when they came; the end of wrap-up gives out the first of them."""
    line = Line()
    line.arrive("c1")
    line.pass_time(5)
    line.arrive("c2")
    line.pass_time(5)
    line.sign_in("mei", MEI)
    assert line.ring().call == "c1"


def test_refused_with_a_reason() -> None:
    """The reservation is refused, the phone stops, the agent stays ready, another agent gets it."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(1)
    line.sign_in("tom", TOM)
    line.arrive("c1")
    ring = line.ring()
    line.say(
        e.ReservationRefused(
            at=line.at, agent="mei", reservation=ring.reservation.id, reason="wrong queue"
        )
    )
    (kept,) = only(line.orders, KeepReservation)
    assert (kept.state, kept.detail) == ("refused", "wrong queue")
    assert only(line.orders, StopRinging)[0].leg == ring.leg
    assert line.ring().device == TOM
    assert line.states() == {"mei": "ready", "tom": "reserved"}


def test_a_refused_offer_does_not_reset_the_idle_time() -> None:
    """Longest idle counts from the end of wrap-up, not from an offer that came to nothing."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(10)
    line.sign_in("tom", TOM)
    line.arrive("c1")
    line.pass_time(5)
    line.end("c1", "abandoned")
    line.pass_time(5)
    line.arrive("c2")
    assert line.ring().device == MEI


def test_the_caller_gives_up_while_the_phone_rings() -> None:
    """Rescinded: the phone stops, the agent is ready at once, nothing is counted against them."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.rings(ring)
    line.end("c1", "abandoned")
    assert line.kept() == ["rescinded"]
    assert only(line.orders, StopRinging)[0].leg == ring.leg
    view = line.agent("mei")
    assert (view.state, view.missed_today, view.reservation) == ("ready", 0, None)


def test_a_busy_phone_is_not_rung_again_and_again() -> None:
    """Somebody talks on it whom we do not see: the agent is asked to look."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring(), "busy")
    view = line.agent("mei")
    assert (view.state, view.reason) == ("missed", "busy")


def test_the_policy_may_leave_them_ready() -> None:
    """``missed_policy`` ready: only this call is kept from them."""
    line = Line(missed_policy="ready")
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring())
    assert line.states() == {"mei": "ready"}
    line.arrive("c2")
    assert line.ring().call == "c2"


def test_a_silent_exchange_ends_the_reservation_by_its_deadline() -> None:
    """Neither answer nor refusal is reported: nobody stays reserved."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.pass_time(30)
    assert line.states() == {"mei": "missed"}
    assert "timed_out" in line.kept()


def test_a_lost_line_rescinds_and_a_snapshot_starts_again() -> None:
    """While nobody knows what rings, nothing is given out; afterwards it goes on in order."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert line.kept() == ["rescinded"]
    assert line.states() == {"mei": "ready"}
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    assert only(line.orders, Ring) == []
    line.pass_time(61)
    line.compared("c1")
    assert line.ring().call == "c1"


def test_an_answer_during_the_cut_counts() -> None:
    """Picked up while nobody listened: the snapshot says so and the floor believes it."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    line.answer(ring)
    line.compared("c1")
    assert line.states() == {"mei": "talking"}


def test_a_phone_rung_by_a_run_that_is_no_more_is_stopped() -> None:
    """After a kill of the engine the old leg may still ring."""
    line = Line()
    line.say(
        e.CallArrived(
            at=line.at, call="c1", direction="inbound", number=None, name=None, dialled=None,
            resumed=True,
        )
    )  # fmt: skip
    line.say(e.CallOffered(at=line.at, call="c1", device=MEI, leg="cc-old-7", queue="service"))
    assert only(line.orders, StopRinging)[0].leg == "cc-old-7"


def test_steps_widen_by_the_clock_while_a_phone_rings() -> None:
    """A level 3 agent who does not answer does not keep the call from the others."""
    steps = (e.StepSettings(after=0, want="cards >= 3"), e.StepSettings(after=20, want="cards"))
    line = Line(service(steps=steps))
    line.sign_in("mei", MEI, cards=1)
    line.arrive("c1")
    assert only(line.orders, Ring) == []
    line.pass_time(19)
    assert only(line.orders, Ring) == []
    line.pass_time(2)
    assert line.ring().device == MEI


def test_a_step_that_begins_while_the_line_is_cut_rings_nobody() -> None:
    """Nobody knows what the exchange does; once it is compared, the wider step counts at once."""
    wider = (e.StepSettings(after=0.0, want="cards >= 3"), e.StepSettings(after=10.0, want="any"))
    line = Line(service(steps=wider))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert only(line.pass_time(20), Ring) == []
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    line.compared("c1")
    assert line.ring().call == "c1"


def test_the_last_agent_is_waited_for_and_then_not() -> None:
    """Sticky: the agent they talked to, if signed in; after the expiry anybody."""
    line = Line(service(sticky_seconds=20.0))
    line.sign_in("mei", MEI)
    line.sign_in("tom", TOM)
    line.arrive("c0")
    line.pass_time(0.06)
    first = line.ring()
    assert first.device == MEI
    line.arrive("c1")
    assert only(line.orders, Ring) == [], "not before the caller is known"
    talked = Contact(
        call="old", at=line.at - 86400, queue="service", agent="mei", reason=None, outcome=None,
        notes="", wait=1.0, talk=60.0, transfers=0, ended="completed",
    )  # fmt: skip
    line.say(known(line, "c1", (talked,)))
    assert only(line.orders, Ring) == [], "kept for mei"
    line.pass_time(21)
    assert line.ring().device == TOM


def known(
    line: Line, call: str, contacts: tuple[Contact, ...] = (), tier: str | None = None
) -> e.CallerIdentified:
    profile = Profile.__new__(Profile)
    for name in Profile.__dataclass_fields__:
        object.__setattr__(profile, name, None)
    for name, value in (("person", "p1"), ("contacts", contacts), ("tier", tier)):
        object.__setattr__(profile, name, value)
    return e.CallerIdentified(at=line.at, call=call, identity="known", profile=profile, ask=1)


def test_an_unknown_caller_is_not_waited_for_long() -> None:
    """The mind says nothing: after a twentieth of a second the call is given out as it is."""
    line = Line(service(sticky_seconds=20.0))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    assert only(line.orders, Ring) == []
    line.pass_time(0.06)
    assert line.ring().device == MEI


def test_a_likely_reason_chooses_the_queue_above_its_probability_only() -> None:
    """Below the calibrated threshold nothing changes; above it the call moves with its place."""
    queues = (
        service(steps=(e.StepSettings(after=0, want="service"),)),
        e.QueueSettings(
            queue="cards", distribution="engine",
            steps=(e.StepSettings(after=0, want="cards"),),
        ),
    )  # fmt: skip
    rule = e.ReasonRule(reason="card_lost", above=0.8, queue="cards")
    for probability, device in ((0.79, MEI), (0.81, TOM)):
        line = Line(*queues, reason_rules=(rule,))
        line.sign_in("mei", MEI, service=3)
        line.sign_in("tom", TOM, cards=3)
        line.arrive("c1")
        line.say(known(line, "c1"))
        line.say(
            e.ReasonsPredicted(
                at=line.at, call="c1", model="m", ask=1,
                reasons=(Reason(code="card_lost", probability=probability),),
            )
        )  # fmt: skip
        assert line.ring().device == device


def test_the_reasons_of_a_head_count_together() -> None:
    """A rule may name a head: what its reasons have together is what counts."""
    queues = (
        service(steps=(e.StepSettings(after=0, want="service"),)),
        e.QueueSettings(
            queue="cards", distribution="engine",
            steps=(e.StepSettings(after=0, want="cards"),),
        ),
    )  # fmt: skip
    leaves = ("card_lost", "card_declined")
    rule = e.ReasonRule(reason="cards", leaves=leaves, above=0.6, queue="cards")
    for second, device in ((0.15, MEI), (0.25, TOM)):
        line = Line(*queues, reason_rules=(rule,))
        line.sign_in("mei", MEI, service=3)
        line.sign_in("tom", TOM, cards=3)
        line.arrive("c1")
        line.say(known(line, "c1"))
        likely = (
            Reason(code="card_lost", probability=0.4),
            Reason(code="card_declined", probability=second),
            Reason(code="fees", probability=0.2),
        )
        line.say(e.ReasonsPredicted(at=line.at, call="c1", model="m", ask=1, reasons=likely))
        assert line.ring().device == device


def test_a_closed_queue_sends_away_and_an_overflow_keeps_the_place() -> None:
    """Closed: the exchange plays its message; overflow: another queue serves the call."""
    closed = e.HoursSettings(zone="UTC", weekly=((1, 540, 541),))
    line = Line(service(hours=closed))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    (away,) = only(line.orders, SendAway)
    assert (away.call, away.why) == ("c1", "closed")
    line.say(e.CallLeftQueue(at=line.at, call="c1", queue="service", why="closed"))
    assert line.floor.queue_views()["service"].left == 1

    night = e.QueueSettings(queue="night", distribution="engine")
    line = Line(service(hours=closed, when_closed="overflow", overflow="night"), night)
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    assert ring.reservation.queue == "night"
    line.answer(ring)  # the exchange still calls it by its first queue
    views = line.floor.queue_views()
    assert (views["service"].left, views["night"].answered) == (1, 1)


def test_a_wait_that_is_too_long_ends() -> None:
    """``max_wait`` without an overflow leaves the line."""
    line = Line(service(max_wait=120.0))
    line.arrive("c1")
    line.pass_time(119)
    assert only(line.orders, SendAway) == []
    line.pass_time(2)
    assert only(line.orders, SendAway)[0].why == "timed_out"


def test_nobody_signed_in_who_could_take_it() -> None:
    """``when_empty`` leave: at arrival, and when the last one signs out."""
    line = Line(service(when_empty="leave"))
    line.arrive("c1")
    assert only(line.orders, SendAway)[0].why == "empty"
    line.sign_in("mei", MEI, ready=False)
    line.arrive("c2")
    assert only(line.orders, SendAway) == [], "mei is on break and may come back"
    line.say(e.AgentSignedOut(at=line.at, agent="mei"))
    assert [away.call for away in only(line.orders, SendAway)] == ["c2"]


def two_lines(**settings: object) -> Line:
    """Calls for ``vip`` come first; who has a fault waits for somebody technical."""
    return Line(
        e.QueueSettings(queue="vip", distribution="engine", credit=300.0),
        service(),
        reason_rules=(e.ReasonRule(reason="fault", above=0.5, want="tech >= 3"),),
        **settings,
    )


def understood(line: Line, call: str, *reasons: Reason) -> None:
    line.say(e.ReasonsPredicted(at=line.at, call=call, reasons=reasons, model="m", ask=1))


def looked_up(line: Line, call: str) -> None:
    line.say(e.CallerIdentified(at=line.at, call=call, identity="unknown", ask=1))


FAULT = Reason(code="fault", probability=0.9)


@pytest.mark.parametrize("how", ["another wish", "gives up", "no answer"])
def test_an_agent_kept_for_a_call_that_is_looked_up_gets_the_next_one(how: str) -> None:
    """The first call turns out not to be for them: the one behind it does not wait on."""
    line = two_lines()
    line.sign_in("mei", MEI, ready=False, english=3)
    line.arrive("c2")
    looked_up(line, "c2")
    understood(line, "c2")
    line.arrive("c1", "vip")
    looked_up(line, "c1")
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    assert line.states() == {"mei": "ready"}
    if how == "another wish":
        understood(line, "c1", FAULT)
        assert line.ring().call == "c2"
    elif how == "gives up":
        line.say(e.CallLeftQueue(at=line.at, call="c1", queue="vip", why="abandoned"))
        assert line.ring().call == "c2"
    else:
        line.pass_time(0.1)
        assert line.ring().call == "c1"


def test_a_call_behind_one_that_is_looked_up_gets_the_agent_in_the_end() -> None:
    """It came while the agent was kept for the one before."""
    line = two_lines()
    line.sign_in("mei", MEI, english=3)
    line.arrive("c1", "vip")
    looked_up(line, "c1")
    line.arrive("c2")
    looked_up(line, "c2")
    understood(line, "c2")
    assert line.states() == {"mei": "ready"}
    understood(line, "c1", FAULT)
    assert line.ring().call == "c2"


def test_two_agents_who_talked_to_each_other_both_go_on_wrapping_up() -> None:
    """After a restart the call is on both screens; it is forgotten when both are done."""
    line = Line()
    for agent, device in (("mei", MEI), ("tom", TOM)):
        line.sign_in(agent, device)
        line.say(
            e.WrapUpRestored(
                at=line.at, agent=agent, call="c1", since=line.at - 5.0, deadline=line.at + 5.0,
                direction="internal", number="1001", name=None, dialled="1002", queue=None,
                arrived=line.at - 60.0, answered=line.at - 50.0, ended=line.at - 5.0,
            )
        )  # fmt: skip
    assert line.states() == {"mei": "wrapup", "tom": "wrapup"}
    assert line.floor.state.calls["c1"].screens == {"mei", "tom"}
    line.pass_time(6.0)
    assert line.states() == {"mei": "ready", "tom": "ready"}
    assert line.floor.state.calls == {}


def test_an_announcement_told_twice_is_one_promise() -> None:
    """The same words come again within a second; the next announcement is another promise."""
    line = Line()
    line.arrive("c1")
    for seconds, promises in ((0.0, 1), (0.0, 0), (20.0, 1)):
        line.pass_time(seconds)
        line.say(
            e.EstimateTold(at=line.at, call="c1", queue="service", position=1, p50=20.0, p90=60.0)
        )
        assert len(only(line.orders, RecordPromise)) == promises


def test_a_queue_of_the_exchange_that_takes_over_another_line_is_counted() -> None:
    """Who was offered to a queue has come out of it, even where its leaving was never told."""
    line = Line(
        e.QueueSettings(queue="service", distribution="engine"),
        e.QueueSettings(queue="night"),
    )
    line.arrive("c1")
    line.pass_time(7.0)
    line.say(e.CallQueued(at=line.at, call="c1", queue="night", position=1))
    line.pass_time(5.0)
    line.end("c1", "abandoned")
    views = line.floor.queue_views()
    assert (views["service"].offered, views["service"].left) == (1, 1)
    assert (views["night"].offered, views["night"].abandoned) == (1, 1)
    (record,) = only(line.orders, RecordCall)
    assert record.wait == 12.0


def test_what_is_told_is_a_promise_and_scored() -> None:
    """The estimate is stored when it was heard; the answer completes it."""
    line = Line(service(announce_seconds=30.0))
    line.arrive("c1")
    assert only(line.orders, Announce)[0].p90 is None, "no data, no estimate"
    line.say(e.EstimateTold(at=line.at, call="c1", queue="service", position=1, p50=20.0, p90=60.0))
    line.pass_time(45)
    line.sign_in("mei", MEI)
    orders = line.answer(line.ring())
    (promise,) = only(orders, RecordPromise)
    assert (promise.waited, promise.answered, promise.p90) == (45.0, True, 60.0)
    view = line.floor.queue_views()["service"]
    assert (view.promises, view.promises_kept) == (1, 1)


def test_members_stay_free_for_the_queue_that_stands_in() -> None:
    """Busy agents are not paused: the exchange's own queue must find them when we are gone."""
    line = Line()
    line.sign_in("mei", MEI)
    assert not any(order.paused for order in only(line.orders, SetPaused))
    line.arrive("c1")
    line.answer(line.ring())
    assert not any(order.paused for order in only(line.orders, SetPaused))


def test_the_exchanges_own_queue_takes_over_without_counting_twice() -> None:
    """The dialplan goes on into its own queue: one call offered, with its waiting time."""
    line = Line()
    line.arrive("c1")
    line.pass_time(10)
    line.say(e.CallLeftQueue(at=line.at, call="c1", queue="service", why="overflow"))
    line.say(e.CallQueued(at=line.at, call="c1", queue="service", position=1))
    line.pass_time(5)
    line.say(e.CallLeftQueue(at=line.at, call="c1", queue="service", why="answered"))
    view = line.floor.queue_views()["service"]
    assert (view.offered, view.answered, view.left, view.wait_total) == (1, 1, 0, 15.0)


def test_an_unreachable_phone_is_not_rung() -> None:
    """And rung again as soon as it is there."""
    line = Line()
    line.sign_in("mei", MEI)
    line.say(e.DeviceChanged(at=line.at, device=MEI, state="unavailable"))
    assert line.states() == {"mei": "unreachable"}
    line.arrive("c1")
    assert only(line.orders, Ring) == []
    line.say(e.DeviceChanged(at=line.at, device=MEI, state="idle"))
    assert line.ring().call == "c1"


def test_a_break_chosen_while_the_phone_rings_comes_after_it() -> None:
    """Missed or rescinded, they go on the break that they chose."""
    for why in ("no_answer", "caller_gone"):
        line = Line()
        line.sign_in("mei", MEI)
        line.arrive("c1")
        ring = line.ring()
        line.say(e.StateChosen(at=line.at, agent="mei", state="break", reason="lunch"))
        line.failed(ring, why)  # type: ignore[arg-type]
        view = line.agent("mei")
        assert (view.state, view.reason) == ("break", "lunch")


def test_nobody_signs_out_from_under_a_call_but_a_supervisor_may() -> None:
    """The call goes to somebody else then."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    with pytest.raises(NotNow):
        line.say(e.AgentSignedOut(at=line.at, agent="mei"))
    line.say(e.AgentSignedOut(at=line.at, agent="mei", by="boss"))
    assert line.kept() == ["rescinded"]
    line.sign_in("tom", TOM)
    assert line.ring().call == "c1"


def test_a_call_the_exchange_does_not_have_ends_by_itself() -> None:
    """Twice missing in what the exchange shows: the call is over, the agent is free."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.answer(line.ring())
    line.compared()
    assert line.states() == {"mei": "talking"}, "once may be a matter of moments"
    line.compared()
    assert line.states() == {"mei": "wrapup"}


def test_wrap_up_can_be_extended() -> None:
    """On the server, by so many seconds from the present deadline."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.answer(line.ring())
    line.end("c1")
    line.say(e.WrapUpExtended(at=line.at, agent="mei", seconds=30))
    line.pass_time(89)
    assert line.states() == {"mei": "wrapup"}
    line.pass_time(2)
    assert line.states() == {"mei": "ready"}


def test_an_offer_that_is_over_cannot_be_refused() -> None:
    """A late click changes nothing."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.answer(ring)
    with pytest.raises(UnknownCall):
        line.say(
            e.ReservationRefused(
                at=line.at, agent="mei", reservation=ring.reservation.id, reason="late"
            )
        )


def test_a_dry_run_says_who_and_changes_nothing() -> None:
    """The supervisor sees the same decision that would be made."""
    line = Line()
    line.arrive("c1")
    before = line.floor.queue_views()
    decision = line.floor.explain("c1", line.at)
    assert (decision.agent, decision.trigger) == (None, "dry_run")
    assert line.floor.queue_views() == before
    with pytest.raises(UnknownCall):
        line.floor.explain("c9", line.at)


def test_occupancy_counts_calls_and_wrap_up() -> None:
    """From the reservation to the end of wrap-up, of the time not away."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(300)
    line.arrive("c1")
    line.answer(line.ring())
    line.pass_time(240)
    line.end("c1")
    line.pass_time(60)
    occupancy = line.agent("mei").occupancy
    assert occupancy is not None
    assert 0.5 < occupancy < 0.55


def test_the_engine_s_line_of_a_queue_that_the_exchange_distributes() -> None:
    """Nobody is rung for it, and it hears no music for ever: the exchange's queue takes over."""
    line = Line(e.QueueSettings(queue="service"), e.QueueSettings(queue="b", distribution="engine"))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    (away,) = only(line.orders, SendAway)
    assert (away.call, away.queue, away.why) == ("c1", "service", "fallback")
    assert only(line.orders, Ring) == []
    line.say(e.CallLeftQueue(at=line.at, call="c1", queue="service", why="overflow"))
    line.say(e.CallQueued(at=line.at, call="c1", queue="service", position=1))
    view = line.floor.queue_views()["service"]
    assert (view.waiting, view.offered, view.left) == (1, 1, 0)


def test_a_call_that_cannot_be_sent_away() -> None:
    """It is asked for again after a while, not at once, and never after the call is over."""
    closed = e.HoursSettings(zone="UTC", weekly=((1, 540, 541),))
    line = Line(service(hours=closed))
    line.arrive("c1")
    refused = e.OrderFailed(at=line.at, order="SendAway", why="Permission denied", call="c1")
    line.say(refused)
    assert only(line.orders, SendAway) == []
    line.pass_time(4)
    assert only(line.orders, SendAway) == []
    line.pass_time(1)
    assert [away.why for away in only(line.orders, SendAway)] == ["closed"]
    line.say(e.OrderFailed(at=line.at, order="SendAway", why="no such channel", call="c1"))
    line.end("c1")
    line.pass_time(6)
    assert only(line.orders, SendAway) == []


def test_a_queue_that_is_closed_on_holidays_alone() -> None:
    """Holidays count without weekly hours: the first moment of 1970, and not the day after."""
    line = Line(service(hours=e.HoursSettings(zone="UTC", holidays=("1970-01-01",))))
    line.arrive("c1")
    assert only(line.orders, SendAway)[0].why == "closed"
    line.pass_time(86_400)
    line.arrive("c2")
    assert only(line.orders, SendAway) == []


def test_what_changes_nothing_is_not_decided_again() -> None:
    """Where neither tier, reason nor last agent counts, one decision says that a call waits."""
    line = Line()
    (kept,) = only(line.arrive("c1"), RecordDecision)
    assert kept.decision.agent is None
    assert only(line.say(known(line, "c1")), RecordDecision) == []
