"""Who is at the end of a channel: clean names and numbers, devices, own devices against trunks.

Pure. Everything a caller can put into a name or a number arrives here; nothing unclean leaves.
It must not interpret numbers (telephony.numbers does) or keep state.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from fnmatch import translate

NAME_LENGTH = 80
NUMBER_LENGTH = 40

_WITHHELD = frozenset(
    {
        "",
        "<unknown>",
        "unknown",
        "anonymous",
        "private",
        "restricted",
        "unavailable",
        "withheld",
        "number unavailable",
        "asterisk",  # what Asterisk itself puts into From when it knows nothing
    }
)
# Cc are the control characters; Cf holds the bidirectional marks, zero-width characters and tags;
# Cs, Co and Cn are no text. Of Cf the two joiners stay: Persian and Indic names are spelled with
# them.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = "\u200c\u200d"

# Channels that are parts of the exchange and nobody's telephone.
_INNER = frozenset(
    {
        "AsyncGoto", "Announcer", "Bridge", "CBAnn", "CBRec", "ConfBridgeRecorder", "Message",
        "MulticastRTP", "Recorder", "Snoop", "Surrogate", "UnicastRTP", "WaitForSilence",
    }
)  # fmt: skip
_EXTENSION = re.compile(r"[^/]+/[0-9]{2,6}", re.ASCII)


def clean(text: str | None, length: int) -> str | None:
    """`text` fit for a screen: composed (NFC), one line, nothing invisible, at most `length`
    characters; ``None`` when nothing remains or it only says that it is unknown."""
    if text is None:
        return None
    text = text[: length * 8]  # enough for any name, and no work for a hostile one
    if not text.isascii() or not text.isprintable():
        text = "".join(
            " " if character.isspace() else character
            for character in unicodedata.normalize("NFC", text)
            if character.isspace()
            or character in _JOINERS
            or unicodedata.category(character) not in _UNSHOWN
        )
    text = " ".join(text.split())[:length].strip(" " + _JOINERS)
    return None if text.casefold() in _WITHHELD else text


def clean_name(text: str | None) -> str | None:
    return clean(text, NAME_LENGTH)


def clean_number(text: str | None) -> str | None:
    return clean(text, NUMBER_LENGTH)


def technology(channel: str) -> str:
    """``PJSIP`` of ``PJSIP/1001-0000002a``."""
    return channel.partition("/")[0]


def is_inner(channel: str) -> bool:
    """The exchange's own device (an announcer, a recorder): never a party of a call."""
    return technology(channel) in _INNER


def local_half(channel: str) -> tuple[str, str] | None:
    """(what both halves share, ``"1"`` or ``"2"``) of a Local channel; ``None`` for any other."""
    if not channel.startswith("Local/"):
        return None
    shared, _, half = channel.rpartition(";")
    return (shared, half) if half in ("1", "2") else None


def device_of(channel: str) -> str:
    """``PJSIP/1001`` of ``PJSIP/1001-0000002a``."""
    return channel.rpartition("-")[0] or channel


class Devices:
    """Which devices are the centre's own phones and which are trunks, by their names.

    `trunks` and `devices` are shell patterns such as ``PJSIP/provider*``; trunks win. A device that
    no pattern names is an own phone when its name is an extension (two to six digits, as in
    ``PJSIP/1001``) and a trunk otherwise. Members of queues are own phones whatever they are
    called; the tracker knows them.
    """

    def __init__(self, devices: Iterable[str] = (), trunks: Iterable[str] = ()) -> None:
        self._devices = [re.compile(translate(pattern)) for pattern in devices]
        self._trunks = [re.compile(translate(pattern)) for pattern in trunks]

    def own(self, device: str) -> bool:
        if any(pattern.match(device) for pattern in self._trunks):
            return False
        if any(pattern.match(device) for pattern in self._devices):
            return True
        return _EXTENSION.fullmatch(device) is not None


Own = Callable[[str], bool]
"""Whether a device such as ``PJSIP/1001`` is an own phone."""


_DIGITS = re.compile(r"[+]?[0-9*#]{2,}")


def dialled_number(dial_string: str | None, exten: str | None) -> str | None:
    """The number sent to the trunk: out of ``01632960123@trunk``, ``trunk/01632960123``,
    ``trunk/sip:01632960123@example.net``; otherwise the extension that was dialled."""
    for text in (dial_string, exten):
        for part in reversed((text or "").split("/")):
            user = part.partition("@")[0].removeprefix("sip:")
            if _DIGITS.fullmatch(user):
                return clean_number(user)
    return None


def number_in(text: str | None) -> int | None:
    """A header's whole number; ``None`` for anything else, endless digits included."""
    if text is None or len(text) > 12 or not text.isascii():
        return None
    try:
        return int(text)
    except ValueError:
        return None
