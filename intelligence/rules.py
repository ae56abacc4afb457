"""Why somebody calls: smoothed frequencies of what agents confirmed, coarse to fine. Pure.

The model, for a call with context strings s_1..s_K (coarse to fine, see ``context``) in queue q:

    c_0 = all calls,  c_k = calls whose context begins with s_1..s_k
    p(r | c_0) = (n(r)      + m_0 * prior(r))          / (n      + m_0)
    p(r | c_k) = (n(c_k, r) + m_k * p(r | c_(k-1)))    / (n(c_k) + m_k)
    p(q | r)   = (n(q, r)   + A   * usual(q | r))      / (n(r)   + A)
    p(r | q, c_K) is proportional to p(r | c_K) * p(q | r)

The first lines are hierarchical back-off with Dirichlet smoothing (MacKay and Peto 1995, "A
hierarchical Dirichlet language model"): a context never seen answers as the next coarser one. The
last line says that a caller chooses the queue because of the reason, so that given the reason the
queue tells nothing more; counting each queue apart would make every count several times smaller.
The concentrations m_k are the ones of ``GRID`` with the highest leave-one-out likelihood.

Counts only ever grow by what an agent confirmed, so the very next call uses the last correction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callcenter.floor.card import Reason

NAME = "backoff-1"
GRID = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
START = 8.0
"""Concentration of a level before it is fitted."""
PRIOR_WEIGHT = 20.0
"""The pack's shares count as this many confirmed calls."""
QUEUE_WEIGHT = 10.0
"""A: the pack's word on which queue a reason goes to counts as this many calls of the reason."""
ASTRAY = 0.1
"""Share of callers who take another queue than the usual one, before anything was seen."""
ENOUGH = 50
"""Fewer confirmed calls than this in all: nothing is said."""
SURE = 0.15
"""A likeliest reason below this is a guess: nothing is said."""
SHOWN = 3
WORTH_SHOWING = 0.03
FIT_SAMPLE = 4000
LEVELS = 6
"""Levels with a concentration of their own; finer ones share the last."""


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usual:
    """What a pack says of a reason before any call was seen."""

    code: str
    share: float
    queue: str


class ReasonModel:
    """Counts of confirmed reasons by context, and what they say of the next call."""

    name = NAME

    def __init__(self, usual: Sequence[Usual]) -> None:
        """``usual``: at least one reason; the shares are scaled to sum to 1."""
        if not usual:
            raise ValueError("a reason model needs at least one reason")
        total = sum(one.share for one in usual)
        self._prior = {one.code: one.share / total for one in usual}
        self._usual_queue = {one.code: one.queue for one in usual}
        self._queues = frozenset(name for name in self._usual_queue.values() if name)
        self._counts: dict[Key, dict[str, int]] = {(): {}}
        self._totals: dict[Key, int] = {(): 0}
        self._seen: dict[tuple[Key, str], int] = {}
        self._by_queue: dict[str, dict[str, int]] = {}
        self._queued: dict[str, int] = {}
        self.concentrations: tuple[float, ...] = (PRIOR_WEIGHT, *[START] * (LEVELS - 1))
        self.fitted_on = 0
        """How many confirmed calls the concentrations were fitted on."""

    @property
    def evidence(self) -> int:
        """Confirmed calls counted so far."""
        return self._totals[()]

    def learn(self, queue: str | None, context: Key, reason: str, times: int = 1) -> None:
        """``times`` calls with this context were for ``reason``.

        A reason the pack does not know (an old one) is learned too; it has no prior share.
        """
        for k in range(len(context) + 1):
            key = context[:k]
            counts = self._counts.setdefault(key, {})
            counts[reason] = counts.get(reason, 0) + times
            self._totals[key] = self._totals.get(key, 0) + times
        self._seen[context, reason] = self._seen.get((context, reason), 0) + times
        if queue is not None:
            by_queue = self._by_queue.setdefault(queue, {})
            by_queue[reason] = by_queue.get(reason, 0) + times
            self._queued[reason] = self._queued.get(reason, 0) + times

    def load(self, rows: Iterable[tuple[str | None, Key, str, int]]) -> None:
        """Count stored outcomes: (queue, context, reason, how often)."""
        for queue, context, reason, times in rows:
            self.learn(queue, tuple(context), reason, times)

    def distribution(self, queue: str | None, context: Key) -> dict[str, float]:
        """Probability of every reason; sums to 1."""
        p = self._backed_off(context)
        if queue is None:
            return p
        to_queue = self._to_queue(queue, p)
        weighed = {reason: value * to_queue[reason] for reason, value in p.items()}
        total = sum(weighed.values())
        return {reason: value / total for reason, value in weighed.items()} if total > 0 else p

    def predict(self, queue: str | None, context: Key) -> tuple[Reason, ...]:
        """At most ``SHOWN`` reasons, likeliest first; empty when not known."""
        if self.evidence < ENOUGH:
            return ()
        p = self.distribution(queue, context)
        ranked = sorted(p, key=lambda reason: (-p[reason], reason))[:SHOWN]
        if p[ranked[0]] < SURE:
            return ()
        return tuple(
            Reason(code=reason, probability=round(p[reason], 4))
            for reason in ranked
            if p[reason] >= WORTH_SHOWING
        )

    def fit(self) -> float:
        """Choose the concentrations by leave-one-out likelihood, one level after the other, twice.

        Returns the mean log-likelihood per call in nats. Looks at no more than about ``FIT_SAMPLE``
        distinct (context, reason) pairs, evenly chosen, so that the time is bounded.
        """
        pairs = sorted(self._seen.items())
        sample = pairs[:: len(pairs) // FIT_SAMPLE + 1]
        if not sample:
            return 0.0
        best = list(self.concentrations)
        deepest = min(LEVELS, 1 + max(len(context) for (context, _), _ in sample))
        score = -math.inf
        for _ in range(2):
            for level in range(deepest):
                tried = []
                for m in GRID:
                    trial = [*best[:level], m, *best[level + 1 :]]
                    tried.append((self._leave_one_out(sample, trial), -m, m))
                score, _, best[level] = max(tried)
        self.concentrations = tuple(best)
        self.fitted_on = self.evidence
        return score

    def _leave_one_out(
        self, sample: Sequence[tuple[tuple[Key, str], int]], m: Sequence[float]
    ) -> float:
        """Mean log-probability of each call given all the others."""
        total, weight = 0.0, 0
        for (context, reason), times in sample:
            p = self._prior.get(reason, 0.0)
            for k in range(len(context) + 1):
                key = context[:k]
                own = m[min(k, LEVELS - 1)]
                p = (self._counts[key][reason] - 1 + own * p) / (self._totals[key] - 1 + own)
            total += times * math.log(max(p, 1e-12))
            weight += times
        return total / weight

    def _backed_off(self, context: Key) -> dict[str, float]:
        p = {**dict.fromkeys(self._counts[()], 0.0), **self._prior}
        for k in range(len(context) + 1):
            counts = self._counts.get(context[:k])
            if counts is None:
                break  # never seen, so nothing finer was either: the coarser one's word stands
            m = self.concentrations[min(k, LEVELS - 1)]
            whole = self._totals[context[:k]] + m
            rest = m / whole
            p = {reason: rest * share for reason, share in p.items()}
            for reason, count in counts.items():
                p[reason] += count / whole
        return p

    def _to_queue(self, queue: str, reasons: Iterable[str]) -> dict[str, float]:
        """p(q | r), up to a factor common to all reasons when nothing is known of the queue."""
        seen = self._by_queue.get(queue, {})
        own, queues, queued = self._usual_queue, self._queues, self._queued
        # A queue the pack does not know takes what it has been seen to take, of all reasons alike
        # until then.
        strange = None if queue in queues else sum(seen.values()) / (sum(queued.values()) + 1)
        astray = ASTRAY / max(1, len(queues) - 1)
        found = {}
        for reason in reasons:
            if strange is not None:
                usual = strange
            elif reason not in own:
                usual = 1 / len(queues)
            else:
                usual = 1 - ASTRAY if own[reason] == queue else astray
            count = queued.get(reason, 0) + QUEUE_WEIGHT
            found[reason] = (seen.get(reason, 0) + QUEUE_WEIGHT * usual) / count
        return found
