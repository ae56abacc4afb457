"""One browser's socket: sending without ever making anybody wait.

Frames go into the outbox; a task to write them lives only while there is something to write. It
must not decide what a frame says or who gets it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from . import frames
from .frames import Close
from .outbox import Outbox
from .seat import Seat
from .session import Closing, Limits, Session

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Count: TypeAlias = Callable[[str, str], None]
"""Count one of (what, which kind), for the metrics."""


class Connection:
    __slots__ = (
        "_abort",
        "_blocked_since",
        "_closing",
        "_count",
        "_limits",
        "_loop",
        "_next_beat",
        "_outbox",
        "_send",
        "_writer",
        "key",
        "seat",
        "session",
    )

    def __init__(
        self,
        key: str,
        send: Send,
        abort: Callable[[], None] | None,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
        first_beat: float,
        count: Count,
    ) -> None:
        """``abort`` cuts the TCP connection; without it a browser that reads nothing is left to
        the server. ``first_beat``: seconds until the first heartbeat, spread over the browsers."""
        self.key = key
        self.session = Session(limits, loop.time())
        self.seat: Seat | None = None
        self._send = send
        self._abort = abort
        self._limits = limits
        self._loop = loop
        self._next_beat = loop.time() + first_beat
        self._count = count
        self._outbox = Outbox(limits.queue_frames, limits.queue_bytes)
        self._closing: tuple[Close, str] | None = None
        self._blocked_since: float | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        return self._closing is not None

    def put(self, text: str, kind: str) -> None:
        """Send a frame, soon. A browser that has too many waiting is closed as too slow."""
        if self._closing is not None:
            return
        if not self._outbox.put(text):
            self._count("slow", "queue")
            self.close(Close.SLOW, "too slow: too many frames are waiting")
            return
        self._count("out", kind)
        self._wake()

    def put_row(self, key: str, text: str) -> None:
        """Send a supervisors' row; a newer one takes its place if it has not gone yet."""
        if self._closing is None:
            self._outbox.put_row(key, text)
            self._wake()

    def close(self, code: Close, reason: str, bye: str | None = None) -> None:
        """Send what is waiting (not to one that is too slow), then ``bye``, then close."""
        if self._closing is not None:
            return
        self._closing = (code, frames.close_reason(reason))
        self._count("close", str(int(code)))
        if code is Close.SLOW:
            self._outbox.clear()
        if bye is not None:
            self._outbox.put(bye)
        self._wake()

    def cut(self) -> None:
        """No more waiting for the browser: end the TCP connection now."""
        if self._closing is None:
            self._closing = (Close.SLOW, "")
            self._count("close", str(int(Close.SLOW)))
        self._outbox.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._abort is not None:
            self._abort()

    def pulse(self, now: float, wall: float) -> None:
        """Called about once a second: deadlines and the heartbeat."""
        blocked = self._blocked_since
        if blocked is not None and now - blocked > self._limits.send:
            self._count("slow", "send")
            self.cut()
            return
        if self._closing is not None:
            return
        overdue = self.session.overdue(now, wall)
        if overdue is not None:
            self.refuse(overdue)
            return
        if self.seat is None:
            return
        until = self.session.expiring(wall)
        if until is not None:
            self.put(frames.row(wall, "auth.expiring", frames.dumps({"at": until})), "event")
        if now >= self._next_beat:
            self._next_beat = now + self._limits.heartbeat
            self.put(frames.heartbeat(wall, self.seat.stream.seq), "hb")

    def refuse(self, closing: Closing) -> None:
        """Close, and say why in a frame too: browsers show close reasons to nobody."""
        self.close(closing.code, closing.reason, frames.bye(closing.code, closing.reason))

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:
            while (text := self._outbox.take()) is not None:
                self._blocked_since = self._loop.time()
                await self._send({"type": "websocket.send", "text": text})
            if self._closing is not None:
                code, reason = self._closing
                self._blocked_since = self._loop.time()
                await self._send({"type": "websocket.close", "code": int(code), "reason": reason})
                if self._abort is not None:
                    # The browser may never read it, and then the close would wait for ever.
                    self._loop.call_later(self._limits.send, self._abort)
        except (OSError, RuntimeError):
            # The socket was closed below us (the server raises RuntimeError when it closed it
            # itself, for an oversize frame); the reader learns of it and cleans up.
            self._outbox.clear()
        finally:
            self._blocked_since = None
            self._writer = None
