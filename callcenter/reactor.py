"""Twisted's reactor on the running asyncio loop: the only module that imports the reactor.

asyncio owns the loop, so that cancelling and cleaning up at the end work as everywhere else in the
program. There is one reactor for a process, bound to its first loop for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet import asyncioreactor


@asynccontextmanager
async def twisted_reactor() -> AsyncIterator[Any]:
    """Lend the running loop to Twisted for the length of the block.

    Raises ReactorAlreadyInstalledError the second time in a process. The reactor itself is never
    stopped: that would stop the loop under its owner.
    """
    asyncioreactor.install(asyncio.get_running_loop())  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    # Without it a connection by host name never gets anywhere: the resolver's threads do not start.
    reactor.startRunning(installSignalHandlers=False)
    try:
        yield reactor
    finally:
        # The resolver's threads are no daemons: with them the process would not end.
        pool = getattr(reactor, "threadpool", None)
        if pool is not None:
            await asyncio.to_thread(pool.stop)
