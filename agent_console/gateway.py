"""The agent channel's end at the server: an ASGI WebSocket endpoint.

It connects sessions, seats and sockets; what the frames mean is in the pure modules. It must never
wait for a browser outside that browser's own task, nor put an ``await`` between reading the state
and reading the position of the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from callcenter.floor.errors import FloorError
from callcenter.floor.events import AgentSignedIn
from callcenter.ports import Admission, Desk

from . import frames
from .commands import Clerk, Drafts
from .connection import Connection, Count, Message, Send
from .frames import Close
from .protocol import Hello
from .screens import LiveScreens
from .seat import Seat
from .session import Closing, Greeted, Limits, Refused, Renewed, Wanted
from .snapshot import ConsoleSettings, Plain, snapshot

log = logging.getLogger(__name__)

PULSE = 1.0
"""Seconds between two looks at deadlines and heartbeats."""
PATIENCE = 10.0
"""Seconds a hello may wait for the floor and the store."""
RETRY_AFTER = 2.0
"""Seconds after which browsers come back when the engine restarts."""
GOLDEN = 0.618034
"""Multiples of it, modulo 1, spread evenly however many there are."""
Skills: TypeAlias = tuple[tuple[str, int], ...]
"""Skill to level, 0 to 5."""


class Gateway:
    """All sockets of this engine. Call it as an ASGI application for WebSocket scopes."""

    def __init__(
        self,
        *,
        screens: LiveScreens,
        desk: Desk,
        drafts: Drafts,
        redeem: Callable[[str], Admission | None],
        origin_allowed: Callable[[str | None, str | None], bool],
        plain: Plain,
        settings: ConsoleSettings,
        count: Count,
        limits: Limits | None = None,
        pulse: float = PULSE,
        skills: Callable[[str], Awaitable[Skills]] | None = None,
    ) -> None:
        """``redeem`` takes a ticket once; ``origin_allowed`` is given Origin and Host headers;
        ``skills`` says what an agent who signs in can do."""
        self._screens = screens
        self._desk = desk
        self._drafts = drafts
        self._redeem = redeem
        self._origin_allowed = origin_allowed
        self._plain = plain
        self._settings = settings.plain()
        self._count = count
        self._limits = limits or Limits()
        self._pulse_seconds = pulse
        self._skills = skills
        self._clerk = Clerk(desk, drafts, plain, count)
        self._connections: set[Connection] = set()
        self._pulse: asyncio.Task[None] | None = None
        self._opened = 0
        self._empty: asyncio.Event | None = None
        """Set once the last browser is gone, while closing."""

    @property
    def sessions(self) -> int:
        """Open sockets, for the metrics."""
        return len(self._connections)

    def revoke(self, session: str) -> None:
        """Somebody signed out: close the sockets that came from that sign-in."""
        for connection in tuple(self._connections):
            admission = connection.session.admission
            if admission is not None and admission.session == session:
                connection.close(Close.SIGNED_OUT, "signed out")

    async def close(self, seconds: float = 2.0) -> None:
        """The engine stops: tell every browser when to come back, then cut whoever stays."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        self._empty = asyncio.Event()
        bye = frames.bye(Close.RESTART, "the engine restarts", RETRY_AFTER)
        working = self._screens.working()
        if working:
            # Commands that were taken are finished if the floor answers in time.
            await asyncio.wait(working, timeout=seconds / 2)
        for connection in tuple(self._connections):
            connection.close(Close.RESTART, "the engine restarts", bye)
        if self._connections:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._empty.wait()
        for connection in tuple(self._connections):
            connection.cut()
        for task in working:
            task.cancel()
        if self._pulse is not None:
            self._pulse.cancel()
        self._screens.stop()

    # --- ASGI --------------------------------------------------------------------------------

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send
    ) -> None:
        refusal = self._handshake(scope)
        await receive()  # websocket.connect
        if refusal is not None:
            await _reject(send, *refusal)
            return
        await send({"type": "websocket.accept", "subprotocol": frames.SUBPROTOCOL})
        connection = self._open(scope, send)
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                if connection.closing:
                    continue
                slow = self._receive(connection, message.get("text"))
                if slow is not None:
                    await slow
        finally:
            self._left(connection)

    def _handshake(self, scope: Message) -> tuple[int, str, str] | None:
        """Status, code and detail when the socket must not be opened."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not self._origin_allowed(headers.get(b"origin"), headers.get(b"host")):
            self._count("handshake", "origin")
            return 403, "foreign_origin", "This page may not open the agent channel."
        if frames.SUBPROTOCOL not in scope.get("subprotocols", ()):
            self._count("handshake", "subprotocol")
            return 400, "no_common_version", f"This server speaks {frames.SUBPROTOCOL} only."
        if self._empty is not None:
            self._count("handshake", "shut")
            return 503, "restarting", "The engine is stopping."
        self._count("handshake", "ok")
        return None

    def _open(self, scope: Message, send: Send) -> Connection:
        loop = asyncio.get_running_loop()
        if self._pulse is None or self._pulse.done():
            self._pulse = loop.create_task(self._beat())
        abort = scope.get("extensions", {}).get("callcenter.abort", {}).get("call")
        # Spread by the golden ratio: after a restart all browsers come at once, and their
        # heartbeats must not.
        self._opened += 1
        share = 0.5 + (self._opened * GOLDEN) % 1.0 / 2
        connection = Connection(
            secrets.token_hex(6),
            send,
            abort,
            self._limits,
            loop,
            self._limits.heartbeat * share,
            self._count,
        )
        self._connections.add(connection)
        return connection

    def _left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._screens.leave(connection)
        if self._empty is not None and not self._connections:
            self._empty.set()

    def _receive(self, connection: Connection, text: str | None) -> Awaitable[None] | None:
        """Take one frame; what is returned must be awaited before the next."""
        loop = asyncio.get_running_loop()
        try:
            if text is None:
                raise Closing(Close.BAD_FRAME, "frames are text, not binary")
            step = connection.session.receive(text, loop.time(), self._desk.now())
            self._count("in", type(step).__name__.lower())
            match step:
                case Greeted(hello):
                    return self._greet(connection, hello)
                case Renewed(ticket):
                    connection.session.renew(self._admission(ticket))
                case Wanted():
                    if connection.seat is None:
                        raise Closing(Close.BAD_FRAME, "a command before welcome")
                    self._clerk.take(connection, connection.seat, step)
                case Refused(id, code, detail, retry):
                    self._count("command", code)
                    connection.put(frames.refusal(id, code, detail, retry=retry), "reply")
        except Closing as closing:
            connection.refuse(closing)
        return None

    def _admission(self, ticket: str) -> Admission:
        admission = self._redeem(ticket)
        if admission is None:
            raise Closing(Close.SIGNED_OUT, "the ticket is wrong, used or too old")
        return admission

    # --- hello -------------------------------------------------------------------------------

    async def _greet(self, connection: Connection, hello: Hello) -> None:
        try:
            admission = self._admission(hello.ticket)
            connection.session.admit(admission, hello)
            user = admission.user
            if user.role == "agent" and user.device is None:
                raise Closing(Close.NOT_ALLOWED, "your account has no phone; ask the operator")
            seat = self._screens.seat(user.user)
            async with asyncio.timeout(PATIENCE):
                await self._know_drafts(seat)
                await self._sign_in(admission)
            if not connection.closing:
                self._welcome(connection, seat, hello)
        except Closing as closing:
            connection.refuse(closing)
        except FloorError as error:
            self._count("command", error.code)
            connection.refuse(Closing(Close.NOT_ALLOWED, error.message))
        except TimeoutError:
            log.error("hello_timed_out", extra={"seconds": PATIENCE})
            self._later(connection)
        except Exception:  # the edge to floor and store; the browser comes again, the log has it
            log.exception("hello_failed")
            self._later(connection)

    def _later(self, connection: Connection) -> None:
        self._count("command", "hello_failed")
        reason = "the engine cannot sign you in at the moment"
        connection.close(Close.RESTART, reason, frames.bye(Close.RESTART, reason, RETRY_AFTER))

    async def _know_drafts(self, seat: Seat) -> None:
        if seat.drafts_known:
            return
        for draft in await self._drafts.drafts(seat.user):
            seat.keep_draft(draft)
        seat.drafts_known = True

    async def _sign_in(self, admission: Admission) -> None:
        user = admission.user
        if user.device is None or user.user in self._desk.view().agents:
            return
        skills = () if self._skills is None else await self._skills(user.user)
        wish = AgentSignedIn(
            at=self._desk.now(),
            agent=user.user,
            name=user.name,
            device=user.device,
            skills=skills,
        )
        try:
            await self._desk.wish(wish)
        except FloorError:
            # Another socket of the same user may have been faster.
            if user.user not in self._desk.view().agents:
                raise

    def _welcome(self, connection: Connection, seat: Seat, hello: Hello) -> None:
        """Snapshot (or the missed events), position and place in the seat, all in one step."""
        admission = connection.session.admission
        assert admission is not None
        wall = self._desk.now()
        limits = self._limits
        missed = None
        seat.tell()  # of what the snapshot shows nothing may follow it
        # Rows are no part of the stream, so a supervisor's board can only be had whole.
        if hello.resume is not None and admission.user.role != "supervisor":
            missed = seat.stream.since(*hello.resume, wall)
        texts = [] if missed is None else [self._screens.text(entry) for entry in missed]
        if len(texts) >= limits.queue_frames or sum(map(len, texts)) > limits.queue_bytes // 2:
            missed, texts = None, []
        whole = None
        if missed is None:
            view = self._desk.view()
            drafts = seat.drafts.values()
            whole = snapshot(
                admission.user,
                view,
                drafts,
                self._screens.exchange,
                self._settings,
                self._plain,
                self._screens.help.values(),
            )
            seat.shown = {card.call for card in view.cards.get(seat.user, ())}
        welcome = frames.welcome(
            session=connection.key,
            epoch=seat.stream.epoch,
            seq=seat.stream.seq,
            now=wall,
            heartbeat=limits.heartbeat,
            rate=limits.rate,
            burst=limits.burst,
            snapshot=whole,
        )
        self._make_room(connection, seat)
        self._screens.sit(connection, seat, supervises=admission.user.role == "supervisor")
        connection.put(welcome, "welcome")
        for text in texts:
            connection.put(text, "event")
        self._count("welcome", "snapshot" if missed is None else "resumed")
        log.info(
            "screen_opened",
            extra={"session": connection.key, "user": seat.user, "client": hello.client},
        )

    def _make_room(self, connection: Connection, seat: Seat) -> None:
        others = [c for c in seat.connections if not c.closing]
        same_tab = [c for c in others if c.session.tab == connection.session.tab]
        gone = [c for c in others if c not in same_tab]
        gone += same_tab[: max(0, len(same_tab) - self._limits.sessions + 1)]
        for other in gone:
            other.refuse(Closing(Close.REPLACED, "the console was opened somewhere else"))

    async def _beat(self) -> None:
        """One task for the deadlines and heartbeats of all browsers."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._pulse_seconds)
            now, wall = loop.time(), self._desk.now()
            for connection in tuple(self._connections):
                connection.pulse(now, wall)
            self._screens.sweep(now)


async def _reject(send: Send, status: int, code: str, detail: str) -> None:
    """Answer the handshake with an RFC 9457 problem instead of opening a socket."""
    problem = {
        "type": f"urn:callcenter:problem:{code}",
        "title": "The agent channel was not opened",
        "status": status,
        "code": code,
        "detail": detail,
    }
    await send(
        {
            "type": "websocket.http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/problem+json")],
        }
    )
    await send(
        {"type": "websocket.http.response.body", "body": frames.dumps(problem).encode("ascii")}
    )
