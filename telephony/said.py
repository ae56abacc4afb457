"""What callers said or dialled on their way to us, as the operator's own dialplan tells it. Pure.

After a speech recognition
``UserEvent(CallcenterSaid,Source: ivr,Words: ${URIENCODE(${SPEECH_TEXT(0)})},WordsLanguage: en)``,
after a menu ``UserEvent(CallcenterSaid,Source: path,Words: 2-1)``. The words are those of
strangers: percent-encoded, so that they cannot forge a header, and cut. ``Language`` is the
channel's own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from callcenter.floor.card import Words, WordsSource
from callcenter.floor.events import CallerSaid
from telephony.conversations import Conversations
from telephony.legs import Leg
from telephony.packet import Packet

EVENT: Final = "CallcenterSaid"
SOURCES: Final[dict[str, WordsSource]] = {"ivr": "ivr", "path": "path"}
"""What a dialplan can know; forms, chats and notes come another way."""
LONGEST: Final = 2000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)
_PATH = re.compile(r"[0-9*#A-D]{1,16}(-[0-9*#A-D]{1,16}){0,9}", re.ASCII)


def heard(talk: Conversations, leg: Leg, packet: Packet) -> None:
    """Words without a source we know, or without any text, are passed over."""
    source = SOURCES.get((packet.get("Source") or "").lower())
    text = _clean(unquote((packet.get("Words") or "")[: 9 * LONGEST], errors="replace"))
    if source is None or not text or (source == "path" and _PATH.fullmatch(text) is None):
        return
    language = packet.get("WordsLanguage") or ""
    words = Words(
        source=source, text=text, language=language if _LANGUAGE.fullmatch(language) else None
    )
    talk.tell(leg.call, CallerSaid(at=talk.at, call=leg.call.id, words=words))


def _clean(text: str) -> str:
    """Without control and invisible characters, white space made one."""
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return " ".join(kept.split())[:LONGEST]
