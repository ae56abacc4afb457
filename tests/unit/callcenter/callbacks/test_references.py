"""References that are read out on the telephone."""

from __future__ import annotations

import random

from callcenter.callbacks.references import ALPHABET, as_reference, reference


def test_drawn_ones() -> None:
    chance = random.Random(3)
    drawn = [reference(chance) for _ in range(2_000)]
    assert len(set(drawn)) == 2_000
    assert {len(one) for one in drawn} == {9}
    assert all(one[4] == "-" and not set(one) & set("01IOLS5B8UZ") for one in drawn)
    assert {letter for one in drawn for letter in one} == {*ALPHABET, "-"}
    assert reference(random.Random(3)) == drawn[0]


def test_typed_ones() -> None:
    assert as_reference("7KQ4-M2PX") == "7KQ4-M2PX"
    assert as_reference(" 7kq4 m2px ") == "7KQ4-M2PX"
    assert as_reference("７ＫＱ４Ｍ２ＰＸ") == "7KQ4-M2PX"
    for wrong in ("", "7KQ4-M2P", "7KQ4-M2PXX", "7KQ4-M2P0", "../../etc", "\ud800", "7" * 1000):
        assert as_reference(wrong) is None
