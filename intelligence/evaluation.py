"""Models over the calls of a period: what each would have said, and how good that is. Pure.

Lessons carry what was known when the call came, so a replay asks a model nothing it could not have
been asked then. Lessons are oldest first everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from callcenter.ports import Lesson

from .features import at_serving
from .measures import (
    Bin,
    Judged,
    Ranked,
    brier,
    by_group,
    coverage,
    ece,
    judge,
    log_loss,
    losses,
    lower_bound,
    ranked,
    reliability,
    top_k,
)
from .promotion import GROUPS, labels_criterion, ordinary
from .rules import ReasonModel, Usual

Says: TypeAlias = Callable[[Lesson], Ranked | None]
"""What a model says of a call; ``None``: it cannot be asked (no features, no words)."""

OFF: Final = "off"
"""Stands for the model where nothing is to be predicted."""
HELD: Final = 0.2
"""Share of the lessons, the latest, that a new model is measured on and not trained with."""
FIRST_ENOUGH: Final = 300
"""Of these so many, for a first model to be used at once."""
FIRST_CONFIDENCE: Final = 0.99
FIRST_ECE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShare:
    """How calls of one kind fared."""

    group: str
    """``tier``, ``language`` or ``queue``."""
    value: str
    n: int
    top1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How good predictions of n calls were; ``None`` where there is nothing to measure."""

    model: str
    n: int
    top1: float | None
    top3: float | None
    coverage: float | None
    """Share of calls of which something is said: the first is sure enough."""
    log_loss: float | None
    brier: float | None
    ece: float | None
    bins: tuple[Bin, ...]
    groups: tuple[GroupShare, ...]

    def metrics(self) -> dict[str, Any]:
        """For a manifest: without the groups of people."""
        kept = asdict(self)
        del kept["groups"], kept["model"]
        kept["bins"] = [asdict(one) for one in self.bins]
        return kept


def report(
    model: str, said: Sequence[Ranked], lessons: Sequence[Lesson], classes: int, sure: float
) -> Report:
    """Measure what was said of these lessons. ``classes``: how many reasons there are."""
    judged = judge(said, [lesson.reason for lesson in lessons], classes)
    return Report(
        model=model,
        n=len(judged),
        top1=top_k(judged, 1),
        top3=top_k(judged, 3),
        coverage=coverage(judged, sure),
        log_loss=log_loss(judged),
        brier=brier(judged),
        ece=ece(judged),
        bins=reliability(judged),
        groups=tuple(_shares(judged, lessons)),
    )


def _shares(judged: Judged, lessons: Sequence[Lesson]) -> Iterable[GroupShare]:
    for group in GROUPS:
        apart = by_group(judged, [getattr(lesson, group) for lesson in lessons])
        for value, some in sorted(apart.items(), key=lambda one: (-len(one[1]), str(one[0]))):
            share = top_k(some, 1)
            assert share is not None  # a group has somebody in it
            yield GroupShare(group=group, value=str(value), n=len(some), top1=share)


def replay(says: Says, lessons: Iterable[Lesson]) -> tuple[list[Ranked], list[Lesson]]:
    """Ask a model about each call; those it cannot be asked about are left out."""
    said, asked = [], []
    for lesson in lessons:
        if (one := says(lesson)) is not None:
            said.append(one)
            asked.append(lesson)
    return said, asked


def as_it_was(lesson: Lesson) -> Ranked | None:
    """What the agent was shown; ``None`` where nothing was to be predicted."""
    return lesson.shown if lesson.model not in (None, OFF) else None


def by_trees(distribution: Callable[[Any], Mapping[str, float]]) -> Says:
    """A model of features (``ReasonTrees.distribution``)."""

    def says(lesson: Lesson) -> Ranked | None:
        if not lesson.features:
            return None
        return ranked(distribution(at_serving(lesson.features, lesson.queue, lesson.words)))

    return says


def by_words(read: Callable[[str, str | None], Mapping[str, float]]) -> Says:
    """A model of words: asked about the last that the customer said or wrote; about a note of the
    agent's only where there is nothing else."""

    def says(lesson: Lesson) -> Ranked | None:
        said = [one for one in lesson.words if one.source != "path" and one.text.strip()]
        spoken = [one for one in said if one.source != "note"] or said
        if not spoken:
            return None
        return ranked(read(spoken[-1].text, spoken[-1].language or lesson.language))

    return says


def by_rules(usual: Sequence[Usual], past: Iterable[Lesson]) -> Says:
    """The rules as they would have been: they learn ``past``, and each call after it was asked
    about. Ask in order of time, each lesson once."""
    rules = ReasonModel(usual)
    for lesson in past:
        rules.learn(lesson.queue, lesson.context, lesson.reason)
    rules.fit()

    def says(lesson: Lesson) -> Ranked:
        said = ranked(rules.distribution(lesson.queue, lesson.context))
        rules.learn(lesson.queue, lesson.context, lesson.reason)
        return said

    return says


def split(lessons: Sequence[Lesson]) -> tuple[Sequence[Lesson], Sequence[Lesson]]:
    """To train with, and the latest ``HELD`` of them to measure on."""
    at = len(lessons) - int(len(lessons) * HELD)
    return lessons[:at], lessons[at:]


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Whether a first model may be used at once, without having been tried on live calls."""

    ok: bool
    why: str


def good_as_first(
    new: Sequence[Ranked],
    rules: Sequence[Ranked],
    lessons: Sequence[Lesson],
    classes: int,
    *,
    p99: float,
    budget: float,
    seed: int = 0,
) -> First:
    """Where only the rules are in use, a model that clearly beats them on calls it has not seen
    need not be tried first: waiting would only keep the worse one in use.

    Clearly: ``FIRST_ENOUGH`` calls, log loss better with ``FIRST_CONFIDENCE``, top-1 not worse, ECE
    at most ``FIRST_ECE`` (chance alone makes about 0.03 of 300 calls), in time, and labels that
    look like people's.
    """
    labels = [lesson.reason for lesson in lessons]
    one, other = judge(new, labels, classes), judge(rules, labels, classes)
    bound = lower_bound(losses(other) - losses(one), np.random.default_rng(seed), FIRST_CONFIDENCE)
    error = ece(one)
    plausible = labels_criterion(ordinary(lessons))
    if len(one) < FIRST_ENOUGH:
        return First(ok=False, why=f"{len(one)} calls to measure on, {FIRST_ENOUGH} are needed")
    if not plausible.ok:
        return First(ok=False, why=f"labels look wrong: {plausible.detail}")
    if bound is None or bound <= 0:
        return First(ok=False, why="it does not clearly beat the rules in log loss")
    if (top_k(one, 1) or 0.0) < (top_k(other, 1) or 0.0):
        return First(ok=False, why="the rules are right more often")
    if error is None or error > FIRST_ECE:
        return First(ok=False, why=f"its probabilities are not true enough: ECE {error}")
    if p99 > budget:
        return First(ok=False, why=f"it takes {p99:.3f} s (p99), {budget:g} s are allowed")
    return First(ok=True, why=f"beats the rules by at least {bound:.3f} nats on {len(one)} calls")


def as_text(found: Report, baselines: Mapping[str, float | None]) -> str:
    """A report as a table for a terminal."""

    def share(value: float | None) -> str:
        return "      -" if value is None else f"{100 * value:6.1f}%"

    def number(value: float | None) -> str:
        return "      -" if value is None else f"{value:7.3f}"

    lines = [
        f"{found.model}: {found.n} calls",
        f"  top-1 {share(found.top1)}   top-3 {share(found.top3)}"
        f"   something said {share(found.coverage)}",
        f"  log loss {number(found.log_loss)}   Brier {number(found.brier)}"
        f"   ECE {number(found.ece)}",
        "  top-1 of simple rules: "
        + ", ".join(f"{name} {share(value).strip()}" for name, value in baselines.items()),
        "  said   was    calls",
        *(f"  {share(one.p)[2:]}  {share(one.share)[1:]} {one.n:6d}" for one in found.bins),
    ]
    lines += [
        f"  {one.group} {one.value}: {share(one.top1).strip()} of {one.n}" for one in found.groups
    ]
    return "\n".join(lines)
