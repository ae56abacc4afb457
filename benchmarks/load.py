"""What the latency benchmark asks of a centre, and how its processes are begun.

Each process is started by ``multiprocessing`` (spawn) with one end of a pipe. Moments are seconds
of ``CLOCK_MONOTONIC``, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from callcenter.log import start_logging


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What happens in one run. Times in seconds."""

    rate: float
    """Calls a second, Poisson."""
    calls: int
    known: int
    """People in the store."""
    agents: int
    seed: int
    ring: float
    talk: float
    wrapup: float


def load(rate: float, calls: int, known: int, agents: int, seed: int) -> Load:
    """Calls so long that half of the agents are busy: nobody has to wait for one."""
    cycle = 0.5 * agents / rate
    return Load(
        rate=rate, calls=calls, known=known, agents=agents, seed=seed,
        ring=0.25 * cycle, talk=0.5 * cycle, wrapup=0.25 * cycle,
    )  # fmt: skip


async def told(pipe: Connection) -> Any:
    """The next word of the process that started this one."""
    return await asyncio.to_thread(pipe.recv)


def in_this_process(main: Callable[[], Coroutine[Any, Any, None]], output: Path) -> None:
    """Run it with a loop of its own; what it logs and prints goes to ``output``."""
    sys.stdout = output.open("w", encoding="utf-8")
    start_logging("info", "json")
    asyncio.run(main())
