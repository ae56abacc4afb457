"""The server of the one port. The only importer of ``uvicorn``.

Runs in a loop that somebody else started and stops: it takes no signals and starts no loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

MAX_FRAME = 65_536
"""Bytes of one WebSocket message; a longer one is closed with 1009."""
STOP_SECONDS = 3
"""How long a stop waits for requests under way."""


class GatheredWrites:
    """A transport that sends what is written in one step of the loop with one system call.

    What an event changes (the agent's state, the card) is several frames; each send of its own
    wakes the peer's kernel, which costs more than making the frame.
    """

    __slots__ = ("_loop", "_pending", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pending and not self._transport.is_closing():
            self._transport.write(b"".join(self._pending))
        self._pending = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class ConsoleSocket(WebSocketsSansIOProtocol):
    """A console's socket: can be cut at once, and keeps nothing of its handshake.

    ASGI has no way to give up on a peer that reads nothing: a close waits until everything before
    it is sent. The scope's extension ``callcenter.abort`` holds a function that cuts the TCP
    connection. The handshake's headers take 5 KiB for each open console and are never read again.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        gathered = GatheredWrites(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", gathered))

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        scope = getattr(self, "scope", None)  # absent when the handshake was refused
        if scope is not None:
            extensions = cast("dict[str, Any]", scope["extensions"])
            extensions["callcenter.abort"] = {"call": self.transport.abort}

    def start_keepalive(self) -> None:
        # Called once, when the socket is open.
        super().start_keepalive()
        self.scope["headers"] = []
        self.request.headers.clear()  # the parser's own frame keeps the request alive
        del self.request, self.response


class FirstRequest(HttpToolsProtocol):
    """What every connection starts as; leaves no garbage behind when it becomes a console.

    Protocol and parser point at each other, which only a full garbage collection would undo.
    """

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # as its own connection_lost does


class WebServer(uvicorn.Server):
    """Leaves the signals to whoever runs the engine."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def build_server(
    application: Any, host: str, port: int, trusted_proxies: Sequence[str] = ()
) -> WebServer:
    """``await server.serve()`` runs it until ``server.should_exit`` is set. Port 0: a free one."""
    return WebServer(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            loop="none",
            http=FirstRequest,
            ws=ConsoleSocket,
            ws_max_size=MAX_FRAME,
            # The channel has heartbeats of its own, and compression costs 40 KiB for each console.
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            interface="asgi3",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )


@contextlib.asynccontextmanager
async def served(server: WebServer, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve on ``listener`` for the length of the block; then requests under way are finished."""
    with listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not (server.started or serving.done()):  # noqa: ASYNC110  # it has no event
                await asyncio.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            await serving


def port_of(server: WebServer) -> int:
    """Where a started server listens."""
    return int(server.servers[0].sockets[0].getsockname()[1])
