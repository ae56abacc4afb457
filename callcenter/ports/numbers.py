"""A caller's number as understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

NumberKind: TypeAlias = Literal[
    "mobile", "fixed", "fixed_or_mobile", "toll_free", "premium", "shared_cost", "voip",
    "personal", "pager", "uan", "voicemail", "extension", "unknown",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A caller's number as understood: the readings to look up, likeliest first.

    ``readings`` are E.164 (``+442079460123``); empty when the number cannot be one (an extension,
    letters). ``anonymous``: withheld or absent. ``raw`` is kept for display only.
    """

    raw: str
    readings: tuple[str, ...]
    kind: NumberKind
    region: str | None
    """ISO 3166-1 alpha-2 of the likeliest reading."""
    anonymous: bool
