"""The line to the exchange: connects, stays connected, and hands over what comes.

The module that holds the AMI socket. It parses and hands over, synchronously, and nothing else
happens in the reader: Asterisk ends a session that reads too slowly. It must not decide anything
about calls, never sends an action a second time, and shows no secret to a log. Deferreds do not
leave it; who asks something awaits an asyncio future.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from asterisk.ami.action import Action, LogoffAction
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, ITCPTransport
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure

from telephony.answers import Answer, ExchangeError, LinkLost, Result
from telephony.endpoint import Endpoint, LinkSettings, Tcp, Timer, Timers, endpoint_of, in_words
from telephony.packet import Packet
from telephony.session import OWN_EVENTS, Session
from telephony.snapshot import Snapshot
from telephony.wire import Decoder

__all__ = ["Link", "LinkSettings", "LinkState", "Snapshot"]

log = logging.getLogger(__name__)

ANSWER_LIMIT = 10.0
CLOSE_LIMIT = 2.0

Kind: TypeAlias = Literal["connecting", "up", "down", "refused"]


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the line is, for the operator.

    "connecting": the first attempt since the start; "up": logged in, and a snapshot was delivered;
    "down": no line, tried again within seconds; "refused": somebody has to change something.
    `since` is when this kind began, a new message does not change it.
    """

    kind: Kind
    message: str
    since: float


class Link:
    """One exchange, for as long as the program runs.

    `on_packet(packet, at)`: every event that is no part of an answer, in order; `at` is `clock()`
    when its bytes were read. `on_snapshot(snapshot, at)`: after every login and when asked; events
    that came while it was taken follow it, and some of them it has seen already. `on_state`: see
    LinkState. All three are called from the reader, so they must be quick; an exception in one is
    logged and counted and changes nothing else.

    `reactor` gives monotonic time and, unless `endpoint` is given, the connection; `clock` gives
    the time of day; `rng` the jitter. `wanted`: the only events to deliver, None for all.
    """

    def __init__(
        self,
        settings: LinkSettings,
        reactor: Timers,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        on_packet: Callable[[Packet, float], None],
        on_snapshot: Callable[[Snapshot, float], None],
        on_state: Callable[[LinkState], None],
        wanted: frozenset[str] | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._clock = clock
        self._rng = rng
        self._on_packet = on_packet
        self._on_snapshot = on_snapshot
        self._on_state = on_state
        self._wanted = None if wanted is None else wanted | OWN_EVENTS
        self._endpoint = endpoint or endpoint_of(reactor, settings)
        self._attempt: Deferred[IProtocol] | None = None
        self._line: _Line | None = None
        self._timer: Timer | None = None
        self._failures = 0
        self._startup: str | None = None
        self._stopping = False
        self._closed: asyncio.Future[None] | None = None
        self.state = LinkState("connecting", f"connecting to {settings.place}", clock())
        self.counts = dict.fromkeys(
            ("connections", "packets", "snapshots", "poison", "oversize", "malformed", "skipped"), 0
        )
        """For the metrics. ``poison``: packets or snapshots whose reader raised."""

    # --- for the rest of the program --------------------------------------------------------------

    def start(self) -> None:
        """Connect, and go on connecting until `stop`."""
        self._report("connecting", f"connecting to {self._settings.place}", first=True)
        self._connect()

    async def stop(self) -> None:
        """Log off and close. Returns when the line is closed, after two seconds at the latest."""
        self._stopping = True
        self._disarm()
        if self._attempt is not None:
            self._attempt.cancel()
        line = self._line
        if line is None:
            return
        self._closed = asyncio.get_running_loop().create_future()
        if line.session.online:
            line.session.send(LogoffAction(), _ignore, self._reactor.seconds(), CLOSE_LIMIT)
        line.tcp.loseConnection()
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._closed
        except TimeoutError:
            line.tcp.abortConnection()

    async def ask(self, action: Action, seconds: float = ANSWER_LIMIT) -> Answer:
        """The exchange's answer, with all items if it is a list.

        Raises WireError (nothing was sent), LinkLost, LinkBusy, ActionRefused, AnswerTimeout or
        ListIncomplete. After LinkLost or AnswerTimeout nobody knows whether it was carried out.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def done(result: Result) -> None:
            if future.done():
                return
            if isinstance(result, ExchangeError):
                future.set_exception(result)
            else:
                future.set_result(result)

        self.send(action, done, seconds)
        return await future

    def send(
        self, action: Action, done: Callable[[Result], None], seconds: float = ANSWER_LIMIT
    ) -> None:
        """Like `ask`, for who cannot wait: `done` is called once, with the answer or an error."""
        if self._line is None:
            raise LinkLost(f"there is no line to the exchange: {self.state.message}")
        self._line.session.send(action, done, self._reactor.seconds(), seconds)
        self._arm()

    def ask_snapshot(self, why: str) -> None:
        """Have a snapshot taken soon; without a line the next login takes one anyway."""
        log.info("exchange.snapshot_asked", extra={"why": why})
        if self._line is not None:
            self._line.session.resnapshot(self._reactor.seconds())
            self._arm()

    # --- connecting -------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._timer = None
        self._attempt = self._endpoint.connect(_Lines(self))
        self._attempt.addCallbacks(self._connected, self._unreachable)

    def _connected(self, protocol: IProtocol) -> None:
        self._attempt = None

    def _unreachable(self, failure: Failure) -> None:
        self._attempt = None
        if not self._stopping:
            self._report("down", in_words(failure, self._settings, greeted=False))
            self._retry()

    def line_made(self, line: _Line) -> Session:
        """A connection stands; gives it its session."""
        self._line = line
        self.counts["connections"] += 1
        return Session(
            self._settings.credentials,
            line,
            prefix=f"cc{self._rng.getrandbits(48):012x}",
            now=self._reactor.seconds(),
            last_startup=self._startup,
        )

    def line_lost(self, line: _Line, failure: Failure) -> None:
        """A connection has ended, by whichever side."""
        if self._line is not line:
            return
        self._line = None
        self._disarm()
        self._startup = line.session.startup
        message = line.session.farewell or in_words(
            failure, self._settings, greeted=line.session.greeted
        )
        line.session.close(message)
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        if self._stopping:
            return
        if not line.given_up:
            self._report("down", message)
        self._retry()

    def _retry(self) -> None:
        if self.state.kind == "refused":
            wait = self._settings.refused_wait * self._rng.uniform(1.0, 1.1)
        else:
            most = min(
                self._settings.backoff_most, self._settings.backoff_first * 2.0**self._failures
            )
            wait = most * self._rng.uniform(0.5, 1.0)
            self._failures = min(self._failures + 1, 20)
        self._timer = self._reactor.callLater(wait, self._connect)

    # --- what a line reports ----------------------------------------------------------------------

    def deliver(self, packet: Packet, at: float) -> None:
        """One packet for the reader of events."""
        self.counts["packets"] += 1
        try:
            self._on_packet(packet, at)
        # Whatever a reader does wrong with one packet, the line must stay.
        except Exception:  # noqa: BLE001
            self._poisoned(packet.name)

    def deliver_snapshot(self, snapshot: Snapshot) -> None:
        """One snapshot."""
        self.counts["snapshots"] += 1
        try:
            self._on_snapshot(snapshot, self._clock())
        except Exception:  # noqa: BLE001 - as in deliver
            self._poisoned("snapshot")

    def _poisoned(self, what: str) -> None:
        self.counts["poison"] += 1
        log.exception("exchange.poison", extra={"packet": what})

    def came_up(self, message: str) -> None:
        """Logged in, and a snapshot was delivered."""
        self._failures = 0
        self._report("up", f"{message} at {self._settings.place}")

    def gave_up(self, kind: Literal["down", "refused"], message: str) -> None:
        """The session ends the connection."""
        self._report(kind, message)

    def read(self, line: _Line, data: bytes) -> None:
        """Bytes have come."""
        now, at = self._reactor.seconds(), self._clock()
        session, decoder = line.session, line.decoder
        session.heard(now)
        for packet in decoder.feed(data):
            try:
                session.receive(packet, at)
            except Exception:  # noqa: BLE001 - as in deliver
                self._poisoned(packet.name)
        self._count_rejected(line)
        self._arm()

    def _count_rejected(self, line: _Line) -> None:
        decoder = line.decoder
        rejected = (decoder.oversize, decoder.malformed, decoder.skipped)
        if rejected != line.rejected:
            for name, new, old in zip(
                ("oversize", "malformed", "skipped"), rejected, line.rejected, strict=True
            ):
                self.counts[name] += new - old
            line.rejected = rejected

    def _report(self, kind: Kind, message: str, *, first: bool = False) -> None:
        if not first and (kind, message) == (self.state.kind, self.state.message):
            return
        since = self.state.since if kind == self.state.kind else self._clock()
        self.state = LinkState(kind, message, since)
        level = logging.INFO if kind in ("up", "connecting") else logging.WARNING
        log.log(level, f"exchange.{kind}", extra={"detail": message})
        try:
            self._on_state(self.state)
        except Exception:  # noqa: BLE001 - as in deliver
            self._poisoned("state")

    # --- time -------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """See that the session's next moment is not missed."""
        deadline = self._line.session.deadline() if self._line is not None else None
        if deadline is None:
            return
        if self._timer is not None and self._timer.active():
            if self._timer.getTime() <= deadline:
                return  # it wakes before and arms again; moving it for every packet costs more
            self._timer.cancel()
        wait = max(0.0, deadline - self._reactor.seconds())
        self._timer = self._reactor.callLater(wait, self._tick)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _tick(self) -> None:
        self._timer = None
        if self._line is not None:
            self._line.session.tick(self._reactor.seconds())
        self._arm()


class _Lines(Factory):
    """Makes one line for each connection."""

    noisy = False

    def __init__(self, link: Link) -> None:
        self._link = link

    def buildProtocol(self, addr: Any) -> _Line:  # noqa: N802 - Twisted's name
        return _Line(self._link)


class _Line(TwistedProtocol):
    """One connection: its decoder, its session, and its socket."""

    session: Session

    def __init__(self, link: Link) -> None:
        self._link = link
        self.decoder = Decoder(wanted=link._wanted)
        self.rejected = (0, 0, 0)
        self.given_up = False

    @property
    def tcp(self) -> Tcp:
        return cast(Tcp, self.transport)

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        if ITCPTransport.providedBy(self.transport):
            # Else an action waits for the acknowledgement of the one before (Nagle), up to 40 ms.
            self.tcp.setTcpNoDelay(True)
        self.session = self._link.line_made(self)
        self._link._arm()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._link.read(self, data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        self._link.line_lost(self, reason)

    def write(self, data: bytes) -> None:
        """For the session."""
        self.tcp.write(data)

    def deliver(self, packet: Packet, at: float) -> None:
        """For the session."""
        self._link.deliver(packet, at)

    def deliver_snapshot(self, snapshot: Snapshot) -> None:
        """For the session."""
        self._link.deliver_snapshot(snapshot)

    def came_up(self, message: str) -> None:
        """For the session."""
        self._link.came_up(message)

    def give_up(self, kind: Literal["down", "refused"], message: str) -> None:
        """For the session: nothing more is read or written, not even what is buffered."""
        self.given_up = True
        self._link.gave_up(kind, message)
        self.tcp.abortConnection()


def _ignore(result: Result) -> None:
    """Whether the exchange says goodbye changes nothing."""
