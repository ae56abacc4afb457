"""A callback as a calendar file (RFC 5545, with the METHODs of RFC 5546). Pure.

The customer takes it into their calendar; a file of the same callback with a higher SEQUENCE moves
the entry, one with METHOD CANCEL takes it out. Times are UTC, so that no calendar needs our zones.
Names and texts are hostile: they can neither end a line nor begin one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from callcenter.floor.callback import OPEN, Callback

WIDTH: Final = 75
"""Octets of a line, without its end."""
LONGEST: Final = 500
"""Characters of a name; a longer one is cut."""
CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
"""What no TEXT of RFC 5545 may contain, bar the line feed, and what some readers take for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTexts:
    """``{name}`` is the centre's."""

    summary: str
    description: str


TEXTS: Final = {
    "en": CalendarTexts(
        summary="Call from {name}",
        description="{name} calls you in this time. To move or cancel it:",
    ),
    "zh-Hans": CalendarTexts(
        summary="{name}来电",
        description="{name}将在此时段内致电给您。如需改期或取消：",
    ),
    "zh-Hant": CalendarTexts(
        summary="{name}來電",
        description="{name}將在此時段內致電給您。如需改期或取消：",
    ),
}


def calendar(
    callback: Callback,
    name: str,
    url: str,
    texts: CalendarTexts | None = None,
    host: str = "callbacks",
) -> bytes:
    """The file, UTF-8 with CRLF.

    ``name``: of the centre. ``url``: the page of this callback, which moves and cancels it.
    ``texts``: instead of ours in the callback's language. ``host``: the second half of the UID,
    the same for all files of a centre. A callback that is done stays in the calendar; one that was
    cancelled, refused or has expired is taken out.
    """
    chosen = texts or TEXTS.get(callback.language or "en", TEXTS["en"])
    name = _line(name)[:LONGEST]
    gone = callback.state not in OPEN and callback.state != "done"
    uid = re.sub(r"[^A-Za-z0-9._-]", "", f"{callback.id}")
    home = re.sub(r"[^A-Za-z0-9._-]", "", host) or "callbacks"
    # A URI is no TEXT: it is not escaped, so whatever is no URI character is left out.
    link = re.sub(r"[^\x21-\x7e]", "", url)
    description = f"{chosen.description.replace('{name}', name)} {link}\n{callback.id}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Open contact centre//Callbacks//EN",
        f"METHOD:{'CANCEL' if gone else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{uid}@{home}",
        # Every version of the row is newer than the one before it, a moved one among them.
        f"SEQUENCE:{max(callback.version, 0)}",
        f"DTSTAMP:{_utc(callback.made)}",
        f"DTSTART:{_utc(callback.opens)}",
        f"DTEND:{_utc(callback.closes)}",
        f"SUMMARY:{escaped(chosen.summary.replace('{name}', name))}",
        f"DESCRIPTION:{escaped(description)}",
        f"STATUS:{'CANCELLED' if gone else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
        f"ORGANIZER;CN={_parameter(name)}:{link or 'invalid:nobody'}",
        *([f"URL:{link}"] if link else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """A TEXT (RFC 5545, 3.3.11)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = CONTROLS.sub("", text)
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def folded(line: str) -> bytes:
    """A content line (3.1): no piece longer than 75 octets, cut between characters only."""
    pieces: list[bytes] = []
    piece, room = b"", WIDTH
    for character in line:
        octets = character.encode("utf-8")
        if len(piece) + len(octets) > room:
            pieces.append(piece)
            # The space that begins a continuation counts.
            piece, room = b"", WIDTH - 1
        piece += octets
    pieces.append(piece)
    return b"\r\n ".join(pieces) + b"\r\n"


def _parameter(text: str) -> str:
    """A quoted parameter value, in which a quotation mark is written as RFC 6868 says."""
    return '"' + _line(text).replace("^", "^^").replace('"', "^'") + '"'


def _line(text: str) -> str:
    return CONTROLS.sub("", re.sub(r"[\r\n\t]+", " ", text)).strip()


def _utc(at: float) -> str:
    """Whole seconds: a promise is no finer."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
