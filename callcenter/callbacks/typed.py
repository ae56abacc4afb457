"""What strangers typed, made fit to be kept and shown. Markup is text here and stays so. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

MOST_NAME: Final = 100
MOST_WORDS: Final = 500
"""Characters kept; what is longer is cut."""
MOST_TYPED: Final = 20_000
"""Nobody types so much: it is refused."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Part of writing in Persian, Hindi and in emoji; other marks of format only turn or hide text."""
_BLANK: Final = frozenset({"Zs", "Zl", "Zp"})


class NotText(ValueError):  # noqa: N818  # reads as the reason it is
    """Too long to have been typed, or characters that no text has."""


def line(text: str, most: int = MOST_NAME) -> str:
    """One line: no control characters, no marks of direction, single blanks. Raises ``NotText``."""
    return " ".join(_kept(text).split())[:most].rstrip()


def words(text: str, most: int = MOST_WORDS) -> str:
    """The same with its line breaks, never more than one empty line. Raises ``NotText``."""
    rows = [" ".join(row.split()) for row in _kept(text, breaks=True).split("\n")]
    said = "\n".join(row for n, row in enumerate(rows) if row or (n and rows[n - 1]))
    return said.strip()[:most].rstrip()


def _kept(text: str, *, breaks: bool = False) -> str:
    if len(text) > MOST_TYPED:
        raise NotText(f"{len(text)} characters")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise NotText("half of a character")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_safe(one, breaks) for one in unicodedata.normalize("NFC", text))


def _safe(one: str, breaks: bool) -> str:
    if one in "\n\t":
        return "\n" if one == "\n" and breaks else " "
    kind = unicodedata.category(one)
    if kind in _BLANK:
        return " "
    if kind == "Cc" or (kind == "Cf" and one not in _JOINERS):
        return ""
    return one
