"""Answers with the caller's own facts in them. Pure, and safe: there are names, formats and nothing
else - no expressions, no attributes, no code.

``{order.due|date}`` stands for a fact of ``FACTS``. Any fact may be missing, so each stands in a
sentence in ``[[ ]]``, which is left out whole when one of its facts is: what is left is always a
whole text. How to write them: docs/knowledge.md.

What is put in is data of strangers: it is made one short line and never read again, so that a name
``{bill.amount}`` stays the name it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Final, Protocol

from callcenter.floor.card import FactKind

from . import spoken


class Known(Protocol):
    """Something known, such as a ``Fact``: ``kind`` says how to read ``value``."""

    @property
    def kind(self) -> FactKind: ...
    @property
    def value(self) -> str | int | float | bool: ...
    @property
    def unit(self) -> str | None: ...


FACTS: Final[Mapping[str, FactKind]] = {
    "person.name": "text",
    "person.city": "text",
    "person.since": "date",
    "person.products": "text",
    # The one that is late longest; else the one due next.
    "order.id": "text",
    "order.title": "text",
    "order.due": "instant",
    "late_order.id": "text",
    "late_order.title": "text",
    "late_order.due": "instant",
    "late_order.late_by": "duration",
    "next_order.id": "text",
    "next_order.title": "text",
    "next_order.due": "instant",
    "last_order.id": "text",
    "last_order.title": "text",
    "last_order.placed": "instant",
    "orders.open": "count",
    # The one overdue longest; else the one due next.
    "bill.id": "text",
    "bill.amount": "money",
    "bill.due": "instant",
    "overdue_bill.id": "text",
    "overdue_bill.amount": "money",
    "overdue_bill.due": "instant",
    "overdue_bill.late_by": "duration",
    "next_bill.id": "text",
    "next_bill.amount": "money",
    "next_bill.due": "instant",
    "bills.amount": "money",
    "bills.unpaid": "count",
    "case.id": "text",
    "case.title": "text",
    "case.opened": "instant",
    "cases.open": "count",
    "promise.text": "text",
    "promise.due": "instant",
    "broken_promise.text": "text",
    "broken_promise.due": "instant",
    "contact.at": "instant",
    "contact.agent": "text",
    "contacts.week": "count",
    "happening.title": "text",
    "happening.at": "instant",
    "condition.title": "text",
    "condition.since": "instant",
}
"""Every name there is, and how its value is read. ``intelligence.personal`` fills them."""

FORMATS: Final[Mapping[FactKind, tuple[str, ...]]] = {
    "text": (),
    "count": ("count",),
    "money": ("money",),
    "date": ("date",),
    "instant": ("date", "time"),
    "duration": ("duration",),
}
"""The formats of a kind, the first is used where none is given."""

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_FIELD = re.compile(r"\{([^{}\[\]]*)\}")
_RESERVED = re.compile(r"[{}\[\]]")
_SPACES = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    optional: bool


def check(body: str) -> list[str]:
    """What is wrong with a template, each with what is allowed; empty when it is good."""
    return list(_problems(body))


def check_plain(text: str) -> list[str]:
    """What is wrong with a text that takes no facts (a title, how people ask)."""
    found = _RESERVED.search(text)
    return [f"{found[0]!r} is not for this text; facts stand in bodies only"] if found else []


def render(body: str, facts: Mapping[str, Known], language: str, zone: tzinfo) -> str:
    """``body`` with ``facts`` put in, for a reader of ``language`` (one of ``spoken.LANGUAGES``).

    Raises ``ValueError`` for a body that ``check`` refuses and for an unknown language.
    """
    if problems := _problems(body):
        raise ValueError(problems[0])
    if language not in spoken.LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    said: list[str] = []
    for part in _parts(body):
        filled = _filled(part.text, facts, language, zone)
        if filled is not None:
            said.append(filled)
    return _SPACES.sub(" ", "".join(said)).strip()


@lru_cache(maxsize=4096)
def _problems(body: str) -> tuple[str, ...]:
    problems: list[str] = []
    for part in _parts(body):
        place = "in [[ ]]" if part.optional else "outside of [[ ]]"
        fields = _FIELD.findall(part.text)
        for field in fields:
            problems += _wrong_field(field, part.optional)
        found = _RESERVED.search(_FIELD.sub("", part.text))
        if found:
            problems.append(
                f"{found[0]!r} {place} has no meaning; allowed: {{name}}, {{name|format}} and"
                " [[sentence]], not one within another"
            )
        if part.optional and not fields:
            problems.append(
                f"[[{_brief(part.text)}]] holds no fact that could be missing; leave out the [["
                " and ]]"
            )
    if not any(part.text.strip() for part in _parts(body) if not part.optional):
        problems.append("nothing stands outside of [[ ]]; allowed: a text that is always there")
    return tuple(problems)


def _parts(body: str) -> Iterator[_Part]:
    end = 0
    for found in _OPTIONAL.finditer(body):
        yield _Part(body[end : found.start()], optional=False)
        yield _Part(found[1], optional=True)
        end = found.end()
    yield _Part(body[end:], optional=False)


def _filled(text: str, facts: Mapping[str, Known], language: str, zone: tzinfo) -> str | None:
    """``None`` when a fact is missing or cannot be put into words."""
    said: list[str] = []
    end = 0
    for found in _FIELD.finditer(text):
        name, _, form = found[1].partition("|")
        known = facts.get(name)
        worded = None if known is None else _worded(known, FACTS[name], form, language, zone)
        if worded is None:
            return None
        said += (text[end : found.start()], worded)
        end = found.end()
    return "".join(said) + text[end:]


def _worded(known: Known, kind: FactKind, form: str, language: str, zone: tzinfo) -> str | None:
    if known.kind != kind:
        return None
    match form or next(iter(FORMATS[kind]), "text"):
        case "count":
            return spoken.count(known.value)
        case "money":
            return spoken.money(known.value, known.unit, language)
        case "date":
            return spoken.calendar_date(known.value, language, zone)
        case "time":
            return spoken.clock_time(known.value, zone)
        case "duration":
            return spoken.duration(known.value, language)
    return spoken.text(known.value)


def _wrong_field(field: str, optional: bool) -> list[str]:
    name, bar, form = field.partition("|")
    kind = FACTS.get(name)
    if kind is None:
        return [f"{{{_brief(field)}}} names no fact; allowed: {', '.join(FACTS)}"]
    problems = []
    if bar and form not in FORMATS[kind]:
        allowed = " or ".join(f"{{{name}|{one}}}" for one in FORMATS[kind]) or f"{{{name}}}"
        problems.append(f"{{{_brief(field)}}} has no such format; allowed: {allowed}")
    if not optional:
        problems.append(f"{{{_brief(field)}}} may be missing: its sentence must stand in [[ ]]")
    return problems


def _brief(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
