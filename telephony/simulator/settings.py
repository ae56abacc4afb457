"""What a simulated exchange consists of: queues, members, phones, numbers, AMI users.

Pure data with checks. The defaults are the ones of ``config/asterisk``, so that a scenario runs the
same on the simulated exchange and on a real one with those files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from telephony.simulator.outside import Outside

Strategy: TypeAlias = Literal[
    "rrmemory", "ringall", "leastrecent", "fewestcalls", "linear", "random"
]
Reaction: TypeAlias = Literal["answers", "waits", "busy", "declines", "fails", "absent"]
"""What a phone does when it is called: answers after its ring time; rings until ``pick_up``; is
busy at once; declines after its ring time; fails with 503 at once; is not signed in."""
RouteKind: TypeAlias = Literal["queue", "agent", "waiting", "engine"]


class SettingsError(ValueError):
    """The exchange as described cannot exist; says which part and why."""


def _plain(what: str, text: str) -> None:
    """Names that go on the wire unescaped must not be able to start another header."""
    if not text or not text.isprintable():
        raise SettingsError(f"{what} {text!r} is empty or has control characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A device with somebody (or nobody) at it."""

    device: str
    """Such as ``PJSIP/1001``."""
    name: str
    """Who sits there: the caller name of the device."""
    reaction: Reaction = "answers"
    ring: tuple[float, float] = (1.0, 4.0)
    """Shortest and longest time until an answer, seconds."""
    busy_at: int = 0
    """Calls from which on the device counts as busy (``device_state_busy_at``); 0: never."""

    def __post_init__(self) -> None:
        _plain("device", self.device)
        if self.device.count("/") != 1:
            raise SettingsError(f"device {self.device!r} is not like PJSIP/1001")
        if self.reaction not in get_args(Reaction):
            raise SettingsError(f"phone {self.device}: no reaction {self.reaction!r}")
        low, high = self.ring
        if not 0 <= low <= high:
            raise SettingsError(f"phone {self.device}: ring times {self.ring} are not a range")

    @property
    def number(self) -> str:
        return self.device.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A queue's agent: what is dialled, and whose state says free or busy."""

    interface: str
    """``PJSIP/1001``, ``Local/1007@agent-legs/n`` or ``Local/1008@agent-legs``."""
    name: str
    penalty: int = 0
    state_interface: str | None = None

    def __post_init__(self) -> None:
        _plain("member", self.interface)
        _plain(f"name of member {self.interface}", self.name)
        if self.interface.startswith("Local/") and self.state_interface is None:
            raise SettingsError(f"member {self.interface}: a Local member needs a state_interface")

    @property
    def device(self) -> str:
        return self.state_interface or self.interface


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """A queue as ``queues.conf`` describes it. Times in seconds."""

    name: str
    members: tuple[Member, ...] = ()
    strategy: Strategy = "rrmemory"
    timeout: float = 15.0
    retry: float = 1.0
    service_level: int = 20

    def __post_init__(self) -> None:
        _plain("queue", self.name)
        if self.strategy not in get_args(Strategy):
            raise SettingsError(f"queue {self.name}: no strategy {self.strategy!r}")
        if self.timeout <= 0 or self.retry <= 0:
            raise SettingsError(f"queue {self.name}: timeout and retry must be above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a dialled number leads."""

    kind: RouteKind
    target: str
    """Queue name, or the extension of an agent's phone."""
    patience: float = 600.0
    """Seconds until the queue (or the engine, for ``waiting``) has had its chance."""
    context: str = ""
    """Context in the dialplan; empty: the usual one of the kind. ``engine`` is ``cc-wait``, and so
    is ``queue`` for the queues in ``engine_queues``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An AMI account of ``manager.conf``."""

    name: str
    secret: str = field(repr=False)
    read: frozenset[str] = frozenset({"call", "agent", "user", "reporting", "system", "dialplan"})
    write: frozenset[str] = frozenset({"call", "agent", "originate", "reporting", "user"})


_AGENTS = (
    ("1001", "Alice Ng"),
    ("1002", "Bob O'Hara"),
    ("1003", "Chen Li"),
    ("1004", "Dana Fox"),
    ("1005", "Emil Berg"),
    ("1006", "Farah Aziz"),
    ("1007", "Gao Min"),
    ("1008", "Hugo Diaz"),
)
_NAMES = dict(_AGENTS)


def _member(number: str, interface: str = "") -> Member:
    device = f"PJSIP/{number}"
    return Member(interface=interface or device, name=_NAMES[number], state_interface=device)


PHONES = tuple(Phone(device=f"PJSIP/{number}", name=name) for number, name in _AGENTS)
QUEUES = (
    QueueLine(name="service", members=(_member("1001"), _member("1002"), _member("1003"))),
    QueueLine(name="sales", strategy="leastrecent", members=(_member("1003"), _member("1004"))),
    QueueLine(name="support", strategy="ringall", members=(_member("1005"), _member("1006"))),
    QueueLine(
        name="desk", strategy="ringall", members=(_member("1007", "Local/1007@agent-legs/n"),)
    ),
    QueueLine(
        name="remote", strategy="ringall", members=(_member("1008", "Local/1008@agent-legs"),)
    ),
)
ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "+442079460100": Route(kind="queue", target="service"),
        "+442079460101": Route(kind="queue", target="sales"),
        "+442079460102": Route(kind="queue", target="support"),
        "+442079460103": Route(kind="queue", target="service", patience=6, context="queue-short"),
        "+442079460104": Route(kind="queue", target="desk"),
        "+442079460105": Route(kind="queue", target="remote"),
        "+442079460106": Route(kind="engine", target="service", context="cc-wait"),
        **{f"+44207946{number}": Route(kind="agent", target=number) for number, _ in _AGENTS},
    }
)
# The account of config/asterisk/manager.conf as it is shipped, for tests and the demonstration.
USERS = (User(name="callcenter", secret="change-this-secret"),)  # noqa: S106


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """A whole simulated exchange.

    Raises SettingsError when parts do not fit together: a member without a phone, a route to
    nowhere, two things of one name.
    """

    queues: tuple[QueueLine, ...] = QUEUES
    phones: tuple[Phone, ...] = PHONES
    routes: Mapping[str, Route] = field(default_factory=lambda: ROUTES)
    users: tuple[User, ...] = USERS
    seed: int = 1
    speed: float = 1.0
    """Simulated seconds per real second."""
    tick: float = 0.001
    """Shortest real time between two steps, seconds: what falls into one is written at once.
    A longer one costs less and delays events by as much at most."""
    timestamps: bool = True
    """``timestampevents``: each event says when it happened, in simulated time."""
    version: str = "22.10.1"
    trunk: str = "trunk"
    main_number: str = "+442079460100"
    """What called parties see on outgoing calls."""
    engine_queues: frozenset[str] = frozenset()
    """Queues whose callers wait in the engine's line (``cc-wait``) instead of ``Queue()``."""
    beat_limit: float = 5.0
    """Seconds without a sign of life of the engine (``CC_BEAT``) until ``Queue()`` takes over, and
    between two looks at it."""
    callback_key: str = ""
    """``CC_KEY``: the key that callers in the engine's line are offered, to be called back."""
    outside: Outside = field(default_factory=Outside)
    """How people take the calls that AMI makes to them."""
    variables: frozenset[str] | None = None
    """Only these variables are told (VarSet) when they are set; None: all, as on a real one."""
    hold_share: float = 0.0
    """Of the talks: in so many the agent's phone puts the caller on hold for a while."""
    transfer_share: float = 0.0
    """Of the talks: in so many the agent's phone hands the caller on, to a colleague or a queue."""
    hands_talk: float = 0.0
    """Shortest talk with a phone that ``waits`` for a person to pick it up, seconds: time to try
    things out."""
    answer_delay: float = 0.5
    """How long ``Answer()`` waits for the caller's sound, seconds."""
    ring_time: float = 20.0
    """Seconds a directly dialled phone rings."""
    auth_timeout: float = 10.0
    """Seconds a connection may take to sign in."""
    sessions: int = 50
    """Most AMI connections at one time."""
    max_channels: int = 20_000
    truth_kept: int = 100_000
    """So many finished calls are remembered for ``truth()``."""

    def __post_init__(self) -> None:
        phones = {phone.device for phone in self.phones}
        if len(phones) != len(self.phones):
            raise SettingsError("two phones have the same device")
        names = {queue.name for queue in self.queues}
        if len(names) != len(self.queues):
            raise SettingsError("two queues have the same name")
        for queue in self.queues:
            for member in queue.members:
                if member.device not in phones:
                    raise SettingsError(
                        f"queue {queue.name}: there is no phone {member.device} for a member"
                    )
        unknown = sorted(self.engine_queues - names)
        if unknown:
            raise SettingsError(f"engine_queues: there is no queue {unknown[0]!r}")
        if not (0 <= self.hold_share <= 1 and 0 <= self.transfer_share <= 1):
            raise SettingsError("hold_share and transfer_share are shares between 0 and 1")
        if self.callback_key not in {"", *"0123456789*#"}:
            raise SettingsError(f"callback_key: {self.callback_key!r} is no key")
        if self.beat_limit <= 0:
            raise SettingsError("beat_limit must be above zero")
        numbers = {phone.number for phone in self.phones}
        for dialled, route in self.routes.items():
            _plain("number", dialled)
            known = numbers if route.kind == "agent" else names
            if route.target not in known:
                raise SettingsError(f"number {dialled}: there is no {route.kind} {route.target!r}")
        if not self.speed > 0:
            raise SettingsError("speed must be above zero")
        if not 0 < self.tick <= 1:
            raise SettingsError("tick must be above zero and a second at most")
