"""The layouts of headers that keep coming, learnt so that a packet is cut in one pass.

Pure. An exchange prints the same few dozen layouts for ever: a Newstate has the same keys in the
same order each time. Matching a whole packet against the layout of the last one takes a third of
the time of taking its lines apart. What matches no layout is taken apart line by line, with the
same result; a layout only ever saves time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

SEEN_BEFORE_LEARNT = 4  # compiling costs half a millisecond, what it saves for fifty packets
MOST_SEEN = 16  # layouts of a name that are counted
MOST_OF_A_NAME = 8  # a UserEvent may have any layout; more attempts cost as much as the lines
MOST_TEXT = 4096  # characters of a packet to learn from: a pattern takes eight bytes for each


class Layout:
    """One order of keys. `match` has one group for each; of a repeated key the first is one.

    `keys`: in the order of the groups. `named`: the groups have the keys for names. `places`: the
    group of a key. `escaped`: the keys whose values are C strings.
    """

    __slots__ = ("escaped", "keys", "match", "named", "places")

    def __init__(self, keys: Sequence[str], is_escaped: Callable[[str], bool]) -> None:
        self.keys = tuple(dict.fromkeys(keys))
        self.named = all(key.isidentifier() for key in keys)  # "Cause-txt" cannot name a group
        self.places = places_of(self.keys, 1)
        self.escaped = tuple(filter(is_escaped, self.keys))
        fresh = set(keys)
        lines = []
        for key in keys:
            # Possessive, so that a packet that does not fit is left after one look at each letter.
            value = "[^\r]*+"
            if key in fresh:
                fresh.discard(key)
                value = f"(?P<{key}>{value})" if self.named else f"({value})"
            lines.append(f"{re.escape(key)}: {value}")
        self.match = re.compile("\r\n".join(lines)).fullmatch


class Layouts:
    """What one connection has learnt about the events of one name: `known`. Bounded, whatever the
    peer sends."""

    __slots__ = ("_seen", "known")

    def __init__(self) -> None:
        self.known: tuple[Layout, ...] = ()
        self._seen: dict[tuple[str, ...], int] = {}

    def learn(
        self, text: str, pairs: Sequence[tuple[str, str]], is_escaped: Callable[[str], bool]
    ) -> None:
        """A packet of this name has this text, which reads as `pairs`."""
        if len(self.known) >= MOST_OF_A_NAME or len(text) > MOST_TEXT:
            return
        keys = tuple([key for key, _ in pairs])
        seen = self._seen.pop(keys, 0) + 1
        if seen < SEEN_BEFORE_LEARNT:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen[keys] = seen
        # Noise, or a colon without its space, is left to the lines.
        elif text == "\r\n".join(map(": ".join, pairs)):
            self.known += (Layout(keys, is_escaped),)


def places_of(keys: Iterable[str], first: int = 0) -> dict[str, int]:
    """Numbers for `keys`, found by their spelling and by small letters.

    Keys have no case: a second spelling of one has the place of the first.
    """
    places: dict[str, int] = {}
    for place, key in enumerate(keys, first):
        places[key] = places.setdefault(key.lower(), place)
    return places
