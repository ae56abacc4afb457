"""Entries made ready for finding: which answer a reason, how people put them, which are alike.

A ``Shelf`` never changes; a mark or an edit makes another one. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .encoders import Encoder
from .entry import Entry
from .ranking import written
from .wordings import Wordings, between, wordings

LETTERS: Final[Mapping[str, float]] = {
    "use-multilingual-v3": 0.35,
    "all-minilm-l6-v2-int8": 0.2,
}
"""Part of the letters in a similarity, by encoder: the better the encoder, the less they add
(``benchmarks.answers``)."""
OTHERWISE: Final = 0.35
MOST_CONFIRMED: Final = 50
"""Wordings of callers that are kept for an entry, the newest."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Entries by place, from 0."""

    entries: tuple[Entry, ...]
    places: Mapping[str, int]
    """Id to place."""
    by_reason: Mapping[str, tuple[tuple[int, ...], tuple[float, ...]]]
    """Reason to the places of its entries and their shares as written."""
    wordings: Wordings
    """Those of the entries first, then ``confirmed``."""
    confirmed: tuple[tuple[str, str], ...]
    """Id and the words of customers that an agent confirmed for it, the oldest first."""
    closeness: NDArray[np.float64]
    """How alike what is said in two entries is; shape (n, n)."""

    def confirming(self, entry: str, text: str) -> Shelf:
        """With one more confirmed wording of an entry that is there, the newest; of each entry the
        newest ``MOST_CONFIRMED`` stay."""
        shelf = self
        if (entry, text) in shelf.confirmed:
            shelf = shelf.dropping(shelf.confirmed.index((entry, text)))
        of_entry = [at for at, (one, _) in enumerate(shelf.confirmed) if one == entry]
        if len(of_entry) >= MOST_CONFIRMED:
            shelf = shelf.dropping(of_entry[0])
        return replace(
            shelf,
            wordings=shelf.wordings.adding(self.places[entry], text),
            confirmed=(*shelf.confirmed, (entry, text)),
        )

    def dropping(self, at: int) -> Shelf:
        """Without the confirmed wording at place ``at`` of ``confirmed``."""
        row = len(self.wordings.owners) - len(self.confirmed) + at
        return replace(
            self,
            wordings=self.wordings.without(row),
            confirmed=self.confirmed[:at] + self.confirmed[at + 1 :],
        )

    def counted_with(self, confirmed: Sequence[tuple[str, str]], encoder: Encoder | None) -> Shelf:
        """With these confirmed wordings of entries that are here, and no others; how rare each
        piece of a word is gets counted with them. Takes as long as ``shelf``."""
        return replace(
            self,
            wordings=_worded(self.entries, self.places, confirmed, encoder),
            confirmed=tuple(confirmed),
        )

    def brought_to(self, confirmed: Sequence[tuple[str, str]]) -> Shelf:
        """With these confirmed wordings, as far as their entries are here."""
        shelf = self
        wanted = [one for one in confirmed if one[0] in self.places]
        keep, have = set(wanted), set(self.confirmed)
        for at in reversed(range(len(shelf.confirmed))):
            if shelf.confirmed[at] not in keep:
                shelf = shelf.dropping(at)
        for one in wanted:
            if one not in have:
                shelf = shelf.confirming(*one)
        return shelf


def shelf(
    entries: Sequence[Entry], confirmed: Sequence[tuple[str, str]], encoder: Encoder | None
) -> Shelf:
    """``confirmed`` of entries that are not there are left out. Takes milliseconds for each wording
    the encoder has not seen: for the start and for threads. Ids must differ."""
    places = {entry.id: place for place, entry in enumerate(entries)}
    if len(places) != len(entries):
        raise ValueError("two knowledge entries have the same id")
    known = tuple(one for one in confirmed if one[0] in places)
    return Shelf(
        entries=tuple(entries),
        places=places,
        by_reason=_by_reason(entries),
        wordings=_worded(entries, places, known, encoder),
        confirmed=known,
        closeness=between([_said(entry) for entry in entries]),
    )


def _worded(
    entries: Sequence[Entry],
    places: Mapping[str, int],
    confirmed: Sequence[tuple[str, str]],
    encoder: Encoder | None,
) -> Wordings:
    texts = [
        (place, text) for place, entry in enumerate(entries) for text in sorted(_wordings(entry))
    ]
    texts += [(places[entry], text) for entry, text in confirmed]
    weight = LETTERS.get(encoder.name, OTHERWISE) if encoder is not None else 1.0
    return wordings(len(entries), texts, encoder, weight)


def newest(confirmed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of each entry the last ``MOST_CONFIRMED``."""
    seen: dict[str, int] = {}
    kept = []
    for one in reversed(confirmed):
        seen[one[0]] = seen.get(one[0], 0) + 1
        if seen[one[0]] <= MOST_CONFIRMED:
            kept.append(one)
    return kept[::-1]


def _wordings(entry: Entry) -> set[str]:
    return {text for text in entry.wordings() if text}


def _by_reason(
    entries: Sequence[Entry],
) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    naming: dict[str, list[tuple[int, int]]] = {}
    for place, entry in enumerate(entries):
        for named, reason in enumerate(dict.fromkeys(entry.reasons)):
            naming.setdefault(reason, []).append((place, named))
    return {
        reason: (
            tuple(place for place, _ in found),
            tuple(written([named for _, named in found])),
        )
        for reason, found in naming.items()
    }


def _said(entry: Entry) -> str:
    return "\n".join(f"{one.title}\n{one.body}" for one in entry.phrasings)
