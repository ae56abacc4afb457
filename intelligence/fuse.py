"""What was known before a word was said, and what the words say: one distribution of both.

p(reason) is proportional to p_text^a * p_before^b * prior^c. Were the two independent given the
reason, Bayes' rule would have a = b = 1 and c = -1 (both know the prior, which may count once
only); that is where the fit starts from, and what it stays near while there are few calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intelligence.calibration import fit_shares, pooled

REJECTED = 0.5
"""Below this a text is taken to be about none of our reasons."""
_LEAST = 1e-4
"""What a reason has that a model never heard of: the other may still believe in it."""
_PULL = 10.0


@dataclass(frozen=True, slots=True)
class Weights:
    text: float = 1.0
    before: float = 1.0
    prior: float = -1.0


@dataclass(frozen=True, slots=True)
class Both:
    """A call whose reason is known, and what both said of it."""

    before: Mapping[str, float]
    text: Mapping[str, float]
    reason: str


def fused(
    pre: Mapping[str, float],
    text: Mapping[str, float] | None,
    prior: Mapping[str, float],
    weights: Weights,
    ours: float = 1.0,
) -> dict[str, float]:
    """Sums to 1 (empty if nothing is known). ``ours``: the probability that the text is about one
    of our reasons; so much of the result heeds it, and none of it when the text is rejected."""
    alone = _normal(pre)
    if not text or ours < REJECTED:
        return alone
    if not alone:
        return _normal(text)
    codes = sorted({*pre, *text})
    scores = [_logs(one, codes)[None] for one in (text, alone, prior)]
    shares = np.array([weights.text, weights.before, weights.prior])
    together = pooled(scores, shares)[0]
    return {
        code: float(ours * both + (1 - ours) * alone.get(code, 0.0))
        for code, both in zip(codes, together, strict=True)
    }


def fit_fusion(calls: Sequence[Both], prior: Mapping[str, float]) -> Weights:
    """By maximum likelihood on calls that had both; ``Weights()`` when there are none. Calls whose
    reason neither knew say nothing and are left out."""
    known = [one for one in calls if one.reason in one.before or one.reason in one.text]
    if not known:
        return Weights()
    codes = sorted({code for one in known for code in (*one.before, *one.text)})
    columns = {code: at for at, code in enumerate(codes)}
    scores = [
        np.stack([_logs(one.text, codes) for one in known]),
        np.stack([_logs(one.before, codes) for one in known]),
        np.tile(_logs(prior, codes), (len(known), 1)),
    ]
    labels = np.array([columns[one.reason] for one in known], dtype=np.intp)
    usual = Weights()
    start = np.array([usual.text, usual.before, usual.prior])
    # Neither model can speak against itself; the prior may be counted out, twice at most.
    found = fit_shares(scores, labels, start, np.array([0.0, 0.0, -2.0]), _PULL)
    return Weights(*(float(one) for one in found))


def _logs(shares: Mapping[str, float], codes: Sequence[str]) -> NDArray[np.float64]:
    floored = [max(shares.get(code, 0.0), _LEAST) for code in codes]
    return np.log(np.array(floored, dtype=np.float64))


def _normal(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    return {code: share / total for code, share in shares.items()} if total > 0 else {}
