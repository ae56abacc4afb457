"""Everything a browser needs to start with, as plain data. Pure.

Must be called in the same step in which the position of the stream is read, without an ``await``
between, so that no event is in both or in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from callcenter.floor.orders import ShowHelp
from callcenter.ports import Draft, User, View

Plain: TypeAlias = Callable[[object], Mapping[str, Any]]
"""One of our dataclasses as plain data (``callcenter.codec.to_plain``)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something an agent may pick: a stable code and its name by language (``en``, ``zh-Hans``)."""

    code: str
    labels: Mapping[str, str]
    head: str | None = None
    """The head that a reason belongs to, where reasons have heads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """What the console must know of the centre."""

    break_reasons: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    wrapup_seconds: float | None
    currency: str
    """ISO 4217."""
    time_zone: str
    """IANA name."""
    demo_phone: bool
    """There is no real phone: the console shows one to click on."""
    heads: tuple[Choice, ...] = ()
    """What reasons are grouped by."""
    happenings: tuple[Choice, ...] = ()
    """Kinds of happenings, pages and conditions by the words that causes name them with."""
    pages: tuple[Choice, ...] = ()
    conditions: tuple[Choice, ...] = ()
    callbacks: bool = False
    """Customers are called back here: the console shows what belongs to it."""

    def plain(self) -> dict[str, object]:
        return {
            "break_reasons": _plain_choices(self.break_reasons),
            "reasons": _plain_choices(self.reasons),
            "outcomes": _plain_choices(self.outcomes),
            "wrapup_seconds": self.wrapup_seconds,
            "currency": self.currency,
            "time_zone": self.time_zone,
            "demo_phone": self.demo_phone,
            "heads": _plain_choices(self.heads),
            "happenings": _plain_choices(self.happenings),
            "pages": _plain_choices(self.pages),
            "conditions": _plain_choices(self.conditions),
            "callbacks": self.callbacks,
        }


def _plain_choices(choices: Iterable[Choice]) -> list[dict[str, object]]:
    plain: list[dict[str, object]] = []
    for choice in choices:
        plain.append({"code": choice.code, "labels": dict(choice.labels)})
        if choice.head is not None:
            plain[-1]["head"] = choice.head
    return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeState:
    """The link to the exchange, for the banner. ``message`` is for an operator to read."""

    state: Literal["up", "connecting", "down", "refused"]
    message: str
    since: float


def snapshot(
    user: User,
    view: View,
    drafts: Iterable[Draft],
    exchange: ExchangeState,
    settings: Mapping[str, object],
    plain: Plain,
    help: Iterable[ShowHelp] = (),
) -> dict[str, object]:
    """``drafts`` of calls that are not on the screen are left out; ``settings`` is plain.
    ``help``: who asks for it now; supervisors see it."""
    own = view.agents.get(user.user)
    cards = view.cards.get(user.user, ())
    open_calls = {card.call for card in cards}
    board: dict[str, object] | None = None
    if user.role == "supervisor":
        board = {
            "agents": [plain(agent) for agent in view.agents.values()],
            "queues": [plain(queue) for queue in view.queues.values()],
            "help": [plain(request) for request in help],
        }
    return {
        "user": plain(user),
        "agent": None if own is None else plain(own),
        "cards": [plain(card) for card in cards],
        "drafts": [plain(draft) for draft in drafts if draft.call in open_calls],
        "board": board,
        "exchange": plain(exchange),
        "settings": settings,
    }
