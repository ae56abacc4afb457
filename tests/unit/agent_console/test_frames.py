"""What the server says is JSON that every browser reads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_console import frames
from agent_console.frames import Close


def test_ascii_only() -> None:
    """A lone surrogate or a line separator in a name can break neither socket nor script."""
    text = frames.reply("1", 2, {"name": "王\udc80\u2028"})
    assert text.isascii()
    assert json.loads(text)["d"]["name"] == "王\udc80\u2028"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_json_has_not(number: float) -> None:
    """They are refused here rather than by the browser."""
    with pytest.raises(ValueError, match="JSON"):
        frames.dumps({"x": number})


def test_handwritten_frames() -> None:
    """The frames that are put together by hand are JSON too, with exact times."""
    event = json.loads(frames.event(7, 1763.25, "card.closed", '{"call":"c"}'))
    assert event == {
        "t": "event", "seq": 7, "ts": 1763.25, "ev": "card.closed", "d": {"call": "c"},
    }  # fmt: skip
    assert "seq" not in json.loads(frames.row(1.0, "board.queue", "{}"))
    assert json.loads(frames.heartbeat(2.5, 9)) == {"t": "hb", "now": 2.5, "seq": 9}


def test_welcome() -> None:
    """Resumed exactly when there is no snapshot."""
    common = {"session": "s", "epoch": "e", "seq": 1, "now": 2.0, "heartbeat": 15.0,
              "rate": 20.0, "burst": 40}  # fmt: skip
    resumed = json.loads(frames.welcome(**common, snapshot=None))  # type: ignore[arg-type]
    fresh = json.loads(frames.welcome(**common, snapshot={"agent": None}))  # type: ignore[arg-type]
    assert (resumed["resumed"], fresh["resumed"]) == (True, False)
    assert "snapshot" not in resumed
    assert fresh["snapshot"] == {"agent": None}


def test_problems() -> None:
    """Every error code has a title of its own and a fitting status; unknown ones are conflicts."""
    assert set(frames.ERROR_STATUS) == set(frames.ERROR_TITLE)
    assert frames.problem("bad_choice", "x")["status"] == 422
    assert frames.problem("new_kind", "x")["status"] == 409


@given(st.text())
def test_close_reasons_fit(reason: str) -> None:
    """A close frame holds 123 bytes of reason."""
    assert len(frames.close_reason(reason).encode()) <= 123


def test_bye() -> None:
    """Seconds become milliseconds."""
    assert json.loads(frames.bye(Close.RESTART, "why", 2.0))["retry_after_ms"] == 2000
    assert "retry_after_ms" not in json.loads(frames.bye(Close.FLOOD, "why"))
