"""A few seeds of chaos in every test run; ``python -m tests.chaos`` plays many."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from callcenter.callback_ports import Source
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.agent import Move
from callcenter.floor.callback import Callback, LawRules
from callcenter.floor.floor import Floor
from telephony.simulator import Arrival, Outcome
from telephony.simulator.arrivals import Visit
from tests.chaos.books import Books
from tests.chaos.calling import NO_CAPS
from tests.chaos.plan import START, plan
from tests.chaos.rows import Dialled, Rows
from tests.chaos.run import play
from tests.chaos.still import StillLoop
from tests.chaos.truth import Telling, Window, compared
from tests.chaos.watch import idle, overtaken, told_differently
from tests.unit.callcenter.floor.engine_line import MEI, Line

CALLS = 36


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
    """Everything but the time it took. Customers are called back in it, and talked to."""
    one, other = (play(plan(2, 25)) for _ in range(2))
    one.cpu = other.cpu = 0.0
    assert one == other
    assert one.callbacks["dialled"] >= one.callbacks["talked"] > 0


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


def test_who_is_overtaken_is_found() -> None:
    line = Line()
    line.arrive("c1")
    line.pass_time(1)
    line.arrive("c2")
    line.sign_in("mei", MEI, ready=False)
    state = line.floor.state
    for call in ("c1", "c2"):
        state.timers.set(("mind", call), None)
    given = replace(kept(1, "pending"), call="c2", queue="service")
    assert list(overtaken(state, given, line.at)) == [
        f"at {line.at:.3f}: c2 gets mei; c1 came before"
    ]
    assert list(overtaken(state, replace(given, call="c1"), line.at)) == []


OPEN_NOW = Callback(
    id="A", version=1, state="requested", origin="web", queue="q", number="+44", zone="UTC",
    made=START, place=START, opens=START, closes=START + 100.0, due=START,
)  # fmt: skip


async def rows(law: tuple[LawRules, ...] = (), **last: Any) -> Rows:
    """One callback that was dialled once, as ``last`` left it."""
    found = Rows(lambda: START, random.Random(1), 0.0, law)
    await found.book(OPEN_NOW, Source(), NO_CAPS)
    (row,) = await found.claim("main")
    row = replace(row, state="reserved", version=row.version + 1)
    await found.keep(row)
    row = replace(row, state="dialling", version=row.version + 1, call="cb-1-1", attempts=1)
    await found.keep(row, dialling=True)
    await found.keep(replace(row, version=row.version + 1, **last))
    return found


LEG = Dialled("cb-1-1", "+44", START)
BUSY: dict[str, Any] = {"state": "retry", "causes": ("busy",)}


async def test_rows_that_make_sense() -> None:
    assert (await rows(state="retry", causes=("busy",))).close([LEG], 0.5) == []


@pytest.mark.parametrize(
    ("last", "dialled", "found"),
    [
        ({}, [LEG], ["A: is dialling and held by nobody", "A: dialling (None) after 1 attempts"]),
        ({"state": "retry"}, [LEG], ["A: retry (None) after 1 attempts"]),
        ({"state": "expired", "causes": ("busy",)}, [LEG], ["A: is expired, and neither when"]),
        ({"state": "reserved", "causes": ("busy",)}, [LEG], ["dialling became reserved"]),
        ({"state": "retry", "causes": ("busy",), "due": START + 100}, [LEG], ["outside its"]),
        (BUSY, [LEG, LEG], ["was dialled 2 times"]),
        (BUSY, [replace(LEG, call="cb-1-2")], ["not stored"]),
        (BUSY, [replace(LEG, at=START + 1)], ["+1.00 s after"]),
        (BUSY, [replace(LEG, number="+1")], ["went to +1"]),
    ],
)
async def test_rows_that_make_no_sense_are_found(
    last: dict[str, Any], dialled: list[Dialled], found: list[str]
) -> None:
    problems = "\n".join((await rows(**last)).close(dialled, 0.5))
    for words in found:
        assert words in problems


async def test_dialling_against_the_law_is_found() -> None:
    """At a time, or more often than is allowed."""
    early = (LawRules(region="*", weekly=((5, 0, 60),), attempts=3),)
    (words,) = (await rows(early, **BUSY)).close([LEG], 0.5)
    assert "against the law" in words
    once = (LawRules(region="*", weekly=(), attempts=0),)
    assert "dialled 1 times in a day" in "".join((await rows(once, **BUSY)).close([LEG], 0.5))


def test_the_loop_keeps_the_time_of_the_run() -> None:
    """What sleeps goes on at its moment and not before, and nothing waits for real."""
    now, due, seen = [START], [], []
    loop = StillLoop(lambda when, do: due.append((when, do)), lambda: now[0])

    async def work() -> None:
        await asyncio.sleep(60.0)
        seen.append(loop.time())

    loop.begin(work())
    loop.run_now()
    assert seen == []
    assert loop.busy
    now[0] = max(when for when, _ in due)
    for _, do in due:
        do()
    loop.run_now()
    assert seen == [START + 60.0]
    loop.die()
