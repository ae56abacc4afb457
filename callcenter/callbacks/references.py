"""References such as ``7KQ4-M2PX``: read out on the telephone and typed without mistakes. Pure."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Final

ALPHABET: Final = "234679ACDEFGHJKMNPQRTVWXY"
"""Without 0 and O, 1 and I and L, 5 and S, 8 and B, U and Z: those that look alike."""
LENGTH: Final = 8
"""25**8, about 1.5e11: they are no secret, the key of a link is."""


def reference(chance: Random) -> str:
    drawn = "".join(chance.choice(ALPHABET) for _ in range(LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"


def as_reference(text: str) -> str | None:
    """A reference as somebody typed it: small or full-width letters, any or no hyphen, blanks.
    ``None`` when it cannot be one."""
    if len(text) > 40:
        return None
    wide = unicodedata.normalize("NFKC", text).upper()
    drawn = "".join(one for one in wide if one.isalnum())
    if len(drawn) != LENGTH or any(one not in ALPHABET for one in drawn):
        return None
    return f"{drawn[:4]}-{drawn[4:]}"
