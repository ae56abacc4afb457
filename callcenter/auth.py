"""Passwords: argon2id hashes, checked off the loop. The only importer of ``argon2``.

Must not know of accounts or requests. One check costs about 20 ms of one core and 19 MiB, on
purpose; a small pool with a bounded queue keeps a storm of guesses from taking the machine, and a
check for an account that does not exist takes the same time as one for an account that does.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 8
MAX_PASSWORD = 1_024
"""Characters."""


class Busy(Exception):  # noqa: N818  # says how things are
    """Too many checks are waiting already."""


class Passwords:
    """Parameters: OWASP Password Storage Cheat Sheet, argon2id, m=19 MiB, t=2, p=1."""

    def __init__(
        self, *, threads: int = 2, waiting: int = 32, passes: int = 2, memory_kib: int = 19_456
    ) -> None:
        """``waiting``: checks in progress or queued beyond which ``verify`` raises ``Busy``."""
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._most = waiting
        self._running = 0
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """A new hash with a random salt, in the PHC string format."""
        return self._hasher.hash(password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password fits; ``None`` (no such account) never does, in the same time."""
        if self._running >= self._most:
            raise Busy
        self._running += 1
        try:
            loop = asyncio.get_running_loop()
            fits = await loop.run_in_executor(
                self._pool, self._fits, self._nobody if hashed is None else hashed, password
            )
        finally:
            self._running -= 1
        return fits and hashed is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
