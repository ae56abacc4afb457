"""Who calls and why, as an engine's mind would say. Pure: the same caller gets the same answer.

It knows a part of the callers, remembers who talked to them, is slow or fails now and then, and is
sometimes sure enough of a reason to change where a call goes.
"""

from __future__ import annotations

from zlib import crc32

from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.card import Candidate, Contact, Profile, Reason

REASONS = ("fees", "fault")
TIER = "gold"


class Mind:
    """Answers ``Identify`` and ``Predict``; ``remember`` is told what was recorded."""

    def __init__(self) -> None:
        self._last: dict[str, Contact] = {}
        """The last conversation with a person, by number."""

    def remember(self, record: o.RecordCall) -> None:
        if record.number is None or record.direction != "inbound" or record.answered is None:
            return
        self._last[record.number] = Contact(
            call=record.call, at=record.ended, queue=record.queue, agent=record.agent, reason=None,
            outcome=None, notes="", wait=record.wait, talk=record.talk,
            transfers=record.transfers, ended=record.why,
        )  # fmt: skip

    def identify(self, order: o.Identify, at: float) -> e.Event | None:
        """``None``: no answer, ever."""
        draw = _draw(order.number or "", order.call)
        if draw < 0.02:
            return None
        if draw < 0.06:
            return e.OrderFailed(
                at=at, order="Identify", why="slow disk", call=order.call, ask=order.ask
            )
        number = order.number
        if number is None or _draw(number) < 0.4:
            return e.CallerIdentified(at=at, call=order.call, identity="unknown", ask=order.ask)
        last = self._last.get(number)
        profile = Profile(
            person=number, name=number, language=None, tier=TIER if _draw(number) > 0.8 else None,
            facts=(), contacts=(last,) if last is not None else (),
        )  # fmt: skip
        candidate = Candidate(person=number, name=number, probability=0.9, evidence=())
        return e.CallerIdentified(
            at=at, call=order.call, identity="known", candidates=(candidate,), profile=profile,
            context=("known",), ask=order.ask,
        )  # fmt: skip

    def predict(self, order: o.Predict, at: float) -> e.Event | None:
        draw = _draw("why", order.call)
        if draw < 0.02:
            return None
        if draw < 0.06:
            return e.OrderFailed(
                at=at, order="Predict", why="no model", call=order.call, ask=order.ask
            )
        reasons: tuple[Reason, ...] = ()
        if order.context:
            reasons = (Reason(code=REASONS[int(draw * 100) % 2], probability=draw),)
        return e.ReasonsPredicted(
            at=at, call=order.call, reasons=reasons, model="chaos", ask=order.ask
        )


def _draw(*words: str) -> float:
    """0 to 1, by what is asked; ``hash`` differs from process to process."""
    return crc32("/".join(words).encode()) / 2**32
