"""The AMI port of the simulated exchange: TCP, sessions, limits.

Twisted's side of it; what is said is session.py. A peer can neither raise into the reactor nor make
it hold more than a bounded amount: lines, packets, unanswered output and the number of sessions are
limited, and whoever does not read is cut off, as on the real one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from telephony.packet import Packet
from telephony.simulator.messages import Message
from telephony.simulator.session import BANNER, TOO_LONG, AmiSession, Reply
from telephony.wire import MAX_ACTION_HEADERS, MAX_ACTION_LINE, Decoder

log = logging.getLogger(__name__)

MAX_ACTION = 65_536
"""Bytes of one action."""
MAX_BLOCKED = 32 * 1024 * 1024
"""Bytes that may wait for a peer that does not read."""
WRITE_TIMEOUT = 5.0
"""Real seconds a peer may refuse to read (``writetimeout`` of manager.conf)."""


class AmiConnection(Protocol):
    """One peer. `begin` and `settle` bracket every action, so that events keep their order."""

    transport: Any
    factory: AmiPort

    def __init__(self, port: AmiPort) -> None:
        self.port = port
        self.session = AmiSession(port.exchange(), str(secrets.randbelow(2**31)))
        self._decoder = Decoder(
            max_line=MAX_ACTION_LINE - 2, max_headers=MAX_ACTION_HEADERS, max_packet=MAX_ACTION
        )
        self._deaf = False
        self._waiting: Any = None
        self._late: Any = None
        self._blocked_since: float | None = None
        self._blocked_bytes = 0

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        if not self.port.admit(self):
            self.transport.abortConnection()
            return
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)  # as Asterisk does (session_do, manager.c)
        self.transport.registerProducer(self, True)
        self.transport.write(BANNER.encode())
        self._waiting = self.port.clock.callLater(self.port.auth_timeout, self._too_late)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._deaf:
            return
        try:
            self._hear(data)
        except Exception:
            # An edge: whatever a peer sends, the reactor and the other sessions go on.
            log.exception("simulator.action_failed")
            self.transport.abortConnection()

    def _hear(self, data: bytes) -> None:
        before = self._decoder.oversize + self._decoder.malformed
        packets = self._decoder.feed(data)
        for packet in packets:
            self._act(packet)
            if self._deaf:
                return
        for _ in range(self._decoder.oversize + self._decoder.malformed - before):
            self.write(TOO_LONG.encode())

    def _act(self, packet: Packet) -> None:
        self.port.begin()
        reply = self.session.hear(packet)
        if reply.after:
            self._deaf = True
            self._late = self.port.clock.callLater(reply.after, self._answer, reply)
        else:
            self._answer(reply)
        if self.session.user is not None:
            self._cancel_wait()
        self.port.settle()

    def _answer(self, reply: Reply) -> None:
        self._late = None
        self.write(reply.text.encode("utf-8", "surrogateescape"))
        if reply.close:
            self._deaf = True
            self.transport.loseConnection()

    def _too_late(self) -> None:
        self._waiting = None
        self.transport.abortConnection()

    def _cancel_wait(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def write(self, data: bytes) -> None:
        if self._blocked_since is not None:
            self._blocked_bytes += len(data)
            waited = self.port.clock.seconds() - self._blocked_since
            if self._blocked_bytes > MAX_BLOCKED or waited > WRITE_TIMEOUT:
                self._deaf = True
                self.port.dismiss(self)
                self.transport.abortConnection()
                return
        self.transport.write(data)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The peer does not read as fast as we write."""
        self._blocked_since = self.port.clock.seconds()
        self._blocked_bytes = 0

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self._blocked_since = None

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        self._deaf = True

    def close(self) -> None:
        """Send what is left, then close."""
        self._deaf = True
        self._cancel_wait()
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        self._deaf = True
        self._cancel_wait()
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self.port.dismiss(self)


class AmiPort(Factory):
    """All sessions. `begin` is called before an action, `settle` after it has been answered."""

    noisy = False

    def __init__(
        self,
        clock: Any,
        exchange: Callable[[], Any],
        *,
        begin: Callable[[], None],
        settle: Callable[[], None],
        auth_timeout: float,
        limit: int,
    ) -> None:
        self.clock = clock
        self.exchange = exchange
        self.begin = begin
        self.settle = settle
        self.auth_timeout = auth_timeout
        self._limit = limit
        self._connections: dict[AmiConnection, None] = {}
        self.on_empty: Callable[[], None] = lambda: None
        """Called when the last session has ended."""

    def buildProtocol(self, addr: object) -> Any:  # noqa: N802 - Twisted's name
        connection = AmiConnection(self)
        connection.factory = self
        return connection

    def admit(self, connection: AmiConnection) -> bool:
        if len(self._connections) >= self._limit:
            log.warning("simulator.sessions_full", extra={"limit": self._limit})
            return False
        self._connections[connection] = None
        return True

    def dismiss(self, connection: AmiConnection) -> None:
        self._connections.pop(connection, None)
        if not self._connections:
            self.on_empty()

    @property
    def sessions(self) -> int:
        return len(self._connections)

    def broadcast(self, batch: list[Message]) -> None:
        """Events to everybody who may see their class; one write for each session."""
        blobs: dict[int, bytes] = {}
        for connection in list(self._connections):
            mask = connection.session.mask
            if not mask:
                continue
            blob = blobs.get(mask)
            if blob is None:
                text = "".join([text for bit, text in batch if bit & mask])
                blob = blobs[mask] = text.encode("utf-8", "surrogateescape")
            if blob:
                connection.write(blob)

    def close_all(self) -> None:
        for connection in list(self._connections):
            connection.close()

    def cut_all(self) -> None:
        for connection in list(self._connections):
            connection.transport.abortConnection()
