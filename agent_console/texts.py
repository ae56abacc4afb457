"""Cards as JSON, with what consecutive cards share written once. Pure.

A call has about eight cards, and from one to the next the person, the reasons and the answers stay
the same objects; what there is to say is the same few hundred texts all day. Writing them anew was
a sixth of the engine's work. Objects are recognised by identity, so they must be frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from callcenter.floor.card import Answer, Card

from . import frames
from .snapshot import Plain

MOST = 4_000
"""Texts kept; that of a person or of an answer is some 3 KiB."""

_SHARED = ("candidates", "profile", "reasons", "answers", "words")
_LIVE = ("offer", "parties", "pending", "callback")
"""Made of our dataclasses too, but different in almost every card that has them."""
_OWN = tuple(field.name for field in fields(Card) if field.name not in _SHARED + _LIVE)
_own = attrgetter(*_OWN)
"""The fields of a card that are plain already."""
_ANSWER = tuple(field.name for field in fields(Answer) if field.name != "phrasings")
_answer = attrgetter(*_ANSWER)


class Texts:
    """``plain`` turns one of our dataclasses into plain data."""

    __slots__ = ("_kept", "_most", "_plain")

    def __init__(self, plain: Plain, most: int = MOST) -> None:
        self._plain = plain
        self._most = most
        self._kept: dict[int, tuple[object, str]] = {}
        """By identity, with the object: while it is here nothing else can have its identity."""

    def card(self, card: Card) -> str:
        """The same data as ``plain(card)``. Raises ``TypeError`` or ``ValueError`` when something
        in it cannot be written."""
        own = frames.dumps(dict(zip(_OWN, _own(card), strict=True))).removesuffix("}")
        profile = "null" if card.profile is None else self._once(card.profile, self._thing)
        candidates = self._once(card.candidates, self._things) if card.candidates else "[]"
        reasons = self._once(card.reasons, self._things) if card.reasons else "[]"
        answers = self._once(card.answers, self._answers) if card.answers else "[]"
        words = self._once(card.words, self._things) if card.words else "[]"
        offer = "null" if card.offer is None else self._thing(card.offer)
        parties = self._things(card.parties) if card.parties else "[]"
        pending = self._things(card.pending) if card.pending else "[]"
        callback = "null" if card.callback is None else self._thing(card.callback)
        return (
            f'{own},"candidates":{candidates},"profile":{profile},"reasons":{reasons}'
            f',"answers":{answers},"words":{words},"offer":{offer},"parties":{parties}'
            f',"pending":{pending},"callback":{callback}}}'
        )

    def _answers(self, answers: tuple[Answer, ...]) -> str:
        return f"[{','.join([self._answer(answer) for answer in answers])}]"

    def _answer(self, answer: Answer) -> str:
        # Answers are made for each call; their phrasings are those of the knowledge entry.
        own = dict(zip(_ANSWER, _answer(answer), strict=True))
        phrasings = self._once(answer.phrasings, self._things)
        return f'{frames.dumps(own).removesuffix("}")},"phrasings":{phrasings}}}'

    def _things(self, things: tuple[object, ...]) -> str:
        return f"[{','.join([self._thing(thing) for thing in things])}]"

    def _thing(self, thing: object) -> str:
        return frames.dumps(self._plain(thing))

    def _once(self, thing: Any, write: Callable[[Any], str]) -> str:
        kept = self._kept.get(id(thing))
        if kept is not None:
            return kept[1]
        text = write(thing)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[id(thing)] = (thing, text)
        return text
