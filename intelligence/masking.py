"""Keeps personal data out of words that are kept: numbers, addresses, names. Pure.

What callers say is kept to find answers by and to show supervisors what nobody could answer.
Neither needs to know who said it. It takes away what it can recognise; it is no proof that nothing
personal is left, so what it gives back is still shown only to people who may see calls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from callcenter.floor.card import Words

LONGEST: Final = 300
"""Characters of one text that are kept."""
LOOKED_AT: Final = 4_000
"""Characters of one text that are read; what stands further on is not kept either way."""

_DIGIT_WORDS: Final = "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
_MAIL: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}")
_DIGITS: Final = re.compile(r"\d(?:[\s\-./()]{0,2}\d){3,}")
"""Four digits and more, of any script, also in groups: 4929 12 34, 12-34-56."""
_SPOKEN: Final = re.compile(
    rf"\b(?:{_DIGIT_WORDS})(?:[\s,\-]+(?:{_DIGIT_WORDS})){{3,}}\b", re.IGNORECASE
)
_SPOKEN_CHINESE: Final = re.compile(
    r"[〇零一二三四五六七八九幺两兩](?:[\s,，、]?[〇零一二三四五六七八九幺两兩]){3,}"
)
_INTRODUCED: Final = re.compile(
    r"(?i:\b(?:my name is|my name's|name is|this is|i am|i'm)\s+"
    r"(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?)"
    r"((?:[^\W\d_a-z][\w'’.-]*)(?:\s+[^\W\d_a-z][\w'’.-]*){0,3})"
)
"""A name after the words that introduce one: written with capitals."""
_INTRODUCED_LOW: Final = re.compile(
    r"(?i:\b(?:my name is|my name's|my name’s)\s+)((?:[\w'’.-]+)(?:\s+[\w'’.-]+)?)"
)
"""After "my name is" a name follows however it is written (speech recognition writes it small)."""
_INTRODUCED_CHINESE: Final = re.compile(
    r"((?:我叫|我的名字是|我姓|我名叫|敝姓)\s*)([\u3400-\u9fff·]{1,4})"
)

NUMBER: Final = "▮"
NAME: Final = "▯"


def masked(text: str, names: Collection[str] = ()) -> str:
    """``text`` on one line without control characters, at most ``LONGEST`` characters; numbers of
    four digits and more (spoken ones, too) and e-mail addresses become ``NUMBER``, ``names`` and
    names by which somebody introduces themselves become ``NAME``.

    ``names``: of the person, as known; each part of two characters and more is looked for.
    """
    text = plain(text)
    text = _MAIL.sub(NUMBER, text)
    text = _INTRODUCED.sub(_keep_lead, text)
    text = _INTRODUCED_LOW.sub(_keep_lead, text)
    text = _INTRODUCED_CHINESE.sub(rf"\1{NAME}", text)
    for pattern in (_DIGITS, _SPOKEN, _SPOKEN_CHINESE):
        text = pattern.sub(NUMBER, text)
    found = _parts(names)
    if found is not None:
        text = found.sub(NAME, text)
    return text[:LONGEST].strip()


def words_kept(words: Sequence[Words], names: Collection[str] = ()) -> tuple[str, ...]:
    """What is kept of words, masked; keys pressed and words too short to mean something are not."""
    kept = (masked(one.text, names) for one in words if one.source != "path")
    return tuple(dict.fromkeys(text for text in kept if _telling(text)))


def _telling(text: str) -> bool:
    """At least two words, or four characters where words are not spaced."""
    letters = [one for one in text if one.isalpha()]
    unspaced = sum(one >= "\u3040" for one in letters)
    return unspaced >= 4 or (len(letters) >= 5 and " " in text)


def plain(text: str) -> str:
    """One line, NFKC, without control characters, unassigned ones, surrogates or marks of
    direction; markup is left as it stands, since it is only ever text."""
    text = unicodedata.normalize("NFKC", text[:LOOKED_AT])
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join(kept.split())


def _keep_lead(found: re.Match[str]) -> str:
    whole, name = found.group(0), found.group(1)
    return whole[: len(whole) - len(name)] + NAME


def _parts(names: Collection[str]) -> re.Pattern[str] | None:
    """Whole names first, then their parts; Latin parts only as whole words, those of two letters
    only as they are written ("Wu", not "wu"; "de" is nobody's)."""
    parts: set[str] = set()
    for name in names:
        name = plain(name)
        parts.add(name)
        parts.update(re.split(r"[\s,]+", name))
    found = []
    for part in sorted(parts, key=lambda one: (-len(one), one)):
        if len(part) >= 3 and part[0].isascii():
            found.append(rf"\b{re.escape(part)}\b")
        elif len(part) == 2 and part[0].isascii() and part[0].isupper():
            found.append(rf"(?-i:\b{re.escape(part)}\b)")
        elif len(part) >= 2 and not part[0].isascii():
            found.append(re.escape(part))
    return re.compile("|".join(found), re.IGNORECASE) if found else None
