"""A few seeds of chaos in every test run; ``python -m tests.chaos`` plays many."""

from __future__ import annotations

from collections import Counter

import pytest

from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.agent import Move
from callcenter.floor.floor import Floor
from telephony.simulator import Arrival, Outcome
from telephony.simulator.arrivals import Visit
from tests.chaos.books import Books
from tests.chaos.plan import plan
from tests.chaos.run import play
from tests.chaos.truth import Telling, Window, compared
from tests.chaos.watch import idle, told_differently
from tests.unit.callcenter.floor.engine_line import MEI, Line

CALLS = 40


@pytest.mark.parametrize("seed", range(1, 16))
def test_the_engine_survives(seed: int) -> None:
    """No invariant breaks, nothing is left at the end, and the figures are those of the truth."""
    report = play(plan(seed, CALLS))
    assert report.problems == []
    assert report.calls > 0


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_observing_engine_survives(seed: int) -> None:
    """The same where the exchange distributes."""
    assert play(plan(seed, CALLS, engine=False)).problems == []


def test_a_seed_is_the_same_run_again() -> None:
    """Everything but the time it took."""
    one, other = (play(plan(7, CALLS)) for _ in range(2))
    one.cpu = other.cpu = 0.0
    assert one == other


def outcome(*visits: Visit) -> Outcome:
    return Outcome(
        call="1", arrival=Arrival(dialled="1"), at=0.0, queue="q", device=None, offers=(),
        wait=0.0, talk=0.0, end="abandoned", ended=9.0, visits=visits,
    )  # fmt: skip


def test_a_wrong_figure_is_found() -> None:
    """A stay that was not counted, and one counted under another name, are told."""
    real = [outcome(Visit("q", 1.0, 5.0, "answered"))]
    right = {"q": Counter(offered=1, answered=1)}
    assert compared(real, right, ()) == []
    assert compared(real, {}, ()) == [
        "q: offered is 0, must be 1",
        "q: answered is 0, must be 1",
    ]
    assert compared(real, {"q": Counter(offered=1, abandoned=1)}, ()) == [
        "q: answered is 0, must be 1",
        "q: abandoned is 1, must be 0",
    ]
    assert compared(real, {"q": Counter(offered=2, answered=1)}, [Window(4.0, 6.0)]) == [
        "q: offered is 2, must be 0 to 1",
        "q: 2 offered, 1 came out",
    ]


def test_the_queue_that_stands_in_is_the_same_stay() -> None:
    """Fallback into the exchange's own queue is no second offer; another queue is."""
    fallback = [outcome(Visit("q", 1.0, 5.0, "overflow"), Visit("q", 5.0, 9.0, "answered"))]
    assert compared(fallback, {"q": Counter(offered=1, answered=1)}, ()) == []
    moved = [outcome(Visit("q", 1.0, 5.0, "timed_out"), Visit("r", 5.0, 9.0, "answered"))]
    counted = {"q": Counter(offered=1, left=1), "r": Counter(offered=1, answered=1)}
    assert compared(moved, counted, ()) == []


def test_a_move_between_lines_of_the_engine_is_no_miscount() -> None:
    """The exchange knows of one stay; the engine counts one more offered and one more left."""
    real = [outcome(Visit("q", 1.0, 5.0, "answered"))]
    moved = {"q": Counter(offered=1, left=1), "r": Counter(offered=1, answered=1)}
    assert compared(real, moved, (), one_line=frozenset({"q", "r"})) == []
    lost = {"q": Counter(offered=1, left=1), "r": Counter(offered=1)}
    assert len(compared(real, lost, (), one_line=frozenset({"q", "r"}))) == 2


def test_promises_are_compared() -> None:
    """One that was kept, one that was broken, and one that nothing is known of."""
    real = [outcome(Visit("q", 1.0, 60.0, "answered"))]
    told = [Telling("1", 10.0, 50.0), Telling("1", 20.0, 30.0)]
    right = {"q": Counter(offered=1, answered=1, promises=2, promises_kept=1)}
    assert compared(real, right, (), told) == []
    assert compared(real, right, (), told[:1]) == ["q: promises is 2, must be 1"]


def kept(version: int, state: o.ReservationState, id: str = "r1") -> o.KeepReservation:
    return o.KeepReservation(
        id=id, version=version, node="main", agent="mei", call="c1", queue="q", state=state,
        made=1.0, deadline=None, changed=1.0,
    )  # fmt: skip


def test_a_reservation_that_makes_no_sense_is_found() -> None:
    """A version left out, two live ones of one agent, and one that never ends."""
    books = Books()
    write = books.write[o.KeepReservation]
    write(kept(1, "pending"))
    write(kept(3, "accepted"))
    write(kept(1, "pending", "r2"))
    assert books.close((), ()) == [
        "reservation r1: version 3 after 1",
        "agent mei has r1 and r2",
        "reservation r2 never ended",
    ]


def test_a_call_without_record_is_found() -> None:
    """Unless things went untold while it was there."""
    real = [outcome()]
    assert Books().close(real, ()) == ["call 1 was never recorded"]
    assert Books().close(real, [Window(4.0, 5.0)]) == []


def test_a_caller_who_waits_beside_a_free_agent_is_found() -> None:
    """The engine leaves nobody ready whom a waiting call could have; a floor that does is told."""
    line = Line()
    line.arrive("c1")
    assert list(idle(line.floor.state, line.at)) == []
    line.sign_in("mei", MEI, ready=False)
    state = line.floor.state
    state.move(state.agents["mei"], Move.CHOOSE_READY, line.at)
    assert list(idle(state, line.at)) == [f"at {line.at:.3f}: c1 waits in service, mei is ready"]


def test_a_journal_that_says_something_else_is_found() -> None:
    """The same events, one order forgotten."""
    floor, opened = Floor(), e.FloorOpened(at=1.0, queues=(e.QueueSettings(queue="q"),))
    said = tuple(floor.receive(opened))
    assert said
    assert told_differently([(opened, said)], written=True) is None
    found = told_differently([(opened, said[1:])], written=False)
    assert found is not None
    assert "event 0" in found
