"""The layouts of headers that keep coming, learnt so that a packet is cut in one pass.

Pure. An exchange prints the same few dozen layouts for ever: a Newstate has the same keys in the
same order each time. Matching a whole packet against the layout of the last one takes a third of
the time of taking its lines apart. What matches no layout is taken apart line by line, with the
same result; a layout only ever saves time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SEEN_BEFORE_LEARNT = 16  # compiling costs some hundred times what it saves for one packet
MOST_OF_A_NAME = 4  # a UserEvent may have any layout; four attempts cost more than the lines
MOST_IN_ALL = 256
MOST_KEYS = 64


class Layout:
    """One order of keys. `places` and `folded` say which group of `match` is a key's value, by its
    spelling and in small letters; of a repeated key the first counts. `escaped`: the keys whose
    values are C strings."""

    __slots__ = ("escaped", "folded", "match", "places")

    def __init__(self, keys: Sequence[str], escaped: Sequence[str]) -> None:
        # Possessive, so that a packet that does not fit is left after one look at each character.
        pattern = "\r\n".join(f"{re.escape(key)}: ([^\r]*+)" for key in keys)
        self.match = re.compile(pattern).fullmatch
        self.places: dict[str, int] = {}
        self.folded: dict[str, int] = {}
        for place, key in enumerate(keys, 1):
            self.places.setdefault(key, place)
            self.folded.setdefault(key.lower(), place)
        self.escaped = tuple(dict.fromkeys(escaped))


class Layouts:
    """What one connection has learnt. Bounded, whatever the peer sends."""

    __slots__ = ("_by_name", "_count", "_seen")

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[Layout, ...]] = {}
        self._count = 0
        self._seen: dict[tuple[str, ...], int] = {}

    def cut(self, name: str, text: str) -> tuple[Layout, re.Match[str]] | None:
        """The layout of a packet of this name, and its match; None if it is not known."""
        for layout in self._by_name.get(name, ()):
            found = layout.match(text)
            if found is not None:
                return layout, found
        return None

    def learn(self, name: str, keys: Sequence[str], escaped: Sequence[str]) -> None:
        """A packet of this name had these keys, each with its colon and a space."""
        known = self._by_name.get(name, ())
        if len(known) >= MOST_OF_A_NAME or self._count >= MOST_IN_ALL or len(keys) > MOST_KEYS:
            return
        line_up = (name, *keys)
        seen = self._seen.get(line_up, 0) + 1
        if seen < SEEN_BEFORE_LEARNT:
            if len(self._seen) >= MOST_IN_ALL:
                self._seen.clear()
            self._seen[line_up] = seen
            return
        self._seen.pop(line_up, None)
        if any(":" in key for key in keys):  # "a:b: c" has the key a, which only the lines tell
            return
        self._by_name[name] = (*known, Layout(keys, escaped))
        self._count += 1
