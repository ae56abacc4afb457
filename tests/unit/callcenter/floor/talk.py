"""A customer in talk with an agent of the engine, for tests of what is done to a live call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from callcenter.floor import events as e
from callcenter.floor.card import Card
from callcenter.floor.orders import Control, Order, ShowCard, ShowControl
from tests.unit.callcenter.floor.engine_line import MEI, TOM, Line, only

BOSS = "PJSIP/1009"
SIDE = "cx-side"
"""The leg of a consulted party."""


class Talk(Line):
    """Mei talks with the caller of ``c1`` (or is rung for it); ``leg`` is hers. Tom is signed in,
    not ready."""

    def __init__(self, answered: bool = True, **settings: object) -> None:
        super().__init__(**settings)
        self.sign_in("mei", MEI)
        self.sign_in("tom", TOM, ready=False)
        self.arrive("c1", number="+442079460123")
        ring = self.ring()
        self.leg = ring.leg
        self.rings(ring)
        if answered:
            self.answer(ring)

    def tell(self, kind: Any, /, call: str = "c1", **fields: Any) -> list[Order]:
        """The exchange reports something about the call."""
        return self.say(kind(at=self.at, call=call, **fields))

    def ask(
        self, do: e.ControlKind, id: str = "k1", agent: str = "mei", call: str = "c1", **fields: Any
    ) -> list[Order]:
        return self.say(
            e.ControlAsked(
                at=self.at, id=id, agent=agent, role="agent", call=call, do=do, **fields
            )
        )  # fmt: skip

    def supervise(self, do: e.ControlKind, id: str = "k1", **fields: Any) -> list[Order]:
        wish = e.ControlAsked(
            at=self.at, id=id, agent="boss", role="supervisor", call="c1", do=do, device=BOSS,
            reason="coaching",
        )  # fmt: skip
        return self.say(replace(wish, **fields))

    def consulting(self, answered: bool = True) -> None:
        """Mei asks extension 1005 about the call; the caller is on hold."""
        self.tell(e.CallHeld, device=MEI)
        self.tell(e.ConsultBegan, device=MEI, leg=SIDE, to="1005")
        if answered:
            self.tell(e.ConsultAnswered, device=MEI, leg=SIDE)

    def tom_joins(self) -> None:
        self.tell(e.CallAnswered, device=TOM, leg="leg-tom", queue=None)

    def control(self) -> Control:
        """The one order to do something of the last event."""
        (control,) = only(self.orders, Control)
        return control

    def result(self) -> tuple[str, bool, str]:
        """(who is told, whether it was done, why not) by the last event."""
        (shown,) = only(self.orders, ShowControl)
        return shown.agent, shown.ok, shown.why

    def card(self, agent: str = "mei") -> Card:
        return self.floor.cards()[agent][-1]

    def shown(self, agent: str = "mei") -> Card:
        """The last card sent to the agent's screen by the last event."""
        return [one.card for one in only(self.orders, ShowCard) if one.agent == agent][-1]

    def parties(self, agent: str = "mei") -> dict[str, str]:
        """Kind to state of everybody in the call, as the card says."""
        return {party.kind: party.state for party in self.card(agent).parties}

    def seen(self) -> object:
        """All that anybody sees, but how often it was shown."""
        floor = self.floor
        cards = {
            agent: [replace(card, rev=0) for card in shown]
            for agent, shown in floor.cards().items()
        }
        calls = {call: floor.call_view(call) for call in floor.live_calls()}
        return cards, floor.agent_views(), floor.queue_views(), calls
