"""What customers asked that nobody could answer: reported in clusters, the largest first. Pure.

An item is what somebody said when the words were of no known reason or left it open, when an agent
marked that an answer was missing, or when every answer that was marked was wrong. Items that are
put alike become one cluster: each joins the nearest leader that is near enough, else leads itself
(Hartigan, *Clustering Algorithms*, 1975, chapter 3), then every item moves once to the nearest
centre. Reading and comparing 2,000 items takes about a second: call it in a thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Words
from callcenter.floor.orders import RecordMark
from callcenter.ports import Lesson

from .encoders import Encoder
from .masking import masked, words_kept
from .wordings import between

MOST_ITEMS: Final = 2_000
MOST_EXAMPLES: Final = 5
MOST_REASONS: Final = 3
WEEK: Final = 7 * 86_400.0
UNSURE: Final = 0.4
"""A likeliest reason below this leaves it open."""
NEAR: Final = 0.34
"""Cosine from which two texts are put alike, by their letters."""
NEAR_IN_MEANING: Final = 0.62
"""With an encoder."""

Why: TypeAlias = Literal["unsure", "missing", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One unanswered question; ``text`` is masked."""

    at: float
    call: str
    text: str
    why: Why
    language: str | None
    reason: str | None
    """The likeliest, or the one the agent confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Questions that are put alike."""

    size: int
    """Calls."""
    this_week: int
    """In the last seven days."""
    week_before: int
    examples: tuple[str, ...]
    """Masked; the most typical first."""
    reasons: tuple[tuple[str, int], ...]
    """Code and how many calls, the likeliest first."""
    languages: tuple[tuple[str, int], ...]
    whys: tuple[tuple[Why, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The report. ``items`` were looked at, of ``found``."""

    found: int
    items: int
    clusters: tuple[Cluster, ...]


def gathered(lessons: Iterable[Lesson], marks: Iterable[RecordMark]) -> tuple[Item, ...]:
    """What nobody could answer, the oldest first; each text of a call once.

    ``lessons`` and ``marks`` of the same time. Names are not known here: what is kept of words is
    masked as far as they introduce themselves.
    """
    found: dict[tuple[str, str], Item] = {}
    for item in [*_of_marks(marks), *_of_lessons(lessons)]:
        # What an agent said of it weighs more than what a model did.
        found.setdefault((item.call, item.text), item)
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.call, one.text)))


def _of_lessons(lessons: Iterable[Lesson]) -> Iterable[Item]:
    for lesson in lessons:
        if lesson.shown and lesson.shown[0][1] >= UNSURE:
            continue
        yield from _items(lesson.words, lesson.at, lesson.call, "unsure", lesson.reason)


def _of_marks(marks: Iterable[RecordMark]) -> Iterable[Item]:
    of_call: dict[str, dict[str | None, RecordMark]] = {}
    for mark in marks:
        of_call.setdefault(mark.call, {})[mark.answer] = mark  # the last of each answer
    for call, last in of_call.items():
        missing = [mark for mark in last.values() if mark.mark == "missing"]
        for mark in missing:
            if mark.text.strip():
                text = masked(mark.text)
                yield Item(
                    at=mark.at, call=call, text=text, why="missing", language=None,
                    reason=mark.reason,
                )  # fmt: skip
            yield from _items(mark.words, mark.at, call, "missing", mark.reason)
        if not missing and all(mark.mark == "wrong" for mark in last.values()):
            newest = max(last.values(), key=lambda mark: mark.at)
            yield from _items(newest.words, newest.at, call, "wrong", newest.reason)


def _items(
    words: Sequence[Words], at: float, call: str, why: Why, reason: str | None
) -> Iterable[Item]:
    for one in words:
        for text in words_kept([one]):
            yield Item(at=at, call=call, text=text, why=why, language=one.language, reason=reason)


def report(
    items: Collection[Item],
    until: float,
    *,
    encoder: Encoder | None = None,
    seed: int = 0,
    most: int = 30,
) -> Unanswered:
    """The ``most`` largest clusters of the newest items; ``until``: end of the last seven days.

    The same items and seed give the same report, whatever the order of the items.
    """
    newest = sorted(items, key=lambda one: (one.at, one.call, one.text))[-MOST_ITEMS:]
    clusters = [
        _cluster([newest[at] for at in places], until)
        for places in _alike([one.text for one in newest], encoder, np.random.default_rng(seed))
    ]
    clusters.sort(key=lambda one: (-one.size, -one.this_week, one.examples))
    return Unanswered(found=len(items), items=len(newest), clusters=tuple(clusters[:most]))


def _alike(
    texts: Sequence[str], encoder: Encoder | None, random: np.random.Generator
) -> list[list[int]]:
    """Places of the texts of each cluster, the most typical first."""
    if not texts:
        return []
    similar = _similarities(texts, encoder)
    near = NEAR if encoder is None else NEAR_IN_MEANING
    order = [int(at) for at in random.permutation(len(texts))]
    # Texts with many others near lead: a text at the edge would split what belongs together.
    crowd = (similar >= near).sum(axis=1)
    order.sort(key=lambda at: -int(crowd[at]))
    leaders: list[int] = []
    for at in order:
        if not leaders or float(similar[at, leaders].max()) < near:
            leaders.append(at)
    belongs = similar[:, leaders].argmax(axis=1)
    means = np.stack([similar[:, belongs == one].mean(axis=1) for one in range(len(leaders))], 1)
    # Once to the nearest centre; who is near none stays with the leader.
    nearer = means.argmax(axis=1)
    moved = np.where(means.max(axis=1) >= near / 2.0, nearer, belongs)
    clusters = []
    for one in range(len(leaders)):
        places = np.flatnonzero(moved == one)
        if len(places):
            typical = similar[np.ix_(places, places)].mean(axis=1)
            clusters.append([int(places[at]) for at in np.argsort(-typical, kind="stable")])
    return clusters


def _similarities(texts: Sequence[str], encoder: Encoder | None) -> NDArray[np.float32]:
    """Cosines, shape (n, n); 16 MB for 2,000 texts."""
    if encoder is not None:
        vectors = encoder.encode(texts)
        meaning: NDArray[np.float32] = vectors @ vectors.T
        return meaning
    letters = between(texts).astype(np.float32)
    np.fill_diagonal(letters, 1.0)  # a text without a letter is like itself, too
    return letters


def _cluster(items: Sequence[Item], until: float) -> Cluster:
    calls: dict[str, Item] = {}
    for item in items:
        calls.setdefault(item.call, item)
    ages = [until - item.at for item in calls.values()]
    return Cluster(
        size=len(calls),
        this_week=sum(age < WEEK for age in ages),
        week_before=sum(WEEK <= age < 2 * WEEK for age in ages),
        examples=tuple(dict.fromkeys(item.text for item in items))[:MOST_EXAMPLES],
        reasons=_counted(item.reason for item in calls.values())[:MOST_REASONS],
        languages=_counted(item.language for item in calls.values()),
        whys=tuple(sorted(Counter(item.why for item in calls.values()).items(), key=_often)),
    )


def _counted(values: Iterable[str | None]) -> tuple[tuple[str, int], ...]:
    counted = Counter(value for value in values if value)
    return tuple(sorted(counted.items(), key=_often))


def _often(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]
