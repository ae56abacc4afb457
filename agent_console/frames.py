"""The frames the server sends on ``cc.v1``, as JSON text. Pure.

Must not decide anything: who gets which frame, and when, is said elsewhere. All texts are ASCII
(other characters are escaped): a caller's name with a lone surrogate can then never break a
socket, and ``len(text)`` is the size in bytes on the wire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum

SUBPROTOCOL = "cc.v1"
VERSION = 1
MAX_FRAME = 65_536
"""Bytes a browser may send in one frame."""


class Close(IntEnum):
    """Why a socket is closed; ``docs/agent-channel.md`` says what the browser does with each."""

    GONE = 1001
    BROKEN = 1011
    BAD_FRAME = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    VERSION = 4406
    SLOW = 4408
    REPLACED = 4409
    FLOOD = 4429
    RESTART = 4503


ERROR_STATUS: Mapping[str, int] = {
    "bad_field": 400,
    "not_allowed": 403,
    "forbidden": 403,
    "unknown_command": 404,
    "unknown_call": 404,
    "expired": 408,
    "unknown_agent": 409,
    "not_now": 409,
    "device_taken": 409,
    "refused": 409,
    "bad_choice": 422,
    "slow_down": 429,
    "failed": 500,
}
"""HTTP status that says the same, by error code. An unlisted code counts as 409."""

ERROR_TITLE: Mapping[str, str] = {
    "bad_field": "A field of the command is missing or wrong",
    "not_allowed": "Your role may not do this",
    "forbidden": "Only a supervisor may do this",
    "unknown_command": "There is no such command",
    "unknown_call": "There is no such call on your screen",
    "expired": "The command came too late and was not carried out",
    "unknown_agent": "You are not signed in on the floor",
    "not_now": "Not possible in the present state",
    "device_taken": "Another agent uses this device",
    "refused": "Not possible",
    "bad_choice": "There is no such choice",
    "slow_down": "Too many commands",
    "failed": "The command failed inside the engine",
}


_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def dumps(value: object) -> str:
    """Compact ASCII JSON. Raises ``ValueError`` for NaN and infinities, which JSON has not."""
    return _encode(value)


def welcome(
    *,
    session: str,
    epoch: str,
    seq: int,
    now: float,
    heartbeat: float,
    rate: float,
    burst: int,
    snapshot: object | None,
) -> str:
    """``snapshot`` is ``None`` when the stream is resumed (plain data otherwise)."""
    frame: dict[str, object] = {
        "t": "welcome",
        "session": session,
        "epoch": epoch,
        "seq": seq,
        "resumed": snapshot is None,
        "now": now,
        "heartbeat": heartbeat,
        "limits": {"frame": MAX_FRAME, "commands_per_second": rate, "burst": burst},
    }
    if snapshot is not None:
        frame["snapshot"] = snapshot
    return dumps(frame)


def event(seq: int, ts: float, ev: str, d: str) -> str:
    """``d`` is JSON already: one event goes to many streams and is written once."""
    return f'{{"t":"event","seq":{seq},"ts":{ts!r},"ev":"{ev}","d":{d}}}'


def row(ts: float, ev: str, d: str) -> str:
    """A supervisors' row (``board.*``): outside the user stream, so without ``seq``."""
    return f'{{"t":"event","ts":{ts!r},"ev":"{ev}","d":{d}}}'


def reply(id: str, seq: int, d: object, *, dup: bool = False) -> str:
    frame: dict[str, object] = {"t": "reply", "id": id, "ok": True, "seq": seq, "d": d}
    if dup:
        frame["dup"] = True
    return dumps(frame)


def refusal(id: str, code: str, detail: str, *, retry: bool = False, dup: bool = False) -> str:
    """``retry``: the same command may succeed when it is sent again."""
    frame: dict[str, object] = {
        "t": "reply",
        "id": id,
        "ok": False,
        "error": problem(code, detail),
        "retry": retry,
    }
    if dup:
        frame["dup"] = True
    return dumps(frame)


def problem(code: str, detail: str) -> dict[str, object]:
    """An RFC 9457 problem object with our ``code``."""
    return {
        "type": f"urn:callcenter:problem:{code}",
        "title": ERROR_TITLE.get(code, ERROR_TITLE["refused"]),
        "status": ERROR_STATUS.get(code, 409),
        "code": code,
        "detail": detail,
    }


def heartbeat(now: float, seq: int) -> str:
    return f'{{"t":"hb","now":{now!r},"seq":{seq}}}'


def bye(code: Close, detail: str, retry_after: float | None = None) -> str:
    """The last frame before the server closes. ``retry_after`` in seconds."""
    frame: dict[str, object] = {"t": "bye", "code": int(code), "detail": detail}
    if retry_after is not None:
        frame["retry_after_ms"] = round(retry_after * 1000)
    return dumps(frame)


def close_reason(text: str) -> str:
    """Cut to what a close frame holds: 123 bytes of UTF-8 (RFC 6455, 5.5)."""
    return text.encode("utf-8", "replace")[:123].decode("utf-8", "ignore")
