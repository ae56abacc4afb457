"""A TCP connection that breaks when told: cut with a reset, or silent without a word.

It carries bytes and knows nothing of what they mean.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Line:
    """Listens on `port` and connects on to another port of this machine. A context manager."""

    def __init__(self, port: int) -> None:
        self._far_port = port
        self._down = False
        self._carried: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, asyncio.Event]] = {}

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        tasks = list(self._carried)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset the connection, and every new one until `mend`."""
        self._down = True
        for near, _ in self._carried.values():
            near.transport.abort()

    def mend(self) -> None:
        self._down = False

    def stall(self) -> None:
        """What is connected now carries nothing more, either way, and nobody is told.

        As when a firewall has forgotten the connection. New connections are carried.
        """
        for _, flowing in self._carried.values():
            flowing.clear()

    async def _carry(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._down:
            near.transport.abort()
            return
        far_in, far = await asyncio.open_connection("127.0.0.1", self._far_port)
        flowing = asyncio.Event()
        flowing.set()
        me = asyncio.current_task()
        assert me is not None
        self._carried[me] = (near, flowing)
        pumps = (
            asyncio.create_task(_pump(near_in, far, flowing)),
            asyncio.create_task(_pump(far_in, near, flowing)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._carried[me]
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            near.close()
            far.close()


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, flowing: asyncio.Event
) -> None:
    """Carry bytes one way until an end is reached or broken off."""
    try:
        while data := await source.read(65536):
            await flowing.wait()
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        return
