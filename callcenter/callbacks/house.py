"""What booking asks of the rest of the house. Protocols and plain data."""

from __future__ import annotations

import random
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from callcenter.callback_ports import Callbacks
from callcenter.floor.callback import Callback
from callcenter.floor.waits import Estimate
from callcenter.ports import PhoneNumber, Surroundings

from .deflection import AnswerSource
from .hooks import Body, Hook, HookKind, Outbox
from .plans import Label, Lawful


class Opening(Protocol):
    """A window that can be promised."""

    @property
    def opens(self) -> float: ...

    @property
    def closes(self) -> float: ...

    @property
    def capacity(self) -> int: ...

    @property
    def taken(self) -> int: ...


class Promises(Protocol):
    """What can be promised (``callcenter.callbacks.planner``)."""

    async def now(
        self, queue: str, at: float, estimate: Estimate | None, in_line: bool = False
    ) -> Opening | None:
        """``in_line``: for a caller who waits already, and takes nothing from anybody by it."""

    async def window(self, queue: str, opens: float, at: float) -> Opening | None:
        """That opens just then, with room or without; ``None``: never offered, or too late."""

    async def slots(self, queue: str, at: float, until: float) -> Sequence[Opening]:
        """Those with room."""


async def _nobody(_: Sequence[str]) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that booking needs from outside."""

    store: Callbacks
    promises: Promises
    read: Callable[[str, str], PhoneNumber]
    """A number as written, in a region (``telephony.numbers.read_number``). Never raises."""
    clock: Callable[[], float]
    store_errors: tuple[type[Exception], ...]
    """What the store raises when it is in trouble."""
    zones: Callable[[str], Sequence[str]] = lambda _: ()
    """IANA zones of a number, E.164."""
    shown: Callable[[str], str] = str
    """A number, E.164, as people write it."""
    who: Callable[[Sequence[str]], Awaitable[str | None]] = _nobody
    """The one person whom these numbers belong to; ``None``: nobody, or several."""
    estimate: Callable[[str, float], Estimate | None] = lambda _queue, _at: None
    """How long a caller who joins the queue now waits."""
    surroundings: Surroundings | None = None
    reasons: Collection[str] = ()
    """Reasons and heads of the pack."""
    label: Label = lambda code, _: code
    lawful: Lawful = lambda _callback, _at: True
    hook: Hook | None = None
    """For codes, which are waited for."""
    outbox: Outbox | None = None
    """For all else that the house is told."""
    answers: AnswerSource | None = None
    chance: random.Random = field(default_factory=random.SystemRandom)
    """For references of requests without a form."""
    token_bytes: Callable[[int], bytes] = secrets.token_bytes
    booked: Callable[[], None] = lambda: None
    """Something may be due now: the keeper is woken."""
    changed: Callable[[str], None] = lambda _: None
    """A callback was changed from outside: the floor's copy is out of date."""
    count: Callable[[str], None] = lambda _: None
    """What became of a request: ``booked``, ``again`` (the same form, answered once more) or why it
    was refused, a ``Denial`` as staff read it."""

    def tell(self, kind: HookKind, body: Body) -> None:
        if self.outbox is not None:
            self.outbox.put(kind, body)


def told(callback: Callback) -> dict[str, object]:
    """A callback as the house is told of it."""
    return {
        "ref": callback.id,
        "state": callback.state,
        "queue": callback.queue,
        "site": callback.site,
        "number": callback.number,
        "name": callback.name,
        "person": callback.person,
        "case": callback.case,
        "language": callback.language,
        "zone": callback.zone,
        "opens": callback.opens,
        "closes": callback.closes,
        "attempts": callback.attempts,
    }
