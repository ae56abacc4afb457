"""The simulated exchange, running: its world driven by a clock and open to AMI clients.

The only part of the package that knows real time. It listens on loopback only: it has no
permissions worth the name and knows its own passwords. No Deferred leaves it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from telephony.simulator.arrivals import Arrival, Driver, Outcome
from telephony.simulator.exchange import Exchange, ExchangeFullError
from telephony.simulator.messages import SHUTDOWN
from telephony.simulator.outside import Outsider
from telephony.simulator.server import AmiPort
from telephony.simulator.settings import Reaction, SimulatorSettings

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Result = TypeVar("Result")


class Simulator:
    """A simulated Asterisk 22.

    `driver` says who calls; without one calls come by :meth:`place` alone. `wall` gives the time
    at which the simulated one begins, seconds since the epoch; from then on it runs `speed` times
    as fast as the reactor's clock.
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        driver: Driver | None = None,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.refused = 0
        """Calls of the driver that could not be made: unknown number, phone in use, full."""
        self._driver = driver
        self._wall = wall
        self._clock: Any = None
        self._listening: Any = None
        self._port: AmiPort | None = None
        self._began_real = 0.0
        self._began = 0.0
        self._next: Any = None
        self._exchange: Exchange | None = None

    async def start(self, reactor: Any, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; answers the port. Raises ValueError for an address that is not loopback."""
        if host not in LOOPBACK:
            raise ValueError(f"the simulated exchange listens on loopback only, not on {host}")
        self._clock = reactor
        self._began_real, self._began = reactor.seconds(), self._wall()
        self._boot(self._began)
        self._port = AmiPort(
            reactor,
            lambda: self.exchange,
            begin=self._catch_up,
            settle=self._settle,
            auth_timeout=self.settings.auth_timeout,
            limit=self.settings.sessions,
        )
        self._listening = reactor.listenTCP(port, self._port, interface=host)
        self._schedule()
        return int(self._listening.getHost().port)

    async def stop(self) -> None:
        """Close everything. Nothing is left in the reactor."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._listening is not None:
            closing = self._listening.stopListening()
            self._listening = None
            if closing is not None:
                await closing.asFuture(asyncio.get_running_loop())
        if self._port is not None:
            gone = asyncio.Event()
            self._port.on_empty = gone.set
            self._port.cut_all()
            if self._port.sessions:
                await gone.wait()

    @property
    def exchange(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError("the simulated exchange has not been started")
        return self._exchange

    @property
    def now(self) -> float:
        """Simulated time, seconds since the epoch."""
        real = float(self._clock.seconds()) - self._began_real
        return self._began + real * self.settings.speed

    # --- what people do -------------------------------------------------------------------------

    def place(self, arrival: Arrival) -> str:
        """Somebody dials now; answers the call's Uniqueid. Raises ValueError where it leads
        nowhere, ExchangeFullError."""
        return self._do(lambda exchange: exchange.place(arrival))

    def pick_up(self, device: str) -> bool:
        """The person at a phone answers; False when it does not ring."""
        return self._do(lambda exchange: exchange.pick_up(device))

    def hang_up(self, device: str) -> bool:
        """The person at a phone hangs up or declines; False when there is nothing to."""
        return self._do(lambda exchange: exchange.hang_up(device))

    def hang_up_caller(self, call: str) -> bool:
        """The caller of a call (its Uniqueid) hangs up; False when there is no such call."""
        return self._do(lambda exchange: exchange.hang_up_caller(call))

    def set_reaction(self, device: str, reaction: Reaction) -> None:
        """From now on the phone behaves like this."""
        self._do(lambda exchange: exchange.set_reaction(device, reaction))

    def set_outsider(self, number: str, outsider: Outsider) -> None:
        """From now on whoever has this number outside takes calls like this."""
        self._do(lambda exchange: exchange.set_outsider(number, outsider))

    def customer_answers(self, number: str) -> bool:
        """Whoever is being called outside takes the call; False when it does not ring."""
        return self._do(lambda exchange: exchange.customer_answers(number))

    def press_key(self, call: str, key: str) -> bool:
        """The caller of a call presses a key; False when there is no such call."""
        return self._do(lambda exchange: exchange.press_key(call, key))

    def truth(self) -> tuple[Outcome, ...]:
        """What really happened: finished calls, oldest first, as many as are kept."""
        return self.exchange.truth()

    # --- faults ---------------------------------------------------------------------------------

    def restart(self) -> None:
        """As ``core restart now``: Shutdown is sent, all calls and connections end."""
        self._catch_up()
        self.exchange.world.emit(SHUTDOWN, "Shutdown: Cleanly\r\nRestart: True\r\n")
        self._send()
        if self._port is not None:
            self._port.close_all()
        old = self.exchange.people
        old.drop_all()
        self._boot(self.now)
        self.exchange.people.finished.extend(old.finished)
        self._schedule()

    def cut(self) -> None:
        """AMI connections are reset; the exchange and its calls go on."""
        if self._port is not None:
            self._port.cut_all()

    # --- time -----------------------------------------------------------------------------------

    def _boot(self, at: float) -> None:
        self._exchange = exchange = Exchange(self.settings, at)
        exchange.people.on_over = self._over
        self._feed(exchange)

    def _over(self, outcome: Outcome) -> None:
        if self._driver is not None:
            self._driver.on_call_over(outcome)

    def _feed(self, exchange: Exchange) -> None:
        """Ask the driver for one call; when it is made, for the next."""
        call = self._driver.next_call(exchange.world.now) if self._driver is not None else None
        if call is None:
            return
        at, arrival = call

        def dial() -> None:
            try:
                exchange.place(arrival)
            except (ValueError, ExchangeFullError) as problem:
                self.refused += 1
                log.warning("simulator.call_refused", extra={"why": str(problem)})
            self._feed(exchange)

        exchange.world.at(max(at, exchange.world.now), dial)

    def _do(self, what: Callable[[Exchange], Result]) -> Result:
        self._catch_up()
        try:
            return what(self.exchange)
        finally:
            self._send()
            self._schedule()

    def _catch_up(self) -> None:
        """Let happen what is due, and send it, before something else does."""
        self.exchange.world.advance(self.now)
        self._send()

    def _send(self) -> None:
        batch = self.exchange.world.take()
        if batch and self._port is not None:
            self._port.broadcast(batch)

    def _settle(self) -> None:
        self._send()
        self._schedule()

    def _step(self) -> None:
        self._next = None
        try:
            self._catch_up()
        except Exception:
            # An edge: a fault of one call must not stop the clock of all others.
            log.exception("simulator.step_failed")
        self._schedule()

    def _schedule(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        deadline = self.exchange.world.deadline()
        if deadline is not None and self._listening is not None:
            delay = max(self.settings.tick, (deadline - self.now) / self.settings.speed)
            self._next = self._clock.callLater(delay, self._step)
