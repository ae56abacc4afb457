"""Probabilities of answers, what marks do to them, and how alike texts are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.ranking import Group, TextScale, diverse, given_reason, posterior, written
from intelligence.wordings import Wordings, between, wordings
from intelligence.worth import GOOD, HALF_LIFE, NONE, Worth

AT = 1_778_400_000.0
SHARES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6)


def test_as_written() -> None:
    """Made for the reason first, then in order; 1 in all."""
    shares = written([1, 0, 0])
    assert sum(shares) == pytest.approx(1.0)
    assert shares[1] > shares[2] > shares[0] > 0.0
    assert written([]) == []


def test_uses_outweigh_the_order_in_which_entries_are_written() -> None:
    """Dirichlet: 45 uses against 5 that count for the order."""
    worth = Worth()
    for n in range(45):
        worth.used("b", "fees", AT + n)
    (a, b), none = given_reason("fees", ["a", "b"], [0.7, 0.3], worth, AT + 45)
    assert b > 0.85
    assert a + b + none == pytest.approx(1.0)
    assert none < NONE


def test_marks_fade_and_can_be_taken_back() -> None:
    """Half of it is left after the half-life; the order in which they come makes no difference."""
    worth, other = Worth(), Worth()
    worth.used("a", "fees", AT)
    assert worth.uses("a", "fees", AT) == pytest.approx(1.0)
    assert worth.uses("a", "fees", AT + HALF_LIFE) == pytest.approx(0.5)
    assert worth.uses("a", "fees", AT - HALF_LIFE) == pytest.approx(1.0)
    worth.used("a", "fees", AT + HALF_LIFE)
    other.used("a", "fees", AT + HALF_LIFE)
    other.used("a", "fees", AT)
    later = AT + 2 * HALF_LIFE
    assert worth.uses("a", "fees", later) == pytest.approx(other.uses("a", "fees", later))
    other.used("a", "fees", AT, -1.0)
    assert other.uses("a", "fees", later) == pytest.approx(0.5)


def test_wrong_given_one_reason_weighs_less_for_another() -> None:
    """It leans on all reasons where the reason itself has no marks."""
    worth = Worth()
    assert worth.good("a", "fees", AT) == GOOD
    for _ in range(10):
        worth.wrong("a", "fees", AT)
    assert worth.good("a", "fees", AT) < worth.good("a", "pin", AT) < GOOD


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), SHARES), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_never_more_than_certain(
    rows: list[tuple[float, list[float]]], words: bool, read: bool, seed: int
) -> None:
    """Whatever is likely: scores are at least 0 and sum to 1 at most."""
    groups, places = [], 0
    whole = sum(probability for probability, _ in rows) or 1.0
    for n, (probability, shares) in enumerate(rows):
        total = sum(shares) / 0.9
        groups.append(
            Group(
                str(n), probability / whole, tuple(range(places, places + len(shares))),
                tuple(share / total for share in shares), 0.1,
            )
        )  # fmt: skip
        places += len(shares)
    evidence = np.exp(np.random.default_rng(seed).normal(0.0, 8.0, places)) if words else None
    found = posterior(groups, 0.0, evidence, reasons_read_words=read)
    assert all(score >= 0.0 for score, _ in found.values())
    assert sum(score for score, _ in found.values()) <= 1.0 + 1e-9


def test_words_move_by_their_likelihood() -> None:
    """By hand: odds of the entry against none of them, times the evidence."""
    groups = [Group("fees", 0.6, (0,), (0.9,), 0.1)]
    plain = posterior(groups, 0.4, None, reasons_read_words=False)
    assert plain[0][0] == pytest.approx(0.54)
    assert plain[0][1] == "fees"
    heard = posterior(groups, 0.4, np.array([4.0]), reasons_read_words=False)
    assert heard[0][0] == pytest.approx(0.54 * 4 / (0.54 * 4 + 0.06 + 0.4))
    within = posterior(groups, 0.4, np.array([4.0]), reasons_read_words=True)
    assert within[0][0] == pytest.approx(0.6 * 3.6 / 3.7)


def test_evidence_is_neutral_where_the_scale_says_so() -> None:
    """1 there, more above, and never infinite."""
    scale = TextScale(slope=20.0, neutral=0.3)
    below, there, above, far = scale.evidence(np.array([0.1, 0.3, 0.5, 1e9]))
    assert below < there == 1.0 < above
    assert math.isfinite(far)


def test_near_duplicates_give_way_to_what_says_something_else() -> None:
    """But the list stays sorted by probability, and nothing unlikely is shown to be different."""
    alike = np.array([[1.0, 0.98, 0.1, 0.0], [0.98, 1.0, 0.1, 0.0], [0.1, 0.1, 1.0, 0.0],
                      [0.0, 0.0, 0.0, 1.0]])  # fmt: skip
    assert diverse([0.4, 0.39, 0.1, 0.001], alike, most=2, least=0.01) == [0, 2]
    assert diverse([0.4, 0.39, 0.1, 0.001], alike, most=5, least=0.01) == [0, 1, 2]
    assert diverse([], np.zeros((0, 0)), most=5, least=0.01) == []


TEXTS = [(0, "I lost my card"), (0, "card stolen"), (1, "what is this fee"), (2, "我的卡丢了")]


def test_alike_by_letters() -> None:
    """The same words, a misspelling, another script; nothing in common is 0."""
    held = wordings(4, TEXTS)
    assert held.alike("I lost my card").argmax() == 0
    assert held.alike("I lsot my crad, it was stollen").argmax() == 0
    assert held.alike("卡丢了").argmax() == 2
    assert held.alike("卡丢了")[0] == 0.0
    assert held.alike("what is this fee")[3] == 0.0
    assert not held.alike("").any()
    assert not wordings(2, []).alike("anything").any()


def test_one_more_and_one_less() -> None:
    """Adding makes a text found by words nobody had; taking it away undoes that."""
    held = wordings(3, TEXTS)
    asked = "zebra quokka"
    assert held.alike(asked)[1] == 0.0
    more = held.adding(1, "quokka zebra")
    assert more.alike(asked)[1] > 0.5
    assert held.alike(asked)[1] == 0.0
    less = more.without(len(TEXTS))
    assert less.alike(asked)[1] == 0.0
    for text in ("I lost my card", "fee", "卡"):
        assert less.alike(text) == pytest.approx(held.alike(text), abs=1e-6)
    empty = wordings(1, []).adding(0, "the first words")
    assert empty.alike("the first words")[0] > 0.5


class Colours:
    """An encoder that knows what colours are."""

    name = "colours"
    fingerprint = ""
    dimension = 2

    def encode(self, texts: list[str]) -> np.ndarray:
        rows = [[1.0, 0.0] if "red" in one or "scarlet" in one else [0.0, 1.0] for one in texts]
        return np.array(rows, dtype=np.float32)

    def warm_up(self) -> None:
        pass


def test_alike_in_meaning() -> None:
    """With an encoder, texts that share no letter are alike."""
    encoder = Colours()
    held: Wordings = wordings(2, [(0, "red"), (1, "blue")], encoder, 0.3)  # type: ignore[arg-type]
    first, second = held.alike("scarlet")
    assert first > second
    more = held.adding(1, "scarlet sky").alike("scarlet sky")
    assert more[1] > held.alike("scarlet sky")[1]


def test_between_texts() -> None:
    """1 with itself, symmetric."""
    found = between(["pay a bill", "pay the bill", "我的卡"])
    assert found == pytest.approx(found.T)
    assert np.diag(found) == pytest.approx(1.0)
    assert found[0, 1] > 0.4 > found[0, 2] == 0.0
    assert between([]).shape == (0, 0)
