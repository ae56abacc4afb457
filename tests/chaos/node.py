"""One running engine, without loop and store: tracker, floor, and orders carried out at once.

It stands for telephony.link, telephony.switch and callcenter.dispatch, which do the same over the
network. `world` is what it may touch of the exchange; when the engine dies it is thrown away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from asterisk.ami.action import Action

from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.call import CallState
from callcenter.floor.errors import FloorError
from callcenter.floor.floor import Floor
from callcenter.floor.invariants import broken
from callcenter.floor.orders import Order
from callcenter.ports import SwitchError
from telephony.answers import Answer
from telephony.control import CallControl
from telephony.layout import Layouts
from telephony.packet import Packet
from telephony.ringing import Attempt, Ringing, Stage, originate
from telephony.simulator import Exchange
from telephony.simulator.actions import ACTIONS
from telephony.simulator.messages import Message
from telephony.snapshot import ACTIONS as SNAPSHOT
from telephony.snapshot import build_snapshot
from telephony.tracker import WANTED, Tracker
from telephony.wire import encode
from tests.chaos.books import Books
from tests.chaos.calling import Calling
from tests.chaos.mind import Mind
from tests.chaos.watch import idle, overtaken

At = Callable[[float, Callable[[], object]], None]
HEARD: Final = WANTED | {"OriginateResponse"}
LATE: Final = 5.0
"""Seconds after the ringing should have ended within which the exchange has to say how."""
LEG_AGAIN: Final = 0.1


_LAYOUTS: dict[str, Layouts] = {}


def _layouts(name: str) -> Layouts:
    """What all runs of this process have learnt about packets of this name: it saves time only."""
    layouts = _LAYOUTS.get(name)
    if layouts is None:
        layouts = _LAYOUTS[name] = Layouts()
    return layouts


class Node:
    """See the module. `at` calls something later; `delay` is how long an action takes."""

    def __init__(
        self, opened: e.FloorOpened, at: At, now: Callable[[], float],
        delay: Callable[[], float], mind: Mind, books: Books,
    ) -> None:  # fmt: skip
        self.floor = Floor()
        self.tracker = Tracker()
        self.ringing = Ringing()
        self.exchange: Exchange | None = None
        """None while the line is down."""
        self.dead = False
        self.views: dict[str, o.ShowAgent] = {}
        self.on_agent: Callable[[o.ShowAgent], None] = lambda shown: None
        self.problems: list[str] = []
        self.refused: Counter[str] = Counter()
        self.every = 1
        """Invariants are checked after each so-many-th event."""
        self.journal: list[tuple[e.Event, tuple[Order, ...] | None]] = []
        """Every event and what the floor ordered then; ``None``: refused."""
        self.drift = 0
        self.calling: Calling | None = None
        """None: this engine calls nobody back."""
        self._mind, self._books = mind, books
        self._control = CallControl(self._ask, self.tracker.control)
        self._at, self.now, self.delay = at, now, delay
        self._startup: str | None = None
        self._asked = self._comparing = False
        self.carry: dict[type, Callable[[Any], None]] = {
            o.Ring: self._ring,
            o.StopRinging: self._stop_ringing,
            o.SetPaused: self._set_paused,
            o.SendAway: self._send_away,
            o.Announce: self._announce,
            o.AskSnapshot: self._ask_snapshot,
            o.ShowAgent: self._show_agent,
            o.Identify: self._identify,
            o.Predict: self._predict,
            o.Control: lambda order: self._later(partial(self._controls, order)),
        }
        self.take(opened)

    @property
    def events(self) -> int:
        return len(self.journal)

    # --- events -------------------------------------------------------------------------------

    def take(self, event: e.Event) -> bool:
        """Give the floor an event and carry out its orders; False for a wish it refuses."""
        try:
            orders = tuple(self.floor.receive(event))
        except FloorError as refusal:
            self.refused[type(refusal).__name__] += 1
            self.journal.append((event, None))
            return False
        self.journal.append((event, orders))
        if isinstance(event, e.CallsMerged):
            self._books.absorbed.add(event.absorbed)
        if len(self.journal) % self.every == 0 and not self._comparing:
            self.check(event)
        for order in orders:
            if isinstance(order, o.Ring | o.Dial | o.KeepReservation) and not self._comparing:
                kept = order if isinstance(order, o.KeepReservation) else order.reservation
                if kept.version == 1 and kept.made == event.at:
                    self.problems += overtaken(self.floor.state, kept, self.now())
            write = self._books.write.get(type(order))
            if write is not None:
                write(order)
            carry = self.carry.get(type(order))
            if carry is not None:
                carry(order)
        return True

    def check(self, event: e.Event | None = None) -> None:
        """The floor's invariants."""
        for words in broken(self.floor.state, self.now()):
            after = f" after {event}" if event is not None else ""
            self.problems.append(f"at {self.now():.3f}: {words}{after}")

    def look_around(self) -> None:
        """Whether anybody waits for an agent who is free."""
        deadline = self.floor.deadline()
        if deadline is None or deadline > self.now():  # otherwise it is just going to happen
            self.problems += idle(self.floor.state, self.now())
        if self.calling is not None:
            self.problems += (f"at {self.now():.3f}: {words}" for words in self.calling.agrees())

    def hear(self, message: Message) -> None:
        """One event of the exchange."""
        text = message.text
        name = text[7 : text.index("\r", 7)]
        if name not in HEARD:
            return
        self.hear_packet(Packet(text[:-4].encode(), name, _layouts(name)))

    def hear_packet(self, packet: Packet) -> None:
        """The same, already cut out of the bytes."""
        for event in self.tracker.receive(packet, self.now()):
            self.take(event)
        self.ringing.hear(packet)
        if self.calling is not None:
            self.calling.switch.hear(packet)
        if self.tracker.doubt:
            self._ask_snapshot(o.AskSnapshot(why="doubt"))

    def tick(self) -> None:
        """The floor's own deadlines."""
        self.take(e.TimePassed(at=self.now()))

    # --- the line -----------------------------------------------------------------------------

    def connect(self, exchange: Exchange) -> None:
        """The line is up: a first snapshot, then events."""
        self.exchange = exchange
        self.snapshot(audit=False, first=True)

    def disconnect(self) -> None:
        self.exchange = None
        self.ringing.line_lost("cut")
        if self.calling is not None:
            self.calling.switch.line_lost("cut")
        self.take(e.ExchangeLost(at=self.now(), why="cut"))

    def snapshot(self, *, audit: bool, first: bool = False) -> None:
        """Ask the exchange for everything, and compare."""
        if self.exchange is None or self.dead:
            return
        self._asked = False
        results = {action: self._list(action) for action in SNAPSHOT}
        snapshot = build_snapshot(results, self._startup)
        self._startup = snapshot.startup
        now = self.now()
        if first:
            restarted, version = snapshot.restarted, snapshot.version or ""
            self.take(e.ExchangeConnected(at=now, version=version, restarted=restarted))
        events = self.tracker.snapshot(snapshot, now)
        # Calls found waiting are told with the time since when they wait, so their deadlines may
        # be past until the floor is told the time: the whole is checked, not each step.
        self._comparing = True
        for event in events:
            self.take(event)
        self.drift += len(events)
        calls = tuple(call.id for call in self.tracker.calls.values() if call.is_open)
        self.take(e.SnapshotCompared(at=now, drift=len(events), audit=audit, calls=calls))
        self._comparing = False
        deadline = self.floor.deadline()
        if deadline is not None and deadline <= now:
            self.tick()
        self.check()

    def _list(self, action: str) -> Answer:
        head, *items = self.act(f"Action: {action}\r\nActionID: 1\r\n\r\n".encode())
        return Answer(head, tuple(items))

    def act(self, action: bytes) -> list[Packet]:
        """Carry out an action; its answer."""
        assert self.exchange is not None
        packet = Packet(action.removesuffix(b"\r\n\r\n"))
        text = ACTIONS[(packet.get("Action") or "").lower()][1](self.exchange, packet)
        found = []
        for block in text.split("\r\n\r\n"):
            if block:
                kind, _, name = block[: block.index("\r")].partition(": ")
                name = name if kind == "Event" else kind
                found.append(Packet(block.encode(), name, _layouts(name)))
        return found

    # --- orders -------------------------------------------------------------------------------

    def _later(self, do: Callable[[], object]) -> None:
        """When the action has reached the exchange; never, when the engine is dead by then."""

        def carry_out() -> None:
            if not self.dead:
                do()

        delay = self.delay()
        self._at(self.now() + delay, carry_out)

    def _do(self, action: str, **headers: str) -> bool:
        if self.exchange is None:
            return False
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        (answer,) = self.act(f"Action: {action}\r\n{lines}\r\n".encode())
        return answer.get("Response") == "Success"

    def _ring(self, order: o.Ring) -> None:
        self._later(partial(self._rings, order))

    def _rings(self, order: o.Ring) -> None:
        call = self.tracker.calls.get(order.call)
        leg = call.legs.get(call.queue_leg or "") if call is not None else None
        if leg is None and not order.alone:
            self._ring_failed(order, "caller_gone")
            return
        caller = None if leg is None or order.alone else leg.channel
        attempt = self.ringing.begin(order.leg, caller, lambda: self._ring_news(order))
        assert attempt is not None  # every reservation has a leg of its own
        if self.exchange is None:
            self.ringing.forget(order.leg)
            self._ring_failed(order, "unreachable")
            return
        self.act(encode(originate(order, caller), "1"))
        self._at(self.now() + order.seconds + LATE, partial(self._ring_late, order, attempt))

    def _ring_news(self, order: o.Ring) -> None:
        attempt = self.ringing.find(order.leg)
        if attempt is None or not attempt.over:
            return
        if attempt.stage is Stage.FAILED and not attempt.explained:
            self._at(self.now() + 0.5, partial(self._ring_over, order, attempt))
        else:
            self._at(self.now(), partial(self._ring_over, order, attempt))

    def _ring_late(self, order: o.Ring, attempt: Attempt) -> None:
        if self.ringing.find(order.leg) is attempt:
            self.ringing.forget(order.leg)
            self._ring_failed(order, "unreachable")

    def _ring_over(self, order: o.Ring, attempt: Attempt) -> None:
        if self.ringing.find(order.leg) is not attempt:
            return
        self.ringing.forget(order.leg)
        if attempt.stage is Stage.LOST:
            self._ring_failed(order, "unreachable")
        elif attempt.stage is Stage.FAILED or attempt.caller_gone:
            self._ring_failed(order, attempt.end())
        elif order.alone and not self.dead:
            self.take(e.AgentOnLine(at=self.now(), reservation=order.reservation.id))

    def _ring_failed(self, order: o.Ring, why: e.ReservationEnd) -> None:
        if not self.dead:
            self.take(e.RingFailed(at=self.now(), reservation=order.reservation.id, why=why))

    def _stop_ringing(self, order: o.StopRinging) -> None:
        attempt = self.ringing.find(order.leg)
        if attempt is not None:
            attempt.withdrawn = True
        self._later(partial(self._stops, order))

    def _stops(self, order: o.StopRinging) -> None:
        if self._do("Hangup", Channel=order.leg, Cause="26"):
            return
        attempt = self.ringing.find(order.leg)
        if attempt is not None and not attempt.over and self.exchange is not None:
            self._at(self.now() + LEG_AGAIN, partial(self._stops, order))

    def _set_paused(self, order: o.SetPaused) -> None:
        paused = "true" if order.paused else "false"
        self._later(
            lambda: self._do(
                "QueuePause", Interface=order.device, Paused=paused, Reason=order.reason
            )
        )

    def _send_away(self, order: o.SendAway) -> None:
        self._later(partial(self._sends_away, order))

    def _sends_away(self, order: o.SendAway) -> None:
        sent = self._do(
            "Redirect", Channel=order.leg, Context="cc-away", Exten=order.why, Priority="1"
        )
        if not sent:
            why = "the exchange says no"
            self.take(e.OrderFailed(at=self.now(), order="SendAway", why=why, call=order.call))

    def _announce(self, order: o.Announce) -> None:
        def tell() -> None:
            for name, value in (
                ("CC_P50", order.p50),
                ("CC_P90", order.p90),
                ("CC_POSITION", order.position),
            ):
                text = "" if value is None else str(round(value))
                self._do("Setvar", Channel=order.leg, Variable=name, Value=text)

        self._later(tell)

    def _ask_snapshot(self, order: o.AskSnapshot) -> None:
        if not self._asked:
            self._asked = True
            self._later(partial(self.snapshot, audit=False))

    def _show_agent(self, order: o.ShowAgent) -> None:
        self.on_agent(order)

    def _identify(self, order: o.Identify) -> None:
        def identify() -> None:
            found = self._mind.identify(order, self.now())
            self._answered(found)
            if self.calling is not None and isinstance(found, e.CallerIdentified):
                self.calling.called_in(found)

        self._later(identify)

    def _predict(self, order: o.Predict) -> None:
        self._later(lambda: self._answered(self._mind.predict(order, self.now())))

    def _answered(self, answer: e.Event | None) -> None:
        if answer is not None:
            self.take(answer)

    def _controls(self, order: o.Control) -> None:
        steps = self._control.carry_out(order)
        try:
            steps.send(None)
        except StopIteration:
            self.take(e.ControlCarriedOut(at=self.now(), id=order.id))
        except SwitchError as refusal:
            self.take(
                e.OrderFailed(
                    at=self.now(), order="Control", why=str(refusal), call=order.call, id=order.id
                )
            )
        else:
            raise AssertionError(f"{order.do} waits for what the exchange reports")

    async def _ask(self, action: Action, explain: Callable[[str], str]) -> Answer:
        if self.exchange is None:
            raise SwitchError("no line")
        head, *items = self.act(encode(action, "1"))
        if head.get("Response") != "Success":
            raise SwitchError(explain(head.get("Message") or ""))
        return Answer(head, tuple(items))

    # --- what is asked at the end ---------------------------------------------------------------

    def figures(self) -> dict[str, Counter[str]]:
        """By queue: what was counted since this engine began."""
        return {
            queue.queue: Counter(
                offered=queue.offered,
                answered=queue.answered,
                abandoned=queue.abandoned,
                left=queue.left,
                promises=queue.promises,
                promises_kept=queue.promises_kept,
            )
            for queue in self.floor.queue_views().values()
        }

    def live_calls(self) -> list[str]:
        calls = self.floor.state.calls.values()
        return [call.id for call in calls if call.state is not CallState.ENDED]
