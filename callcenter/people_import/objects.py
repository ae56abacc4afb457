"""People as JSON Lines: one object a line, its keys the columns of ``columns``. Pure.

Values become the text a CSV cell would hold and are read like it; ``happenings`` and ``pages``,
which no cell can hold, are read here. Reasons name the key and show what is there.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from callcenter.store.imports import ImportedLine

from .cells import LineError, Normalise, clean
from .columns import REJECTED_LINE, REJECTED_REASON, near, person_line, read_name

HAPPENINGS, PAGES = "happenings", "pages"
MOST: Final = 1_000
"""Happenings or pages of a person in one line."""
_AHEAD: Final = 86_400.0
"""Seconds; clocks differ, what is further ahead is a mistake."""
_TITLE: Final = 200
_KEY = re.compile(r"[!-~]{1,64}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_PAGE = re.compile(r"[a-z0-9][a-z0-9_./-]{0,63}")


@dataclass(frozen=True, slots=True)
class Objects:
    """Reads lines. ``now``: seconds since the epoch; nothing can have happened after it."""

    now: float

    def line(self, number: int, cells: Sequence[str], normalise: Normalise) -> ImportedLine:
        """What a line, its one cell, says about a person. Raises ``LineError``."""
        values: dict[str, str] = {}
        told: dict[str, Any] = {}
        for key, value in parsed(cells[0]).items():
            if key in (REJECTED_LINE, REJECTED_REASON):
                continue
            if key in (HAPPENINGS, PAGES):
                told[key] = value
                continue
            name = read_name(key)
            if name is None:
                raise LineError(f"unknown key {key[:60]!r}{near(key, (HAPPENINGS, PAGES))}")
            if name in values:
                raise LineError(f"{name}: is there twice")
            values[name] = clean(name, _text(name, value))
        if "name" not in values:
            raise LineError("name: is missing")
        if "lifetime_value" in values and "currency" not in values:
            raise LineError("lifetime_value: its currency is missing")
        return person_line(
            number,
            values,
            normalise,
            happenings=_many(HAPPENINGS, told.get(HAPPENINGS), self._happening, "id"),
            pages=_many(PAGES, told.get(PAGES), self._page, "at", "page"),
        )

    def kept(self, cells: Sequence[str]) -> Sequence[str]:
        return cells

    def _happening(self, where: str, told: Mapping[str, Any]) -> dict[str, Any]:
        _only(where, told, ("id", "at", "kind", "title", "topic"))
        title = clean(f"{where}.title", _string(f"{where}.title", told.get("title") or ""))
        if len(title) > _TITLE:
            raise LineError(f"{where}.title: {len(title)} characters, at most {_TITLE} are allowed")
        topic = told.get("topic")
        return {
            "id": _like(_KEY, f"{where}.id", told.get("id"), "visible ASCII without blanks"),
            "at": self._at(f"{where}.at", told.get("at")),
            "kind": _like(_CODE, f"{where}.kind", told.get("kind"), "a code such as fee_charged"),
            "title": title,
            "topic": None if topic is None else _like(_CODE, f"{where}.topic", topic, "a code"),
        }

    def _page(self, where: str, told: Mapping[str, Any]) -> dict[str, Any]:
        _only(where, told, ("at", "page"))
        page = _like(_PAGE, f"{where}.page", told.get("page"), "a short word such as fees")
        return {"at": self._at(f"{where}.at", told.get("at")), "page": page}

    def _at(self, where: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise LineError(f"{where}: {_shown(value)} is no time in seconds since 1970-01-01 UTC")
        try:
            at = float(value)
        except OverflowError:
            at = math.inf
        if not 0 <= at <= self.now + _AHEAD:
            raise LineError(f"{where}: {_shown(value)} is before 1970 or more than a day ahead")
        return at


def parsed(text: str) -> dict[str, Any]:
    """The object a line holds; decimal fractions as ``Decimal``. Raises ``LineError``."""
    try:
        found = json.loads(
            text, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_once
        )
    except LineError:
        raise
    except RecursionError as error:
        raise LineError("lists and objects are nested too deeply") from error
    except ValueError as error:
        raise LineError(f"is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise LineError("is not a JSON object: each line must be one, in braces")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and key not in (REJECTED_LINE, REJECTED_REASON):
            raise LineError(f"{key[:60]!r}: is there twice")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise LineError(f"is not JSON ({name})")


def _text(name: str, value: Any) -> str:
    """What a cell of a CSV file would say."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return _number(name, value)
    if isinstance(value, list):
        parts = [_part(name, one) for one in value]
        return ";".join(parts)
    raise LineError(f"{name}: an object is not expected here")


def _part(name: str, value: Any) -> str:
    text = _number(name, value) if _is_number(value) else value
    if not isinstance(text, str):
        raise LineError(f"{name}: {_shown(value)} in the list is no text")
    if ";" in text:
        raise LineError(f"{name}: {text[:40]!r} contains ';', which separates several")
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(name: str, value: int | Decimal) -> str:
    try:
        return str(value)
    except ValueError as error:  # an integer of thousands of digits
        raise LineError(f"{name}: the number is too long") from error


def _many(
    key: str, value: Any, read: Callable[[str, Mapping[str, Any]], dict[str, Any]], *same: str
) -> list[dict[str, Any]]:
    """``same``: what two of them may not share."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise LineError(f"{key}: {_shown(value)} is no list")
    if len(value) > MOST:
        raise LineError(f"{key}: {len(value)} of them, at most {MOST} are allowed")
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for place, one in enumerate(value):
        where = f"{key}[{place}]"
        if not isinstance(one, dict):
            raise LineError(f"{where}: {_shown(one)} is no object")
        row = read(where, one)
        if found.setdefault(tuple(row[name] for name in same), row) is not row:
            raise LineError(f"{where}: the same is in the list before")
    return list(found.values())


def _only(where: str, told: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for key in told:
        if key not in allowed:
            raise LineError(f"{where}: unknown key {key[:60]!r}; allowed are {', '.join(allowed)}")


def _string(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise LineError(f"{where}: {_shown(value)} is no text")
    return value


def _like(pattern: re.Pattern[str], where: str, value: Any, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise LineError(f"{where}: {_shown(value)} is not {what}, up to 64 characters")
    return value


def _shown(value: Any) -> str:
    """What is there, for whoever made the file."""
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) >= 10**40:
        return "such a number"
    return repr(str(value)[:40])
