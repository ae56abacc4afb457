"""What is true of kinds of call control wherever they are checked: at the floor, at the doors to it
(HTTP, the agent channel), and before anything is sent to the exchange. Pure data."""

from __future__ import annotations

import re
from typing import Final

from .events import ControlKind

SUPERVISION: Final[frozenset[ControlKind]] = frozenset(
    {"listen", "whisper", "barge", "take_over", "stop_listening"}
)
"""What only a supervisor may do to a call."""
EXPLAINED: Final[frozenset[ControlKind]] = SUPERVISION - {"stop_listening"}
"""What needs a reason, because it is written down."""
AIMED: Final[frozenset[ControlKind]] = frozenset({"blind_transfer", "consult"})
"""What needs to be told whom to call."""

TARGET: Final = re.compile(r"\+?[0-9*#]{1,32}|[A-Za-z][A-Za-z0-9_.-]{0,31}")
"""Whom: a number, an extension or the name of a queue. Nothing that could end a line of the
exchange's protocol or begin another argument of a dialplan application."""
DIGITS: Final = re.compile(r"[0-9A-Da-d*#]{1,32}")
"""Keys of a telephone: DTMF, RFC 4733 section 3.2."""
