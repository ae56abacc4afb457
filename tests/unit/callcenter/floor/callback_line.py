"""A floor that calls people back, for tests: the rows of a store, and what the exchange says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from callcenter.floor import events as e
from callcenter.floor.callback import HELD, WAITING, Callback, CallbackRules, LawRules
from callcenter.floor.orders import Dial, KeepCallback, Order, Ring
from tests.unit.callcenter.floor.engine_line import Line, only

ANNA = "+442079460123"
PREVIEW = CallbackRules(preview_seconds=20.0)


def a_callback(id: str = "CB1", at: float = 1000.0, **changes: Any) -> Callback:
    """Asked for on a website at ``at``, for now; its window is an hour."""
    made = Callback(
        id=id, version=1, state="due", origin="web", queue="service", number=ANNA, zone="UTC",
        made=at, place=at, opens=at, closes=at + 3600.0, due=at, node="main", fence=1,
    )  # fmt: skip
    return replace(made, **changes)


def service(rules: CallbackRules | None = None, **settings: Any) -> e.QueueSettings:
    return e.QueueSettings(
        queue="service", distribution="engine", callback=rules or CallbackRules(), **settings
    )


class Lines(Line):
    """``rows`` are the last stored version of each callback."""

    def __init__(
        self, rules: CallbackRules | None = None, law: tuple[LawRules, ...] = (),
        **settings: Any,
    ) -> None:  # fmt: skip
        self.rows: dict[str, Callback] = {}
        self.dials: list[Dial] = []
        super().__init__(service(rules, **settings), law=law)

    def say(self, event: e.Event) -> list[Order]:
        orders = super().say(event)
        for order in orders:
            if isinstance(order, KeepCallback | Dial):
                row = order.callback
                before = self.rows.get(row.id)
                assert before is None or row.version == before.version + 1, "a version is missing"
                self.rows[row.id] = row
            if isinstance(order, Dial):
                self.dials.append(order)
        return orders

    def due(self, callback: Callback | None = None, **changes: Any) -> list[Order]:
        callback = callback or a_callback(at=self.at, **changes)
        self.rows[callback.id] = callback
        return self.say(e.CallbackDue(at=self.at, callback=callback))

    def dial(self) -> Dial:
        """The one order to dial of the last event."""
        (dial,) = only(self.orders, Dial)
        return dial

    def appears(self, call: str) -> list[Order]:
        """The exchange reports the leg that was ordered."""
        return self.say(
            e.CallArrived(
                at=self.at, call=call, direction="outbound", number=ANNA, name=None, dialled=None
            )
        )

    def picks_up(self, call: str, by: Any = "unknown") -> list[Order]:
        """The customer answers and comes into the line."""
        orders = self.say(e.CustomerAnswered(at=self.at, call=call, by=by))
        return orders + self.say(
            e.CallQueued(at=self.at, call=call, queue="service", position=1, by="engine", leg=call)
        )

    def dial_fails(self, call: str, why: Any) -> list[Order]:
        return self.say(e.DialFailed(at=self.at, call=call, why=why))

    def row(self, id: str = "CB1") -> Callback:
        return self.rows[id]

    def talked(self, call: str, device: str, leg: str) -> list[Order]:
        return self.say(
            e.CallAnswered(at=self.at, call=call, device=device, leg=leg, queue="service")
        )

    def is_held(self, id: str = "CB1") -> bool:
        held = id in self.floor.callbacks()
        assert held == (self.rows[id].state in HELD)
        return held

    def is_free(self, id: str = "CB1") -> bool:
        return self.rows[id].state in WAITING and not self.is_held(id)

    def talk(self, agent_ring: Ring) -> list[Order]:
        self.rings(agent_ring)
        return self.answer(agent_ring)
