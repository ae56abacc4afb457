"""What a browser may say on ``cc.v1``: text in, checked frames out. Pure.

Must not know who is speaking or whether they may: that is ``session``; nor what a command asks for:
that is ``wishes``. A text that is no frame of this protocol raises ``NotAFrame`` (the socket is
closed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from .fields import BadField, count, seconds, text
from .frames import MAX_FRAME, VERSION, Close

MAX_DEPTH = 8
MAX_DEADLINE = 600.0
"""Seconds; longer deadlines are cut to it: no reply is remembered for longer."""
DEFAULT_DEADLINE = 10.0


class NotAFrame(Exception):  # noqa: N818  # reads as the reason it is
    """Not a frame of this protocol; ``close`` and ``reason`` are for the close frame."""

    def __init__(self, reason: str, close: Close = Close.BAD_FRAME) -> None:
        super().__init__(reason)
        self.reason = reason
        self.close = close


@dataclass(frozen=True, slots=True)
class Hello:
    """``resume``: epoch and last applied position of the user stream, or nothing."""

    ticket: str
    tab: str
    client: str
    resume: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Auth:
    ticket: str


@dataclass(frozen=True, slots=True)
class Ack:
    seq: int
    visible: bool


@dataclass(frozen=True, slots=True)
class Command:
    """``d`` is not yet checked; ``wishes.wish_of`` does that. ``deadline`` in seconds."""

    id: str
    cmd: str
    d: Mapping[str, Any]
    deadline: float
    sent: float | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A frame type this version does not know: ignored and counted."""

    t: str


Frame: TypeAlias = Hello | Auth | Ack | Command | Unknown


def parse(text: str) -> Frame:
    """One frame. Raises ``NotAFrame``."""
    if len(text) > MAX_FRAME:
        raise NotAFrame(f"frame longer than {MAX_FRAME} bytes")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise NotAFrame(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise NotAFrame(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise NotAFrame("a frame is a JSON object")
    if _deeper_than(value, MAX_DEPTH):
        raise NotAFrame(f"nested deeper than {MAX_DEPTH}")
    kind = value.get("t")
    if not isinstance(kind, str):
        raise NotAFrame("the frame has no `t` (a string)")
    reader = _FRAMES.get(kind)
    if reader is None:
        return Unknown(kind[:40])
    try:
        return reader(value)
    except BadField as error:
        raise NotAFrame(f"{kind}: {error}") from None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _deeper_than(value: object, depth: int) -> bool:
    level = [value]
    while level:
        if depth == 0:
            return True
        depth -= 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)  # type: ignore[attr-defined]
            if isinstance(inner, (dict, list))
        ]
    return False


# --- frames --------------------------------------------------------------------------------------


def _hello(d: Mapping[str, Any]) -> Hello:
    if d.get("v") != VERSION or isinstance(d.get("v"), bool):
        raise NotAFrame(f"this server speaks version {VERSION}; load the page again", Close.VERSION)
    client = d.get("client")
    if not isinstance(client, dict):
        raise BadField("`client` must be an object with `name`, `version` and `tab`")
    resume = d.get("resume")
    position: tuple[str, int] | None = None
    if resume is not None:
        if not isinstance(resume, dict):
            raise BadField("`resume` must be an object with `epoch` and `seq`")
        position = (text(resume, "epoch"), count(resume, "seq"))
    return Hello(
        ticket=text(d, "ticket"),
        tab=text(client, "tab"),
        client=f"{text(client, 'name')} {text(client, 'version')}",
        resume=position,
    )


def _auth(d: Mapping[str, Any]) -> Auth:
    return Auth(text(d, "ticket"))


def _ack(d: Mapping[str, Any]) -> Ack:
    visible = d.get("visible", True)
    if not isinstance(visible, bool):
        raise BadField("`visible` must be true or false")
    return Ack(count(d, "seq"), visible)


def _command(d: Mapping[str, Any]) -> Command:
    arguments = d.get("d", {})
    if not isinstance(arguments, dict):
        raise BadField("`d` must be an object")
    milliseconds = seconds(d, "deadline_ms")
    deadline = DEFAULT_DEADLINE if milliseconds is None else milliseconds / 1000
    return Command(
        id=text(d, "id"),
        cmd=text(d, "cmd"),
        d=arguments,
        deadline=min(max(deadline, 0.0), MAX_DEADLINE),
        sent=seconds(d, "sent"),
    )


_FRAMES: Mapping[str, Callable[[Mapping[str, Any]], Frame]] = {
    "hello": _hello,
    "auth": _auth,
    "ack": _ack,
    "cmd": _command,
}
