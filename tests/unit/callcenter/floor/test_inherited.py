"""What an earlier run left: no call is counted twice, none is forgotten, counters go on."""

from __future__ import annotations

from dataclasses import replace

from callcenter import restart
from callcenter.floor import events as e
from callcenter.floor.inherited import as_now, counted
from callcenter.floor.orders import (
    Identify,
    RecordCall,
    RecordOutcome,
    RecordPromise,
    Ring,
    ShowCard,
)
from tests.unit.callcenter.floor.engine_line import MEI, Line, only


def run_on(before: Line) -> Line:
    """A new run of the engine that was told what the run before left."""
    after = Line()
    after.say(e.ExchangeLost(at=after.at, why="not yet connected"))
    after.at = before.at + 5
    after.say(counted(before.floor.state, after.at))
    for call in before.floor.live_calls().values():
        after.say(as_now(call, before.at, after.at))
    after.say(e.ExchangeConnected(at=after.at, version="22", restarted=False))
    return after


def seen(line: Line, call: str) -> None:
    line.say(
        e.CallArrived(
            at=line.at, call=call, direction="inbound", number=None, name=None, dialled=None,
            resumed=True,
        )
    )  # fmt: skip


def test_a_waiting_call_keeps_its_place_and_is_offered_once() -> None:
    """Found waiting again: one call offered, answered with all its waiting time."""
    before = Line()
    before.arrive("c1", number="+441")
    before.pass_time(10)
    line = run_on(before)
    seen(line, "c1")
    line.say(
        e.CallQueued(at=line.at, call="c1", queue="service", position=1, by="engine", leg="c1")
    )
    line.compared("c1")
    line.sign_in("mei", MEI)
    line.answer(line.ring())
    view = line.floor.queue_views()["service"]
    assert (view.offered, view.answered, view.wait_total) == (1, 1, 15.0)
    orders = line.end("c1")
    (record,) = only(orders, RecordCall)
    assert (record.number, record.wait, record.arrived) == ("+441", 15.0, 1000.0)


def test_answered_while_the_engine_was_away() -> None:
    """The exchange's own queue gave it to an agent meanwhile: it counts as answered."""
    before = Line()
    before.arrive("c1")
    line = run_on(before)
    line.sign_in("mei", MEI)
    seen(line, "c1")
    line.say(e.CallAnswered(at=line.at, call="c1", device=MEI, leg="l", queue="service"))
    line.compared("c1")
    view = line.floor.queue_views()["service"]
    assert (view.offered, view.answered, view.waiting) == (1, 1, 0)
    assert line.states() == {"mei": "talking"}


def test_a_call_that_is_gone_is_recorded_as_lost() -> None:
    """It ended while nobody listened: one record, with what was known; a line it was in lost it."""
    before = Line()
    before.sign_in("mei", MEI)
    before.arrive("c1")
    before.answer(before.ring())
    before.arrive("c2")
    line = run_on(before)
    records = only(line.compared(), RecordCall)
    assert {(one.call, one.why, one.agent, one.ended) for one in records} == {
        ("c1", "lost", "mei", before.at),
        ("c2", "lost", None, before.at),
    }
    view = line.floor.queue_views()["service"]
    assert (view.offered, view.answered, view.left, view.waiting) == (2, 1, 1, 0)
    assert only(line.compared(), RecordCall) == [], "once"


def test_whoever_talked_wraps_up_what_ended_while_the_engine_was_away() -> None:
    """With its card, and a deadline from now on; what they note is the call's."""
    before = Line()
    before.sign_in("mei", MEI)
    before.arrive("c1", number="+441")
    before.answer(before.ring())
    line = run_on(before)
    line.sign_in("mei", MEI)
    orders = line.compared()
    assert [(one.call, one.number) for one in only(orders, Identify)] == [("c1", "+441")]
    (shown,) = [one.card for one in only(orders, ShowCard) if one.agent == "mei"]
    assert (shown.call, shown.queue) == ("c1", "service")
    mei = line.floor.state.agents["mei"]
    seconds = line.floor.state.opened.wrapup_seconds
    assert seconds is not None
    assert (mei.state.value, mei.call, mei.deadline) == ("wrapup", "c1", line.at + seconds)
    noted = line.say(
        e.OutcomeNoted(at=line.at, agent="mei", call="c1", reason=None, outcome=None, notes="-")
    )
    assert [one.call for one in only(noted, RecordOutcome)] == ["c1"]
    assert line.states() == {"mei": "ready"}


def test_whoever_talks_again_already_does_not_wrap_up() -> None:
    """They are at something else by now."""
    before = Line()
    before.sign_in("mei", MEI)
    before.arrive("c1")
    before.answer(before.ring())
    line = run_on(before)
    line.sign_in("mei", MEI)
    seen(line, "c2")
    line.say(e.CallAnswered(at=line.at, call="c2", device=MEI, leg="l", queue="service"))
    line.compared("c2")
    assert line.states() == {"mei": "talking"}
    assert line.floor.state.agents["mei"].call == "c2"


def test_nobody_is_rung_for_a_call_of_the_run_before_until_it_is_seen() -> None:
    """What is remembered is not what is."""
    before = Line()
    before.arrive("c1")
    line = run_on(before)
    line.sign_in("mei", MEI)
    assert only(line.compared(), Ring) == []


def test_counters_noted_by_a_running_floor_change_nothing() -> None:
    """They are so already."""
    line = Line()
    line.arrive("c1")
    line.end("c1", "abandoned")
    before = line.floor.queue_views()
    assert line.say(counted(line.floor.state, line.at)) == []
    assert line.floor.queue_views() == before


def test_the_end_of_a_run_is_played_again() -> None:
    """Counters noted before, and what came after them; records of the last minute once more."""
    opened = e.FloorOpened(
        at=0.0, queues=(e.QueueSettings(queue="service"),), run="r"
    )  # fmt: skip
    count = e.QueueCount(
        queue="service", offered=40, answered=30, abandoned=8, left=2, within_threshold=20,
        wait_total=300.0, promises=0, promises_kept=0,
    )  # fmt: skip
    recent: list[e.Event] = [
        e.CountersNoted(at=100.0, queues=(count,)),
        *(
            e.CallArrived(
                at=110.0, call=call, direction="inbound", number=None, name=None, dialled=None
            )
            for call in ("c1", "c2")
        ),
        e.CallQueued(at=111.0, call="c1", queue="service", position=1),
        e.CallQueued(at=112.0, call="c2", queue="service", position=2),
        e.CallEnded(at=120.0, call="c1", why="abandoned"),
    ]
    floor, records = restart.played(opened, (), recent)
    assert [record.call for record in records] == ["c1"]
    noted, call = restart.left_open(floor, 120.0, 130.0, today=True)
    assert isinstance(noted, e.CountersNoted)
    assert (noted.queues[0].offered, noted.queues[0].abandoned) == (42, 9)
    assert isinstance(call, e.CallRestored)
    assert (call.call, call.queued) == ("c2", 112.0)
    assert [type(one) for one in restart.left_open(floor, 120.0, 130.0, today=False)] == [
        e.CallRestored
    ]


def test_an_empty_journal_leaves_nothing() -> None:
    """The first start of all."""
    floor, records = restart.played(e.FloorOpened(at=0.0), (), ())
    assert records == []
    assert restart.left_open(floor, 0.0, 1.0, today=False) == []


def test_who_was_called_back_and_is_gone_leaves_no_queue() -> None:
    """They waited for the agent when the engine stopped; nobody counted them as offered."""
    before = Line()
    before.say(
        e.CallArrived(
            at=before.at, call="cb-0-1", direction="outbound", number="+441", name=None,
            dialled=None,
        )
    )  # fmt: skip
    before.say(
        e.CallQueued(
            at=before.at, call="cb-0-1", queue="service", position=1, by="engine", leg="cb-0-1"
        )
    )
    line = run_on(before)
    (record,) = only(line.compared(), RecordCall)
    assert (record.call, record.why) == ("cb-0-1", "lost")
    view = line.floor.queue_views()["service"]
    assert (view.offered, view.answered, view.abandoned, view.left) == (0, 0, 0, 0)


def test_what_a_later_run_tells_is_a_promise_of_its_own() -> None:
    """It does not know how often the caller was told before."""
    before = Line()
    before.arrive("c1")
    told = [before.say(told_how_long(before))]
    line = run_on(before)
    line.floor.state.opened = replace(line.floor.state.opened, run="1")
    seen(line, "c1")
    line.say(
        e.CallQueued(at=line.at, call="c1", queue="service", position=1, by="engine", leg="c1")
    )
    line.compared("c1")
    told.append(line.say(told_how_long(line)))
    first, second = (only(orders, RecordPromise)[0].id for orders in told)
    assert first != second


def told_how_long(line: Line) -> e.EstimateTold:
    return e.EstimateTold(
        at=line.at, call="c1", queue="service", position=1, p50=10.0, p90=20.0
    )  # fmt: skip
