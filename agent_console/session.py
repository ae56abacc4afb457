"""One browser: what it may say next, and how much of it. Pure; time is an argument.

Seconds here are of any steady clock, except ``sent`` and ``until``, which are seconds since the
epoch. It must not carry anything out: it says what is to be done, and ``gateway`` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from callcenter.floor.control_rules import SUPERVISION
from callcenter.ports import Admission, User

from .fields import BadField
from .frames import Close
from .protocol import Ack, Auth, Command, Hello, NotAFrame, Unknown, parse
from .wishes import COMMANDS, CONTROL, Wish, wish_of

Duty: TypeAlias = Literal["anyone", "agent", "supervisor"]

ALLOWED: Mapping[str, Duty] = {
    "ping": "anyone",
    "agent.state": "agent",
    "agent.leave": "agent",
    "agent.sign_out": "supervisor",
    "agent.skills": "supervisor",
    "offer.accept": "agent",
    "offer.refuse": "agent",
    "snooze_callback": "agent",
    "card.person": "agent",
    "answer.mark": "agent",
    "call.control": "agent",
    "wrapup.draft": "agent",
    "wrapup.extend": "agent",
    "wrapup.finish": "agent",
    "help.ask": "agent",
    "help.give": "supervisor",
    "routing.explain": "supervisor",
}
"""Which duty a command belongs to. A command that is not here is nobody's."""


def needed(frame: Command) -> frozenset[Duty] | None:
    """The duties of whoever may give this command; ``None``: nobody may.

    Another's state is a supervisor's to choose; listening and the like need a phone besides.
    """
    duty = ALLOWED.get(frame.cmd)
    if duty is None:
        return None
    if frame.cmd == "agent.state" and frame.d.get("agent") is not None:
        return frozenset({"supervisor"})
    if frame.cmd == CONTROL and str(frame.d.get("do")) in SUPERVISION:
        return frozenset({"supervisor", "agent"})
    return frozenset({duty})


def duties(user: User) -> frozenset[Duty]:
    """Whoever has a device takes calls, supervisors too; the role alone makes a supervisor."""
    found: set[Duty] = {"anyone"}
    if user.device is not None:
        found.add("agent")
    if user.role == "supervisor":
        found.add("supervisor")
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, unless said otherwise."""

    hello: float = 5.0
    heartbeat: float = 15.0
    silence: float = 2.5
    """Heartbeats without any frame from the browser until it counts as gone."""
    send: float = 5.0
    """A send blocked for longer means the browser is too slow."""
    rate: float = 20.0
    """Frames a second, in the long run."""
    burst: int = 40
    flood: int = 40
    """Refused frames without a pause that make a flood."""
    expiring: float = 300.0
    """Warn this long before the sign-in ends."""
    queue_frames: int = 256
    queue_bytes: int = 1 << 20
    sessions: int = 3
    """Sockets of one user (one tab that reconnects may have an old one for a moment)."""


class Closing(Exception):  # noqa: N818  # says what happens
    """The socket must be closed with this code and reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Greeted:
    """A hello came; its ticket must be checked, then ``Session.admit``."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Renewed:
    """A fresh ticket came; check it, then ``Session.renew``."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A command of an allowed kind. ``expires``: steady time after which it must not happen.
    ``user``: who gave it, with the role they had then."""

    id: str
    wish: Wish
    expires: float
    user: User


@dataclass(frozen=True, slots=True)
class Refused:
    """Answer the command so; it is not remembered, so it may be sent again under the same id."""

    id: str
    code: str
    detail: str
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to do; ``why`` is for the counter."""

    why: str


Step: TypeAlias = Greeted | Renewed | Wanted | Refused | Nothing


class Session:
    """One browser on one socket: first signed out, then signed in, never back."""

    __slots__ = (
        "_flood",
        "_hello_by",
        "_limits",
        "_refilled",
        "_resumed",
        "_tokens",
        "acked",
        "admission",
        "duties",
        "greeted",
        "heard",
        "tab",
        "visible",
        "warned",
    )

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._hello_by = now + limits.hello
        self._tokens = float(limits.burst)
        self._refilled = now
        self._flood = 0
        self._resumed = False
        self.greeted = False
        self.admission: Admission | None = None
        self.duties: frozenset[Duty] = frozenset()
        self.tab = ""
        self.heard = now
        self.acked = 0
        self.visible = True
        self.warned = False

    def admit(self, admission: Admission, hello: Hello) -> None:
        """The ticket was good."""
        self.admission = admission
        self.duties = duties(admission.user)
        self.tab = hello.tab
        self._resumed = hello.resume is not None

    def renew(self, admission: Admission) -> None:
        """A fresh ticket was good. Raises ``Closing`` when it is somebody else's."""
        if self.admission is None or admission.user.user != self.admission.user.user:
            raise Closing(Close.SIGNED_OUT, "the fresh ticket is another user's")
        self.admission = admission
        self.duties = duties(admission.user)
        self.warned = False

    def receive(self, text: str, now: float, wall: float) -> Step:
        """What the browser's next frame asks for. Raises ``Closing``.

        ``now`` is steady time, ``wall`` seconds since the epoch.
        """
        self.heard = now
        within = self._spend(now)
        try:
            frame = parse(text)
        except NotAFrame as error:
            raise Closing(error.close, error.reason) from None
        if not self.greeted:
            if not isinstance(frame, Hello):
                raise Closing(Close.BAD_FRAME, "the first frame must be hello")
            self.greeted = True
            return Greeted(frame)
        match frame:
            case Command():
                return self._command(frame, within, now, wall)
            case Ack(seq, visible):
                self.acked = max(self.acked, seq)
                self.visible = visible
                return Nothing("ack")
            case Auth(ticket):
                # Every ticket takes a look into the ticket office, so the rate holds here too.
                return Renewed(ticket) if within else Nothing("flood")
            case Hello():
                raise Closing(Close.BAD_FRAME, "hello came twice")
            case Unknown():
                return Nothing("unknown")

    def _command(self, frame: Command, within: bool, now: float, wall: float) -> Step:
        if not within:
            return Refused(
                frame.id,
                "slow_down",
                f"More than {self._limits.rate:g} commands a second; send it again later.",
                retry=True,
            )
        if frame.cmd not in COMMANDS:
            return Refused(frame.id, "unknown_command", f"There is no command {frame.cmd[:40]!r}.")
        duties = needed(frame)
        if duties is None or not duties <= self.duties:
            only = duties is not None and "supervisor" in duties - self.duties
            detail = f"{frame.cmd} is not for you: {self._who()}."
            return Refused(frame.id, "forbidden" if only else "not_allowed", detail)
        expires = now + frame.deadline
        if self._resumed and frame.sent is not None:
            # Sent before the line was cut, perhaps: then its time began to run when it was typed.
            expires = min(expires, now + frame.sent + frame.deadline - wall)
        try:
            wish = wish_of(frame)
        except BadField as error:
            return Refused(frame.id, "bad_field", f"{frame.cmd}: {error}.")
        assert self.admission is not None
        return Wanted(frame.id, wish, expires, self.admission.user)

    def _who(self) -> str:
        assert self.admission is not None
        user = self.admission.user
        return f"you are signed in as {user.role} {'with' if user.device else 'without'} a device"

    def _spend(self, now: float) -> bool:
        """Take one token; whether there was one. Raises ``Closing`` on a flood."""
        limits = self._limits
        self._tokens = min(float(limits.burst), self._tokens + (now - self._refilled) * limits.rate)
        self._refilled = now
        if self._tokens >= limits.burst:
            self._flood = 0
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return True
        self._flood += 1
        if self._flood > limits.flood:
            raise Closing(Close.FLOOD, f"more than {limits.rate:g} frames a second")
        return False

    def overdue(self, now: float, wall: float) -> Closing | None:
        """Why the socket must be closed because of the time it is, or nothing."""
        limits = self._limits
        if self.admission is None:
            if self.greeted or now < self._hello_by:
                return None
            return Closing(Close.SIGNED_OUT, f"no hello within {limits.hello:g} s")
        if wall >= self.admission.until:
            return Closing(Close.SIGNED_OUT, "the sign-in has ended")
        if now - self.heard > limits.heartbeat * limits.silence:
            return Closing(Close.BROKEN, "no answer to heartbeats")
        return None

    def expiring(self, wall: float) -> float | None:
        """When the sign-in ends, once, shortly before it does."""
        if self.admission is None or self.warned:
            return None
        if wall < self.admission.until - self._limits.expiring:
            return None
        self.warned = True
        return self.admission.until
