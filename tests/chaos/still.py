"""An event loop that waits for nothing: its time is the run's, and it runs when it is told to.

So the parts of the engine that are coroutines (``CallbackOrders``, ``CallbackKeeper``,
``AmiSwitch``) are played as they are, in one thread, the same in every run of a seed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

Args = TypeVarTuple("Args")
At = Callable[[float, Callable[[], object]], None]


class StillLoop(asyncio.SelectorEventLoop):
    """`at` calls something at a moment of the run."""

    def __init__(self, at: At, now: Callable[[], float]) -> None:
        self._at, self._now = at, now
        self._stirred = False
        self._tasks: dict[asyncio.Task[None], None] = {}
        super().__init__()
        self._clock_resolution = 1e-6  # that of a float which counts seconds since the epoch

    def time(self) -> float:
        return self._now()

    def call_soon(
        self, callback: Callable[[*Args], object], *args: *Args,
        context: Context | None = None,
    ) -> asyncio.Handle:  # fmt: skip
        if not self._stirred:
            self._stirred = True
            self._at(self._now(), self.run_now)
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Args], object], *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:  # fmt: skip
        handle = super().call_at(when, callback, *args, context=context)
        self._at(when, self._time_is_up)
        return handle

    def _time_is_up(self) -> None:
        if not self.is_closed():
            self.call_soon(lambda: None)

    def run_now(self) -> None:
        """Everything that can go on now."""
        while self._stirred and not self.is_closed():
            self._stirred = False
            super().call_soon(self.stop)
            self.run_forever()

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done))
        return task

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    def die(self) -> None:
        """What is under way goes no further."""
        self.run_now()  # a coroutine that never began would complain of it
        for task in list(self._tasks):
            task.cancel()
        self.run_now()
        self.close()
