"""What the door adds to every answer."""

from __future__ import annotations

import asyncio
from typing import Any

from callcenter.api.front import Front, Message, Receive, Send, security_headers


def answered(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that go out for an answer that came with these."""
    sent: list[Message] = []

    async def api(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def channel(scope: Message, receive: Receive, send: Send) -> None: ...

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": "/c/main"}
    asyncio.run(_run(Front(api, channel), scope, receive, send))
    return list(sent[0]["headers"])


async def _run(front: Front, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await front(scope, receive, send)


def test_every_answer_is_dressed() -> None:
    """One that says nothing has all of them."""
    assert answered([]) == security_headers()


def test_an_answer_with_its_own_keeps_it() -> None:
    """The public pages are stricter or wider on purpose: a second value would undo that."""
    own = [(b"Referrer-Policy", b"no-referrer"), (b"cross-origin-resource-policy", b"cross-origin")]
    found = answered(own)
    names = [name.lower() for name, _ in found]
    assert found[:2] == own
    assert sorted(names) == sorted(name for name, _ in security_headers())
