"""How probable it is that each entry is the right answer, and which of them to show. Pure.

The model is a mixture over reasons. With P(r) what the call's prediction says of reason r:

    P(e | r)         the share of entry e among the answers to r: a prior from the order in which
                     entries are written, moved by how often each was used (Dirichlet), lowered by
                     how often it was wrong (Beta); the rest is "none of them"
    L(e)             what the words say: exp(slope · (similarity − neutral)); 1 for "none of them"
    P(e | words)     ∝ Σ_r P(r) · P(e | r) · L(e)

``slope`` and ``neutral`` are fitted (``benchmarks.answers``), so what comes out is the probability
that the entry is the right one, not a score. It knows nothing of texts or calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .worth import GOOD, Worth

WRITTEN: Final = 5.0
"""So many uses weigh as much as the order in which the entries of a reason are written."""
SECOND: Final = 0.5
"""An entry that names the reason, but another first, beside one that is made for it."""
FURTHEST: Final = 30.0
"""Words never speak more than so much (log odds)."""


@dataclass(frozen=True, slots=True)
class TextScale:
    """How a similarity (0 to 1) becomes evidence: at ``neutral`` words say nothing."""

    slope: float
    neutral: float

    def evidence(self, similarity: NDArray[np.float64]) -> NDArray[np.float64]:
        """L(e), shape as given."""
        log_odds = np.clip(self.slope * (similarity - self.neutral), -FURTHEST, FURTHEST)
        evidence: NDArray[np.float64] = np.exp(log_odds)
        return evidence


def written(naming: Sequence[int]) -> list[float]:
    """Shares of the entries of one reason before anything is known, 1 in all.

    ``naming``: for each, in the order written, at which place it names the reason. Those made for
    it come first; then the order of writing, falling as 1/n.
    """
    order = sorted(range(len(naming)), key=lambda one: (naming[one] > 0, one))
    weights = [0.0] * len(naming)
    for place, one in enumerate(order, start=1):
        weights[one] = (SECOND if naming[one] else 1.0) / place
    total = sum(weights)
    return [weight / total for weight in weights]


def given_reason(
    reason: str, entries: Sequence[str], shares: Sequence[float], worth: Worth, at: float
) -> tuple[list[float], float]:
    """P(e | r) for ``entries``, and of none of them; 1 in all. ``shares`` as of ``written``."""
    uses = [worth.uses(entry, reason, at) for entry in entries]
    total = sum(uses) + WRITTEN
    none = worth.none(reason, at)
    weights = [
        (1.0 - none) * (WRITTEN * share + used) / total * worth.good(entry, reason, at) / GOOD
        for entry, share, used in zip(entries, shares, uses, strict=True)
    ]
    whole = sum(weights) + none
    return [weight / whole for weight in weights], none / whole


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one reason: positions, P(e | r), P(none | r), and P(r)."""

    reason: str
    probability: float
    entries: tuple[int, ...]
    shares: tuple[float, ...]
    none: float


def posterior(
    groups: Sequence[Group],
    rest: float,
    evidence: NDArray[np.float64] | None,
    *,
    reasons_read_words: bool,
) -> Mapping[int, tuple[float, str]]:
    """Position of an entry to the probability that it is right, and the reason it mostly is for.

    ``rest``: probability of the reasons that have no entries, so that all sums to 1 at most.
    ``evidence``: L(e) by position; ``None``: there are no words. ``reasons_read_words``: P(r) is
    what words have moved already, so here they only choose within a reason.
    """
    found: dict[int, dict[str, float]] = {}
    unanswered = max(rest, 0.0)
    for group in groups:
        masses = list(group.shares)
        if evidence is not None:
            masses = (np.array(group.shares) * evidence[list(group.entries)]).tolist()
        scale = group.probability
        if reasons_read_words:
            scale /= sum(masses) + group.none
        unanswered += scale * group.none
        for entry, mass in zip(group.entries, masses, strict=True):
            by_reason = found.setdefault(entry, {})
            by_reason[group.reason] = by_reason.get(group.reason, 0.0) + scale * mass
    total = unanswered + sum(sum(masses.values()) for masses in found.values())
    if total <= 0.0:
        return {}
    return {
        entry: (
            min(sum(masses.values()) / total, 1.0),
            max(masses, key=lambda reason: masses[reason]),
        )
        for entry, masses in found.items()
    }


def diverse(
    scores: Sequence[float], alike: NDArray[np.float64], most: int, least: float
) -> list[int]:
    """Which to show, at most ``most``: positions in ``scores`` with ``least`` and more, best first.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), as a product: each next one is
    that with the greatest score · (1 − how alike it is to one chosen before). ``alike``: shape (n,
    n), 0 to 1; two that say the same do not both take a place while something else is likely.
    """
    left = [one for one, score in enumerate(scores) if score >= least]
    worth = np.asarray(scores, dtype=np.float64)
    fresh = np.ones(len(scores))
    chosen: list[int] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda one: (float(worth[one] * fresh[one]), float(worth[one]), -one))
        left.remove(best)
        chosen.append(best)
        fresh = np.minimum(fresh, 1.0 - np.clip(alike[best], 0.0, 1.0))
    return sorted(chosen, key=lambda one: (-scores[one], one))
