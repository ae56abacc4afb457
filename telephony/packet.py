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
from collections.abc import Iterable
from typing import overload

from telephony.layout import Layouts, places_of

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
    # Nearly always it is an O'Brien; each of these backslashes belongs to the quote behind it if
    # none is left over.
    quick = text.replace("\\'", "'").replace('\\"', '"')
    if "\\" not in quick:
        return quick
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

    __slots__ = ("_layouts", "_places", "_values", "name", "raw")

    def __init__(self, raw: bytes, name: str | None = None, layouts: Layouts | None = None) -> None:
        self.raw = raw
        self.name = name_of(raw) if name is None else name
        self._layouts = Layouts() if layouts is None else layouts
        self._places: dict[str, int] | None = None
        """Where in `_values` each header is; None while unread."""
        self._values: re.Match[str] | list[str]

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
        places = self._places
        if places is None:
            places = self._read()
        place = places.get(header)
        if place is None:
            place = places.get(header.lower())
            if place is None:
                return default
        value = self._values[place]
        if "\\" in value and self._is_escaped(header):
            return unescape(value)
        return value

    def __contains__(self, header: str) -> bool:
        return self.get(header) is not None

    def all(self, header: str) -> tuple[str, ...]:
        """Every value of a header that may repeat, in the order of the wire, unescaped."""
        wanted = header.lower()
        return tuple(value for key, value in self.headers() if key.lower() == wanted)

    def as_dict(self) -> dict[str, str]:
        """A new dict of all headers by their spelling on the wire, in its order, unescaped.

        Of a repeated header it holds the first, as `get` does; `all` and `headers` tell the rest.
        """
        try:
            text = self.raw.decode()  # what text_of does; a call each is 3 % of the whole
        except UnicodeDecodeError:
            text = text_of(self.raw)
        escaped: Iterable[str]
        for layout in self._layouts.known:
            match = layout.match(text)
            if match is not None:
                headers = (
                    match.groupdict()
                    if layout.named
                    else dict(zip(layout.keys, match.groups(), strict=True))
                )
                escaped = layout.escaped
                break
        else:
            headers = {}
            for key, value in self._lines(text):
                headers.setdefault(key, value)
            escaped = filter(self._is_escaped, tuple(headers))
        if "\\" in text:
            for key in escaped:
                value = headers[key]
                if "\\" in value:
                    headers[key] = unescape(value)
        return headers

    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers in the order of the wire, repeated ones too, values unescaped."""
        return tuple(
            (key, unescape(value) if "\\" in value and self._is_escaped(key) else value)
            for key, value in pairs_of(text_of(self.raw))
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

    def _read(self) -> dict[str, int]:
        text = text_of(self.raw)
        for layout in self._layouts.known:
            match = layout.match(text)
            if match is not None:
                self._values = match
                self._places = layout.places
                return layout.places
        pairs = self._lines(text)
        self._values = [value for _, value in pairs]
        self._places = places_of(key for key, _ in pairs)
        return self._places

    def _lines(self, text: str) -> list[tuple[str, str]]:
        """The headers of a packet whose layout is not known, and perhaps is from now on."""
        pairs = pairs_of(text)
        self._layouts.learn(text, pairs, self._is_escaped)
        return pairs

    def _is_escaped(self, header: str) -> bool:
        header = header.lower()
        if header == "value":
            return self.name == "VarSet"
        return header.endswith(_ESCAPED_HEADERS) and self.name not in _PLAIN_EVENTS


def text_of(raw: bytes) -> str:
    """The text of a packet: UTF-8, and Latin-1 for those lines that are not."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "\r\n".join(map(line_text, raw.split(b"\r\n")))


def line_text(line: bytes) -> str:
    """The text of one line."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Keys and values as on the wire, in order; lines without a colon are left out."""
    pairs = []
    for line in text.split("\r\n"):
        key, separator, value = line.partition(": ")
        if not separator or ":" in key:  # "Key:value", "Key:v: w" or noise
            key, separator, value = line.partition(":")
        if separator and key:
            pairs.append((key, value))
    return pairs


def name_of(raw: bytes) -> str:
    for key, value in pairs_of(text_of(raw)):
        if key.lower() == "event":
            return value.strip()
        if key.lower() == "response":
            return RESPONSE
    return ""
