"""Tells a system of the house what happened to callbacks: by its URL, signed, a few times over.

The house sends text messages and e-mails; the engine does not. Each message is JSON; its signature
stands in a header. Messages wait in memory, a bounded number of them: what the house must never
miss it reads from the API. Codes are not queued: whoever asked for one waits for it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol, TypeAlias

log: Final = logging.getLogger(__name__)

HookKind: TypeAlias = Literal["code", "booked", "moved", "cancelled", "last_attempt"]
Body: TypeAlias = Mapping[str, object]

SIGNATURE: Final = "X-Callcenter-Signature"
TIMEOUT: Final = 5.0
WAITS: Final = (1.0, 5.0, 30.0)
"""Seconds before a message is sent again."""
MOST: Final = 1_000


class HookError(Exception):
    """The house did not take it; the message says why."""


class Hook(Protocol):
    async def tell(self, kind: HookKind, body: Body) -> None:
        """Returns when the house has taken it. Raises ``HookError``."""


def signature(secret: bytes, at: int, body: bytes) -> str:
    """``t=<at>,v1=<hex>``: HMAC-SHA-256 of the time, a full stop and the body. Whoever checks it
    also refuses old times, so that nobody sends a message again."""
    return f"t={at},v1={hmac.digest(secret, f'{at}.'.encode() + body, 'sha256').hex()}"


class WebHook:
    """Posts to one URL. Redirections are not followed: the answer of the house leads nowhere."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        clock: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
    ) -> None:
        """Raises ``ValueError`` for a URL that is not of the web."""
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} is no http:// or https:// address")
        self._url = url
        self._secret = secret
        self._clock = clock
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_Straight())

    async def tell(self, kind: HookKind, body: Body) -> None:
        said = json.dumps({"kind": kind, **body}, ensure_ascii=False).encode()
        await asyncio.to_thread(self._post, said)

    def _post(self, said: bytes) -> None:
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(self._secret, int(self._clock()), said),
        }
        request = urllib.request.Request(self._url, said, headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            error.close()
            raise HookError(f"the hook answered {error.code}") from error
        except (OSError, ValueError) as error:
            raise HookError(f"the hook cannot be reached: {error}") from error


class _Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Outbox:
    """Messages that nobody waits for, sent one after the other."""

    def __init__(self, hook: Hook, waits: tuple[float, ...] = WAITS) -> None:
        self._hook = hook
        self._waits = waits
        self._messages: deque[tuple[HookKind, Body]] = deque()
        self._woken = asyncio.Event()
        self.lost = 0
        """Not taken after several attempts, or too many were waiting."""

    def put(self, kind: HookKind, body: Body) -> None:
        """Never waits. When too many wait, the oldest is lost."""
        if len(self._messages) >= MOST:
            self._lose(self._messages.popleft()[0], "too many are waiting")
        self._messages.append((kind, body))
        self._woken.set()

    async def keep(self) -> None:
        """Send what is put in. Runs until cancelled."""
        while True:
            while self._messages:
                await self._send(*self._messages.popleft())
            self._woken.clear()
            await self._woken.wait()

    async def _send(self, kind: HookKind, body: Body) -> None:
        for wait in (*self._waits, None):
            try:
                await self._hook.tell(kind, body)
                return
            except HookError as error:
                why = str(error)
            if wait is not None:
                await asyncio.sleep(wait)
        self._lose(kind, why)

    def _lose(self, kind: HookKind, why: str) -> None:
        self.lost += 1
        log.warning("hook_lost", extra={"kind": kind, "why": why})
