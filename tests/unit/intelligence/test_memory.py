"""What is remembered votes, is bounded, and overrules when it was corrected."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.memory import Example, HashedPieces, Memory, votes
from intelligence.ngrams import Counted


def asked(memory: Memory, text: str) -> dict[str, float]:
    near = memory.near(text, memory.encoder.encode([text])[0])
    return dict(zip(memory.reasons, near.votes, strict=True))


def test_an_empty_memory_says_nothing() -> None:
    near = Memory(None).near("hello", HashedPieces().encode(["hello"])[0])
    assert (near.votes.size, near.familiar, near.overrule) == (0, 0.0, 0.0)


def test_the_nearest_vote() -> None:
    memory = Memory(None)
    memory.add(Example("I have lost my card", None, "lost"))
    memory.add(Example("what is the rate of my loan", None, "rate"))
    said = asked(memory, "I lost the card")
    assert said["lost"] > said["rate"]


def test_what_a_model_learned_overrules_nothing() -> None:
    memory = Memory(None)
    memory.learn(memory.encoder.encode(["lost card"]), ["lost"])
    near = memory.near("lost card", memory.encoder.encode(["lost card"])[0])
    assert near.overrule == 0
    assert near.familiar == pytest.approx(1)


def test_only_the_newest_of_a_reason_are_kept() -> None:
    memory = Memory(None, most=3)
    for number in range(200):
        memory.add(Example(f"case {number} about something", None, "a"))
    memory.add(Example("another matter", None, "b"))
    assert len(memory) == 4
    near = memory.near("case 7", None)
    assert near.overrule == 0  # long forgotten
    assert memory.near("case 199 about something", None).overrule > 0.9


def test_forgets_old_repeats_too() -> None:
    memory = Memory(None, most=2)
    for number in range(100):
        memory.add(Example(f"text {number}", None, "a"))
    assert memory.near("text 1", None).overrule == 0
    assert memory.near("text 99", None).overrule > 0.9


def test_votes_are_of_the_nearest_only() -> None:
    cosines = np.array([[1.0, 0.9, 0.1, 0.0]], dtype=np.float32)
    logs, familiar = votes(cosines, np.array([0, 1, 1, 2], dtype=np.intp), 4)
    assert list(np.argsort(-logs[0])[:2]) == [0, 1]
    assert familiar[0] == pytest.approx((1 + 0.9 + 0.1) / 3)
    assert logs[0, 3] == logs.min()


def test_hashed_together_as_one_by_one() -> None:
    texts = ["I have lost my card", "lost lost", "", "我的卡丢了, help"]
    together = HashedPieces.of(Counted.of(texts))
    assert together == pytest.approx(HashedPieces().encode(texts), abs=1e-6)
    assert np.linalg.norm(together, axis=1) == pytest.approx([1, 1, 0, 1], abs=1e-6)
