"""What a command asks for: its fields in, a checked wish out. Pure.

Must not know who is speaking or whether they may: that is ``session``. A command whose fields are
wrong raises ``BadField`` (the command is refused, the socket stays).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from callcenter.floor.card import AnswerMark
from callcenter.floor.control_rules import AIMED, EXPLAINED
from callcenter.floor.events import ControlKind

from .fields import (
    BadField,
    count,
    digits,
    notes,
    one_of,
    seconds,
    skills,
    target,
    text,
    text_or_none,
    words,
)
from .protocol import Command

MAX_EXTENSION = 3600.0
"""Seconds of wrap-up that may be asked for at once."""
MAX_SNOOZE = 60.0
"""Minutes by which a callback may be put off at once."""
MARKS: Final[Mapping[str, AnswerMark]] = {mark: mark for mark in get_args(AnswerMark)}
CONTROLS: Final[Mapping[str, ControlKind]] = {do: do for do in get_args(ControlKind)}
"""What needs a number or extension."""

_control_id = re.compile(r"[!-~]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class ChooseState:
    """``agent``: whose state a supervisor chooses; nobody: one's own."""

    state: Literal["ready", "break"]
    reason: str | None
    agent: str | None = None


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


@dataclass(frozen=True, slots=True)
class Extend:
    """More wrap-up time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Accept:
    reservation: str


@dataclass(frozen=True, slots=True)
class Refuse:
    reservation: str
    reason: str


@dataclass(frozen=True, slots=True)
class SnoozeCallback:
    """Whoever previews a callback wishes it later."""

    reservation: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ControlCall:
    """``id`` is the command's own: the result comes back under it."""

    id: str
    call: str
    do: ControlKind
    target: str | None
    digits: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MarkAnswer:
    """``answer`` is ``None`` with ``missing``; ``text``: what was asked, with ``missing`` only."""

    call: str
    answer: str | None
    mark: AnswerMark
    text: str


@dataclass(frozen=True, slots=True)
class AskHelp:
    call: str | None
    text: str


@dataclass(frozen=True, slots=True)
class GiveHelp:
    agent: str


@dataclass(frozen=True, slots=True)
class SignOutAgent:
    agent: str


@dataclass(frozen=True, slots=True)
class SetSkills:
    agent: str
    skills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Explain:
    """Who would get this waiting call now, and why."""

    call: str


FloorWish: TypeAlias = (
    ChooseState
    | Leave
    | ChoosePerson
    | Finish
    | Extend
    | Accept
    | Refuse
    | SnoozeCallback
    | ControlCall
    | MarkAnswer
    | AskHelp
    | GiveHelp
    | SignOutAgent
    | SetSkills
)
"""What goes to the floor as an event."""
Wish: TypeAlias = Ping | SaveDraft | Explain | FloorWish


def wish_of(command: Command) -> Wish:
    """What the command asks for. Raises ``BadField``, ``KeyError`` for an unknown command."""
    if command.cmd == CONTROL:
        return _control(command)
    return _WISHES[command.cmd](command.d)


def _choose_state(d: Mapping[str, Any]) -> ChooseState:
    state, agent = d.get("state"), text_or_none(d, "agent")
    if state == "ready":
        return ChooseState("ready", None, agent)
    if state == "break":
        return ChooseState("break", text_or_none(d, "reason"), agent)
    raise BadField('`state` must be "ready" or "break"')


def _choose_person(d: Mapping[str, Any]) -> ChoosePerson:
    if "person" not in d:
        raise BadField("`person` must be an id, or null for none of the candidates")
    return ChoosePerson(text(d, "call"), text_or_none(d, "person"))


def _save_draft(d: Mapping[str, Any]) -> SaveDraft:
    return SaveDraft(
        call=text(d, "call"),
        rev=count(d, "rev"),
        reason=text_or_none(d, "reason"),
        outcome=text_or_none(d, "outcome"),
        notes=notes(d),
    )


def _finish(d: Mapping[str, Any]) -> Finish:
    return Finish(text(d, "call"), text(d, "reason"), text(d, "outcome"), notes(d))


def _extend(d: Mapping[str, Any]) -> Extend:
    more = seconds(d, "seconds")
    if more is None or not 0.0 < more <= MAX_EXTENSION:
        raise BadField(f"`seconds` must be a number above 0, at most {MAX_EXTENSION:g}")
    return Extend(more)


def _refuse(d: Mapping[str, Any]) -> Refuse:
    return Refuse(text(d, "reservation"), words(d, "reason", needed=True))


def _snooze(d: Mapping[str, Any]) -> SnoozeCallback:
    minutes = seconds(d, "minutes")
    if minutes is None or not 0.0 < minutes <= MAX_SNOOZE:
        raise BadField(f"`minutes` must be a number above 0, at most {MAX_SNOOZE:g}")
    return SnoozeCallback(text(d, "reservation"), minutes * 60.0)


def _control(command: Command) -> ControlCall:
    if not _control_id.fullmatch(command.id):
        raise BadField("`id` must be 1 to 64 visible ASCII characters")
    d = command.d
    do = one_of(d, "do", CONTROLS)
    return ControlCall(
        id=command.id,
        call=text(d, "call"),
        do=do,
        target=target(d) if do in AIMED else _supervised(d) if do in EXPLAINED else None,
        digits=digits(d) if do == "dtmf" else None,
        reason=words(d, "reason", needed=do in EXPLAINED) or None,
    )


def _supervised(d: Mapping[str, Any]) -> str | None:
    """The device of the agent who is meant, where several are in the call."""
    return text_or_none(d, "target")


def _mark_answer(d: Mapping[str, Any]) -> MarkAnswer:
    mark = one_of(d, "mark", MARKS)
    answer, said = text_or_none(d, "answer"), words(d, "text")
    if (answer is None) != (mark == "missing"):
        raise BadField('`answer` must be an id, and null with "missing"')
    if said and mark != "missing":
        raise BadField('`text` goes with "missing" only')
    return MarkAnswer(text(d, "call"), answer, mark, said)


def _ask_help(d: Mapping[str, Any]) -> AskHelp:
    return AskHelp(text_or_none(d, "call"), words(d, "text"))


def _set_skills(d: Mapping[str, Any]) -> SetSkills:
    return SetSkills(text(d, "agent"), skills(d))


CONTROL = "call.control"
_WISHES: Mapping[str, Callable[[Mapping[str, Any]], Wish]] = {
    "ping": lambda d: Ping(),
    "agent.state": _choose_state,
    "agent.leave": lambda d: Leave(),
    "agent.sign_out": lambda d: SignOutAgent(text(d, "agent")),
    "agent.skills": _set_skills,
    "offer.accept": lambda d: Accept(text(d, "reservation")),
    "offer.refuse": _refuse,
    "snooze_callback": _snooze,
    "card.person": _choose_person,
    "answer.mark": _mark_answer,
    "wrapup.draft": _save_draft,
    "wrapup.extend": _extend,
    "wrapup.finish": _finish,
    "help.ask": _ask_help,
    "help.give": lambda d: GiveHelp(text(d, "agent")),
    "routing.explain": lambda d: Explain(text(d, "call")),
}

COMMANDS = frozenset(_WISHES) | {CONTROL}
