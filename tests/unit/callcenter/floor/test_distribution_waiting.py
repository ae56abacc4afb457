"""Calls that wait in the engine's line: what they are told, and when they are sent away."""

from __future__ import annotations

from callcenter.floor import events as e
from callcenter.floor.orders import Announce, RecordPromise, SendAway
from tests.unit.callcenter.floor.engine_line import MEI, Line, only, service


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
