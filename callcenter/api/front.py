"""The door of the one port: HTTP to the API, WebSocket to the agent channel, headers on everything.

Plain ASGI, because it runs for every request and stays in memory for every open console.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

CHANNEL_PATH = "/ws"
MAX_BODY = 65_536
"""Bytes of a request's body; larger uploads do not go through here."""
INTAKE = "/api/v1/intake/"
MAX_INTAKE = 1_000_000
"""Bytes of what other systems of the house tell at once."""


def content_security_policy(connect: Iterable[str] = ()) -> str:
    """``connect``: further origins the console may open connections to (a phone's wss://...)."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("connect-src 'self'", *connect)),
            "img-src 'self' data:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def security_headers(connect: Iterable[str] = ()) -> list[tuple[bytes, bytes]]:
    """What every answer carries."""
    return [
        (b"content-security-policy", content_security_policy(connect).encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (
            b"permissions-policy",
            b"microphone=(self), speaker-selection=(self), camera=(), geolocation=(), payment=()",
        ),
    ]


class Front:
    """The application to serve: ``api`` for HTTP, ``channel`` for WebSockets at ``/ws``."""

    def __init__(self, api: Application, channel: Application, connect: Iterable[str] = ()) -> None:
        self._api = api
        self._channel = channel
        self._headers = security_headers(connect)

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine itself: one frame less in memory for every open console.
        if scope["type"] == "websocket":
            if scope["path"] == CHANNEL_PATH:
                return self._channel(scope, receive, send)
            return _nothing_here(receive, send)
        if scope["type"] == "http":
            return self._http(scope, receive, send)
        return self._api(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        private = scope["path"].startswith("/api/")
        most = MAX_INTAKE if scope["path"].startswith(INTAKE) else MAX_BODY
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, f"A body may have {most} bytes.")
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name.lower() for name, _ in headers}  # the public pages have theirs
                headers += [header for header in self._headers if header[0] not in own]
                if private and all(name.lower() != b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self._api(scope, bounded, dressed)


async def _nothing_here(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
