"""Likely answers for a visitor before they ask to be called, and what became of it, counted.

Only answers for everybody are shown, and none that hold facts of a person: nobody is signed in
here. It is counted what visitors say, and the store finds out who came back all the same; of who
did not tell their number nothing is claimed.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcenter.callback_ports import Callbacks, Deflection
from callcenter.floor.card import Answer, AnswerMark, Phrasing, Profile, Reason, Words

from .forms import AnswerShown, Shown
from .pressure import Recent
from .texts import language_of
from .typed import NotText, words

MOST: Final = 3
A_MINUTE: Final = 300
"""Answers are looked for so often in a minute for one site."""
LIFE: Final = 86_400.0
LEAST_WORDS: Final = 3
"""Characters: fewer tell nothing."""
SURE: Final = 0.9
"""Probability of the reasons that a visitor chose: they know better than a model."""


class Found(Protocol):
    """Ranks answers; ``intelligence.answers.Answers`` does. May be called in any thread."""

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
    ) -> tuple[Answer, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSource:
    """Where answers come from. ``public``: ids of the entries that everybody may read, as of now;
    ``reasons_of``: the reasons of a head, for a code of the form."""

    found: Found
    public: Callable[[], Collection[str]]
    reasons_of: Mapping[str, tuple[str, ...]]


class Deflections:
    """Shows answers and notes what became of them."""

    def __init__(
        self, store: Callbacks, source: AnswerSource, zone: str, nonce: Callable[[int], bytes]
    ) -> None:
        self._store = store
        self._source = source
        self._zone = ZoneInfo(zone)
        self._nonce = nonce
        self._recent = Recent(60.0, A_MINUTE, 1_000)

    async def answers(
        self, key: bytes, site: str, said: str, reason: str, language: str, at: float
    ) -> Shown:
        """At most three, in the visitor's language. Nothing when there is nothing to go by, or
        nothing is likely."""
        try:
            text = words(said)
        except NotText:
            return Shown()
        codes = self._source.reasons_of.get(reason, ())
        if (len(text) < LEAST_WORDS and not codes) or not self._recent.take(site, at):
            return Shown()
        spoken = language_of(language)
        found = await asyncio.to_thread(self._likely, text, codes, spoken, at)
        if not found:
            return Shown()
        name = _signed(key, at, self._nonce(9).hex())
        await self._store.deflected(
            Deflection(id=name, at=at, site=site, answers=tuple(one.id for one in found))
        )
        return Shown(id=name, answers=found)

    def _likely(
        self, text: str, codes: tuple[str, ...], language: str, at: float
    ) -> tuple[AnswerShown, ...]:
        reasons = tuple(Reason(code=one, probability=SURE / len(codes)) for one in codes)
        said = (Words(source="callback", text=text, language=language),) if text else ()
        day = datetime.fromtimestamp(at, UTC).astimezone(self._zone).date()
        public = self._source.public()
        found = self._source.found.find(
            reasons, None, said, (), day, self._zone, at, only=public, most=MOST
        )
        shown = [(one.id, _in(one.phrasings, language)) for one in found]
        return tuple(
            AnswerShown(id=entry, title=one.title, body=one.body)
            for entry, one in shown
            if one is not None
        )

    async def answered(
        self,
        key: bytes,
        id: str,
        at: float,
        *,
        opened: Collection[str] = (),
        solved: bool | None = None,
        booked: str | None = None,
        number: str | None = None,
        person: str | None = None,
    ) -> bool:
        """Note what became of it, in addition to what is known; ``False``: it was not shown here,
        or longer than a day ago. ``number``: E.164."""
        made = _made(key, id)
        if made is None or not -60.0 <= at - made <= LIFE:
            return False
        public = self._source.public()
        await self._store.deflected(
            Deflection(
                id=id,
                at=made,
                site="",  # stays as it is stored
                answers=(),
                opened=tuple(one for one in dict.fromkeys(opened) if one in public)[:MOST],
                solved=solved,
                booked=booked,
                number=number,
                person=person,
            )
        )
        return True


def _in(phrasings: Sequence[Phrasing], language: str) -> Phrasing | None:
    """In the language; else in a near one, else in the first that is there."""
    for near in (language, language[:2]):
        for one in phrasings:
            if one.language.startswith(near):
                return one
    return phrasings[0] if phrasings else None


def _signed(key: bytes, at: float, nonce: str) -> str:
    """An id that says when it was made, so that nobody can make up others."""
    said = f"{int(at * 1000):x}.{nonce}"
    return f"{said}.{hmac.digest(key, said.encode(), 'sha256').hex()[:24]}"


def _made(key: bytes, id: str) -> float | None:
    if len(id) > 80 or not id.isascii():
        return None
    said, _, mac = id.rpartition(".")
    if not hmac.compare_digest(hmac.digest(key, said.encode(), "sha256").hex()[:24], mac):
        return None
    return int(said.partition(".")[0], 16) / 1000.0
