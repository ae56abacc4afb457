"""A real floor with consoles around it, and a browser that speaks ``cc.v1``, for tests.

The floor is the product's; only the exchange, the store and the clock around it are stood in for.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from agent_console.gateway import Gateway, Skills
from agent_console.screens import LiveScreens
from agent_console.session import Limits
from agent_console.snapshot import Choice, ConsoleSettings, ExchangeState
from callcenter.api.app import build_api
from callcenter.api.calls import calls_router
from callcenter.api.doors import Doors, DoorSettings
from callcenter.api.front import Front
from callcenter.api.origin import Origins
from callcenter.auth import Passwords
from callcenter.callback_ports import CallbackRefused, Caps, Source
from callcenter.callbacks.forms import StaffRequest
from callcenter.codec import to_plain
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import Callback
from callcenter.floor.card import AgentView, Card
from callcenter.floor.floor import Floor
from callcenter.floor.routing import Decision
from callcenter.metrics import Metrics
from callcenter.ports import Account, Admission, SignIn, User, View
from callcenter.web import build_server, port_of
from tests.asyncapi import check
from tests.fake_callbacks import MemoryCallbacks
from tests.fakes import MemoryAccounts, MemoryRecords

Wished = TypeVar("Wished", bound=e.Event)

AMY = User(user="amy", name="Amy Wong", role="agent", device="PJSIP/1001", language="en")
BEN = User(user="ben", name="Ben Roe", role="agent", device="PJSIP/1002", language="en")
KIM = User(user="kim", name="Kim Lee", role="supervisor", device="PJSIP/1009", language="en")
SUE = User(user="sue", name="Sue Park", role="supervisor", device=None, language="zh-Hans")
UP = ExchangeState(state="up", message="Asterisk 22", since=1.0)
SETTINGS = ConsoleSettings(
    break_reasons=(Choice("lunch", {"en": "Lunch"}), Choice("coaching", {"en": "Coaching"})),
    reasons=(Choice("card.lost", {"en": "Lost card"}),),
    outcomes=(Choice("solved", {"en": "Solved"}),),
    wrapup_seconds=None,
    currency="EUR",
    time_zone="Europe/Berlin",
    demo_phone=False,
)


def agent_view(agent: str, **fields: Any) -> AgentView:
    """An agent's row, whatever is in it."""
    whole: dict[str, Any] = {
        "agent": agent, "name": agent, "device": f"PJSIP/{agent}", "state": "ready", "since": 1.0,
        "reason": None, "next_state": None, "next_reason": None, "call": None, "queue": None,
        "deadline": None, "device_state": "idle", "calls_today": 0,
    }  # fmt: skip
    return AgentView(**(whole | fields))


class MemorySignIns:
    """``SignIns`` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, SignIn] = {}

    async def begin(self, sign_in: SignIn) -> None:
        self.rows[sign_in.token_hash] = sign_in

    async def find(self, token_hash: str, now: float) -> SignIn | None:
        row = self.rows.get(token_hash)
        return row if row is not None and row.expires > now else None

    async def touch(self, token_hash: str, seen: float, expires: float) -> None:
        row = self.rows.get(token_hash)
        if row is not None:
            self.rows[token_hash] = SignIn(
                token_hash=token_hash, agent=row.agent, created=row.created, expires=expires,
                seen=seen,
            )  # fmt: skip

    async def end(self, token_hash: str) -> None:
        self.rows.pop(token_hash, None)


@dataclass(frozen=True)
class Window:
    """A time that can be promised."""

    opens: float
    closes: float
    capacity: int = 3
    taken: int = 0


@dataclass
class MemoryBooking:
    """Books in the store what staff ask for. ``refuse``: refuses it instead."""

    store: MemoryCallbacks
    windows: tuple[Window, ...] = ()
    queue: str = "sales"
    asked: list[StaffRequest] = field(default_factory=list)
    refuse: CallbackRefused | None = None
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    async def by_staff(self, request: StaffRequest, at: float) -> Callback:
        self.asked.append(request)
        if self.refuse is not None:
            raise self.refuse
        made = Callback(
            id=f"NEWW-{len(self.asked):04}", version=1, state="scheduled", origin=request.origin,
            queue=request.queue, number=request.number, zone=request.zone, made=at,
            place=request.opens, opens=request.opens, due=request.opens,
            closes=request.closes or request.opens + 7200, name=request.name or None,
            words=request.words, agent=request.agent,
        )  # fmt: skip
        await self.store.book(made, Source(), Caps())
        if request.key:
            self.keys[request.by, request.key] = made.id
        return made

    async def asked_before(self, by: str, key: str, number: str) -> Callback | None:
        row = self.store.rows.get(self.keys.get((by, key), ""))
        return row if row is not None and row.number == number else None

    async def slots(self, queue: str, at: float, until: float) -> tuple[Window, ...]:
        found = (one for one in self.windows if at <= one.opens < until)
        return tuple(found) if queue == self.queue else ()


class FloorDesk:
    """``Desk`` over a real floor. ``gate``: wishes wait for it, as for a slow disk.

    ``instead``: wishes of these kinds go to this function and not to the floor, so that a test may
    say itself what becomes of them; ``decisions``: what ``explain`` answers, by call, before the
    floor is asked.
    """

    def __init__(self, settings: ConsoleSettings = SETTINGS) -> None:
        self.screens: LiveScreens | None = None
        self.wishes: list[e.Event] = []
        self.instead: dict[type[e.Event], Callable[[Any], None]] = {}
        self.decisions: dict[str, Decision] = {}
        self.agents: dict[str, AgentView] = {}
        self.shown: dict[str, Card] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.floor = Floor()
        self.opened = e.FloorOpened(
            at=self.now(),
            queues=(e.QueueSettings(queue="support"),),
            wrapup_seconds=settings.wrapup_seconds,
            break_reasons=tuple(choice.code for choice in settings.break_reasons),
            reasons=tuple(choice.code for choice in settings.reasons),
            outcomes=tuple(choice.code for choice in settings.outcomes),
        )
        self.post(self.opened)

    def open(self, **changes: Any) -> None:
        """An empty floor with other settings; before anybody looks at it."""
        self.opened = replace(self.opened, at=self.now(), **changes)
        self.post(self.opened)

    def now(self) -> float:
        return time.time()

    def view(self) -> View:
        cards = {
            agent: tuple(self.shown.get(card.call, card) for card in own)
            for agent, own in self.floor.cards().items()
        }
        return View(
            agents=self.floor.agent_views() | self.agents,
            queues=self.floor.queue_views(),
            cards=cards,
            calls={call: self.floor.call_view(call) for call in self.floor.live_calls()},
        )

    def explain(self, call: str) -> Decision:
        return self.decisions.get(call) or self.floor.explain(call, self.now())

    async def wish(self, event: e.Event) -> None:
        self.instead.get(type(event), self.post)(event)
        self.wishes.append(event)
        await self.gate.wait()

    def said(self, event: e.CallerSaid) -> None:
        self.post(event)

    def wished(self, kind: type[Wished]) -> list[Wished]:
        """The wishes of this kind, in order."""
        return [wish for wish in self.wishes if isinstance(wish, kind)]

    def post(self, event: e.Event) -> None:
        for order in self.floor.receive(event):
            match order:
                case o.ShowCard(agent=agent, card=card):
                    self._shown().show_card(agent, card)
                case o.CloseCard(agent=agent, call=call):
                    self._shown().close_card(agent, call)
                case o.ShowControl():
                    self._shown().show_control(order)
                case o.ShowHelp():
                    self._shown().show_help(order)
                case o.ShowAgent(view=agent_row, gone=gone):
                    self._shown().show_agent(agent_row, gone)
                case o.ShowQueue(view=queue_row):
                    if self.screens is not None:
                        self.screens.show_queue(queue_row)

    def _shown(self) -> LiveScreens:
        assert self.screens is not None
        return self.screens

    # --- what a floor may show, whatever led to it ------------------------------------------

    def show_agent(self, agent: str, **changes: Any) -> AgentView:
        """The agent's row as it would be with these changes."""
        view = replace(self.agents.get(agent) or self.floor.agent_view(agent), **changes)
        self.agents[agent] = view
        self._shown().show_agent(view, gone=False)
        return view

    def show_card(self, agent: str, call: str, **changes: Any) -> Card:
        """The card of the call as it would be with these changes, newer than any before."""
        card = self.shown.get(call) or next(
            card for card in self.floor.cards_of(agent) if card.call == call
        )
        card = replace(card, **changes, rev=card.rev + 1_000)
        self.shown[call] = card
        self._shown().show_card(agent, card)
        return card

    # --- what the exchange would tell ------------------------------------------------------

    def call(self, call: str, device: str, number: str = "+442079460123") -> None:
        """A call comes and the agent's device is about to ring."""
        at = self.now()
        self.post(e.CallArrived(at=at, call=call, direction="inbound", number=number,
                                name=None, dialled="support"))  # fmt: skip
        self.post(e.CallQueued(at=at, call=call, queue="support", position=1))
        self.post(e.CallOffered(at=at, call=call, device=device, leg=f"{call}-1", queue="support"))

    def talk(self, call: str, device: str) -> None:
        self.post(e.CallAnswered(at=self.now(), call=call, device=device, leg=f"{call}-1",
                                 queue="support"))  # fmt: skip

    def end(self, call: str) -> None:
        self.post(e.CallEnded(at=self.now(), call=call, why="completed"))


class Site:
    """Engine and consoles on one port. Tickets are had by signing in, or from ``pass_for``."""

    def __init__(self, desk: FloorDesk, gateway: Gateway, screens: LiveScreens, doors: Doors,
                 records: MemoryRecords, metrics: Metrics) -> None:  # fmt: skip
        self.desk = desk
        self.gateway = gateway
        self.screens = screens
        self.doors = doors
        self.records = records
        self.metrics = metrics
        self.port = 0
        self.passes: dict[str, Admission] = {}
        self._numbers = itertools.count()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pass_for(self, user: User, seconds: float = 3600.0) -> str:
        """A ticket without a sign-in."""
        ticket = f"pass-{next(self._numbers)}"
        self.passes[ticket] = Admission(
            user=user, session=f"session-of-{user.user}", until=self.desk.now() + seconds
        )
        return ticket

    def redeem(self, ticket: str) -> Admission | None:
        return self.passes.pop(ticket, None) or self.doors.redeem(ticket)

    @asynccontextmanager
    async def browser(self, user: User | None = None, **hello: Any) -> AsyncIterator[Browser]:
        """A socket; with ``user`` it has said hello and was welcomed."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/ws",
            subprotocols=["cc.v1"],  # type: ignore[list-item]
            origin=self.url,  # type: ignore[arg-type]
            compression=None,
            max_size=None,
        ) as socket:
            browser = Browser(socket)
            if user is not None:
                await browser.hello(self.pass_for(user), **hello)
                browser.welcomed(await browser.read("welcome"))
            yield browser


class Browser:
    """A console without a face: keeps the state that the frames describe."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.epoch = ""
        self.seq = 0
        self.snapshots = 0
        self.applied: list[int] = []
        self.agent: dict[str, Any] | None = None
        self.cards: dict[str, dict[str, Any]] = {}
        self.board: dict[str, dict[str, Any]] = {}
        self.exchange: dict[str, Any] = {}
        self.controls: dict[str, dict[str, Any]] = {}
        self.help: dict[str, dict[str, Any]] = {}
        self.snapshot: dict[str, Any] = {}

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def hello(self, ticket: str, tab: str = "tab", resume: Browser | None = None) -> None:
        frame: dict[str, Any] = {
            "t": "hello", "v": 1, "ticket": ticket,
            "client": {"name": "test", "version": "1", "tab": tab},
        }  # fmt: skip
        if resume is not None:
            frame["resume"] = {"epoch": resume.epoch, "seq": resume.seq}
            self.take_over(resume)
        await self.send(**frame)

    def take_over(self, other: Browser) -> None:
        """The same page on a new socket."""
        self.epoch, self.seq, self.agent = other.epoch, other.seq, other.agent
        self.cards, self.board, self.exchange = other.cards, other.board, other.exchange
        self.controls, self.help = other.controls, other.help
        self.snapshots, self.applied, self.snapshot = (
            other.snapshots, other.applied, other.snapshot,
        )  # fmt: skip

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        check(frame)
        return frame

    async def read(self, t: str, **fields: Any) -> dict[str, Any]:
        """The next frame of this kind with these fields; events on the way are applied."""
        while True:
            frame = await self.frame()
            if frame["t"] == "event":
                self.apply(frame)
            if frame["t"] == t and all(frame.get(key) == value for key, value in fields.items()):
                return frame

    async def until(self, true: Callable[[], bool]) -> None:
        """Read until it is so."""
        while not true():
            frame = await self.frame()
            if frame["t"] == "event":
                self.apply(frame)

    async def command(self, id: str, cmd: str, **more: Any) -> dict[str, Any]:
        """Send a command and wait for its reply."""
        await self.send(t="cmd", id=id, cmd=cmd, **({"d": {}} | more))
        return await self.read("reply", id=id)

    async def closed(self) -> tuple[int, str]:
        """Read to the end: close code and reason."""
        try:
            while True:
                async with asyncio.timeout(20):
                    await self.socket.recv()
        except ConnectionClosed as error:
            if error.rcvd is None:
                raise AssertionError("cut without a close frame") from error
            return error.rcvd.code, error.rcvd.reason

    def cut(self) -> None:
        """The network goes away without a word."""
        self.socket.transport.abort()

    def welcomed(self, frame: dict[str, Any]) -> None:
        self.epoch = frame["epoch"]
        if frame["resumed"]:
            return
        snapshot = self.snapshot = frame["snapshot"]
        self.snapshots += 1
        self.seq = frame["seq"]
        self.agent = snapshot["agent"]
        self.cards = {card["call"]: card for card in snapshot["cards"]}
        self.exchange = snapshot["exchange"]
        board = snapshot["board"] or {"agents": [], "queues": [], "help": []}
        self.help = {row["agent"]: row for row in board["help"]}
        self.board = {f"a:{row['agent']}": row for row in board["agents"]}
        self.board |= {f"q:{row['queue']}": row for row in board["queues"]}

    def apply(self, frame: dict[str, Any]) -> None:
        d = frame["d"]
        if "seq" in frame:
            if frame["seq"] <= self.seq:
                return
            assert frame["seq"] == self.seq + 1, "a gap in the stream"
            self.seq = frame["seq"]
            self.applied.append(self.seq)
        match frame["ev"]:
            case "agent.updated":
                self.agent = d
            case "card.shown" | "card.updated":
                assert (frame["ev"] == "card.shown") == (d["call"] not in self.cards)
                self.cards[d["call"]] = d
            case "card.closed":
                self.cards.pop(d["call"], None)
            case "exchange.changed":
                self.exchange = d
            case "control":
                self.controls[d["id"]] = d
            case "help":
                if d["since"] is None:
                    self.help.pop(d["agent"], None)
                else:
                    self.help[d["agent"]] = d
            case "board.agent":
                if d["gone"]:
                    self.board.pop(f"a:{d['view']['agent']}", None)
                else:
                    self.board[f"a:{d['view']['agent']}"] = d["view"]
            case "board.queue":
                self.board[f"q:{d['queue']}"] = d


@asynccontextmanager
async def site(
    tmp_path: Path,
    limits: Limits | None = None,
    accounts: tuple[User, ...] = (AMY, BEN, SUE, KIM),
    checks: dict[str, Callable[[], str | None]] | None = None,
    pulse: float = 0.05,
    door_settings: DoorSettings | None = None,
    settings: ConsoleSettings = SETTINGS,
    skills: Callable[[str], Awaitable[Skills]] | None = None,
    more: Callable[[FloorDesk, Doors, Origins, MemoryRecords], Iterable[APIRouter]] | None = None,
) -> AsyncIterator[Site]:
    """A whole engine's face on a free port; everybody's password is ``correct horse``.

    ``more``: makes further routers.
    """
    desk, records, metrics, origins = FloorDesk(settings), MemoryRecords(), Metrics(), Origins()
    screens = LiveScreens(now=desk.now, plain=to_plain, exchange=UP, count=metrics.console)
    desk.screens = screens
    passwords = Passwords(passes=1, memory_kib=64)
    hashed = passwords.hash("correct horse")
    people = [
        Account(agent=user.user, name=user.name, role=user.role, device=user.device,
                password_hash=hashed, language=user.language, active=True)
        for user in accounts
    ]  # fmt: skip
    doors = Doors(
        accounts=MemoryAccounts(people), sign_ins=MemorySignIns(), passwords=passwords,
        now=desk.now, count=metrics.sign_in, settings=door_settings,
    )  # fmt: skip
    found: list[Site] = []
    gateway = Gateway(
        screens=screens, desk=desk, drafts=records, redeem=lambda t: found[0].redeem(t),
        origin_allowed=origins, plain=to_plain, settings=settings, count=metrics.console,
        limits=limits, pulse=pulse, skills=skills,
    )  # fmt: skip
    here = Site(desk, gateway, screens, doors, records, metrics)
    found.append(here)
    metrics.gauge("console_sessions", "Open consoles", lambda: float(gateway.sessions))
    api = build_api(
        doors=doors, metrics=metrics, checks=checks or {}, origins=origins,
        on_sign_out=gateway.revoke, console=tmp_path / "static",
        routers=[
            calls_router(desk, records, doors, origins),
            *(() if more is None else more(desk, doors, origins, records)),
        ],
    )  # fmt: skip
    server = build_server(Front(api, gateway), "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.01)
        here.port = port_of(server)
        yield here
    finally:
        await gateway.close(1.0)
        server.should_exit = True
        await serving
        passwords.close()
