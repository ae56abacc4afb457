"""Callbacks whose version was not stored, or that another engine has."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.orders import KeepCallback, StopDialling
from tests.unit.callcenter.floor.callback_line import PREVIEW, Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, only


def test_a_dial_that_was_not_stored_is_none() -> None:
    """Back in line after a moment; the id of the attempt is not used again."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    first = line.dial()
    line.dial_fails(first.call, "not_stored")
    assert (line.row().state, line.row().attempts) == ("due", 0)
    assert line.states() == {"mei": "ready"}
    assert len(line.dials) == 1
    line.pass_time(6)
    second = line.dials[-1]
    assert second.call != first.call
    assert second.callback.attempts == 1
    assert second.callback.tried == (line.at - 1.0,)


def test_a_dial_that_another_engine_won_is_dropped() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    orders = line.dial_fails(dial.call, "lost")
    assert not only(orders, KeepCallback)
    assert line.floor.callbacks() == {}
    assert line.states() == {"mei": "ready"}
    line.say(e.CallbackLost(at=line.at, id="CB1", why="claimed"))


def test_outside_by_the_stores_clock() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    line.dial_fails(line.dial().call, "outside")
    row = line.row()
    assert (row.state, row.due, row.attempts) == ("scheduled", line.at + 30.0, 0)
    line.due(a_callback("CB2", closes=line.at + 20.0))
    line.dial_fails(line.dial().call, "outside")
    assert (line.row("CB2").state, line.row("CB2").why) == ("expired", "window_over")


@pytest.mark.parametrize("stage", ["line", "preview", "dialling", "waiting", "talking"])
def test_a_callback_that_is_lost_is_dropped_without_a_word(stage: str) -> None:
    line = Lines(PREVIEW if stage == "preview" else None)
    if stage != "line":
        line.sign_in("mei", MEI)
    line.due()
    call = line.dials[-1].call if line.dials else ""
    if stage in ("waiting", "talking"):
        line.appears(call)
        line.picks_up(call)
    if stage == "talking":
        line.talk(line.ring())
    orders = line.say(e.CallbackLost(at=line.at, id="CB1", why="cancelled"))
    assert not only(orders, KeepCallback)
    assert line.floor.callbacks() == {}
    stopped = [StopDialling(call=call)] if stage in ("dialling", "waiting") else []
    assert only(orders, StopDialling) == stopped
    if stage == "talking":
        assert line.states() == {"mei": "talking"}
        line.end(call)
        assert line.states() == {"mei": "wrapup"}
    elif stage in ("preview", "dialling"):
        assert line.states() == {"mei": "ready"}


def test_a_version_that_cannot_be_stored_is_not_acted_on() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    line.say(e.OrderFailed(at=line.at, order="KeepCallback", why="disk full", id="CB1"))
    assert line.states() == {"mei": "ready"}
    line.pass_time(6)
    assert line.states() == {"mei": "reserved"}


def test_what_happened_is_stored_in_the_end() -> None:
    """The last version of one that is over is stored again until that works."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    line.dial_fails(line.dial().call, "invalid")
    line.say(e.OrderFailed(at=line.at, order="KeepCallback", why="disk full", id="CB1"))
    orders = line.pass_time(6)
    (again,) = only(orders, KeepCallback)
    assert (again.callback.state, again.callback.why) == ("expired", "number_invalid")
