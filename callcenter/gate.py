"""The gate as it stands in an installation: which lessons a challenger is judged on.

It decides nothing by itself: the rules are ``intelligence.promotion``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from intelligence.evaluation import Says, as_it_was, by_rules, by_trees, by_words
from intelligence.manifest import Version
from intelligence.promotion import Verdict, verdict
from intelligence.registry import Registry, UnknownVersion
from intelligence.rules import NAME as RULES
from intelligence.rules import Usual
from intelligence.texts import TextModel
from intelligence.trees import ReasonTrees

from .ports import Lesson, Lessons
from .settings import PredictionSettings

MOST: Final = 20_000
"""The latest lessons of a verdict: more say no more, and cost memory."""


def since(registry: Registry, version: Version) -> float:
    """Since when a challenger and the one in use have both been there as they are."""
    changes = [one.at for one in registry.state().history if one.kind == version.kind]
    return max([version.made, *changes[-1:]])


def verdict_on(
    registry: Registry,
    version: Version,
    lessons: Lessons,
    settings: PredictionSettings,
    classes: int,
    now: float,
) -> Verdict:
    """Judge a version on the live calls it was tried on. Reads the store: off the loop."""
    champion = registry.state().champions.get(version.kind)
    p99 = version.metrics.get("p99")
    shares = version.data.get("shares")
    rows = list(lessons.lessons(since(registry, version), now + 1.0))[-MOST:]
    return verdict(
        rows,
        version.name,
        champion,
        classes=max(2, classes),
        sure=settings.sure,
        p99=float(p99) if isinstance(p99, int | float) else None,
        budget=settings.deadline,
        usual=shares if isinstance(shares, dict) else None,
    )


def named(
    registry: Registry, name: str, usual: Sequence[Usual], past: Iterable[Lesson]
) -> tuple[str, Says]:
    """A model to ask, by its name, or ``rules``, ``champion``, ``shown``. ``past``: what the rules
    have learned before. Raises ``UnknownVersion``, ``ModelRefused``."""
    if name == "shown":
        return name, as_it_was
    if name == "rules":
        return RULES, by_rules(usual, past)
    if name == "champion":
        champion = registry.champion("reasons")
        if champion is None:
            return RULES, by_rules(usual, past)
        name = champion.name
    model = registry.load(name)
    if isinstance(model, ReasonTrees):
        return name, by_trees(model.distribution)
    if isinstance(model, TextModel):
        return name, by_words(lambda text, language: model.read(text, language).distribution)
    raise UnknownVersion(f"{name} is a {type(model).__name__}, which nothing here can ask.")
