"""Before a word was said, and what the words say."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.fuse import Both, Weights, fit_fusion, fused

PRIOR = {"a": 0.5, "b": 0.3, "c": 0.2}


def test_is_bayes_rule_at_first() -> None:
    pre, text = {"a": 0.2, "b": 0.5, "c": 0.3}, {"a": 0.6, "b": 0.3, "c": 0.1}
    raw = {code: pre[code] * text[code] / PRIOR[code] for code in PRIOR}
    expected = {code: share / sum(raw.values()) for code, share in raw.items()}
    assert fused(pre, text, PRIOR, Weights()) == pytest.approx(expected)


def test_a_rejected_text_says_nothing() -> None:
    pre, text = {"a": 0.2, "b": 0.8}, {"a": 0.99, "b": 0.01}
    assert fused(pre, text, PRIOR, Weights(), ours=0.3) == pytest.approx(pre)
    assert fused(pre, None, PRIOR, Weights()) == pytest.approx(pre)
    sure = fused(pre, text, PRIOR, Weights(), ours=1.0)["a"]
    assert pre["a"] < fused(pre, text, PRIOR, Weights(), ours=0.7)["a"] < sure


def test_each_may_know_reasons_the_other_does_not() -> None:
    both = fused({"a": 1.0}, {"d": 0.9, "a": 0.1}, PRIOR, Weights())
    assert set(both) == {"a", "d"}
    assert sum(both.values()) == pytest.approx(1)
    assert fused({}, {"d": 3.0}, PRIOR, Weights()) == {"d": 1.0}
    assert fused({}, None, PRIOR, Weights()) == {}


def calls(count: int, useful: bool) -> list[Both]:
    """Texts that hit in 9 of 10 calls, or say nothing; what was known before hits in 6 of 10."""
    chance = np.random.default_rng(1)
    codes = list(PRIOR)
    made = []
    for _ in range(count):
        reason = codes[chance.choice(3, p=list(PRIOR.values()))]

        def said(right: float, about: str) -> dict[str, float]:
            heard = about if chance.random() < right else codes[chance.integers(3)]
            return {code: 0.8 if code == heard else 0.1 for code in codes}

        made.append(Both(said(0.6, reason), said(0.9 if useful else 0.0, reason), reason))
    return made


def test_learns_how_much_words_are_worth() -> None:
    good, bad = fit_fusion(calls(2000, True), PRIOR), fit_fusion(calls(2000, False), PRIOR)
    assert good.text > 1 > 0.2 > bad.text >= 0
    assert bad.before > 0.5


def test_few_calls_move_little() -> None:
    assert fit_fusion([], PRIOR) == Weights()
    few = fit_fusion(calls(5, False), PRIOR)
    assert abs(few.text - 1) < 0.5
    assert fit_fusion([Both({"a": 1.0}, {"a": 1.0}, "never heard of")], PRIOR) == Weights()
