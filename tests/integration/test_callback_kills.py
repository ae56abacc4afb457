"""The engine as a process, killed while it calls back: no callback is lost, nobody is dialled twice
for one attempt. The figures for many kills are those of ``benchmarks.callback_kills``."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from telephony.simulator.outside import OutsideReaction
from tests.kills.engine import fill_with_callbacks, number_of
from tests.kills.exchange import Dialled, Leg, Log
from tests.kills.promises import judged
from tests.kills.run import Plan, play


async def test_killed_while_it_calls_back(tmp_path: Path) -> None:
    became = await play(Plan(kills=8, callbacks=40, seed=3, finish=200.0), tmp_path)
    report = became.report
    assert became.in_time
    assert not report.broken
    assert not report.open_attempts
    assert not report.unlike
    assert sum(report.ends.values()) == 40
    assert report.dialled >= 40
    assert sum(start.dialled is not None for start in became.starts) >= 3  # killed amid the work


# --- the judge itself: each promise, broken on purpose --------------------------------------------

ONE, TWO = number_of(0), number_of(1)
OUTSIDE: dict[str, OutsideReaction] = {ONE: "answers", TWO: "busy"}


async def _over(folder: Path) -> Path:
    """Two callbacks that are over as they should be, with an attempt each."""
    base = folder / "engine.db"
    await fill_with_callbacks(base, 2, 1.0)
    _run(
        base,
        "UPDATE callbacks SET state = 'done', why = 'talked', ended = 9.0, attempts = 1"
        f" WHERE number = '{ONE}'",
        "UPDATE callbacks SET state = 'expired', why = 'attempts_used', ended = 9.0, attempts = 1"
        f" WHERE number = '{TWO}'",
        *(
            "INSERT INTO callback_attempts (call, callback, number, number_dialled, at, ended, how)"
            f" SELECT 'cb-' || id, id, 1, number, 1.0, 2.0, 'busy' FROM callbacks"
            f" WHERE number = '{number}'"
            for number in (ONE, TWO)
        ),
    )
    return base


def _run(base: Path, *statements: str) -> None:
    with closing(sqlite3.connect(base)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def _dialled(call: str, number: str, at: float = 1.0, stored: bool = True) -> Dialled:
    return Dialled(at=at, call=call, number=number, stored=stored)


def _leg(call: str, number: str, began: float, ended: float, end: str = "busy") -> Leg:
    return Leg(call=call, number=number, began=began, ended=ended, end=end, talk=0.0)


def _log(dialled: Sequence[Dialled], legs: Sequence[Leg] = ()) -> Log:
    return Log(tuple(dialled), tuple(legs), ())


FINE = (_dialled("cb-CB0000", ONE), _dialled("cb-CB0001", TWO))


async def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    legs = (_leg("cb-CB0000", ONE, 1.0, 3.0, "completed"), _leg("cb-CB0001", TWO, 1.0, 2.0))
    report = judged(await _over(tmp_path), OUTSIDE, _log(FINE, legs))
    assert [report.broken, report.again, report.open_attempts] == [[], [], []]
    assert not report.unlike
    assert (report.dialled, report.attempts, report.silent) == (2, 2, 0)


async def test_a_callback_that_is_gone_or_not_over_is_lost(tmp_path: Path) -> None:
    base = await _over(tmp_path)
    _run(base, f"DELETE FROM callbacks WHERE number = '{ONE}'",
         f"UPDATE callbacks SET state = 'retry', why = NULL WHERE number = '{TWO}'")  # fmt: skip
    assert len(judged(base, OUTSIDE, _log(FINE)).lost) == 2


async def test_diallings_that_no_attempt_is_for(tmp_path: Path) -> None:
    base = await _over(tmp_path)
    late = _dialled("cb-CB0000", ONE, stored=False)
    assert judged(base, OUTSIDE, _log((late,))).not_stored
    again = _dialled("cb-CB0000", ONE, at=2.0)
    assert len(judged(base, OUTSIDE, _log((*FINE, again))).twice) == 2  # the call and the number
    other = _dialled("cb-x", TWO, at=2.0)
    assert len(judged(base, OUTSIDE, _log((*FINE, other))).twice) == 1


async def test_two_legs_at_once_and_calls_after_a_talk(tmp_path: Path) -> None:
    base = await _over(tmp_path)
    legs = (
        _leg("a", ONE, 1.0, 9.0, "completed"), _leg("b", ONE, 2.0, 3.0), _leg("c", ONE, 8.0, 9.5),
        _leg("d", TWO, 1.0, 2.0), _leg("e", TWO, 2.0, 3.0),
    )  # fmt: skip
    report = judged(base, OUTSIDE, _log((*FINE, _dialled("c", ONE, at=10.0)), legs))
    assert len(report.together) == 2
    assert len(report.again) == 1
