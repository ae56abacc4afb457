"""People, calls and notes for tests, with everything defaulted but what the test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from callcenter.floor.card import Cause, Contact, Reason, Scored, Words
from callcenter.floor.orders import (
    KeepReservation,
    RecordAudit,
    RecordCall,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    RecordPromise,
)
from callcenter.floor.routing import Considered, Decision
from callcenter.ports import Condition, ContactPoint, Draft, Happening, PersonRow

DAY: Final = 86_400.0
NOW: Final = 1_000 * DAY
"""What time it is for the ports of the contract tests."""


def phone(value: str, label: str | None = None) -> ContactPoint:
    return ContactPoint(kind="phone", value=value, label=label)


def person(who: str, *points: ContactPoint, **changes: Any) -> PersonRow:
    row = PersonRow(
        id=who, name=f"Name of {who}", language=None, tier=None, since=None, birth=None, city=None,
        segment=None, products=(), lifetime_value=None, currency=None, payment_days=None,
        preferred_channel=None, preferred_time=None, note=None, consent_marketing=None,
        consent_recording=None, matched=None, sharers=1, points=points, orders=(), bills=(),
        cases=(), promises=(), contacts=(),
    )  # fmt: skip
    return replace(row, **changes)


def contact(call: str, at: float, **changes: Any) -> Contact:
    plain = Contact(
        call=call, at=at, queue="service", agent="mei", reason="fees", outcome="solved", notes="n",
        wait=4.0, talk=60.0, transfers=1, ended="completed",
    )  # fmt: skip
    return replace(plain, **changes)


def ended(call: str, **changes: Any) -> RecordCall:
    plain = RecordCall(
        call=call, direction="inbound", number="+442079460123", caller_name="O'Brien",
        dialled="800", person="p1", queue="service", agent="mei", arrived=100.0, answered=104.0,
        ended=160.0, wait=4.0, talk=56.0, why="completed", transfers=1,
        predicted=(Reason(code="fees", probability=0.75),), model="m1", context=("service", "late"),
    )  # fmt: skip
    return replace(plain, **changes)


def noted(call: str, **changes: Any) -> RecordOutcome:
    plain = RecordOutcome(
        at=170.0, call=call, agent="mei", person="p1", reason="fees", outcome="solved",
        notes="explained", queue="service", context=("service", "late"),
    )  # fmt: skip
    return replace(plain, **changes)


def draft(call: str, rev: int, **changes: Any) -> Draft:
    plain = Draft(
        call=call, agent="mei", rev=rev, reason=None, outcome=None, notes=f"rev {rev}", saved=150.0
    )
    return replace(plain, **changes)


def reservation(id: str, version: int = 1, **changes: Any) -> KeepReservation:
    plain = KeepReservation(
        id=id, version=version, node="main", agent="mei", call=f"call-of-{id}", queue="service",
        state="pending", made=100.0, deadline=115.0, changed=100.0,
    )  # fmt: skip
    return replace(plain, **changes)


def decision(call: str, **changes: Any) -> Decision:
    plain = Decision(
        at=100.0, trigger="arrival", call=call, queue="service", agent="mei", rule="longest_idle",
        step=0, want="cards >= 3", score=12.5, ahead=2, ready=3, eligible=7,
        considered=(Considered(agent="mei", verdict="chosen"),
                    Considered(agent="bo", verdict="not_skilled", detail="cards >= 3")),
        counts=(("chosen", 1), ("not_skilled", 1)),
    )  # fmt: skip
    return replace(plain, **changes)


def told(id: str, **changes: Any) -> RecordPromise:
    plain = RecordPromise(
        id=id, call=f"call-of-{id}", queue="service", told=1000.0, position=2, p50=30.0, p90=60.0
    )
    return replace(plain, **changes)


def audited(at: float, **changes: Any) -> RecordAudit:
    plain = RecordAudit(
        at=at, by="sue", what="listen", agent="mei", call="c1", reason="coaching", ok=True
    )
    return replace(plain, **changes)


def predicted(call: str, ask: int = 1, version: int = 1, **changes: Any) -> RecordPrediction:
    plain = RecordPrediction(
        call=call, ask=ask, version=version, at=100.0, person="p1", tier="gold", language="zh-Hans",
        queue="service", context=("who=known", "matter=late"),
        features=(("happening|fee_charged", 0.5), ("order|late", 1.0)),
        words=(Words(source="ivr", text="我的卡丢了 <b>'; --", language="zh-Hans"),
               Words(source="path", text="2-1")),
        model="trees-7",
        reasons=(Reason(code="fees", probability=0.75, why=(
                     Cause(group="happening", code="happening.fee_charged", kind="instant",
                           value=99.5, detail="Monthly fee"),)),
                 Reason(code="card_lost", probability=0.125)),
        not_ours=False,
        challengers=(Scored(model="trees-8", reasons=(("fees", 0.5), ("refund", 0.25))),),
        answers=("fees.why", "fees.refund"), agent="mei", seen=101.5,
        marks=(("fees.why", "used"), ("", "missing")),
    )  # fmt: skip
    return replace(plain, **changes)


def marked(call: str, at: float, **changes: Any) -> RecordMark:
    plain = RecordMark(
        at=at, call=call, agent="mei", answer="fees.why", mark="used", text="", reason="fees",
        words=(Words(source="chat", text="why 12 pounds?", language="en"),),
    )  # fmt: skip
    return replace(plain, **changes)


def happening(id: str, at: float, **changes: Any) -> Happening:
    plain = Happening(id=id, at=at, kind="fee_charged", title="Monthly fee", topic="fees")
    return replace(plain, **changes)


def condition(id: str, since: float, **changes: Any) -> Condition:
    return replace(
        Condition(id=id, kind="outage", since=since, until=None, title="Cards"), **changes
    )
