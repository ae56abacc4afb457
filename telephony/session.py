"""One AMI connection without its socket: greeting, login, snapshots, pings, and who gets a packet.

Pure: bytes and moments come in, bytes and calls to the owner go out. What the session waits for it
says by `deadline`; the owner calls `tick` then. It must not connect, reconnect or log, and it
decides nothing about calls.

->  Challenge, Login        Events: on is part of the login, there is no moment without them
<-  FullyBooted             at once if the account may read class system; again after a real boot
->  CoreStatus ... DeviceStateList   one snapshot; events that come meanwhile are held back
->  Ping                    every 5 s; two silences of 3 s and the peer counts as gone
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

from asterisk.ami.action import Action, SimpleAction

from telephony.answers import (
    ActionRefused,
    Answer,
    ExchangeError,
    LinkLost,
    ListIncomplete,
    OpenActions,
    Result,
)
from telephony.login import Credentials, Refusal, log_in
from telephony.packet import GREETING, Packet
from telephony.privileges import Watch, denied
from telephony.pulse import Pulse
from telephony.snapshot import Snapshot, build_snapshot, snapshot_actions

GREETING_LIMIT = 5.0
LOGIN_LIMIT = 10.0
SNAPSHOT_LIMIT = 15.0
PING_ANSWER_LIMIT = 30.0  # a late pong is still a sign of life
PING_EVERY = 5.0
PING_LIMIT = 3.0
PINGS_MISSED = (
    2  # in silence; a peer that sends events but answers no ping gets three times as many
)
HELD_LIMIT = 20_000
LIST_TRIES = 3
START_WAIT = 2.0  # between looks at an Asterisk that is still loading its modules
START_LOOKS = 15
OWN_EVENTS = frozenset({"FullyBooted", "Reload", "Shutdown"})
"""Events the session itself needs, whatever else is wanted."""


class Owner(Protocol):
    """What a session needs from the one who has the socket. None of these may raise."""

    def write(self, data: bytes) -> None: ...

    def deliver(self, packet: Packet, at: float) -> None:
        """A packet that is nobody's answer."""

    def deliver_snapshot(self, snapshot: Snapshot) -> None: ...

    def came_up(self, message: str) -> None:
        """Logged in, and a snapshot was delivered; also when a warning has come or gone."""

    def give_up(self, kind: Literal["down", "refused"], message: str) -> None:
        """Close the connection, for this reason."""


class _Phase(Enum):
    GREETING = "greeting"
    LOGIN = "login"
    ONLINE = "online"
    CLOSED = "closed"


@dataclass(slots=True)
class _Taking:
    """A snapshot on its way: answers so far, events held back behind it."""

    limit: float
    tries: int = 1
    results: dict[str, Result] = field(default_factory=dict)
    held: list[tuple[Packet, float]] = field(default_factory=list)
    round: int = 0


class Session:
    """See the module. `last_startup` is the exchange's start as the previous connection saw it."""

    def __init__(
        self,
        credentials: Credentials,
        owner: Owner,
        *,
        prefix: str,
        now: float,
        last_startup: str | None = None,
    ) -> None:
        self._credentials = credentials
        self._owner = owner
        self._actions = OpenActions(prefix)
        self._phase = _Phase.GREETING
        self._phase_limit = now + GREETING_LIMIT
        self._watch = Watch()
        self._taking: _Taking | None = None
        self._again = False
        self._booted = False
        self._boot_seen = False
        self._restart_told = False
        self._reconnected = last_startup is not None
        self._looks = 0
        self._look_again_at: float | None = None
        self._farewell: str | None = None
        self._message = ""
        self._pulse = Pulse(now)
        self.startup = last_startup
        self.overflows = 0
        """How often more events came during a snapshot than are held back."""

    @property
    def online(self) -> bool:
        """Logged in: actions may be sent."""
        return self._phase is _Phase.ONLINE

    @property
    def greeted(self) -> bool:
        """The peer has said that it is an AMI."""
        return self._phase in (_Phase.LOGIN, _Phase.ONLINE)

    @property
    def farewell(self) -> str | None:
        """Why the exchange is about to close the line, if it said so."""
        return self._farewell

    def heard(self, now: float) -> None:
        """Bytes have come, whatever they mean."""
        self._pulse.heard(now)

    def send(
        self, action: Action, done: Callable[[Result], None], now: float, seconds: float
    ) -> None:
        """Send an action; `done` gets its answer or an ExchangeError, exactly once.

        Raises LinkLost before the login, LinkBusy and WireError; then nothing was sent.
        """
        if not self.online:
            raise LinkLost("not logged in to the exchange")
        self._ask(action, done, now, seconds)

    def _ask(
        self, action: Action, done: Callable[[Result], None], now: float, seconds: float
    ) -> None:
        self._owner.write(self._actions.open(action, done, now, seconds))

    # --- packets ----------------------------------------------------------------------------------

    def receive(self, packet: Packet, at: float) -> None:
        """Take the next packet; `at` is its moment for those who read it, not for our limits."""
        if self._phase is _Phase.CLOSED:
            return
        if self._phase is _Phase.GREETING:
            self._greet(packet)
            return
        if self._actions.receive(packet):
            return
        self._watch.see(packet)
        name = packet.name
        if name in OWN_EVENTS:
            self._own_event(packet)
        if self._taking is None:
            self._owner.deliver(packet, at)
            return
        self._taking.held.append((packet, at))
        if len(self._taking.held) > HELD_LIMIT:
            # More than anybody can apply in time: a new snapshot holds all of it.
            self.overflows += 1
            self._taking.held.clear()
            self._collect(self._taking, self._pulse.heard_at)

    def _own_event(self, packet: Packet) -> None:
        if packet.name == "Shutdown":
            how = "restarts" if packet.get("Restart", "").lower() == "true" else "shuts down"
            self._farewell = f"Asterisk {how}"
            return
        # The login's own FullyBooted comes before the answer to anything sent after the login. A
        # later one means that we logged in while Asterisk was still loading modules; and a reload
        # may have changed queue members without an event for each.
        at_login = self._taking is not None and not self._taking.results and not self._booted
        if packet.name == "Reload" or not at_login:
            self.resnapshot(self._pulse.heard_at)
        if packet.name == "FullyBooted":
            # Calls of a connection before this one are gone; once told, once only.
            was_there = self._reconnected and not self._restart_told
            self._boot_seen = was_there and not at_login and not self._booted
            self._booted = True

    def _greet(self, packet: Packet) -> None:
        text = packet.raw[:60].decode("ascii", "replace")
        if packet.name != GREETING or "Call Manager/" not in text:
            shown = "".join(char if char.isprintable() else "?" for char in text)
            self._give_up(
                "down", f"this is no Asterisk Manager Interface: it greets with {shown!r}"
            )
            return
        self._phase = _Phase.LOGIN
        now = self._pulse.heard_at
        self._phase_limit = now + LOGIN_LIMIT

        def ask(action: Action, done: Callable[[Result], None]) -> None:
            self._ask(action, done, now, LOGIN_LIMIT)

        log_in(self._credentials, ask, self._logged_in)

    def _logged_in(self, refusal: Refusal | None) -> None:
        if self._phase is not _Phase.LOGIN:
            return
        if refusal is not None:
            self._give_up(refusal.kind, refusal.message)
            return
        now = self._pulse.heard_at
        self._phase = _Phase.ONLINE
        self._pulse = Pulse(now)
        self.resnapshot(now)

    # --- snapshots --------------------------------------------------------------------------------

    def resnapshot(self, now: float) -> None:
        """Take a snapshot; one that is asked for while another is taken follows it."""
        if self._phase is not _Phase.ONLINE:
            return
        if self._taking is not None:
            self._again = bool(self._taking.results) or self._again
            return
        self._look_again_at = None
        self._taking = _Taking(now + SNAPSHOT_LIMIT)
        self._collect(self._taking, now)

    def _collect(self, taking: _Taking, now: float) -> None:
        taking.results.clear()
        taking.round += 1
        current = taking.round
        try:
            for action in snapshot_actions():
                name = action.name

                def done(result: Result, name: str = name) -> None:
                    if taking.round == current:
                        self._collected(taking, name, result)

                self._ask(action, done, now, SNAPSHOT_LIMIT)
        except ExchangeError as busy:
            self._give_up("down", f"no snapshot of the exchange: {busy}")

    def _collected(self, taking: _Taking, name: str, result: Result) -> None:
        if self._phase is not _Phase.ONLINE:
            return
        taking.results[name] = result
        if len(taking.results) < len(snapshot_actions()):
            return
        if taking.tries < LIST_TRIES and any(
            isinstance(each, ListIncomplete) for each in taking.results.values()
        ):
            taking.tries += 1
            self._collect(taking, self._pulse.heard_at)
            return
        self._finish_snapshot(taking)

    def _finish_snapshot(self, taking: _Taking) -> None:
        snapshot = build_snapshot(taking.results, self.startup, booted=self._boot_seen)
        self._restart_told = self._restart_told or snapshot.restarted
        self._boot_seen = False
        self.startup = snapshot.startup or self.startup
        now = self._pulse.heard_at
        # Without class system there is no event at the end of the boot, so look again.
        starting = not self._booted and self._looks < START_LOOKS and _modules_missing(taking)
        if starting:
            self._looks += 1
            self._look_again_at = now + START_WAIT
        self._watch.compare(snapshot)
        self._taking = None
        self._owner.deliver_snapshot(snapshot)
        for packet, at in taking.held:
            self._owner.deliver(packet, at)
        if starting:
            message = f"connected to Asterisk {snapshot.version}, which is still starting"
        else:
            message = self._up_message(snapshot, taking.results)
        if message != self._message:
            self._message = message
            self._owner.came_up(message)
        if self._again:
            self._again = False
            self.resnapshot(now)

    def _up_message(self, snapshot: Snapshot, results: Mapping[str, Result]) -> str:
        user = self._credentials.user
        parts = [f"connected to Asterisk {snapshot.version or 'of unknown version'}"]
        refused = {n: each for n, each in results.items() if isinstance(each, ActionRefused)}
        forbidden = [name for name, each in refused.items() if each.forbidden]
        parts += denied(forbidden, user)
        parts += [str(each) for each in refused.values() if not each.forbidden]
        parts += [str(each) for each in results.values() if isinstance(each, ListIncomplete)]
        parts += self._watch.warnings(user)
        if not self._booted:
            parts.append(
                "a reload of the exchange is noticed late: in manager.conf add system to the line "
                f"'read = ...' of [{user}]"
            )
        return "; ".join(parts)

    # --- time -------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When to call `tick` next; None when closed."""
        if self._phase is _Phase.CLOSED:
            return None
        if self._phase is not _Phase.ONLINE:
            return self._phase_limit
        moments = [self._pulse.due]
        if self._taking is not None:
            moments.append(self._taking.limit)
        if self._look_again_at is not None:
            moments.append(self._look_again_at)
        overdue = self._actions.deadline()
        if overdue is not None:
            moments.append(overdue)
        return min(moments)

    def tick(self, now: float) -> None:
        """Do what is due: ping, or give up on what did not come."""
        if self._phase is _Phase.GREETING and now >= self._phase_limit:
            self._give_up(
                "down",
                f"connected, but no greeting within {GREETING_LIMIT:g} s: "
                "not an AMI port, or one that wants TLS",
            )
        elif self._phase is _Phase.LOGIN and now >= self._phase_limit:
            self._give_up("down", f"no answer to the login within {LOGIN_LIMIT:g} s")
        elif self._phase is _Phase.ONLINE:
            self._tick_online(now)

    def _tick_online(self, now: float) -> None:
        if self._taking is not None and now >= self._taking.limit:
            waiting = [
                action.name
                for action in snapshot_actions()
                if action.name not in self._taking.results
            ]
            text = f"no complete answer to {', '.join(waiting)} within {SNAPSHOT_LIMIT:g} s"
            self._give_up("down", text)
            return
        self._actions.tick(now)
        if self._look_again_at is not None and now >= self._look_again_at:
            self.resnapshot(now)
        if self._phase is _Phase.ONLINE and now >= self._pulse.due:
            self._ping(now)

    def _ping(self, now: float) -> None:
        gone = self._pulse.beat(now)
        if gone is not None:
            self._give_up("down", gone)
            return

        def answered(result: Result) -> None:
            # An error is an answer too: the peer lives.
            if isinstance(result, Answer | ActionRefused):
                self._pulse.answered()

        try:
            self._ask(SimpleAction("Ping"), answered, now, PING_ANSWER_LIMIT)
        except ExchangeError as busy:
            self._give_up("down", f"the exchange answers nothing: {busy}")

    # --- the end ----------------------------------------------------------------------------------

    def _give_up(self, kind: Literal["down", "refused"], message: str) -> None:
        self.close(message)
        self._owner.give_up(kind, message)

    def close(self, message: str) -> None:
        """The connection has ended: whoever waits for an answer gets LinkLost."""
        if self._phase is not _Phase.CLOSED:
            self._phase = _Phase.CLOSED
            self._taking = None
            self._actions.fail(LinkLost(f"the line to the exchange is lost: {message}"))


def _modules_missing(taking: _Taking) -> bool:
    return any(
        isinstance(each, ActionRefused) and "unknown command" in each.said.lower()
        for each in taking.results.values()
    )
