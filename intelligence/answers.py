"""Which knowledge entries answer a call: found by its likely reasons and by what was said.

``Answers`` holds the entries, how people put the questions they answer, and what agents said of the
answers they were shown. ``find`` and ``mark`` never wait: they look at one shelf, which never
changes; what changes puts another in its place. Only ``use`` and ``load`` take long: they are for
the start and for threads. Texts of callers are kept masked, and only while this object lives: the
store has the marks they come from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from threading import Lock
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Answer, AnswerMark, Phrasing, Profile, Reason, Words
from callcenter.floor.orders import RecordMark

from .encoders import Encoder
from .entry import Audience, Entry
from .masking import masked
from .profile import products
from .ranking import Group, TextScale, diverse, given_reason, posterior
from .shelf import Shelf, shelf
from .worth import Worth

__all__ = ["MOST", "Answers", "Audience", "Entry", "Policy", "rank", "words_kept"]

MOST: Final = 5
LEAST: Final = 0.01
"""An answer less probable is not worth a glance."""
LOOKED_AT: Final = 24
"""The likeliest entries among which the ones to show are chosen."""
MOST_WORDS: Final = 8
"""Of one call, the newest."""
MOST_CONFIRMED: Final = 50
"""Wordings of callers that are kept for an entry, the newest."""
MOST_REMEMBERED: Final = 5_000
"""Marks that can be taken back by another one, the newest."""

SCALES: Final = {
    "": TextScale(slope=14.0, neutral=0.3),
    "use-multilingual-v3": TextScale(slope=14.0, neutral=0.45),
    "all-minilm-l6-v2-int8": TextScale(slope=14.0, neutral=0.45),
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


class Answers:
    """Entries, found and learned about. Threads may use it; see each method for how long."""

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        encoder: Encoder | None = None,
        policy: Policy | None = None,
    ) -> None:
        """Reads all wordings, as ``use`` does."""
        self._encoder = encoder
        self._policy = policy or Policy()
        self._scale = SCALES.get(encoder.name, OTHERWISE) if encoder else SCALES[""]
        self._worth = Worth()
        self._marked: OrderedDict[tuple[str, str], tuple[RecordMark, tuple[str, ...]]] = (
            OrderedDict()
        )
        self._changing = Lock()
        """Held for moments."""
        self._building = Lock()
        """Held while a new shelf is made, so that the later of two stands."""
        self._shelf = shelf(entries, (), encoder)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._shelf.entries

    @property
    def confirmed(self) -> tuple[tuple[str, str], ...]:
        """Id of an entry and masked words of a customer that an agent confirmed for it."""
        return self._shelf.confirmed

    def use(self, entries: Sequence[Entry]) -> None:
        """From now on these. Marks and confirmed wordings stay with the ids. Milliseconds for each
        new wording; ``find`` goes on with the old entries meanwhile."""
        with self._building:
            made = shelf(entries, self._shelf.confirmed, self._encoder)
            with self._changing:  # words may have been confirmed meanwhile
                self._shelf = made.brought_to(self._shelf.confirmed)

    def load(self, marks: Iterable[RecordMark]) -> None:
        """What agents marked before, oldest first, as the store has it. As slow as ``use``."""
        with self._building:
            confirmed: list[tuple[str, str]] = []
            for order in marks:
                with self._changing:
                    for one in self._count(order, ()):
                        if one in confirmed:
                            confirmed.remove(one)
                        confirmed.append(one)
            kept = _newest(confirmed)
            made = shelf(self._shelf.entries, kept, self._encoder)
            with self._changing:
                self._shelf = made.brought_to([*kept, *self._shelf.confirmed])

    def mark(self, order: RecordMark, names: Collection[str] = ()) -> None:
        """An answer was used or wrong, or one was missing: counts from the next ``find`` on. A
        later mark of the same answer of the same call takes the earlier one's place.

        ``names``: of the person, which are taken out of the words. Marks for entries that are not
        here (any more) are passed over. Encodes the words once more where they had to be masked.
        """
        with self._changing:
            for one in self._count(order, names):
                self._shelf = _confirming(self._shelf, one)

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
            if before[0].mark == order.mark:
                return []
            self._take_back(entry, *before)
        reason = _reason(entry, order.reason)
        if order.mark == "wrong":
            self._worth.wrong(entry.id, reason, order.at)
            self._remember(order, ())
            return []
        self._worth.used(entry.id, reason, order.at)
        texts = words_kept(order.words, names)
        self._remember(order, texts)
        return [(entry.id, text) for text in texts]

    def _remember(self, order: RecordMark, texts: tuple[str, ...]) -> None:
        self._marked[order.call, order.answer or ""] = (order, texts)
        if len(self._marked) > MOST_REMEMBERED:
            self._marked.popitem(last=False)

    def _take_back(self, entry: Entry, order: RecordMark, texts: tuple[str, ...]) -> None:
        reason = _reason(entry, order.reason)
        if order.mark == "used":
            self._worth.used(entry.id, reason, order.at, -1.0)
        else:
            self._worth.wrong(entry.id, reason, order.at, -1.0)
        for text in texts:
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
        reasons_read_words: bool = False,
    ) -> tuple[Answer, ...]:
        """The answers to show, the likeliest first.

        ``marks``: of this call; what was wrong does not come again. ``day``: on which entries must
        be valid. ``zone``: in which times are written. ``reasons_read_words``: a text model has
        moved the reasons by these words already; they only choose between the answers to a reason
        then, lest they count twice. Pure but for the encoder's own memory.
        """
        held = self._shelf
        owned = products(profile)
        wrong = {one for one, mark in marks if mark == "wrong"}
        shown = np.array(
            [e.valid(day) and e.fits(owned) and e.id not in wrong for e in held.entries], dtype=bool
        )
        evidence = self._evidence(held, words)
        groups, rest = self._groups(held, reasons, shown, evidence, at)
        found = posterior(groups, rest, evidence, reasons_read_words=reasons_read_words)
        best = sorted(found, key=lambda place: (-found[place][0], place))[:LOOKED_AT]
        chosen = diverse(
            [found[place][0] for place in best],
            held.closeness[np.ix_(best, best)],
            MOST if self._policy.answers == "choice" else 1,
            LEAST,
        )
        answers = []
        for rank, one in enumerate(chosen):
            score, reason = found[best[one]]
            automatic = rank == 0 and score > self._policy.automatic_above
            entry = held.entries[best[one]]
            answers.append(_answer(entry, reason, score, automatic, profile, zone))
        return tuple(answers)

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


def words_kept(words: Sequence[Words], names: Collection[str] = ()) -> tuple[str, ...]:
    """What is kept of words, masked; keys pressed and words too short to mean something are not."""
    kept = (masked(one.text, names) for one in words if one.source != "path")
    return tuple(dict.fromkeys(text for text in kept if _telling(text)))


def _telling(text: str) -> bool:
    """At least two words, or four characters where words are not spaced."""
    letters = [one for one in text if one.isalpha()]
    unspaced = sum(one >= "\u3040" for one in letters)
    return unspaced >= 4 or (len(letters) >= 5 and " " in text)


def _reason(entry: Entry, likeliest: str | None) -> str | None:
    """What an entry was marked for: the likeliest reason if it is one of its own."""
    if likeliest in entry.reasons:
        return likeliest
    return entry.reasons[0] if len(entry.reasons) == 1 else None


def _confirming(held: Shelf, one: tuple[str, str]) -> Shelf:
    """With ``one``, which becomes the newest; of each entry the newest ``MOST_CONFIRMED``."""
    if one in held.confirmed:
        held = held.dropping(held.confirmed.index(one))
    of_entry = [at for at, (entry, _) in enumerate(held.confirmed) if entry == one[0]]
    if len(of_entry) >= MOST_CONFIRMED:
        held = held.dropping(of_entry[0])
    return held.confirming(*one)


def _newest(confirmed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    left: dict[str, int] = {}
    kept = []
    for one in reversed(confirmed):
        left[one[0]] = left.get(one[0], 0) + 1
        if left[one[0]] <= MOST_CONFIRMED:
            kept.append(one)
    return kept[::-1]


def _answer(
    entry: Entry,
    reason: str,
    score: float,
    automatic: bool,
    profile: Profile | None,
    zone: tzinfo,
) -> Answer:
    from .templates import render

    facts = profile.facts if profile is not None else ()

    def personal(phrasing: Phrasing) -> Phrasing:
        return replace(
            phrasing,
            title=render(phrasing.title, facts, phrasing.language, zone),
            body=render(phrasing.body, facts, phrasing.language, zone),
        )

    return Answer(
        id=entry.id,
        reason=reason,
        source=entry.source,
        phrasings=tuple(personal(one) for one in entry.phrasings),
        score=score,
        automatic=automatic,
    )


def rank(
    entries: Sequence[Entry], reasons: Sequence[Reason], products: Sequence[str] | None, day: date
) -> tuple[Answer, ...]:
    """By reasons alone: entries of the likeliest first, at most three for a reason."""
    found: dict[str, Answer] = {}
    for reason in sorted(reasons, key=lambda one: -one.probability):
        naming = [one for one in entries if reason.code in one.reasons]
        naming.sort(key=lambda one: one.reasons.index(reason.code))
        fitting = [one for one in naming if one.valid(day) and one.fits(products)]
        new = [one for one in fitting if one.id not in found][:3]
        for one in new:
            found[one.id] = Answer(
                id=one.id, reason=reason.code, source=one.source, phrasings=one.phrasings
            )
    return tuple(found.values())[:MOST]
