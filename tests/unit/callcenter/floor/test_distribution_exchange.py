"""The engine's line and the exchange: silence, cuts, lost calls, queues that stand in."""

from __future__ import annotations

from callcenter.floor import events as e
from callcenter.floor.orders import RecordCall, Ring, SendAway, SetPaused, StopRinging
from tests.unit.callcenter.floor.engine_line import MEI, Line, only


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
