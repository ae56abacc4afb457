"""Scripted days: who calls when, as data.

Pure. A day is a list of calls; the same day with the same seed gives the same events to the byte.
JSON: a list of objects with ``at`` (seconds from the start) and the fields of Arrival.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, get_args

from telephony.simulator.arrivals import Arrival, Ender, Outcome
from telephony.simulator.settings import Reaction


class ScriptError(ValueError):
    """A scripted day is wrong; says which item and which field."""


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """`at`: seconds from the start of the exchange."""

    at: float
    arrival: Arrival


_TEXT = frozenset({"number", "name", "dialled", "device", "reason", "person", "ender", "far"})
_NUMBERS = frozenset({"patience", "talk", "far_ring"})
_CHOICES = {"ender": get_args(Ender), "far": get_args(Reaction)}
_FIELDS = frozenset(field.name for field in fields(Arrival))


def load(text: str) -> tuple[ScriptedCall, ...]:
    """A day from JSON. Raises ScriptError naming item and field."""
    try:
        items = json.loads(text)
    except json.JSONDecodeError as problem:
        raise ScriptError(f"not JSON: {problem}") from None
    if not isinstance(items, list):
        raise ScriptError("a day is a list of calls")
    calls = [_call(number, item) for number, item in enumerate(items, start=1)]
    return tuple(sorted(calls, key=lambda call: call.at))


def _call(number: int, item: object) -> ScriptedCall:
    if not isinstance(item, dict):
        raise ScriptError(f"item {number}: is not an object")
    values: dict[str, Any] = dict(item)
    unknown = sorted(set(values) - _FIELDS - {"at"})
    if unknown:
        allowed = ", ".join(sorted(_FIELDS | {"at"}))
        raise ScriptError(f"item {number}, field {unknown[0]}: unknown; allowed are {allowed}")
    for needed in ("at", "dialled"):
        if needed not in values:
            raise ScriptError(f"item {number}, field {needed}: is missing")
    at = _number(number, "at", values.pop("at"))
    for name, value in values.items():
        if name in _NUMBERS:
            values[name] = _number(number, name, value)
        elif value is not None and not isinstance(value, str):
            raise ScriptError(f"item {number}, field {name}: is not text")
        elif name in _CHOICES and value not in _CHOICES[name]:
            allowed = ", ".join(_CHOICES[name])
            raise ScriptError(f"item {number}, field {name}: is not one of {allowed}")
    try:
        return ScriptedCall(at, Arrival(**values))
    except (TypeError, ValueError) as problem:
        raise ScriptError(f"item {number}: {problem}") from None


def _number(item: int, name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScriptError(f"item {item}, field {name}: is not a number")
    if not math.isfinite(value) or value < 0:
        raise ScriptError(f"item {item}, field {name}: is below zero or not finite")
    return float(value)


def dump(calls: Iterable[ScriptedCall]) -> str:
    """The day as JSON, one call a line, defaults left out."""
    lines = []
    for call in calls:
        item: dict[str, object] = {"at": call.at}
        for field in fields(Arrival):
            value = getattr(call.arrival, field.name)
            if value != field.default:
                item[field.name] = value
        lines.append(json.dumps(item, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n"


class ScriptDriver:
    """Plays a day. `start`: when it begins, seconds since the epoch."""

    def __init__(self, calls: Iterable[ScriptedCall], start: float) -> None:
        self._calls = iter(sorted(calls, key=lambda call: call.at))
        self._start = start
        self.outcomes: list[Outcome] = []

    def next_call(self, now: float) -> tuple[float, Arrival] | None:
        call = next(self._calls, None)
        return None if call is None else (max(now, self._start + call.at), call.arrival)

    def on_call_over(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
