"""One writer at a time, over processes: a lock file with the holder's pid and time in it.

The lock is the kernel's (flock), so it goes with its holder however that ended: a file that a dead
process left is taken over at once, and nobody who lives is ever robbed of it. The pid and the time
are for whoever has to wait.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAUSE: Final = 0.02
"""Seconds between two tries."""


class Busy(Exception):  # noqa: N818  # reads as the reason it is
    """Another process holds the lock; the message says which, and since when."""


@contextmanager
def locked(path: Path, at: float, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock for the length of the block. ``at``: now, for the file; ``wait``: seconds to
    try for. Raises ``Busy``. The file stays when the block is left."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Busy(f"{path} is held by {_holder(handle)}; try again later.") from None
                time.sleep(PAUSE)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "at": at}).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    try:
        held = json.loads(os.pread(handle, 200, 0))
        since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(float(held["at"])))
        return f"process {int(held['pid'])} since {since}"
    except (ValueError, KeyError, TypeError):  # it is writing its name just now
        return "another process"
