"""What is said of one call before any word of the customer: likely reasons, or "not known". Pure.

A trained model (``trees``) if there is one and the call has features, else the rules, which know
the pack's shares from the first call on. What agents confirm moves the very next call: the rules
count it, and for the trained model ``shift`` does, until it is trained again.

Shown are at most three leaves. They are shown when the likeliest is at least ``sure``, or when one
head is at least ``HEAD_SURE``: "something with cards" is known then although no single leaf is, and
the leaves stand with their own, lower probabilities.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.floor.card import Cause, Features, Reason, Words

from .features import at_serving
from .rules import ENOUGH, SHOWN, WORTH_SHOWING, Key, ReasonModel
from .shift import Shift
from .trees import CLEAR, ReasonTrees

HEAD_SURE: Final = 0.5
RECENT: Final = 400
"""Confirmed calls that are remembered to judge a new model by."""
ASKED: Final = 500
"""What the model said of so many calls is remembered, the latest."""
QUEUE_CLEAR: Final = 1.5
"""The queue is told as a fact only when it moves the log-odds by so much: the agent sees it."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A call and what it was for."""

    features: Features
    reason: str


class Reasons:
    """Rules, a trained model or none, and what was confirmed lately."""

    def __init__(self, rules: ReasonModel, sure: float) -> None:
        self.rules = rules
        self.sure = sure
        self._trees: ReasonTrees | None = None
        self._shift: Shift | None = None
        self._head_of: Mapping[str, str] = {}
        self._recent: deque[Confirmed] = deque(maxlen=RECENT)
        self._asked: dict[Features, dict[str, float]] = {}

    @property
    def name(self) -> str:
        """Of the model that speaks."""
        return self.rules.name if self._trees is None else self._trees.name

    @property
    def trees(self) -> ReasonTrees | None:
        return self._trees

    @property
    def cold(self) -> bool:
        """Too little was confirmed to say anything of a call without words."""
        return self._trees is None and self.rules.evidence < ENOUGH

    def recent(self) -> tuple[Confirmed, ...]:
        """The last confirmed calls, oldest first: for ``caught_up``."""
        return tuple(self._recent)

    def remember(self, features: Features, reason: str) -> None:
        """A call that was confirmed before the start; ``features`` as served. The rules have it."""
        self._recent.append(Confirmed(features, reason))

    def use(self, trees: ReasonTrees | None, shift: Shift | None = None) -> None:
        """Speak with this model from the next call on; ``None``: with the rules.

        ``shift``: what ``caught_up(trees, reasons.recent())`` gave; it takes a moment and may be
        made in another thread. Without it, it is made here. The same model again changes nothing.
        """
        if trees is self._trees and shift is None:
            return
        self._asked.clear()
        self._trees = trees
        self._head_of = {} if trees is None else trees.head_of
        self._shift = None
        if trees is not None:
            self._shift = caught_up(trees, self.recent()) if shift is None else shift

    def distribution(
        self, queue: str | None, context: Key, features: Features, words: Sequence[Words] = ()
    ) -> dict[str, float]:
        """Probability of every reason; sums to 1. Of the words only the way through the menu is
        used here; what they say is for the model of words."""
        served = at_serving(features, queue, words)
        if self._trees is None or self._shift is None or not served:
            return self.rules.distribution(queue, context)
        return self._shift.applied(self._said(self._trees, served), served)

    def by_rules(self, queue: str | None, context: Key) -> tuple[Reason, ...]:
        """What the rules alone would tell, within microseconds: for when time is up."""
        said = self.rules.predict(queue, context)
        return said if said and said[0].probability >= self.sure else ()

    def told(
        self,
        distribution: Mapping[str, float],
        features: Features,
        causes: Sequence[Cause],
        *,
        queue: str | None = None,
        context: Key = (),
        words: Sequence[Words] = (),
    ) -> tuple[Reason, ...]:
        """The likeliest reasons with the facts that speak for them; empty when not known.

        ``distribution``: what is to be told, with or without what the words said. The facts are
        those that move the model that knows them, by leaving each out.
        """
        if self.cold and not words:
            return ()
        ranked = sorted(distribution, key=lambda code: (-distribution[code], code))[:SHOWN]
        if not ranked or not self._is_sure(distribution, ranked[0]):
            return ()
        shown = [code for code in ranked if distribution[code] >= WORTH_SHOWING]
        whys = self._whys(shown, features, causes, queue, context, words)
        return tuple(
            Reason(code=code, probability=round(distribution[code], 4), why=why)
            for code, why in zip(shown, whys, strict=True)
        )

    def learn(
        self, queue: str | None, context: Key, features: Features, words: Sequence[Words],
        reason: str,
    ) -> None:  # fmt: skip
        """An agent confirmed a reason: the next call knows it."""
        self.rules.learn(queue, context, reason)
        served = at_serving(features, queue, words)
        if not served:
            return
        self._recent.append(Confirmed(served, reason))
        if self._trees is not None and self._shift is not None:
            self._shift.learn(self._said(self._trees, served), served, reason)

    def _said(self, trees: ReasonTrees, served: Features) -> dict[str, float]:
        """What the model says of these features; it is asked again when the call is over, and when
        words come, so it is remembered for a while."""
        found = self._asked.get(served)
        if found is None:
            found = self._asked[served] = trees.distribution(served)
            if len(self._asked) > ASKED:
                del self._asked[next(iter(self._asked))]
        return found

    def _is_sure(self, distribution: Mapping[str, float], first: str) -> bool:
        if distribution[first] >= self.sure:
            return True
        heads: dict[str, float] = {}
        for code, head in self._head_of.items():
            heads[head] = heads.get(head, 0.0) + distribution.get(code, 0.0)
        return max(heads.values(), default=0.0) >= HEAD_SURE

    def _whys(
        self, codes: Sequence[str], features: Features, causes: Sequence[Cause],
        queue: str | None, context: Key, words: Sequence[Words],
    ) -> list[tuple[Cause, ...]]:  # fmt: skip
        served = at_serving(features, queue, words)
        if self._trees is None or not served:
            return [self._by_rules(code, causes, queue, context) for code in codes]
        facts = list(causes)
        name = next((name for name, _ in served if name.startswith("queue|")), None)
        if name is not None:
            value = name.partition("|")[2]
            facts.append(Cause(group="queue", code="queue", kind="text", value=value))
        return self._trees.whys(served, facts, codes, clear_of={"queue": QUEUE_CLEAR})

    def _by_rules(
        self, code: str, causes: Sequence[Cause], queue: str | None, context: Key
    ) -> tuple[Cause, ...]:
        """The pressing matter, when it makes the reason clearly likelier than it is without."""
        groups = {_group_of_matter(one) for one in context if one.startswith("matter=")}
        found = tuple(cause for cause in causes if cause.group in groups)
        if not found:
            return ()
        whole = self.rules.distribution(queue, context).get(code, 0.0)
        rest = self.rules.distribution(queue, (*context[:1], "matter=none")).get(code, 0.0)
        return found if _odds(whole) - _odds(rest) >= CLEAR else ()


def caught_up(trees: ReasonTrees, recent: Sequence[Confirmed]) -> Shift:
    """What a model would have learned of the change had it been in use over these calls."""
    shift = Shift(trees.codes, trees.head_of)
    for one in recent:
        shift.learn(trees.distribution(one.features), one.features, one.reason)
    return shift


def _group_of_matter(word: str) -> str:
    """``matter=case:refund`` is the fact ``case.refund``, ``matter=unsettled:fees`` is ``last``."""
    matter = word.partition("=")[2]
    kind, colon, reason = matter.partition(":")
    if kind == "unsettled":
        return "last"
    return f"{kind}.{reason}" if colon else kind


def _odds(probability: float) -> float:
    clipped = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log(clipped / (1 - clipped))
