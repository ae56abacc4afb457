"""The measures, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from intelligence.measures import (
    LEAST,
    as_shown,
    brier,
    by_group,
    chance_ece,
    coverage,
    ece,
    judge,
    log_loss,
    lower_bound,
    ranked,
    reliability,
    top_k,
)

SAID = [
    (("a", 0.7), ("b", 0.2), ("c", 0.1)),
    (("b", 0.5), ("a", 0.3)),  # cut: 0.2 is left for c and d
    (),  # nothing said
    (("a", 1.0),),
]
LABELS = ["a", "c", "d", "b"]
FOUR = judge(SAID, LABELS, 4)


def test_what_a_list_leaves_is_spread_over_the_others() -> None:
    assert FOUR.given.tolist() == pytest.approx([0.7, 0.1, 0.25, LEAST])
    assert FOUR.rank.tolist() == [0, -1, -1, -1]
    assert FOUR.top.tolist() == [0.7, 0.5, 0.0, 1.0]


def test_a_cut_list_and_the_whole_one_it_stands_for_are_measured_alike() -> None:
    whole = judge([(("b", 0.5), ("a", 0.3), ("c", 0.1), ("d", 0.1))], ["c"], 4)
    cut = judge([(("b", 0.5), ("a", 0.3))], ["c"], 4)
    assert log_loss(whole) == pytest.approx(log_loss(cut))
    assert brier(whole) == pytest.approx(brier(cut))


def test_brier_is_the_squared_distance_to_what_it_was() -> None:
    assert FOUR.squares.tolist() == pytest.approx(
        [
            0.3**2 + 0.2**2 + 0.1**2,
            0.5**2 + 0.3**2 + 0.9**2 + 0.1**2,
            3 * 0.25**2 + 0.75**2,
            2.0,
        ]
    )
    assert brier(FOUR) == pytest.approx(FOUR.squares.mean())


def test_log_loss_is_the_mean_of_the_logarithms() -> None:
    by_hand = -(math.log(0.7) + math.log(0.1) + math.log(0.25) + math.log(LEAST)) / 4
    assert log_loss(FOUR) == pytest.approx(by_hand)


def test_top_k_and_coverage_count_calls_of_which_nothing_was_said() -> None:
    assert top_k(FOUR, 1) == 0.25
    assert top_k(judge(SAID[:2], ["b", "a"], 4), 2) == 1.0
    assert coverage(FOUR, 0.6) == 0.5
    assert coverage(FOUR, 0.0) == 0.75  # silence covers nothing at any threshold


def test_ece_weighs_bins_by_calls_and_leaves_silence_out() -> None:
    # 0.7 right; 0.5 wrong; 1.0 wrong: three bins of one call each
    assert ece(FOUR) == pytest.approx((0.3 + 0.5 + 1.0) / 3)
    bins = reliability(FOUR)
    assert [(one.p, one.share, one.n) for one in bins] == [
        (0.5, 0.0, 1),
        (0.7, 1.0, 1),
        (1.0, 0.0, 1),
    ]


def test_the_bins_are_fifteen_equal_ones() -> None:
    said = [(("a", p),) for p in (0.0667, 0.133, 0.1334, 0.999, 1.0)]
    assert [one.n for one in reliability(judge(said, ["a"] * 5, 2))] == [2, 1, 2]


def test_true_probabilities_have_a_small_ece_and_boasting_ones_a_large() -> None:
    rng = np.random.default_rng(3)
    tops = rng.uniform(0.3, 0.9, 20_000)
    labels = ["a" if hit else "b" for hit in rng.random(20_000) < tops]
    true = ece(judge([(("a", float(p)),) for p in tops], labels, 2))
    boast = ece(judge([(("a", float(min(1.0, p + 0.1))),) for p in tops], labels, 2))
    assert true is not None
    assert true < 0.02
    assert boast == pytest.approx(0.1, abs=0.015)


def test_chance_alone_makes_an_ece_that_shrinks_with_the_root_of_the_calls() -> None:
    rng = np.random.default_rng(8)
    tops = rng.uniform(0.3, 0.9, 4_000)
    whole = judge([(("a", float(p)),) for p in tops], ["a"] * 4_000, 2)
    many, few = chance_ece(whole, rng), chance_ece(whole.only(np.arange(1_000)), rng)
    assert many is not None
    assert few is not None
    assert few == pytest.approx(2 * many, rel=0.2)
    assert 0.02 < few < 0.05
    assert chance_ece(judge([()], ["a"], 2), rng) is None


def test_no_calls_have_no_measures() -> None:
    none = judge([], [], 5)
    assert [top_k(none, 1), coverage(none, 0.1), log_loss(none), brier(none), ece(none)] == [
        None
    ] * 5
    assert reliability(none) == ()
    assert lower_bound(np.empty(0), np.random.default_rng(1)) is None


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="2 predictions, 1 labels"):
        judge([(), ()], ["a"], 3)
    with pytest.raises(ValueError, match="nothing to predict"):
        judge([], [], 1)


def test_groups_are_measured_apart_and_those_without_are_left_out() -> None:
    groups = by_group(FOUR, ["gold", None, "plain", "gold"])
    assert {value: len(one) for value, one in groups.items()} == {"gold": 2, "plain": 1}
    assert top_k(groups["gold"], 1) == 0.5


def test_the_lower_bound_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    bounds = [lower_bound(rng.normal(0.1, 1.0, 300), rng, rounds=300) for _ in range(300)]
    assert all(bound is not None for bound in bounds)
    held = sum(bound is not None and bound <= 0.1 for bound in bounds) / 300
    assert 0.91 <= held <= 0.985  # 95 %, with the sampling error of 300 tries


def test_the_same_seed_gives_the_same_bound() -> None:
    differences = np.random.default_rng(1).normal(size=3000)  # more than one piece is drawn at once
    first, second = (lower_bound(differences, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert first is not None
    assert first < differences.mean()


def test_ranking_and_showing() -> None:
    said = ranked({"b": 0.3, "a": 0.3, "c": 0.38, "d": 0.02})
    assert [code for code, _ in said] == ["c", "a", "b", "d"]
    assert as_shown(said, 0.15) == said[:3]
    assert as_shown(said, 0.4) == ()
    assert as_shown((("a", 0.9), ("b", 0.02)), 0.15) == (("a", 0.9),)
    assert as_shown((), 0.0) == ()
