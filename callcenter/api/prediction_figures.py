"""How good the prediction is: figures of lessons and of models, as supervisors are shown them.

Of calls whose reason was confirmed. What reads lessons or the registry's folder: off the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from callcenter.ports import Lesson, Lessons
from intelligence.baselines import NAMES, accuracies
from intelligence.evaluation import Report, as_it_was, replay, report
from intelligence.manifest import ModelRefused, Version
from intelligence.registry import Registry

MOST_LESSONS: Final = 50_000
"""The latest of a period; more would keep a thread busy for long and say the same."""
PAST: Final = 28 * 86400.0
"""From which the simple rules know what is frequent."""
MOST_GROUPS: Final = 60

Figure = float | None


class Training(BaseModel):
    """The training that runs, or how the last one went."""

    running: bool
    progress: Figure
    """0 to 1, while it runs."""
    step: str | None
    last: Figure
    """When one ended well, of this run of the engine."""
    failed: str | None
    """Why the last one did not end well."""


class Learns(BaseModel):
    """What the engine's own watching says: of the training, drift and calibration."""

    training: Training
    drift: Figure
    drift_alarm: bool
    calibration_alarm: bool


class ReliabilityBin(BaseModel):
    p: float
    """Mean probability of the first reason."""
    share: float
    """Share of calls in which it was the one."""
    n: int


class GroupFigure(BaseModel):
    group: Literal["tier", "language", "queue"]
    value: str
    n: int
    top1: float


class AnswerFigures(BaseModel):
    suggested: int
    """Answers shown."""
    used: int
    wrong: int
    missing: int
    """Calls in which the agent said that none fitted."""


class ModelFigure(BaseModel):
    name: str
    kind: str
    state: Literal["champion", "challenger", "before", "kept"]
    """``before``: a rollback leads there."""
    made: float
    lessons: int | None
    top1: Figure
    log_loss: Figure
    ece: Figure
    """On calls it had not seen when it was trained."""


class BaselineFigures(BaseModel):
    """Share of calls that a simple rule names right: the most frequent reason, the person's usual
    one, their last one, the usual one after the latest event."""

    frequent: Figure
    usual: Figure
    last: Figure
    event: Figure


class Figures(BaseModel):
    """What the lessons of a period say."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    calls: int | None
    confirmed: int
    model: str | None
    report: Report
    groups: list[GroupFigure]
    answers: AnswerFigures
    baselines: BaselineFigures


def figures_of(
    lessons: Lessons,
    count: Callable[[float, float], int] | None,
    since: float,
    until: float,
    classes: int,
    sure: float,
) -> Figures:
    """Reads lessons: off the loop."""
    found = list(lessons.lessons(since, until))[-MOST_LESSONS:]
    said, asked = replay(as_it_was, found)
    measured = report("shown", said, asked, classes, sure)
    past = list(lessons.lessons(since - PAST, since))[-MOST_LESSONS:] if asked else []
    rules = accuracies(past, asked)
    return Figures(
        calls=None if count is None else count(since, until),
        confirmed=len(found),
        model=asked[-1].model if asked else None,
        report=measured,
        groups=[
            GroupFigure(group=one.group, value=one.value, n=one.n, top1=one.top1)  # type: ignore[arg-type]
            for one in measured.groups[:MOST_GROUPS]
        ],
        answers=_answers(found),
        baselines=BaselineFigures(**{name: rules[name] for name in NAMES}),
    )


def _answers(lessons: Sequence[Lesson]) -> AnswerFigures:
    marks = [mark for one in lessons for _, mark in one.marks]
    return AnswerFigures(
        suggested=sum(len(one.answers) for one in lessons),
        used=marks.count("used"),
        wrong=marks.count("wrong"),
        missing=marks.count("missing"),
    )


def models_of(registry: Registry) -> list[ModelFigure]:
    """Reads the registry's folder: off the loop. Notes in ``troubles`` what is refused."""
    try:
        state = registry.state()
    except ModelRefused as error:
        registry.troubles.update(dict.fromkeys(registry.kinds, str(error)))
        return []
    champions = set(state.champions.values())
    tried = {name for names in state.challengers.values() for name in names}
    before = {name for names in state.before.values() for name in names[-1:]}

    def standing(name: str) -> Literal["champion", "challenger", "before", "kept"]:
        if name in champions:
            return "champion"
        return "challenger" if name in tried else "before" if name in before else "kept"

    return [_model(one, standing(one.name)) for one in registry.versions()]


def _model(one: Version, state: Literal["champion", "challenger", "before", "kept"]) -> ModelFigure:
    lessons = one.data.get("lessons")
    return ModelFigure(
        name=one.name,
        kind=one.kind,
        state=state,
        made=one.made,
        lessons=lessons if isinstance(lessons, int) else None,
        top1=_number(one.metrics.get("top1")),
        log_loss=_number(one.metrics.get("log_loss")),
        ece=_number(one.metrics.get("ece")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) else None
