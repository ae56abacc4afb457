"""Lessons for tests of measures, gates and learning."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.floor.card import AnswerMark, Features, Scored, Words
from callcenter.ports import Lesson

START = 1_750_000_000.0


def lesson(
    n: int,
    reason: str,
    *,
    at: float | None = None,
    shown: Sequence[tuple[str, float]] = (),
    model: str | None = "backoff-1",
    challengers: Sequence[Scored] = (),
    person: str | None = None,
    tier: str | None = None,
    language: str | None = None,
    queue: str | None = "service",
    features: Features = (("identity|known", 1.0),),
    context: tuple[str, ...] = ("who=known",),
    words: tuple[Words, ...] = (),
    notes: str = "",
    answers: tuple[str, ...] = (),
    marks: tuple[tuple[str, AnswerMark], ...] = (),
) -> Lesson:
    return Lesson(
        call=f"c{n}", at=START + 60.0 * n if at is None else at, person=person, tier=tier,
        language=language, queue=queue, context=context, features=features, words=words,
        reason=reason, outcome="done", notes=notes, model=model, shown=tuple(shown),
        challengers=tuple(challengers), answers=answers, marks=marks,
    )  # fmt: skip


def scored(model: str, *reasons: tuple[str, float]) -> Scored:
    return Scored(model=model, reasons=reasons)
