"""What anybody would guess, to measure models against: four rules without a model. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from callcenter.ports import Lesson

NAMES: Final = ("frequent", "usual", "last", "event")
"""The reason most frequent of all; the person's own most frequent; the person's last one; the one
most frequent after the latest thing that happened to them."""
_NO_EVENTS: Final = frozenset({"last", "before", "bill"})
"""Groups with an age that are no event of their own: earlier calls, a bill that is paid."""
_AGE: Final = "|age"
_LAST: Final = "last|"
_PAST, _SHARE = "past.", "|share"


class Baselines:
    """Guesses from what was learned so far; ``learn`` each call after it was guessed."""

    def __init__(self) -> None:
        self._all: Counter[str] = Counter()
        self._own: dict[str, Counter[str]] = {}
        self._last: dict[str, str] = {}
        self._after: dict[str, Counter[str]] = {}

    def learn(self, lesson: Lesson) -> None:
        self._all[lesson.reason] += 1
        if lesson.person is not None:
            self._own.setdefault(lesson.person, Counter())[lesson.reason] += 1
            self._last[lesson.person] = lesson.reason
        if (event := latest_event(lesson)) is not None:
            self._after.setdefault(event, Counter())[lesson.reason] += 1

    def guesses(self, lesson: Lesson) -> dict[str, str | None]:
        """By ``NAMES``; ``None`` before anything was learned. What a rule cannot say, the most
        frequent reason says."""
        frequent = _most(self._all)
        person = lesson.person or ""
        event = latest_event(lesson)
        return {
            "frequent": frequent,
            "usual": _usual(lesson) or _most(self._own.get(person)) or frequent,
            "last": _last(lesson) or self._last.get(person) or frequent,
            "event": (_most(self._after.get(event)) if event else None) or frequent,
        }


def accuracies(past: Iterable[Lesson], lessons: Sequence[Lesson]) -> dict[str, float | None]:
    """Share of ``lessons`` (oldest first) that each rule guesses right, knowing ``past`` and the
    lessons before; ``None`` without lessons."""
    rules = Baselines()
    for lesson in past:
        rules.learn(lesson)
    right: Counter[str] = Counter()
    for lesson in lessons:
        for name, guess in rules.guesses(lesson).items():
            right[name] += guess == lesson.reason
        rules.learn(lesson)
    return {name: right[name] / len(lessons) if lessons else None for name in NAMES}


def latest_event(lesson: Lesson) -> str | None:
    """The group of features whose age is the smallest: what happened last."""
    ages = [
        (value, name.removesuffix(_AGE))
        for name, value in lesson.features
        if name.endswith(_AGE) and name.removesuffix(_AGE) not in _NO_EVENTS
    ]
    return min(ages)[1] if ages else None


def _usual(lesson: Lesson) -> str | None:
    shares = [
        (-value, name[len(_PAST) : -len(_SHARE)])
        for name, value in lesson.features
        if name.startswith(_PAST) and name.endswith(_SHARE)
    ]
    return min(shares)[1] if shares else None


def _last(lesson: Lesson) -> str | None:
    for name, _ in lesson.features:
        if name.startswith(_LAST):
            what = name.removeprefix(_LAST)
            if what not in ("age", "open") and not what.startswith("open."):
                return what
    return None


def _most(counts: Counter[str] | None) -> str | None:
    """The most frequent; of equals the first by name, whatever order they came in."""
    return min(counts, key=lambda reason: (-counts[reason], reason)) if counts else None
