"""The gate: what a challenger needs to become the one in use, one condition after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from callcenter.ports import Lesson
from intelligence.promotion import (
    ENOUGH,
    Criterion,
    Verdict,
    labels_criterion,
    ordinary,
    said_by,
    scored_by,
    verdict,
)

from .lesson_kit import lesson, scored

REASONS = ("pin", "fees", "loan", "card")
NAME = "reasons-20260101T000000000Z-00000000"


def shadowed(n: int, right: float, *, said: float | None = None, seed: int = 1) -> list[Lesson]:
    """Calls of which the one in use said the right reason with 0.4 and is right in 40 %; the
    challenger is right in ``right`` of them and says so (or ``said``)."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(n):
        reason = REASONS[rng.integers(4)]

        def ranked(hit: bool, p: float, reason: str = reason) -> Sequence[tuple[str, float]]:
            wrong = [one for one in REASONS if one != reason]
            first = reason if hit else wrong[rng.integers(3)]
            rest = [one for one in REASONS if one != first]
            return ((first, p), *((one, (1 - p) / 3) for one in rest[:2]))

        shown = ranked(rng.random() < 0.4, 0.4)
        challenger = ranked(rng.random() < right, right if said is None else said)
        found.append(
            lesson(
                k, reason, shown=shown,
                challengers=(scored("other", ("pin", 1.0)), scored(NAME, *challenger)),
                tier="gold" if k % 5 == 0 else "plain", language="en", queue=None,
            )
        )  # fmt: skip
    return found


def judged(lessons: Sequence[Lesson], p99: float | None = 0.01) -> Verdict:
    return verdict(lessons, NAME, None, classes=4, sure=0.15, p99=p99, budget=0.05)


def found(one: Verdict) -> dict[str, Criterion]:
    return {criterion.name: criterion for criterion in one.criteria}


def failed(one: Verdict) -> set[str]:
    return {criterion.name for criterion in one.criteria if not criterion.ok}


GOOD = shadowed(1500, 0.6)


def test_a_better_challenger_is_promoted_and_the_verdict_says_why() -> None:
    one = judged(GOOD)
    assert one.promote
    assert one.n == 1500
    assert set(found(one)) == {"calls", "labels", "log_loss", "groups", "ece", "p99"}
    bound = found(one)["log_loss"].value
    assert bound is not None
    assert 0.05 < bound < 0.4
    assert "log_loss ok (" in one.in_words()
    assert "NOT" not in one.in_words()


def test_the_same_lessons_give_the_same_verdict() -> None:
    assert judged(GOOD) == judged(GOOD)


def test_too_few_calls_are_not_enough_however_good() -> None:
    one = judged(shadowed(ENOUGH - 1, 0.9))
    assert failed(one) == {"calls"}
    assert not one.hopeless
    assert judged(shadowed(ENOUGH, 0.9)).promote


def test_only_calls_that_both_spoke_about_count() -> None:
    silent = [replace(one, challengers=()) for one in GOOD[:400]]
    before = [replace(one, model=None, shown=()) for one in GOOD[400:600]]
    under_another = [replace(one, model="reasons-of-old") for one in GOOD[600:700]]
    assert judged([*silent, *before, *under_another, *GOOD[700:]]).n == 800
    assert scored_by(NAME, silent[0]) is None


def test_what_the_one_in_use_said_of_the_facts_alone_goes_before_what_was_shown() -> None:
    one = replace(
        GOOD[0],
        model="backoff-1 + words-1",
        shown=(("pin", 0.99),),
        challengers=(scored("backoff-1", ("loan", 0.5)), scored(NAME, ("pin", 0.5))),
    )
    assert said_by("backoff-1", one) == (("loan", 0.5),)
    assert said_by("backoff-1 + words-1", one) == (("pin", 0.99),)
    assert said_by("another", one) is None


def test_one_that_is_no_better_is_refused() -> None:
    assert "log_loss" in failed(judged(shadowed(1500, 0.4, seed=2)))
    worse = judged(shadowed(1500, 0.2))
    assert "log_loss" in failed(worse)
    assert worse.hopeless


def test_a_refusal_for_want_of_calls_is_not_for_good() -> None:
    boasting = shadowed(4999, 0.6, said=0.68)
    assert failed(judged(boasting)) == {"ece"}
    assert not judged(boasting).hopeless
    assert judged([*boasting, *boasting[:1]]).hopeless
    assert not judged(GOOD).hopeless


def test_one_that_promises_too_much_is_refused_though_it_is_right_more_often() -> None:
    one = judged(shadowed(1500, 0.6, said=0.68))
    assert failed(one) == {"ece"}
    assert found(one)["ece"].value == pytest.approx(0.08, abs=0.03)


def test_one_that_harms_a_group_is_refused_and_the_group_is_named() -> None:
    worse = shadowed(1500, 0.05, said=0.3, seed=9)
    mixed = [replace(worse[k], tier="silver") if k % 10 == 0 else one for k, one in enumerate(GOOD)]
    one = judged(mixed)
    assert "groups" in failed(one)
    assert found(one)["groups"].detail == "tier silver, 150 calls"
    few = [replace(worse[k], tier="silver") if k < 99 else one for k, one in enumerate(GOOD)]
    assert "groups" not in failed(judged(few))


def test_one_that_is_too_slow_or_was_never_timed_is_refused() -> None:
    assert failed(judged(GOOD, p99=0.051)) == {"p99"}
    assert failed(judged(GOOD, p99=None)) == {"p99"}


def poisoned(one: Lesson) -> Lesson:
    """Confirmed as ``fees`` whatever it was; a challenger that learned the same says so."""
    return replace(
        one, reason="fees", shown=(("pin", 0.4),), challengers=(scored(NAME, ("fees", 1.0)),)
    )


@pytest.mark.parametrize("day", [range(240), range(700, 940), range(1260, 1500)])
def test_a_day_on_which_everything_is_one_reason_stops_the_gate(day: range) -> None:
    lessons = [poisoned(one) if k in day else one for k, one in enumerate(GOOD)]
    one = judged(lessons)
    assert "labels" in failed(one)
    assert not one.promote
    assert "'fees' in 100 confirmed calls in a row" in found(one)["labels"].detail


def test_a_stream_that_is_nothing_else_stops_the_gate() -> None:
    assert "labels" in failed(judged([poisoned(one) for one in GOOD]))


def test_a_reason_that_always_was_nearly_all_is_no_poison() -> None:
    labels = (["card"] * 9 + ["pin"]) * 100
    assert labels_criterion(labels, {"card": 0.9, "pin": 0.1}).ok
    assert not labels_criterion(labels, {"card": 0.3, "pin": 0.7}).ok
    assert not labels_criterion(labels).ok
    assert labels_criterion(["card"] * 99).ok  # fewer than a window: nothing to see


def test_no_lessons_no_promotion() -> None:
    one = judged([])
    assert not one.promote
    assert failed(one) == {"calls", "log_loss", "ece"}
    assert "no data" in one.in_words()


def test_a_challenger_that_says_just_the_same_is_no_better() -> None:
    """Also when what it says of more than three reasons is longer than what was shown."""
    lessons = []
    for k, one in enumerate(GOOD):
        whole = (("pin", 0.5), ("fees", 0.3), ("loan", 0.15), ("card", 0.05))
        lessons.append(
            replace(
                one, reason=REASONS[k % 4], shown=whole[:3], challengers=(scored(NAME, *whole),)
            )
        )  # fmt: skip
    bound = found(judged(lessons))["log_loss"]
    assert (bound.value, bound.ok) == (0.0, False)


def test_an_outage_is_no_poisoned_stream() -> None:
    """A hundred calls about one thing look right while it is known why; else they do not."""
    usual = [lesson(n, f"r{n % 7}") for n in range(300)]
    outage = (("condition.outage|on", 0.1), ("identity|known", 1.0))
    struck = [lesson(300 + n, "online", features=outage) for n in range(150)]
    silent = [lesson(300 + n, "online") for n in range(150)]
    assert labels_criterion(ordinary([*usual, *struck])).ok
    assert not labels_criterion(ordinary([*usual, *silent])).ok
