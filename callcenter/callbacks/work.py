"""Proof of work: what a browser computes before its form counts, asked only under pressure.

The browser looks for a counter below ``max`` for which PBKDF2-SHA-256(counter as decimal text,
salt, iterations, 32 bytes) begins with ``target``. PBKDF2, because plain SHA-256 is computed by a
native program many times faster than by a page, and PBKDF2 is not (WebCrypto is native as well).

Nothing is kept here: the salt holds when it was made and is signed, and the counter that is looked
for is drawn from the salt by the key. So making a challenge costs one PBKDF2 (milliseconds: for a
thread) and checking the answer one HMAC. A challenge belongs to one form token, which is used once:
so its answer is used once too, and every wrong guess costs a token. Pure; time is an argument.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import struct
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

ALGORITHM: Final = "PBKDF2-SHA-256"
ITERATIONS: Final = 5_000
"""About a millisecond each in a desktop browser."""
LEAST: Final = 512
"""Counters at the lowest pressure: a quarter of a second on average, twice that at most."""
MOST: Final = 8_192
PREFIX: Final = 16
"""Hex digits of the target: two counters share them with a probability below 1e-15."""
LIFE: Final = 600.0
PATIENCE: Final = 30.0
"""Seconds after which a form may be sent without the work, a few an hour."""

_HEAD: Final = struct.Struct(">IHH")  # made (s), iterations, counters
_NONCE: Final = 8
_MAC: Final = 16

Verdict: TypeAlias = Literal["solved", "waited", "wrong", "over", "early"]
"""``waited``: no counter, and the time told has passed; ``early``: it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the browser is asked."""

    salt: str
    """Hex."""
    iterations: int
    target: str
    """Hex digits with which the result has to begin."""
    max: int
    """The counter is below it."""
    algorithm: str = ALGORITHM


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The answer. ``counter`` ``None``: not computed; who waited long enough may send that."""

    salt: str
    counter: int | None


def counters(level: float) -> int:
    """How many counters there are to try at a pressure of ``level`` times what is usual: doubles
    with it, between ``LEAST`` and ``MOST``."""
    if level <= 1.0:
        return LEAST
    return int(min(MOST, LEAST * 2.0 ** math.ceil(math.log2(level))))


def make(key: bytes, token: str, nonce: bytes, at: float, most: int) -> Challenge:
    """A challenge for the form with this token. ``nonce``: 8 random bytes. Milliseconds."""
    if len(nonce) != _NONCE:
        raise ValueError(f"a nonce has {_NONCE} bytes")
    body = _HEAD.pack(int(at), ITERATIONS, most) + nonce
    salt = body + _mac(key, token, body)
    found = _result(_counter(key, salt, most), salt, ITERATIONS)
    return Challenge(salt=salt.hex(), iterations=ITERATIONS, target=found.hex()[:PREFIX], max=most)


def check(key: bytes, token: str, solution: Solution, at: float) -> Verdict:
    """Whether this answers a challenge made for the form with this token. One HMAC or two."""
    try:
        salt = bytes.fromhex(solution.salt)
    except ValueError:
        return "wrong"
    if len(salt) != _HEAD.size + _NONCE + _MAC:
        return "wrong"
    body = salt[:-_MAC]
    if not hmac.compare_digest(salt[-_MAC:], _mac(key, token, body)):
        return "wrong"
    made, _, most = _HEAD.unpack(body[: _HEAD.size])
    if not made <= at + 1.0 <= made + LIFE + 1.0:
        return "over"
    if solution.counter is None:
        return "waited" if at - made >= PATIENCE else "early"
    return "solved" if solution.counter == _counter(key, salt, most) else "wrong"


def solve(challenge: Challenge) -> Solution:
    """What the browser does, for tests and benchmarks. Raises ``LookupError``: there is none."""
    salt = bytes.fromhex(challenge.salt)
    for counter in range(challenge.max):
        if _result(counter, salt, challenge.iterations).hex().startswith(challenge.target):
            return Solution(salt=challenge.salt, counter=counter)
    raise LookupError("no counter gives the target")


def _result(counter: int, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", str(counter).encode(), salt, iterations, 32)


def _counter(key: bytes, salt: bytes, most: int) -> int:
    drawn = hmac.digest(key, b"counter\0" + salt, "sha256")
    return int.from_bytes(drawn[:8], "big") % most


def _mac(key: bytes, token: str, body: bytes) -> bytes:
    return hmac.digest(key, b"work\0" + body + token.encode(), "sha256")[:_MAC]
