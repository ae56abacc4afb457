"""What anybody would guess, and whether calls have changed."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.baselines import Baselines, accuracies, latest_event
from intelligence.drift import ALARM, drift, psi

from .lesson_kit import lesson


def test_before_anything_was_learned_nobody_guesses() -> None:
    assert set(Baselines().guesses(lesson(1, "a")).values()) == {None}
    assert accuracies([], []) == {"frequent": None, "usual": None, "last": None, "event": None}


def test_each_rule_guesses_by_what_it_knows() -> None:
    rules = Baselines()
    fee = (("happening.fee|age", 0.1), ("order_late|age", 3.0))
    for n, (person, reason, features) in enumerate(
        [
            ("p", "pin", ()), ("p", "pin", ()), ("p", "card", ()),
            ("q", "fees", fee), ("q", "loan", ()), ("q", "loan", ()), ("r", "loan", ()),
        ]
    ):  # fmt: skip
        rules.learn(lesson(n, reason, person=person, features=features))
    told = rules.guesses(lesson(9, "?", person="p", features=fee))
    assert told == {"frequent": "loan", "usual": "pin", "last": "card", "event": "fees"}
    stranger = rules.guesses(lesson(9, "?", features=()))
    assert set(stranger.values()) == {"loan"}


def test_what_features_say_of_the_person_goes_before_what_was_seen() -> None:
    features = (
        ("last|age", 1.0), ("last|open", 1.0), ("last|open.pin", 1.0), ("last|pin", 1.0),
        ("past.card|share", 0.5), ("past.pin|share", 0.3),
    )  # fmt: skip
    told = Baselines().guesses(lesson(1, "?", features=features))
    assert (told["usual"], told["last"], told["event"]) == ("card", "pin", None)


def test_the_latest_event_is_the_youngest_that_is_one() -> None:
    features = (("bill|age", 0.0), ("last|age", 0.0), ("case.x|age", 2.0), ("page.fees|age", 1.0))
    assert latest_event(lesson(1, "a", features=features)) == "page.fees"
    assert latest_event(lesson(1, "a", features=(("last|age", 1.0),))) is None


def test_each_call_is_guessed_before_it_is_learned() -> None:
    found = accuracies([lesson(0, "a")], [lesson(1, "b"), lesson(2, "b"), lesson(3, "b")])
    assert found["frequent"] == pytest.approx(1 / 3)  # a, then a (of equals the first), then b


def test_psi_of_equal_shares_is_nothing_and_of_a_moved_half_what_the_formula_says() -> None:
    assert psi({"a": 500, "b": 500}, {"a": 50, "b": 50}) == pytest.approx(0.0, abs=1e-9)
    moved = psi({"a": 50_000, "b": 50_000}, {"a": 75_000, "b": 25_000})
    assert moved == pytest.approx(0.25 * np.log(1.5) - 0.25 * np.log(0.5), rel=1e-3)
    assert psi({"a": 100}, {"b": 100}) > 1.0  # finite, however empty a class


def test_calls_like_before_are_no_drift_and_a_new_event_is_named() -> None:
    rng = np.random.default_rng(4)

    def week(share: float) -> list:
        return [
            lesson(
                n, "pin", shown=(("pin" if rng.random() < 0.5 else "loan", 0.5),),
                features=(("identity|known", 1.0),)
                + ((("happening.outage|age", 1.0),) if rng.random() < share else ()),
            )
            for n in range(600)
        ]  # fmt: skip

    heads = {"pin": "cards", "loan": "loans"}
    calm = drift(week(0.1), week(0.1), heads)
    assert calm.most is not None
    assert calm.most < 0.1
    assert not calm.alarm
    moved = drift(week(0.1), week(0.7), heads)
    assert moved.alarm
    assert moved.features[0][0] == "happening.outage"
    assert moved.heads is not None
    assert moved.heads < ALARM


def test_a_moved_head_is_an_alarm() -> None:
    before = [lesson(n, "pin", shown=(("pin", 0.5),)) for n in range(300)]
    after = [lesson(n, "pin", shown=(("loan", 0.5),)) for n in range(300)]
    heads = {"pin": "cards", "loan": "loans", "stolen": "cards"}
    assert drift(before, after, heads).alarm
    same_head = [lesson(n, "pin", shown=(("stolen", 0.5),)) for n in range(300)]
    assert not drift(before, same_head, heads).alarm


def test_few_calls_say_nothing() -> None:
    few = [lesson(n, "pin") for n in range(199)]
    found = drift(few, few * 2, {})
    assert (found.most, found.alarm) == (None, False)
