"""What a browser may say on ``cc.v1``: text in, checked frames out. Pure.

Must not know who is speaking or whether they may: that is ``session``. A text that is no frame of
this protocol raises ``NotAFrame`` (the socket is closed); a command whose fields are wrong raises
``BadField`` (the command is refused, the socket stays).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

from .frames import MAX_FRAME, VERSION, Close

MAX_DEPTH = 8
MAX_NOTES = 8_000
"""Characters of notes, as typed."""
MAX_ID = 200
MAX_DEADLINE = 600.0
"""Seconds; longer deadlines are cut to it: no reply is remembered for longer."""
DEFAULT_DEADLINE = 10.0


class NotAFrame(Exception):  # noqa: N818  # reads as the reason it is
    """Not a frame of this protocol; ``close`` and ``reason`` are for the close frame."""

    def __init__(self, reason: str, close: Close = Close.BAD_FRAME) -> None:
        super().__init__(reason)
        self.reason = reason
        self.close = close


class BadField(Exception):  # noqa: N818  # reads as the reason it is
    """A field of a command is missing or wrong; the message names it and what is allowed."""


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
    """``d`` is not yet checked; ``wish_of`` does that. ``deadline`` in seconds."""

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


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class ChooseState:
    state: Literal["ready", "break"]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class ChoosePerson:
    call: str
    person: str | None


@dataclass(frozen=True, slots=True)
class SaveDraft:
    call: str
    rev: int
    reason: str | None
    outcome: str | None
    notes: str


@dataclass(frozen=True, slots=True)
class Finish:
    call: str
    reason: str
    outcome: str
    notes: str


Wish: TypeAlias = Ping | ChooseState | Leave | ChoosePerson | SaveDraft | Finish


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


def wish_of(command: Command) -> Wish:
    """What the command asks for. Raises ``BadField``, ``KeyError`` for an unknown command."""
    return _WISHES[command.cmd](command.d)


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


# --- fields --------------------------------------------------------------------------------------


def _text(d: Mapping[str, Any], key: str, limit: int = MAX_ID) -> str:
    value = d.get(key)
    if not isinstance(value, str) or not value:
        raise BadField(f"`{key}` must be a text that is not empty")
    if len(value) > limit:
        raise BadField(f"`{key}` is longer than {limit} characters")
    if not _storable(value):
        raise BadField(f"`{key}` holds a character that cannot be stored")
    return value


def _storable(value: str) -> bool:
    """No database takes a NUL or a lone surrogate, though both are valid in JSON."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _text_or_none(d: Mapping[str, Any], key: str) -> str | None:
    return None if d.get(key) is None else _text(d, key)


def _notes(d: Mapping[str, Any]) -> str:
    value = d.get("notes")
    if not isinstance(value, str):
        raise BadField("`notes` must be a text")
    if len(value) > MAX_NOTES:
        raise BadField(f"`notes` is longer than {MAX_NOTES} characters")
    if _storable(value):
        return value
    # What somebody pasted must not keep the rest of their notes from being saved.
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _count(d: Mapping[str, Any], key: str) -> int:
    value = d.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise BadField(f"`{key}` must be a whole number from 0 to 2^53 - 1")
    return value


def _seconds(d: Mapping[str, Any], key: str) -> float | None:
    value = d.get(key)
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise BadField(f"`{key}` must be a number")
    return float(value)


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
        position = (_text(resume, "epoch"), _count(resume, "seq"))
    return Hello(
        ticket=_text(d, "ticket"),
        tab=_text(client, "tab"),
        client=f"{_text(client, 'name')} {_text(client, 'version')}",
        resume=position,
    )


def _auth(d: Mapping[str, Any]) -> Auth:
    return Auth(_text(d, "ticket"))


def _ack(d: Mapping[str, Any]) -> Ack:
    visible = d.get("visible", True)
    if not isinstance(visible, bool):
        raise BadField("`visible` must be true or false")
    return Ack(_count(d, "seq"), visible)


def _command(d: Mapping[str, Any]) -> Command:
    arguments = d.get("d", {})
    if not isinstance(arguments, dict):
        raise BadField("`d` must be an object")
    milliseconds = _seconds(d, "deadline_ms")
    deadline = DEFAULT_DEADLINE if milliseconds is None else milliseconds / 1000
    return Command(
        id=_text(d, "id"),
        cmd=_text(d, "cmd"),
        d=arguments,
        deadline=min(max(deadline, 0.0), MAX_DEADLINE),
        sent=_seconds(d, "sent"),
    )


_FRAMES: Mapping[str, Callable[[Mapping[str, Any]], Frame]] = {
    "hello": _hello,
    "auth": _auth,
    "ack": _ack,
    "cmd": _command,
}


# --- commands ------------------------------------------------------------------------------------


def _choose_state(d: Mapping[str, Any]) -> ChooseState:
    state = d.get("state")
    if state == "ready":
        return ChooseState("ready", None)
    if state == "break":
        return ChooseState("break", _text_or_none(d, "reason"))
    raise BadField('`state` must be "ready" or "break"')


def _choose_person(d: Mapping[str, Any]) -> ChoosePerson:
    if "person" not in d:
        raise BadField("`person` must be an id, or null for none of the candidates")
    return ChoosePerson(_text(d, "call"), _text_or_none(d, "person"))


def _save_draft(d: Mapping[str, Any]) -> SaveDraft:
    return SaveDraft(
        call=_text(d, "call"),
        rev=_count(d, "rev"),
        reason=_text_or_none(d, "reason"),
        outcome=_text_or_none(d, "outcome"),
        notes=_notes(d),
    )


def _finish(d: Mapping[str, Any]) -> Finish:
    return Finish(_text(d, "call"), _text(d, "reason"), _text(d, "outcome"), _notes(d))


_WISHES: Mapping[str, Callable[[Mapping[str, Any]], Wish]] = {
    "ping": lambda d: Ping(),
    "agent.state": _choose_state,
    "agent.leave": lambda d: Leave(),
    "card.person": _choose_person,
    "wrapup.draft": _save_draft,
    "wrapup.finish": _finish,
}

COMMANDS = frozenset(_WISHES)
