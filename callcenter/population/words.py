"""What callers say to the menu and write with a callback, as a recogniser or a form hands it over.

Made from phrases for the true reason: begun hesitantly, cut short, misheard, or about nothing the
bank knows. Phrases are given by whoever makes the population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeAlias

from callcenter.floor.card import Words

from .callers import NextCall
from .laws import DAY
from .lives import Life

Phrases: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]
"""By reason and language (``en``, ``zh-Hans``, ``zh-Hant``)."""

SPOKEN = 0.4
"""Share of callers who say something to the menu."""
WRITTEN = 0.7
"""Of those who asked for a callback in the last hours, how many wrote why."""
OFF_TOPIC = 0.03
_ASKED_LATELY = DAY / 4
_HESITANT = 0.35
_MISHEARD = 0.08
"""Of spoken words (Chinese: characters), how many come out wrong or not at all."""
_MISTYPED = 0.015
_HESITATIONS: Mapping[str, tuple[str, ...]] = {
    "en": ("um", "uh", "er", "well", "hello", "yeah hi", "so", "I wanted to ask", "it's about"),
    "zh-Hans": ("呃", "那个", "你好", "就是", "我想问一下", "嗯"),
    "zh-Hant": ("呃", "那個", "你好", "就是", "我想問一下", "嗯"),
}
_FOR_NOTHING: Mapping[str, tuple[str, ...]] = {
    "en": ("hello hello can you hear me", "agent please", "no not you my daughter", "what", "yes"),
    "zh-Hans": ("喂喂听得到吗", "转人工", "不是跟你说话", "什么", "对"),
    "zh-Hant": ("喂喂聽得到嗎", "轉真人", "不是跟你說話", "什麼", "對"),
}
_SOUNDS_LIKE = {
    "card": "car", "pin": "pen", "fee": "free", "fees": "freeze", "loan": "alone", "due": "do",
    "transfer": "transform", "account": "a count", "statement": "state meant", "debit": "debt it",
    "balance": "ballots", "password": "past word", "rate": "wait", "mortgage": "more gauge",
    "的": "得", "账": "帐", "密码": "米马", "转": "赚", "帳": "張", "轉": "賺", "款": "寬",
}  # fmt: skip


class Speech:
    """``phrases`` may be empty: then nobody says a word."""

    def __init__(self, phrases: Phrases, outside: Mapping[str, Sequence[str]]) -> None:
        self._phrases = phrases
        self._outside = outside

    def heard(self, rng: Random, call: NextCall, life: Life | None, at: float) -> NextCall:
        """The call with what is said in it; ``life``: of the customer, if it is one."""
        if not self._phrases:
            return call
        language = "en" if life is None else life.base.language or "en"
        found = []
        if life is not None and _asked(life, at) and rng.random() < WRITTEN:
            text = self._text(rng, call.reason, language)
            if text:
                found.append(Words(source="callback", text=_typed(rng, text), language=language))
        if rng.random() < SPOKEN:
            text = self._text(rng, call.reason, language)
            if text:
                found.append(
                    Words(source="ivr", text=_spoken(rng, text, language), language=language)
                )
        return replace(call, words=tuple(found)) if found else call

    def _text(self, rng: Random, reason: str, language: str) -> str:
        if rng.random() < OFF_TOPIC:
            return rng.choice(self._outside.get(language) or _FOR_NOTHING.get(language, ("?",)))
        said = self._phrases.get(reason, {}).get(language)
        return rng.choice(said) if said else ""


def _asked(life: Life, at: float) -> bool:
    return any(
        one.kind == "callback_asked" and one.at <= at < one.at + _ASKED_LATELY
        for one in life.happenings
    )


def _spoken(rng: Random, text: str, language: str) -> str:
    """As speech recognition writes it: no capitals, no stops, fillers, wrong words, a lost end."""
    english = language == "en"
    plain = "".join(c for c in text.lower() if c.isalnum() or c in " '")
    pieces = plain.split() if english else [c for c in plain if c != " "]
    heard = []
    for piece in pieces:
        drawn = rng.random()
        if drawn < _MISHEARD / 2:
            continue
        heard.append(_SOUNDS_LIKE.get(piece, _garbled(rng, piece)) if drawn < _MISHEARD else piece)
    if rng.random() < _HESITANT:
        heard.insert(0, rng.choice(_HESITATIONS.get(language, ("",))))
        if rng.random() < 0.3:
            middle = rng.randrange(len(heard))
            heard.insert(middle, rng.choice(_HESITATIONS.get(language, ("",))[:3]))
    if rng.random() < 0.06 and len(heard) > 4:
        heard = heard[: len(heard) * 2 // 3]
    return (" " if english else "").join(heard) or plain


def _typed(rng: Random, text: str) -> str:
    return (
        "".join("" if rng.random() < _MISTYPED and char.isalpha() else char for char in text)
        or text
    )


def _garbled(rng: Random, piece: str) -> str:
    """Two neighbouring letters change places; what is too short stays."""
    if len(piece) < 3:
        return piece
    at = rng.randrange(len(piece) - 1)
    return piece[:at] + piece[at + 1] + piece[at] + piece[at + 2 :]
