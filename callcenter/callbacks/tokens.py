"""Signed tokens: of a form, which is sent once, and of who is signed in at a website.

A form token says when it was made and what was done for it already; HMAC-SHA-256 signs that and the
site. It is not bound to an address: telephones change theirs between two masts. Using it up is the
store's business (``Callbacks.use_token``). Pure; chance and time are arguments.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from typing import Final, Literal

LIFE: Final = 600.0
"""Seconds."""
NONCE: Final = 9
_MAC: Final = 16
_NUMBER: Final = 6
_HEAD: Final = struct.Struct(">BQ")  # flags, made (ms)
_SIZE: Final = _HEAD.size + NONCE + _NUMBER + _MAC
_AGAIN, _WORKED, _CODED, _PROVEN = 1, 2, 4, 8
_NOBODY: Final = bytes(_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A form token that was read and is genuine."""

    id: str
    """By which the store knows that it was used."""
    made: float
    again: bool
    """Given back with a refusal: its form was filled in already."""
    worked: bool
    """Work was done for it."""
    coded: bytes
    """Which number a code was sent to, as `mark` has it; empty: to none."""
    proven: bool
    """That code was entered."""

    @property
    def until(self) -> float:
        return self.made + LIFE


class TokenRefused(Exception):  # noqa: N818  # reads as the reason it is
    """``wrong``: not ours, changed, or another site's; ``over``: too old; ``early``: the form was
    filled in faster than anybody can."""

    def __init__(self, why: Literal["wrong", "over", "early"]) -> None:
        super().__init__(why)
        self.why: Literal["wrong", "over", "early"] = why


def purpose(secret: bytes, name: str) -> bytes:
    """A key for one purpose, drawn from the store's secret: what signs a form signs no link."""
    return hmac.digest(secret, b"callbacks\0" + name.encode(), "sha256")


def make(
    key: bytes,
    site: str,
    at: float,
    nonce: bytes,
    *,
    again: bool = False,
    worked: bool = False,
    coded: bytes = b"",
    proven: bool = False,
) -> str:
    """A token for a form of ``site``. ``nonce``: 9 random bytes."""
    if len(nonce) != NONCE:
        raise ValueError(f"a nonce has {NONCE} bytes")
    flags = _AGAIN * again | _WORKED * worked | _CODED * bool(coded) | _PROVEN * proven
    body = _HEAD.pack(flags, int(at * 1000)) + nonce + (coded or _NOBODY)
    return base64.urlsafe_b64encode(body + _mac(key, site, body)).rstrip(b"=").decode()


def read(key: bytes, token: str, site: str, at: float, least: float) -> Token:
    """The token, if it is genuine, of this site, and its time is right. ``least``: seconds that
    filling in takes. Raises ``TokenRefused``."""
    raw = _decoded(token, _SIZE)
    if raw is None:
        raise TokenRefused("wrong")
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if not hmac.compare_digest(mac, _mac(key, site, body)):
        raise TokenRefused("wrong")
    flags, milliseconds = _HEAD.unpack(body[: _HEAD.size])
    nonce, coded = body[_HEAD.size : _HEAD.size + NONCE], body[_HEAD.size + NONCE :]
    found = Token(
        id=f"form:{nonce.hex()}",
        made=milliseconds / 1000.0,
        again=bool(flags & _AGAIN),
        worked=bool(flags & _WORKED),
        coded=coded if flags & _CODED else b"",
        proven=bool(flags & _PROVEN),
    )
    if at >= found.until:
        raise TokenRefused("over")
    if not found.again and at - found.made < least:
        raise TokenRefused("early")
    return found


def mark(key: bytes, number: str) -> bytes:
    """A number, so that a token can name it without showing it."""
    return hmac.digest(key, b"number\0" + number.encode(), "sha256")[:_NUMBER]


def person_token(secret: bytes, person: str, until: float) -> str:
    """What a website puts into the form for somebody who is signed in there:
    ``person.until.signature``; ``until`` is in whole seconds since the epoch, the signature is
    HMAC-SHA-256 of ``person.until`` in hex."""
    said = f"{person}.{int(until)}"
    return f"{said}.{hmac.digest(secret, said.encode(), 'sha256').hex()}"


def read_person(secret: bytes, token: str, at: float) -> str | None:
    """Who is signed in; ``None`` when the token is not good, or nothing is there to check it by."""
    if not secret or len(token) > 400:
        return None
    person, _, rest = token.rpartition(".")
    said, signature = person, rest
    person, _, until = said.rpartition(".")
    if not person or not (until.isascii() and until.isdigit() and len(until) <= 12):
        return None
    right = hmac.digest(secret, said.encode("utf-8", "surrogatepass"), "sha256").hex()
    if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), right.encode()):
        return None
    return person if at < int(until) else None


def _mac(key: bytes, site: str, body: bytes) -> bytes:
    return hmac.digest(key, b"form\0" + body + site.encode(), "sha256")[:_MAC]


def _decoded(text: str, size: int) -> bytes | None:
    if len(text) > 2 * size or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == size else None
