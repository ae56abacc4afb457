"""The world changes before the model is trained again."""

from __future__ import annotations

import math

import numpy as np

from callcenter.floor.card import Features
from intelligence.shift import Shift, conditions_of

CODES = tuple(f"h{h}r{k}" for h in range(5) for k in range(8))
HEAD_OF = {code: code[:2] for code in CODES}
NOTHING: Features = (("identity|known", 1.0),)
OUTAGE: Features = (("condition.outage|age", 1.0), ("identity|known", 1.0))


def drawn(rng: np.random.Generator) -> dict[str, float]:
    """What a well calibrated model says of a call: different for each."""
    return dict(zip(CODES, rng.dirichlet(np.full(len(CODES), 0.15)).tolist(), strict=True))


def choice(rng: np.random.Generator, shares: dict[str, float]) -> str:
    return CODES[int(rng.choice(len(CODES), p=np.array(list(shares.values()))))]


def test_in_a_steady_world_true_probabilities_stay_true() -> None:
    """Over 3,000 calls drawn from what the model says, the log loss is as good as untouched."""
    rng = np.random.default_rng(1)
    shift = Shift(CODES, HEAD_OF)
    plain, moved = 0.0, 0.0
    for _ in range(3000):
        said = drawn(rng)
        reason = choice(rng, said)
        now = shift.applied(said, NOTHING)
        assert math.isclose(sum(now.values()), 1.0)
        plain -= math.log(max(said[reason], 1e-12))
        moved -= math.log(max(now[reason], 1e-12))
        shift.learn(said, NOTHING, reason)
    assert (moved - plain) / 3000 < 0.004


def test_a_new_reason_to_call_is_there_within_a_hundred_calls_and_is_forgotten() -> None:
    """Three in ten call about one thing that was rare; later they do not any more."""
    rng = np.random.default_rng(2)
    shift = Shift(CODES, HEAD_OF)

    def changed(said: dict[str, float], share: float) -> dict[str, float]:
        rare = "h2r3"
        return {c: p * (1 - share) + (share if c == rare else 0.0) for c, p in said.items()}

    def expected(calls: int, share: float) -> float:
        total = 0.0
        for _ in range(calls):
            said = drawn(rng)
            total += shift.applied(said, NOTHING)["h2r3"]
            shift.learn(said, NOTHING, choice(rng, changed(said, share)))
        return total / calls

    assert expected(300, 0.0) < 0.06
    expected(100, 0.3)
    during = expected(200, 0.3)
    assert during > 0.2
    expected(1500, 0.0)
    after = expected(200, 0.0)
    assert after < during / 4
    assert shift.trust()[0] > 0.5


def test_what_concerns_some_moves_only_those() -> None:
    """Callers under an outage call about it; the others' probabilities stay."""
    rng = np.random.default_rng(3)
    shift = Shift(CODES, HEAD_OF)
    for k in range(400):
        said = drawn(rng)
        if k % 2:
            shift.learn(said, OUTAGE, "h4r0" if rng.random() < 0.6 else choice(rng, said))
        else:
            shift.learn(said, NOTHING, choice(rng, said))
    fresh = dict.fromkeys(CODES, 1 / len(CODES))
    assert shift.applied(fresh, OUTAGE)["h4r0"] > 5 / len(CODES)
    assert shift.applied(fresh, NOTHING)["h4r0"] < 2 / len(CODES)


def test_causes_that_became_stronger_are_told_from_new_ones() -> None:
    """All reasons of a head four times as frequent as the model says: callers whom it gave a little
    of it have much, callers whom it gave nothing have nothing still."""
    rng = np.random.default_rng(4)
    shift = Shift(CODES, HEAD_OF)
    for _ in range(600):
        said = drawn(rng)
        now = {c: p * (4 if HEAD_OF[c] == "h1" else 1) for c, p in said.items()}
        total = sum(now.values())
        shift.learn(said, NOTHING, choice(rng, {c: p / total for c, p in now.items()}))
    assert shift.trust()[1] > 0.5
    some = {code: 0.02 if code == "h1r1" else 0.98 / 39 for code in CODES}
    none = {code: 0.0 if code == "h1r1" else 1 / 39 for code in CODES}
    assert shift.applied(some, NOTHING)["h1r1"] > 0.03
    assert shift.applied(none, NOTHING)["h1r1"] < 0.01


def test_one_impossible_call_decides_nothing_and_many_do() -> None:
    """However often the impossible is confirmed, it is bounded; a retired reason is passed over."""
    shift = Shift(CODES, HEAD_OF)
    sure = {code: (1.0 if code == "h0r0" else 0.0) for code in CODES}
    shift.learn(sure, NOTHING, "h1r1")
    assert shift.applied(sure, NOTHING)["h0r0"] > 0.9
    for _ in range(500):
        shift.learn(sure, NOTHING, "h1r1")
    now = shift.applied(sure, NOTHING)
    assert now["h1r1"] > 0.9
    assert math.isclose(sum(now.values()), 1.0)
    shift.learn(sure, NOTHING, "retired")
    assert shift.applied(sure, NOTHING) == now


def test_conditions_are_told_apart_by_product() -> None:
    """Two outages are two conditions; one that is over is none."""
    assert conditions_of(NOTHING) == ()
    assert conditions_of((("condition.outage|over", 1.0),)) == ()
    here = (("condition.outage|age", 1.0), ("condition.outage|on.online", 2.0), *NOTHING)
    assert conditions_of(here) == ("condition.outage|age", "condition.outage|on.online")
