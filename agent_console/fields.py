"""Fields of what a browser sends: each is what it says it is, or ``BadField``. Pure.

Must not know which frame or command a field belongs to; whoever asks says so in front.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

MAX_NOTES = 8_000
"""Characters of notes, as typed."""
MAX_ID = 200
MAX_WORDS = 500
"""Characters of a reason or a call for help, as typed."""
MAX_TARGET = 64
MAX_DIGITS = 32
MAX_SKILLS = 200
MAX_SKILL = 60

TARGET = r"\+?[0-9A-Za-z*#][0-9A-Za-z*#._-]*"
"""A number or an extension: what a dialplan may be asked for, and nothing that could end a line
of the exchange's protocol or begin another argument of a dialplan application."""
DIGITS = r"[0-9A-D*#]+"
"""DTMF, RFC 4733 section 3.2."""

_target = re.compile(TARGET, re.ASCII)
_digits = re.compile(DIGITS, re.ASCII)
Word = TypeVar("Word", bound=str)


class BadField(Exception):  # noqa: N818  # reads as the reason it is
    """A field of a command is missing or wrong; the message names it and what is allowed."""


def text(d: Mapping[str, Any], key: str, limit: int = MAX_ID) -> str:
    value = d.get(key)
    if not isinstance(value, str) or not value:
        raise BadField(f"`{key}` must be a text that is not empty")
    if len(value) > limit:
        raise BadField(f"`{key}` is longer than {limit} characters")
    if not storable(value):
        raise BadField(f"`{key}` holds a character that cannot be stored")
    return value


def storable(value: str) -> bool:
    """No database takes a NUL or a lone surrogate, though both are valid in JSON."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def text_or_none(d: Mapping[str, Any], key: str) -> str | None:
    return None if d.get(key) is None else text(d, key)


def notes(d: Mapping[str, Any]) -> str:
    value = d.get("notes")
    if not isinstance(value, str):
        raise BadField("`notes` must be a text")
    if len(value) > MAX_NOTES:
        raise BadField(f"`notes` is longer than {MAX_NOTES} characters")
    if storable(value):
        return value
    # What somebody pasted must not keep the rest of their notes from being saved.
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def count(d: Mapping[str, Any], key: str) -> int:
    value = d.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise BadField(f"`{key}` must be a whole number from 0 to 2^53 - 1")
    return value


def seconds(d: Mapping[str, Any], key: str) -> float | None:
    value = d.get(key)
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise BadField(f"`{key}` must be a number")
    return float(value)


def words(d: Mapping[str, Any], key: str, *, needed: bool = False) -> str:
    """What somebody typed, without blanks around it; empty where it may be and is absent."""
    value = d.get(key)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise BadField(f"`{key}` must be a text")
    if needed and not value.strip():
        raise BadField(f"`{key}` must be a text that is not empty")
    if len(value) > MAX_WORDS:
        raise BadField(f"`{key}` is longer than {MAX_WORDS} characters")
    if not storable(value):
        raise BadField(f"`{key}` holds a character that cannot be stored")
    return value.strip()


def one_of(d: Mapping[str, Any], key: str, choices: Mapping[str, Word]) -> Word:
    value = d.get(key)
    found = choices.get(value) if isinstance(value, str) else None
    if found is None:
        raise BadField(f"`{key}` must be one of {', '.join(choices)}")
    return found


def target(d: Mapping[str, Any]) -> str:
    """A number or an extension, without the blanks and brackets that people write."""
    value = text(d, "target", MAX_TARGET)
    if not _target.fullmatch(value):
        raise BadField("`target` must be a number or an extension: digits, letters, + * # . _ -")
    return value


def digits(d: Mapping[str, Any]) -> str:
    value = text(d, "digits", MAX_DIGITS)
    if not _digits.fullmatch(value):
        raise BadField("`digits` must be keys of a telephone: 0 to 9, A to D, * and #")
    return value


def skills(d: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """In the order of their names; levels 0 to 5."""
    value = d.get("skills")
    if not isinstance(value, dict):
        raise BadField("`skills` must be an object of skill and level")
    if len(value) > MAX_SKILLS:
        raise BadField(f"`skills` are more than {MAX_SKILLS}")
    for name, level in value.items():
        if not name or len(name) > MAX_SKILL or not storable(name) or name != name.strip():
            raise BadField(f"`skills`: {name[:MAX_SKILL]!r} is no name of a skill")
        if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= 5:
            raise BadField(f"`skills`: the level of {name} must be a whole number from 0 to 5")
    return tuple(sorted(value.items()))
