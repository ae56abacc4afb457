"""How hard a site is pressed, and by whom: counted in memory, which is bounded. Pure.

Each engine counts what it is sent itself; what is accepted in all is limited by the store's count
(``Caps``). An address block is an IPv4 /24 or an IPv6 /64: what one customer of a provider has.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from ipaddress import IPv4Address, ip_address
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
BURST: Final = 6.0
"""Seconds: a tenth of a minute's posts within them is pressure as well."""
BLOCK: Final = 600.0
BLOCK_FREE: Final = 3
"""Posts of one block within ``BLOCK`` seconds that cost no work."""
SITES: Final = 1_000
BLOCKS: Final = 10_000


class Recent:
    """How often something happened within ``seconds``, by key; at most ``most`` are told apart."""

    def __init__(self, seconds: float, most: int, keys: int = BLOCKS) -> None:
        """``keys``: how many are remembered; beyond that the longest untouched is forgotten."""
        self._seconds = seconds
        self._most = most
        self._keys = keys
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def note(self, key: str, at: float) -> None:
        times = self._times.setdefault(key, deque(maxlen=self._most))
        self._times.move_to_end(key)
        times.append(at)
        if len(self._times) > self._keys:
            self._times.popitem(last=False)

    def count(self, key: str, at: float, within: float | None = None) -> int:
        """Within the last seconds, or fewer of them; ``most`` at most."""
        since = at - (self._seconds if within is None else within)
        times = self._times.get(key, ())
        return sum(1 for one in times if one > since)

    def free(self, key: str, at: float) -> bool:
        """Whether there were fewer than ``most``."""
        return self.count(key, at) < self._most

    def take(self, key: str, at: float) -> bool:
        """Note it if there were fewer than ``most``; else ``False``."""
        if not self.free(key, at):
            return False
        self.note(key, at)
        return True


class Pressure:
    """Posts to sites; from how many on browsers have to work."""

    def __init__(self, per_minute: int) -> None:
        """``per_minute``: so many posts to a site in a minute are usual; a tenth of them within
        a tenth of a minute as well. A program that begins is met before its minute is over."""
        self._usual = max(1, per_minute)
        self._burst = max(2, math.ceil(per_minute / 10))
        self._sites = Recent(MINUTE, 64 * self._usual, SITES)
        self._blocks = Recent(BLOCK, 256, BLOCKS)

    def note(self, site: str, block: str, at: float) -> None:
        """A form was sent."""
        self._sites.note(site, at)
        self._blocks.note(block, at)

    def level(self, site: str, block: str, at: float) -> float:
        """How many times the usual it is by now, with one post more; above 1 work is asked."""
        posts = self._sites.count(site, at)
        burst = self._sites.count(site, at, BURST)
        own = self._blocks.count(block, at)
        return max((posts + 1) / self._usual, (burst + 1) / self._burst, (own + 1) / BLOCK_FREE)


def block_of(address: str) -> str:
    """The block of an address: ``192.0.2.0/24``, ``2001:db8:1:2::/64``. What is no address is in
    one block with all of its kind."""
    try:
        found = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    if isinstance(found, IPv4Address):
        return f"{IPv4Address(int(found) & ~0xFF)}/24"
    return f"{type(found)(int(found) >> 64 << 64)}/64"
