"""All screens at once: what the floor shows goes to the streams of users and the supervisors' rows.

Implements ``callcenter.ports.Screens``. It must never wait or raise for a browser's sake.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any

from callcenter.floor.card import AgentView, Card, QueueView
from callcenter.floor.orders import ShowControl, ShowHelp

from . import frames
from .board import Board
from .connection import Connection, Count
from .seat import Seat
from .snapshot import ExchangeState, Plain
from .stream import Entry
from .texts import Texts

log = logging.getLogger(__name__)

SEAT_SECONDS = 600.0
"""A seat outlives its last browser as long as replies are remembered."""


class LiveScreens:
    """The seats of users, and the supervisors. Must be used in one event loop."""

    def __init__(
        self, *, now: Callable[[], float], plain: Plain, exchange: ExchangeState, count: Count
    ) -> None:
        """``now``: seconds since the epoch; ``count``: see ``callcenter.metrics``."""
        self.exchange = exchange
        self.help: dict[str, ShowHelp] = {}
        """Who asks for help now, by agent."""
        self._now = now
        self._plain = plain
        self._texts = Texts(plain)
        self._count = count
        self._seats: dict[str, Seat] = {}
        self._waiting: list[Seat] = []
        """Seats with something to tell in the loop's next turn."""
        self._supervisors: set[Connection] = set()
        self._board = Board()
        self._board_timer: asyncio.TimerHandle | None = None

    # --- the port ----------------------------------------------------------------------------

    def show_card(self, agent: str, card: Card) -> None:
        seat = self._seats.get(agent)
        if seat is not None:
            seat.show(card)

    def close_card(self, agent: str, call: str) -> None:
        seat = self._seats.get(agent)
        if seat is not None:
            seat.close(call)

    def show_agent(self, view: AgentView, gone: bool) -> None:
        seat = self._seats.get(view.agent)
        if seat is not None:
            seat.agent(view, gone)
        if gone:
            self.help.pop(view.agent, None)
        if self._supervisors:
            self._row("a:" + view.agent, (view, gone))

    def show_queue(self, view: QueueView) -> None:
        if self._supervisors:
            self._row("q:" + view.queue, view)

    def show_control(self, order: ShowControl) -> None:
        seat = self._seats.get(order.agent)
        if seat is not None:
            seat.emit("control", order)

    def show_help(self, order: ShowHelp) -> None:
        if order.since is None:
            self.help.pop(order.agent, None)
        else:
            self.help[order.agent] = order
        if self._supervisors:
            self._row("h:" + order.agent, order)

    def exchange_changed(self, state: ExchangeState) -> None:
        """The link to the exchange changed; every browser shows it."""
        self.exchange = state
        for seat in self._seats.values():
            seat.emit("exchange.changed", state)

    # --- who looks ---------------------------------------------------------------------------

    def seat(self, user: str) -> Seat:
        """The user's seat; a new one when there is none."""
        seat = self._seats.get(user)
        if seat is None:
            seat = self._seats[user] = Seat(user, secrets.token_hex(8), self._emit, self._soon)
            seat.empty_since = asyncio.get_running_loop().time()
        return seat

    def sit(self, connection: Connection, seat: Seat, supervises: bool) -> None:
        """From now on the browser is told what happens."""
        connection.seat = seat
        seat.connections += (connection,)
        seat.empty_since = None
        if supervises:
            self._supervisors.add(connection)

    def leave(self, connection: Connection) -> None:
        """The browser is gone; its seat stays for a while."""
        self._supervisors.discard(connection)
        if not self._supervisors:
            self._board = Board()
        seat = connection.seat
        if seat is not None:
            seat.connections = tuple(c for c in seat.connections if c is not connection)
            if not seat.connections:
                seat.empty_since = asyncio.get_running_loop().time()

    def sweep(self, now: float) -> None:
        """Forget users who have been away for long; ``now`` is the loop's time."""
        for user, seat in tuple(self._seats.items()):
            if seat.idle_since(now - SEAT_SECONDS):
                del self._seats[user]

    def working(self) -> list[asyncio.Task[None]]:
        """Tasks that carry out commands at this moment."""
        return [seat.worker for seat in self._seats.values() if seat.worker is not None]

    def stop(self) -> None:
        if self._board_timer is not None:
            self._board_timer.cancel()
            self._board_timer = None

    # --- telling them ------------------------------------------------------------------------

    def text(self, entry: Entry) -> str:
        """An event of a stream as a frame."""
        return frames.event(entry.seq, entry.ts, entry.ev, self._d(entry.payload))

    def _d(self, payload: object) -> str:
        if isinstance(payload, Card):
            return self._texts.card(payload)
        bare = payload is None or isinstance(payload, dict)
        return frames.dumps(payload if bare else self._plain(payload))

    def _soon(self, seat: Seat) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._tell)
        self._waiting.append(seat)

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for seat in waiting:
            seat.tell()

    def _emit(self, seat: Seat, ev: str, payload: object) -> None:
        try:
            d = self._d(payload)
        except (TypeError, ValueError):
            # Without a position there is no gap in the stream, and the next event of the same
            # thing carries its whole state again.
            self._count("out", "unwritable")
            log.exception("event_unwritable", extra={"ev": ev})
            return
        entry = seat.stream.append(self._now(), ev, payload)
        if seat.connections:
            text = frames.event(entry.seq, entry.ts, ev, d)
            for connection in seat.connections:
                connection.put(text, "event")

    def _row(self, key: str, row: object) -> None:
        loop = asyncio.get_running_loop()
        if self._board.put(key, row, loop.time()):
            self._send_row(key, row)
        if self._board_timer is None:
            self._next_turn(loop)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        deadline = self._board.deadline()
        if deadline is not None:
            self._board_timer = loop.call_at(deadline, self._turn)

    def _turn(self) -> None:
        self._board_timer = None
        loop = asyncio.get_running_loop()
        for key, row in self._board.due(loop.time()):
            self._send_row(key, row)
        self._next_turn(loop)

    def _send_row(self, key: str, row: Any) -> None:
        try:
            if isinstance(row, QueueView):
                text = frames.row(self._now(), "board.queue", self._d(row))
            elif isinstance(row, ShowHelp):
                text = frames.row(self._now(), "help", self._d(row))
            else:
                view, gone = row
                d = frames.dumps({"view": self._plain(view), "gone": gone})
                text = frames.row(self._now(), "board.agent", d)
        except (TypeError, ValueError):
            self._count("out", "unwritable")
            log.exception("event_unwritable", extra={"ev": "board"})
            return
        for connection in self._supervisors:
            connection.put_row(key, text)
