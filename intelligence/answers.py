"""Which knowledge entries answer a call: found by its likely reasons and by what was said.

``Answers`` holds the entries, how people put the questions they answer, and what agents said of the
answers they were shown. All of it looks at one shelf, which never changes; what changes puts
another in its place. So ``find`` and ``prepared`` may run in any thread; what changes something
(``mark``, ``take``, ``use``, ``load``) is for one thread, the loop's. Texts of callers are kept
masked, and only while this object lives: the store has the marks they come from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Answer, AnswerMark, Phrasing, Profile, Reason, Words
from callcenter.floor.orders import RecordMark

from .encoders import Encoder, digest
from .entry import Audience, Entry
from .masking import words_kept
from .personal import facts_of
from .profile import products
from .ranking import Group, TextScale, diverse, given_reason, posterior
from .shelf import Shelf, newest, shelf
from .templates import Known, render
from .worth import Worth

__all__ = ["MOST", "Answers", "Audience", "Entry", "Policy"]

MOST: Final = 5
LEAST: Final = 0.01
"""An answer less probable is not worth a glance."""
LOOKED_AT: Final = 24
"""The likeliest entries among which the ones to show are chosen."""
MOST_WORDS: Final = 8
"""Of one call, the newest."""
MOST_REMEMBERED: Final = 50_000
"""Marks that can be taken back by another one, the newest."""

MOST_HEARD: Final = 5_000
"""Words of which it is remembered who said them, the newest."""
BY_WORDS: Final = "words"
"""Group of the causes that are words."""

SCALES: Final = {
    "": TextScale(slope=26.0, neutral=0.12),
    "use-multilingual-v3": TextScale(slope=27.0, neutral=0.30),
    "all-minilm-l6-v2-int8": TextScale(slope=25.0, neutral=0.38),
}
"""By encoder, "" for none: where the log loss of the right answer is least on BANKING77
(``benchmarks.answers``)."""
OTHERWISE: Final = SCALES["use-multilingual-v3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How answers are shown."""

    answers: Literal["choice", "best"] = "choice"
    """Several, or the best one only."""
    automatic_above: float = 0.85
    """The first answer is opened by itself when it is surer; 1 and more: never."""


@dataclass(frozen=True, slots=True)
class _Marked:
    """What a mark counted, so that it can be taken back; ``texts`` are masked."""

    answer: str | None
    mark: AnswerMark
    reason: str | None
    at: float
    texts: tuple[str, ...]


class Answers:
    """Entries, found and learned about. ``find``, ``mark`` and ``take`` never wait."""

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        encoder: Encoder | None = None,
        policy: Policy | None = None,
    ) -> None:
        """Reads all wordings, as ``use`` does."""
        self.unusable: dict[str, str] = {}
        """Entries whose text could not be put together when they were to be shown, and why; they
        are left out. Entries are checked when they are read, so this stays empty."""
        self._encoder = encoder
        self._policy = policy or Policy()
        self._scale = SCALES.get(encoder.name, OTHERWISE) if encoder else SCALES[""]
        self._worth = Worth()
        self._marked: OrderedDict[tuple[str, str], _Marked] = OrderedDict()
        """By call and entry ("": missing)."""
        self._said_by: dict[bytes, str] = {}
        """Digest of words to the name of who said them."""
        self._shelf = shelf(entries, (), encoder)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._shelf.entries

    @property
    def confirmed(self) -> tuple[tuple[str, str], ...]:
        """Id of an entry and masked words of a customer that an agent confirmed for it."""
        return self._shelf.confirmed

    def prepared(self, entries: Sequence[Entry]) -> Shelf:
        """A shelf of these, for ``take``; changes nothing. Milliseconds for each wording that is
        new to the encoder: for a thread."""
        return shelf(entries, self._shelf.confirmed, self._encoder)

    def take(self, made: Shelf) -> None:
        """From now on this shelf. Marks, and what was confirmed meanwhile, stay with the ids."""
        self._shelf = made.brought_to(self._shelf.confirmed)

    def use(self, entries: Sequence[Entry]) -> None:
        """``take`` of what is ``prepared``: as slow as that."""
        self.take(self.prepared(entries))

    def load(self, marks: Iterable[RecordMark]) -> None:
        """What agents marked before, oldest first, as the store has it. For the start, before
        anybody else uses this: as slow as ``prepared``."""
        confirmed: dict[tuple[str, str], None] = {}
        for order in marks:
            for one in self._count(order, ()):
                confirmed.pop(one, None)  # it becomes the newest
                confirmed[one] = None
        standing = {(one.answer, text) for one in self._marked.values() for text in one.texts}
        kept = newest([one for one in confirmed if one in standing])
        if tuple(kept) != self._shelf.confirmed:
            self._shelf = self._shelf.counted_with(kept, self._encoder)

    def mark(self, order: RecordMark, names: Collection[str] = ()) -> None:
        """An answer was used or wrong, or one was missing: counts from the next ``find`` on. A
        later mark of the same answer of the same call takes the earlier one's place.

        ``names``: taken out of the words, besides that of the person they were found for. Marks for
        entries that are not here (any more) are passed over. Encodes the words once more where they
        had to be masked.
        """
        for one in self._count(order, names):
            self._shelf = self._shelf.confirming(*one)

    def _count(self, order: RecordMark, names: Collection[str]) -> list[tuple[str, str]]:
        """Count a mark; what it confirms."""
        if order.mark == "missing":
            if (order.call, "") not in self._marked:
                self._worth.missing(order.reason, order.at)
                self._remember(order, ())
            return []
        entry = self._entry(order.answer)
        if entry is None:
            return []
        before = self._marked.get((order.call, entry.id))
        if before is not None:
            if before.mark == order.mark:
                return []
            self._take_back(entry, before)
        reason = _reason(entry, order.reason)
        if order.mark == "wrong":
            self._worth.wrong(entry.id, reason, order.at)
            self._remember(order, ())
            return []
        self._worth.used(entry.id, reason, order.at)
        texts = words_kept(order.words, {*names, *self._names(order.words)})
        self._remember(order, texts)
        return [(entry.id, text) for text in texts]

    def _remember(self, order: RecordMark, texts: tuple[str, ...]) -> None:
        self._marked[order.call, order.answer or ""] = _Marked(
            order.answer, order.mark, order.reason, order.at, texts
        )
        if len(self._marked) > MOST_REMEMBERED:
            self._marked.popitem(last=False)

    def _take_back(self, entry: Entry, before: _Marked) -> None:
        reason = _reason(entry, before.reason)
        if before.mark == "used":
            self._worth.used(entry.id, reason, before.at, -1.0)
        else:
            self._worth.wrong(entry.id, reason, before.at, -1.0)
        for text in before.texts:
            if (entry.id, text) in self._shelf.confirmed:
                self._shelf = self._shelf.dropping(self._shelf.confirmed.index((entry.id, text)))

    def _entry(self, id: str | None) -> Entry | None:
        place = self._shelf.places.get(id or "")
        return None if place is None else self._shelf.entries[place]

    def find(
        self,
        reasons: Sequence[Reason],
        profile: Profile | None,
        words: Sequence[Words],
        marks: Sequence[tuple[str, AnswerMark]],
        day: date,
        zone: tzinfo,
        at: float,
        *,
        reasons_read_words: bool | None = None,
        only: Collection[str] | None = None,
        most: int | None = None,
    ) -> tuple[Answer, ...]:
        """The answers to show, the likeliest first.

        ``only``: ids of those that may be shown here; others take no place, but what speaks for
        them does not speak for these. ``most``: how many at most; ``None``: as the centre has it.

        ``marks``: of this call; what was wrong does not come again. ``day``: on which entries must
        be valid. ``zone``: in which times are written. ``reasons_read_words``: a text model has
        moved the reasons by these words already; they only choose between the answers to a reason
        then, lest they count twice. ``None``: as the causes of the reasons say.
        """
        held = self._shelf
        self._hear(words, profile)
        if reasons_read_words is None:
            reasons_read_words = any(c.group == BY_WORDS for one in reasons for c in one.why)
        owned = products(profile)
        wrong = {one for one, mark in marks if mark == "wrong"}
        shown = np.array(
            [e.valid(day) and e.fits(owned) and e.id not in wrong for e in held.entries], dtype=bool
        )
        evidence = self._evidence(held, words)
        groups, rest = self._groups(held, reasons, shown, evidence, at)
        found = posterior(groups, rest, evidence, reasons_read_words=reasons_read_words)
        if only is not None:
            found = {place: one for place, one in found.items() if held.entries[place].id in only}
        best = sorted(found, key=lambda place: (-found[place][0], place))[:LOOKED_AT]
        chosen = diverse(
            [found[place][0] for place in best],
            held.closeness[np.ix_(best, best)],
            self._most() if most is None else most,
            LEAST,
        )
        why = {one.code: one.why for one in reasons}
        answers: list[Answer] = []
        for one in chosen:
            score, reason = found[best[one]]
            entry = held.entries[best[one]]
            facts = facts_of(profile, why.get(reason, ()), at)
            try:
                phrasings = _personal(entry.phrasings, facts, zone)
            except ValueError as error:
                self.unusable[entry.id] = str(error)
                continue
            answers.append(
                Answer(
                    id=entry.id,
                    reason=reason,
                    source=entry.source,
                    phrasings=phrasings,
                    score=score,
                    automatic=not answers and score > self._policy.automatic_above,
                )
            )
        return tuple(answers)

    def _most(self) -> int:
        return MOST if self._policy.answers == "choice" else 1

    def _hear(self, words: Sequence[Words], profile: Profile | None) -> None:
        """Who said it, lest their name is kept when it is confirmed."""
        if profile is None:
            return
        for one in words:
            self._said_by[digest(one.text)] = profile.name
        for key in list(self._said_by)[: max(0, len(self._said_by) - MOST_HEARD)]:
            self._said_by.pop(key, None)  # another thread may have been here

    def _names(self, words: Sequence[Words]) -> set[str]:
        known = (self._said_by.get(digest(one.text)) for one in words)
        return {name for name in known if name}

    def _evidence(self, held: Shelf, words: Sequence[Words]) -> NDArray[np.float64] | None:
        """What the words say of each entry, at best; ``None`` when nothing was said in words."""
        spoken = [one.text for one in words if one.source != "path" and one.text.strip()]
        if not spoken or not held.entries:
            return None
        alike = [held.wordings.alike(text) for text in spoken[-MOST_WORDS:]]
        return self._scale.evidence(np.max(alike, axis=0))

    def _groups(
        self,
        held: Shelf,
        reasons: Sequence[Reason],
        shown: NDArray[np.bool_],
        evidence: NDArray[np.float64] | None,
        at: float,
    ) -> tuple[list[Group], float]:
        """The likely reasons with their entries; with words also those that were not named, which
        share what is missing to 1, as far as words speak for their entries."""
        likely: dict[str, float] = {}
        for reason in reasons:
            likely[reason.code] = max(likely.get(reason.code, 0.0), reason.probability)
        rest = max(0.0, 1.0 - sum(likely.values()))
        groups = []
        for code, probability in likely.items():
            group = self._group(held, code, probability, shown, at)
            if group is None:
                rest += probability
            else:
                groups.append(group)
        if evidence is None:
            return groups, rest
        others = [code for code in held.by_reason if code not in likely]
        each = rest / (len(others) + 1)
        for code in others:
            places, _ = held.by_reason[code]
            if not any(shown[place] and evidence[place] > 1.0 for place in places):
                continue
            group = self._group(held, code, each, shown, at)
            if group is not None:
                groups.append(group)
                rest -= each
        return groups, rest

    def _group(
        self, held: Shelf, reason: str, probability: float, shown: NDArray[np.bool_], at: float
    ) -> Group | None:
        places, shares = held.by_reason.get(reason, ((), ()))
        seen = [(place, share) for place, share in zip(places, shares, strict=True) if shown[place]]
        if not seen:
            return None
        ids = [held.entries[place].id for place, _ in seen]
        whole = sum(share for _, share in seen)
        parts, none = given_reason(
            reason, ids, [share / whole for _, share in seen], self._worth, at
        )
        return Group(reason, probability, tuple(place for place, _ in seen), tuple(parts), none)


def _reason(entry: Entry, likeliest: str | None) -> str | None:
    """What an entry was marked for: the likeliest reason if it is one of its own."""
    if likeliest in entry.reasons:
        return likeliest
    return entry.reasons[0] if len(entry.reasons) == 1 else None


def _personal(
    phrasings: Sequence[Phrasing], facts: Mapping[str, Known], zone: tzinfo
) -> tuple[Phrasing, ...]:
    """Raises ``ValueError`` when a body is no template."""
    return tuple(
        replace(one, body=render(one.body, facts, one.language, zone)) for one in phrasings
    )
