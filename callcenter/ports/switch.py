"""The exchange, as far as it is asked to do something."""

from __future__ import annotations

from typing import Protocol

from callcenter.floor.callback import DialEnd
from callcenter.floor.events import ReservationEnd
from callcenter.floor.orders import (
    Announce,
    Control,
    Dial,
    Ring,
    SendAway,
    StopDialling,
    StopRinging,
    TellCaller,
)


class Switch(Protocol):
    """The exchange."""

    async def pause(self, device: str, paused: bool, reason: str) -> None:
        """In all queues. Raises ``SwitchError`` with words an operator understands."""

    def ask_snapshot(self, why: str) -> None: ...

    async def ring(self, order: Ring) -> None:
        """Ring the device and, when it answers, join it with the waiting call. Returns when the
        leg has been answered. Raises ``RingError`` when it was not, ``SwitchError`` when it could
        not be tried."""

    async def stop_ringing(self, order: StopRinging) -> None:
        """End the leg; returns also when there is none. Raises ``SwitchError``."""

    async def announce(self, order: Announce) -> None:
        """Have the waiting caller told with the next announcement. Raises ``SwitchError``."""

    async def send_away(self, order: SendAway) -> None:
        """Raises ``SwitchError``."""

    async def control(self, order: Control) -> None:
        """Returns when the exchange has taken it. Raises ``SwitchError``."""

    async def dial(self, order: Dial) -> None:
        """Dial the customer, once. Returns when they answered (and, where the exchange listens, no
        machine did). Raises ``DialError`` when not; ``SwitchError`` when it was not done, or when
        nobody can say (the line was cut): then ``unknown`` is true of it."""

    async def stop_dialling(self, order: StopDialling) -> None:
        """End the customer's leg; returns also when there is none. Raises ``SwitchError``."""

    async def tell_caller(self, order: TellCaller) -> None:
        """Whether the callback they asked for is granted. Raises ``SwitchError``."""


class RingError(Exception):
    """The leg was not answered; ``why`` says how it ended."""

    def __init__(self, why: ReservationEnd, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail


class DialError(Exception):
    """The customer was not reached; ``why`` says how the attempt ended."""

    def __init__(self, why: DialEnd, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail


class SwitchError(Exception):
    """The exchange did not do what was asked; the message says why."""

    def __init__(self, message: str, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown
        """Nobody can say whether it was done."""
