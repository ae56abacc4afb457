"""One message of the Asterisk Manager Interface, as it lies on the wire and as it reads.

Pure. A packet keeps its bytes and parses them when somebody first asks for a header, because most
events of a busy exchange are read by nobody. It must not decide what an event means.

Three rules of reading matter:

* Lines end with CRLF and with nothing else. ``str.splitlines`` also cuts at U+2028, U+0085 and
  vertical tabs, which a caller may put into a name to forge the header that follows.
* Text is UTF-8; a line that is not UTF-8 is read as Latin-1, that line only, so one old phone with
  an umlaut harms no other header.
* Asterisk writes some values as C strings (``ast_escape_c`` in main/utils.c) and others as they
  are. ``Packet.get`` gives the text as it was before.
"""

from __future__ import annotations

import re
from typing import overload

GREETING = "Greeting"
RESPONSE = "Response"

_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ESCAPED = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPE_TABLE = str.maketrans({text: "\\" + mark for mark, text in _ESCAPES.items()})

# These print the caller's name as it is: they do not go through
# ast_manager_build_channel_state_string (apps/app_queue.c, main/manager.c, cel/cel_manager.c).
_PLAIN_EVENTS = frozenset({"QueueEntry", "OriginateResponse", "CEL"})
_ESCAPED_HEADERS = ("calleridname", "connectedlinename", "chanvariable")


def unescape(text: str) -> str:
    """The text that ``ast_escape_c`` turned into `text`; unknown sequences stay as they are."""
    return _ESCAPED.sub(lambda match: _ESCAPES[match[1]], text)


def escape(text: str) -> str:
    """`text` as ``ast_escape_c`` writes it: control characters, quotes, ``?`` and backslash."""
    return text.translate(_ESCAPE_TABLE)


class Packet:
    """One message from the peer; parsed when somebody first asks for a header.

    `name` is the event's name; ``"Response"`` for the answer to an action; ``"Greeting"`` for the
    first line of a connection; ``""`` for a block that is neither (an action, seen by a server).
    Whichever of ``Event`` and ``Response`` comes first decides: OriginateResponse carries both.
    `raw` is the message without its empty line.
    """

    __slots__ = ("_headers", "name", "raw")

    def __init__(self, raw: bytes, name: str | None = None) -> None:
        self.raw = raw
        self.name = name_of(raw) if name is None else name
        self._headers: dict[str, str] | None = None

    def __repr__(self) -> str:
        # Without values: packets end up in logs, and their values are people's names and numbers.
        return f"<Packet {self.name!r}, {len(self.raw)} bytes>"

    @overload
    def get(self, header: str) -> str | None: ...

    @overload
    def get(self, header: str, default: str) -> str: ...

    def get(self, header: str, default: str | None = None) -> str | None:
        """The value of `header` in any case of letters, unescaped; `default` where it is missing.

        Of a repeated header this is the first: Asterisk writes its own headers before those that a
        dialplan adds (UserEvent), so a later ``Uniqueid`` cannot pass for the real one.
        """
        headers = self._headers
        if headers is None:
            headers = self._headers = _parse(self.raw)
        value = headers.get(header)
        if value is None:
            value = self._seek(header)
            if value is None:
                return default
        if "\\" in value and self._is_escaped(header):
            return unescape(value)
        return value

    def __contains__(self, header: str) -> bool:
        headers = self._headers
        if headers is None:
            headers = self._headers = _parse(self.raw)
        return header in headers or self._seek(header) is not None

    def all(self, header: str) -> tuple[str, ...]:
        """Every value of a header that may repeat, in the order of the wire, unescaped."""
        wanted = header.lower()
        return tuple(value for key, value in self.headers() if key.lower() == wanted)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers in the order of the wire, repeated ones too, values unescaped."""
        return tuple(
            (key, unescape(value) if "\\" in value and self._is_escaped(key) else value)
            for key, value in pairs_of(self.raw)
        )

    @property
    def variables(self) -> dict[str, str]:
        """The channel variables the exchange sends with each event (``channelvars`` there)."""
        return self.variables_of("")

    def variables_of(self, prefix: str) -> dict[str, str]:
        """The variables of another channel of the event: ``"Dest"`` for DestChanVariable.

        A variable without ``=`` is an empty one; of a repeated name the last one counts.
        """
        found = {}
        for text in self.all(f"{prefix}ChanVariable"):
            name, _, value = text.partition("=")
            found[name] = value
        return found

    def _seek(self, header: str) -> str | None:
        """Look for a header that is written in another case, or without a space after the colon."""
        mark = b"\r\n" + header.lower().encode("utf-8", "replace") + b":"
        if mark not in b"\r\n" + self.raw.lower():
            return None
        wanted = header.lower()
        return next((value for key, value in pairs_of(self.raw) if key.lower() == wanted), None)

    def _is_escaped(self, header: str) -> bool:
        header = header.lower()
        if header == "value":
            return self.name == "VarSet"
        return header.endswith(_ESCAPED_HEADERS) and self.name not in _PLAIN_EVENTS


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "\r\n".join(map(line_text, raw.split(b"\r\n")))


def line_text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _parse(raw: bytes) -> dict[str, str]:
    """Headers by their spelling on the wire; a repeated one keeps its first value."""
    headers: dict[str, str] = {}
    lines = _text(raw).split("\r\n")
    for line in lines:
        key, separator, value = line.partition(": ")
        if separator:
            headers[key] = value
    if len(headers) != len(lines):  # a header twice, one without a space, or a line without a colon
        headers = {}
        for key, value in pairs_of(raw):
            headers.setdefault(key, value)
    return headers


def pairs_of(raw: bytes) -> list[tuple[str, str]]:
    """Keys and values as on the wire, in order; lines without a colon are left out."""
    pairs = []
    for line in _text(raw).split("\r\n"):
        key, separator, value = line.partition(":")
        if separator and key:
            pairs.append((key, value[1:] if value[:1] == " " else value))
    return pairs


def name_of(raw: bytes) -> str:
    for key, value in pairs_of(raw):
        if key.lower() == "event":
            return value.strip()
        if key.lower() == "response":
            return RESPONSE
    return ""
