"""Which clock is the customer's."""

from __future__ import annotations

import pytest

from callcenter.callbacks.zones import is_zone, zone_of

PLAN = {
    "+442079460123": ("Europe/London",),
    "+8613800138000": ("Asia/Shanghai",),
    "+12025550143": ("America/New_York", "America/Chicago"),
    "+8835": ("Etc/Unknown",),
}


def _zone(given: str, number: str | None, centre: str = "Europe/London") -> str:
    return zone_of(given, number, lambda one: PLAN.get(one, ()), centre)


def test_what_the_browser_says_comes_first() -> None:
    assert _zone("Asia/Tokyo", "+8613800138000") == "Asia/Tokyo"


def test_then_the_number_then_the_centre() -> None:
    assert _zone("", "+8613800138000") == "Asia/Shanghai"
    assert _zone("Mars/Olympus", "+8613800138000") == "Asia/Shanghai"
    assert _zone("", "+12025550143") == "America/New_York"
    assert _zone("", "+12025550143", "America/Chicago") == "America/Chicago"
    assert _zone("", "+8835") == "Europe/London"
    assert _zone("", None) == "Europe/London"


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "/etc/localtime", "\x00", "Europe", "gmt+1"]
)
def test_names_of_strangers(name: str) -> None:
    assert not is_zone(name)
