"""When Python looks for objects that only hold each other: never for long while calls are up.

A full collection looks at every object there is: a quarter of a second with what 400 busy consoles
may still ask for, and every card waits for it. Nearly all of our objects are freed with their last
reference, no collection needed; so the full one is left to a moment without calls. The short ones,
of young objects, go on as usual. These settings are the whole process's.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

LOOK_EVERY: Final = 60.0
OFTEN: Final = 3_600.0
"""Seconds at least between two full collections."""
SELDOM: Final = 86_400.0
"""Seconds after which one is due even while calls are up."""
_NEVER: Final = 2_000_000_000


@contextmanager
def collected_by_hand() -> Iterator[None]:
    """No full collection by itself for the length of the block; what is there now is set aside."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*before[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def collect_when_quiet(quiet: Callable[[], bool]) -> None:
    """A full collection now and then, when nobody is on the line. Runs until cancelled."""
    clock = asyncio.get_running_loop().time
    last = clock()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        waited = clock() - last
        if (waited >= OFTEN and quiet()) or waited >= SELDOM:
            gc.collect()
            last = clock()
