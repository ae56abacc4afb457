"""Signed keys by which a customer sees, moves and cancels one callback without an account.

A key holds when it is over, and HMAC-SHA-256 signs that and the reference. Whoever has the key may
do all three: it is in the confirmation, and nowhere else. Pure; time is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from .forms import LinkRefused

_UNTIL: Final = 5
_MAC: Final = 16


def make(key: bytes, ref: str, until: float) -> str:
    """The key for this reference, good until then."""
    body = int(until).to_bytes(_UNTIL, "big")
    return base64.urlsafe_b64encode(body + _mac(key, ref, body)).rstrip(b"=").decode()


def check(key: bytes, ref: str, given: str, at: float) -> None:
    """Raises ``LinkRefused``: ``wrong`` for a key that was changed or is another callback's,
    ``over`` for a genuine one that is too old. Compared in constant time."""
    raw = _decoded(given)
    body, mac = raw[:_UNTIL], raw[_UNTIL:]
    if not hmac.compare_digest(mac, _mac(key, ref, body)):
        raise LinkRefused("wrong")
    if at >= int.from_bytes(body, "big"):
        raise LinkRefused("over")


def links(public_url: str, ref: str, key: str) -> Mapping[str, str]:
    """Where the callback is seen, moved and cancelled, and its entry for a calendar."""
    base = f"{public_url.rstrip('/')}/c/r/{quote(ref, safe='')}"
    signed = f"?k={quote(key, safe='')}"
    return {
        "status": base + signed,
        "move": f"{base}/move{signed}",
        "cancel": f"{base}/cancel{signed}",
        "ics": f"{base}/callback.ics{signed}",
    }


def _mac(key: bytes, ref: str, body: bytes) -> bytes:
    return hmac.digest(key, b"link\0" + body + ref.encode("utf-8", "surrogatepass"), "sha256")[
        :_MAC
    ]


def _decoded(text: str) -> bytes:
    """The bytes of a key; of what is none, bytes that no key has."""
    if text.isascii() and len(text) <= 2 * (_UNTIL + _MAC):
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            pass
    return b""
