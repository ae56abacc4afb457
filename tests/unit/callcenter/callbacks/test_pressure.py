"""How hard a site is pressed."""

from __future__ import annotations

import pytest

from callcenter.callbacks.pressure import BLOCK_FREE, Pressure, Recent, block_of


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.1", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("999.1.1.1", "unknown"),
    ],
)
def test_blocks(address: str, block: str) -> None:
    assert block_of(address) == block


def test_a_site_that_is_used_as_usual_asks_for_nothing() -> None:
    """Thirty posts a minute, evenly, from as many people."""
    pressure = Pressure(30)
    for n in range(300):
        block = f"b{n}"
        assert pressure.level("bank", block, n * 2.5) <= 1.0
        pressure.note("bank", block, n * 2.5)


def test_a_burst_is_pressure_before_the_minute_is_over() -> None:
    pressure = Pressure(30)
    levels = []
    for n in range(30):
        levels.append(pressure.level("bank", f"b{n}", n * 0.02))
        pressure.note("bank", f"b{n}", n * 0.02)
    assert [level <= 1.0 for level in levels[:4]] == [True, True, True, False]
    assert levels == sorted(levels)
    assert levels[-1] == 10.0
    assert pressure.level("shop", "b1", 1.0) <= 1.0  # another site is not pressed
    assert pressure.level("bank", "new", 100.0) <= 1.0  # nor this one any more


def test_one_block_that_comes_often_works() -> None:
    pressure = Pressure(1_000)
    for n in range(BLOCK_FREE):
        assert pressure.level("bank", "b", n * 60.0) <= 1.0
        pressure.note("bank", "b", n * 60.0)
    assert pressure.level("bank", "b", 200.0) > 1.0
    assert pressure.level("bank", "c", 200.0) <= 1.0


def test_memory_is_bounded() -> None:
    recent = Recent(60.0, 3, keys=10)
    for n in range(1_000):
        recent.note(f"k{n}", float(n % 60))
        recent.note("target", float(n % 60))
    assert len(recent) == 10
    assert recent.count("target", 59.0) == 3
    assert recent.count("k0", 59.0) == 0


def test_taking_until_there_is_none() -> None:
    recent = Recent(60.0, 2)
    assert [recent.take("a", at) for at in (0.0, 1.0, 2.0, 59.0, 60.5, 60.6)] == [
        True, True, False, False, True, False,
    ]  # fmt: skip
