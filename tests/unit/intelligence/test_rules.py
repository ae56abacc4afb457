"""The frequencies behind a prediction."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.rules import ENOUGH, SHOWN, SURE, ReasonModel, Usual

USUAL = (
    Usual("fees", 0.5, "service"),
    Usual("pin", 0.3, "support"),
    Usual("mortgage", 0.2, "sales"),
)
LATE = ("who=known", "matter=order_late")


def model() -> ReasonModel:
    return ReasonModel(USUAL)


def test_the_formula_is_the_documented_one() -> None:
    """Two levels by hand: p = (n + m * coarser) / (N + m)."""
    one = model()
    one.concentrations = (20.0, 8.0, 4.0)
    one.learn(None, ("a",), "pin", 3)
    one.learn(None, ("b",), "fees", 7)
    base = (3 + 20 * 0.3) / (10 + 20)
    assert one.distribution(None, ())["pin"] == pytest.approx(base)
    assert one.distribution(None, ("a",))["pin"] == pytest.approx((3 + 8 * base) / (3 + 8))


def test_nothing_is_said_before_enough_was_confirmed() -> None:
    """The pack's shares alone are not evidence, however clear they are."""
    one = model()
    assert one.predict("service", ()) == ()
    one.learn("service", LATE, "fees", ENOUGH - 1)
    assert one.predict("service", LATE) == ()
    one.learn("service", LATE, "fees")
    assert one.predict("service", LATE)[0].code == "fees"


def test_nothing_is_said_when_the_likeliest_is_a_guess() -> None:
    """Many reasons alike: not known rather than a coin thrown."""
    one = ReasonModel([Usual(f"r{n}", 1.0, "q") for n in range(12)])
    for n in range(12):
        one.learn(None, (), f"r{n}", 100)
    assert max(one.distribution(None, ()).values()) < SURE
    assert one.predict(None, ()) == ()


def test_a_correction_is_used_by_the_very_next_call() -> None:
    """Learning changes the next prediction at once."""
    one = model()
    one.learn("service", LATE, "fees", ENOUGH)
    before = one.distribution("service", LATE)["pin"]
    one.learn("service", LATE, "pin")
    assert one.distribution("service", LATE)["pin"] > before


def test_an_unseen_context_answers_as_the_coarser_one() -> None:
    """Back-off: what was never seen changes nothing."""
    one = model()
    one.learn(None, LATE, "pin", 80)
    assert one.distribution(None, (*LATE, "age=1d")) == one.distribution(None, LATE)
    assert one.distribution(None, ("who=new",)) == one.distribution(None, ())


def test_the_queue_moves_the_probabilities() -> None:
    """A caller in the support queue comes for what brings callers there."""
    one = model()
    assert one.distribution("support", ())["pin"] > 2 * one.distribution("service", ())["pin"]
    for _ in range(3):
        one.learn("service", (), "pin", 40)
    assert one.distribution("service", ())["pin"] > 0.5


def test_a_queue_the_pack_does_not_know_is_learned() -> None:
    """At first it says nothing; then it says what was seen in it."""
    one = model()
    one.learn("service", (), "fees", 50)
    assert one.distribution("vip", ()) == pytest.approx(one.distribution(None, ()))
    one.learn("vip", (), "mortgage", 30)
    assert max(one.distribution("vip", ()).items(), key=lambda pair: pair[1])[0] == "mortgage"


def test_a_reason_the_pack_no_longer_has_is_kept() -> None:
    """Old outcomes with a code that was renamed do not stop the model."""
    one = model()
    one.load([("service", LATE, "old_code", 60), (None, LATE, "fees", 20)])
    assert one.evidence == 80
    assert one.predict("service", LATE)[0].code == "old_code"
    assert math.isfinite(one.fit())


def test_stored_outcomes_give_the_model_they_came_from() -> None:
    """Loading counts equals learning them one by one."""
    one, two = model(), model()
    for _ in range(3):
        one.learn("support", LATE, "pin")
    two.load([("support", LATE, "pin", 3)])
    assert one.distribution("support", LATE) == two.distribution("support", LATE)


def test_fitting_trusts_a_context_that_tells_more() -> None:
    """Where the finest string decides the reason its counts win; where it is noise they do not."""
    rng = Random(5)
    telling, noise = model(), model()
    for n in range(600):
        reason = rng.choice(("fees", "pin", "mortgage"))
        telling.learn(None, (f"hint={reason}",), reason)
        noise.learn(None, (f"hint={n % 60}",), reason)
    telling.fit()
    noise.fit()
    assert telling.concentrations[1] <= 1.0
    assert noise.concentrations[1] >= 16.0
    assert telling.fitted_on == 600


def test_a_model_needs_a_reason() -> None:
    """An empty pack is an error, not a model that divides by zero."""
    with pytest.raises(ValueError, match="at least one reason"):
        ReasonModel([])


@given(
    st.lists(
        st.tuples(
            st.sampled_from((None, "service", "support", "odd")),
            st.lists(st.sampled_from("abc"), max_size=7).map(tuple),
            st.sampled_from(("fees", "pin", "mortgage", "gone")),
            st.integers(1, 50),
        ),
        max_size=30,
    ),
    st.sampled_from((None, "service", "odd", "never")),
    st.lists(st.sampled_from("abc"), max_size=8).map(tuple),
)
def test_whatever_was_learned_the_probabilities_are_probabilities(
    seen: list[tuple[str | None, tuple[str, ...], str, int]],
    queue: str | None,
    asked: tuple[str, ...],
) -> None:
    """They sum to one over all reasons, and what is shown is the top of them in order."""
    one = model()
    for learned in seen:
        one.learn(*learned)
    one.fit()
    p = one.distribution(queue, asked)
    assert sum(p.values()) == pytest.approx(1)
    assert all(value >= 0 for value in p.values())
    shown = one.predict(queue, asked)
    assert len(shown) <= SHOWN
    if shown:
        assert shown[0].probability == pytest.approx(max(p.values()), abs=1e-4)
        assert sum(reason.probability for reason in shown) <= 1 + 1e-3
