"""A callback that this engine holds: how far its present attempt has come. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from .callback import Callback, DialEnd

Stage: TypeAlias = Literal[
    "unsure",  # an earlier run or another engine had begun; the exchange has not been asked yet
    "line",  # waits for an agent
    "pause",  # out of the line for a moment: something could not be stored
    "aside",  # the customer is calling us
    "preview",  # an agent looks at the card
    "agent",  # agent first: their phone rings
    "dialling",  # from the order on until the customer answers
    "answered",  # the customer is on the phone, or their machine; no agent yet
    "talking",
    "ended",  # the leg is gone; how it ended is told in a moment
]
BEFORE: Final[frozenset[Stage]] = frozenset({"line", "pause", "aside", "preview", "agent"})
"""Nobody has been dialled."""
DIALLED: Final[frozenset[Stage]] = frozenset({"dialling", "answered"})
"""The exchange was told to dial, and nobody talks yet."""
WITH_CALL: Final[frozenset[Stage]] = frozenset(
    {"line", "preview", "agent", "dialling", "answered", "talking"}
)
"""Stages in which there is a call of it on the floor."""


@dataclass(slots=True)
class Held:
    """Live state of one callback."""

    callback: Callback
    """Its last version."""
    stage: Stage
    call: str | None = None
    """The present attempt's; it may not be known any more in ``unsure`` and ``ended``."""
    before: Callback | None = None
    """As it was before the present attempt, for when nothing was dialled after all."""
    machine: Literal["connect", "hang_up", "message"] = "connect"
    """What the exchange was told to do should a machine answer."""
    by: Literal["human", "machine", "unknown"] | None = None
    """Who answered."""
    cut: bool = False
    """The line to the exchange was lost since the order to dial."""
    likely: DialEnd = "unknown"
    """In ``ended``: how it ended, should nothing better be told."""
    inbound: str | None = None
    """The live call by which the customer calls us."""
