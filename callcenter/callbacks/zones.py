"""Which clock is the customer's: what their browser says, else what their number says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from zoneinfo import available_timezones


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """IANA names on this computer; reads the disk once."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether it is the name of a zone. Names come from strangers: nothing is opened by them."""
    return name in known_zones()


def zone_of(
    given: str, number: str | None, of_number: Callable[[str], Sequence[str]], centre: str
) -> str:
    """The given zone if there is such a one; else that of the number, where the plan of numbers
    tells (one in several zones: the centre's if it is among them, else the first); else the
    centre's."""
    if is_zone(given):
        return given
    return number_zone(number, of_number, centre) or centre


def number_zone(
    number: str | None, of_number: Callable[[str], Sequence[str]], centre: str
) -> str | None:
    """The zone of a number, E.164; ``None`` when it tells of none."""
    if number is None:
        return None
    found = [one for one in of_number(number) if is_zone(one)]
    if not found:
        return None
    return centre if centre in found else found[0]
