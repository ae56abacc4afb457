"""What a trained model may look at, as named numbers, and the facts behind them. Pure.

One function for training and serving: what is stored with an outcome is what this returned when the
call came, so nothing that happened later can leak in. Names are ``group|what``; all features of one
fact share its group, so that a fact can be left out whole. What is absent is not there or not
known; only what is there is listed, so a person with nothing open has a short list.

``age``, ``due`` and ``helped`` are ``log(1 + hours)`` since or until (``age.2``: of the second
youngest of its kind; ``helped``: since a conversation settled the reason); ``n...`` are numbers of
times; the others are 1 or a share. Products, tier, tenure and the language of the service are used.
Never used, and
not to be added: name, sex, birth date or age, nationality, place, value, consent, what agents noted
or typed about the person. See ``docs/prediction.md``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo

from callcenter.floor.card import Cause, Contact, Features, IdentityState, Words
from callcenter.ports import Condition, Happening, PersonRow

from .matters import (
    DAY,
    RECENT_DELIVERY,
    bill_unpaid,
    case_open,
    order_late,
    promise_broken,
    promise_open,
    unsettled,
)

HOUR = 3600.0
WEEK = 7 * DAY
MONTH = 30 * DAY
HABIT = 60 * DAY
"""After so long a past reason counts half for what the person usually calls about."""
OCCURRENCES = 4
"""So many of a kind are told apart; calls of a fifth are few."""
OPEN_FOR = 14 * DAY
"""After so long an unsettled conversation brings no calls any more."""
AFTERMATH = 2 * DAY
"""A condition that ended is remembered for so long."""
LONGEST = 60
"""Characters of a word from outside that enter a name."""
OPEN_ORDERS = ("open", "shipped", "late")

TIMES = frozenset({"age", "due", "open", "topic", "on", "perhaps", "over", "helped"})
PLAIN = frozenset({"identity", "dialled", "tier", "language", "queue", "path"})
"""Groups whose features are words from outside, whatever they look like."""


def features(
    identity: IdentityState,
    person: PersonRow | None,
    dialled: str | None,
    at: float,
    conditions: Sequence[Condition],
    settled: Collection[str],
    zone: tzinfo,
) -> tuple[Features, tuple[Cause, ...]]:
    """Features of a call at ``at`` (seconds since the epoch) and the facts an agent can be told.

    ``settled``: outcomes after which a reason is done with; ``zone``: the centre's, for the hour
    and the weekday. A person about whom nothing is to be predicted gives nothing at all; nothing of
    a person is used unless ``identity`` is ``known`` or ``candidates``.
    """
    if person is not None and not person.predict:
        return (), ()
    seen = _Seen(at)
    seen.put(f"identity|{identity}", 1.0)
    if dialled:
        seen.put(f"dialled|{_word(dialled)}", 1.0)
    local = datetime.fromtimestamp(at, zone)
    seen.put("hour|of_day", local.hour + local.minute / 60)
    seen.put("weekday|of_week", float(local.weekday()))
    who = person if identity in ("known", "candidates") else None
    for condition in conditions:
        _condition(seen, condition, who)
    if who is not None:
        _standing(seen, who)
        _orders(seen, who)
        _bills(seen, who)
        _cases(seen, who)
        _promises(seen, who)
        _contacts(seen, who, settled)
        _happenings(seen, who)
        _pages(seen, who)
    return tuple(sorted(seen.values.items())), tuple(seen.causes.values())


def at_serving(features: Features, queue: str | None, words: Sequence[Words]) -> Features:
    """The features with what is known only when the prediction is made: the queue the call is in
    and the way through the menu. Nothing stays nothing (nothing is to be predicted)."""
    if not features:
        return ()
    more = [(f"path|{_word(one.text)}", 1.0) for one in words if one.source == "path" and one.text]
    if queue is not None:
        more.append((f"queue|{_word(queue)}", 1.0))
    return tuple(sorted({**dict(features), **dict(more)}.items())) if more else features


def group_of(name: str) -> str:
    """The group of a feature's name."""
    return name.partition("|")[0]


def is_time(name: str) -> bool:
    """Whether the value is ``log(1 + hours)``: absent is then "never", not zero."""
    group, _, what = name.partition("|")
    return group not in PLAIN and what.partition(".")[0] in TIMES


def without(features: Features, groups: Collection[str]) -> Features:
    """The features as they would be without these groups."""
    return tuple(one for one in features if group_of(one[0]) not in groups)


class _Seen:
    """Features and causes as they are found. Of several facts of a group the first told stays."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.values: dict[str, float] = {}
        self.causes: dict[str, Cause] = {}

    def put(self, name: str, value: float) -> None:
        self.values[name] = value

    def add(self, name: str, value: float = 1.0) -> None:
        self.values[name] = self.values.get(name, 0.0) + value

    def nearest(self, name: str, seconds: float) -> None:
        """``log(1 + hours)``, the smallest of all given."""
        value = _hours(seconds)
        old = self.values.get(name)
        if old is None or value < old:
            self.values[name] = value

    def tell(self, cause: Cause) -> None:
        self.causes.setdefault(cause.group, cause)


def _hours(seconds: float) -> float:
    return math.log1p(max(0.0, seconds) / HOUR)


def _word(text: str) -> str:
    """A word from outside as part of a name; ``|`` separates the parts."""
    return text[:LONGEST].replace("|", "_")


def _standing(seen: _Seen, person: PersonRow) -> None:
    if person.tier:
        seen.put(f"tier|{_word(person.tier)}", 1.0)
    if person.language:
        seen.put(f"language|{_word(person.language)}", 1.0)
    if person.since is not None and person.since <= seen.at:
        seen.put("tenure|years", math.log1p((seen.at - person.since) / (365 * DAY)))
    for product in person.products:
        group = f"product.{_word(product)}"
        seen.put(f"{group}|has", 1.0)
        seen.tell(Cause(group=group, code="product", kind="text", value=product))


def _orders(seen: _Seen, person: PersonRow) -> None:
    at = seen.at
    late = [o for o in person.orders if o.placed <= at and order_late(o, at) and o.due is not None]
    for order in sorted(late, key=lambda o: o.due or 0.0, reverse=True):
        since = at - (order.due or at)
        seen.nearest("order_late|age", since)
        seen.add("order_late|n")
        seen.tell(
            Cause(
                group="order_late", code="order_late", kind="duration", value=since,
                detail=order.id,
            )
        )  # fmt: skip
    for order in person.orders:
        if order.placed > at or order in late:
            continue
        if order.state in OPEN_ORDERS:
            seen.nearest("order_open|age", at - order.placed)
            seen.add("order_open|n")
            if order.due is not None:
                seen.nearest("order_open|due", order.due - at)
            seen.tell(
                Cause(
                    group="order_open", code="order_open", kind="instant", value=order.placed,
                    detail=order.id,
                )
            )  # fmt: skip
        elif order.state == "delivered" and order.due is not None:
            delivered = min(order.due, at)  # the row does not say better
            if at - delivered <= RECENT_DELIVERY:
                seen.nearest("order_delivered|age", at - delivered)
                seen.tell(
                    Cause(
                        group="order_delivered", code="order_delivered", kind="instant",
                        value=delivered, detail=order.id,
                    )
                )  # fmt: skip


def _bills(seen: _Seen, person: PersonRow) -> None:
    at = seen.at
    for bill in person.bills:
        if bill.issued > at:
            continue
        if not bill_unpaid(bill, at):
            seen.nearest("bill|age", at - bill.issued)
        elif bill.due < at:
            seen.nearest("bill_overdue|age", at - bill.due)
            seen.add("bill_overdue|n")
            seen.tell(
                Cause(
                    group="bill_overdue", code="bill_overdue", kind="duration",
                    value=at - bill.due, detail=bill.id,
                )
            )  # fmt: skip
        else:
            seen.nearest("bill_due|age", at - bill.issued)
            seen.nearest("bill_due|due", bill.due - at)
            seen.tell(
                Cause(
                    group="bill_due", code="bill_due", kind="instant", value=bill.due,
                    detail=bill.id,
                )
            )  # fmt: skip


def _cases(seen: _Seen, person: PersonRow) -> None:
    for case in person.cases:
        if not case_open(case, seen.at):
            continue
        reason = _word(case.reason or "other")
        group = f"case.{reason}"
        seen.nearest(f"{group}|age", seen.at - case.opened)
        seen.tell(
            Cause(group=group, code="case", kind="code", value=f"reason.{reason}", detail=case.id)
        )


def _promises(seen: _Seen, person: PersonRow) -> None:
    for promise in person.promises:
        if promise_broken(promise, seen.at):
            late = seen.at - promise.due
            seen.nearest("promise_broken|age", late)
            _promised(seen, "promise_broken", person, promise.made, late)
            seen.tell(
                Cause(
                    group="promise_broken", code="promise_broken", kind="duration", value=late,
                    detail=promise.text or None,
                )
            )  # fmt: skip
        elif promise_open(promise, seen.at):
            seen.nearest("promise_open|age", seen.at - promise.made)
            _promised(seen, "promise_open", person, promise.made, seen.at - promise.made)
            seen.nearest("promise_open|due", promise.due - seen.at)
            seen.tell(
                Cause(
                    group="promise_open", code="promise_open", kind="instant", value=promise.due,
                    detail=promise.text or None,
                )
            )  # fmt: skip


def _promised(seen: _Seen, group: str, person: PersonRow, made: float, age: float) -> None:
    """What the conversation was about in which it was promised: the last one before, of a day."""
    before = [c for c in person.contacts if made - DAY <= c.at <= made and c.reason is not None]
    if before:
        last = max(before, key=lambda contact: contact.at)
        seen.nearest(f"{group}|topic.{_word(last.reason or '')}", age)


def _contacts(seen: _Seen, person: PersonRow, settled: Collection[str]) -> None:
    at = seen.at
    past = sorted(
        (contact for contact in person.contacts if contact.at < at),
        key=lambda c: c.at,
        reverse=True,
    )
    for contact in past:
        for limit, name in ((WEEK, "contacts|n7"), (MONTH, "contacts|n30")):
            if at - contact.at <= limit:
                seen.add(name)
    noted = [contact for contact in past if contact.reason is not None]
    if noted:
        _last(seen, noted[0], settled)
        _open(seen, noted, settled)
    if len(noted) > 1:
        seen.put(f"before|was.{_word(noted[1].reason or '')}", 1.0)
        seen.nearest("before|age", at - noted[1].at)
    weights: dict[str, float] = {}
    times: dict[str, int] = {}
    same_day: dict[str, int] = {}
    for contact in noted:
        reason = _word(contact.reason or "")
        if not unsettled(contact, settled):
            seen.nearest(f"past.{reason}|helped", at - contact.at)
        if abs((at - contact.at + WEEK / 2) % WEEK - WEEK / 2) < DAY / 2:
            same_day[reason] = same_day.get(reason, 0) + 1
        weights[reason] = weights.get(reason, 0.0) + 0.5 ** ((at - contact.at) / HABIT)
        times[reason] = times.get(reason, 0) + 1
    # One made-up call beside the person's own: a single call is not yet a habit.
    whole = sum(weights.values()) + 1.0
    for reason, weight in weights.items():
        group = f"past.{reason}"
        seen.put(f"{group}|share", weight / whole)
        if reason in same_day:
            seen.put(f"{group}|same_day", same_day[reason] / (1 + times[reason]))
        if times[reason] > 1:
            seen.tell(Cause(group=group, code="usual", kind="code", value=f"reason.{reason}"))


def _last(seen: _Seen, contact: Contact, settled: Collection[str]) -> None:
    reason = _word(contact.reason or "")
    age = seen.at - contact.at
    seen.put(f"last|was.{reason}", 1.0)
    seen.nearest("last|age", age)
    open_still = unsettled(contact, settled)
    if open_still:
        seen.nearest("last|open", age)
        seen.nearest(f"last|open.{reason}", age)
    seen.tell(
        Cause(
            group="last", code="unsettled" if open_still else "last_contact", kind="code",
            value=f"reason.{reason}",
        )
    )  # fmt: skip


def _open(seen: _Seen, noted: Sequence[Contact], settled: Collection[str]) -> None:
    """Of the conversations before the last (newest first), what nobody was helped with since."""
    done = {_word(noted[0].reason or "")}
    for contact in noted[1:]:
        reason, age = _word(contact.reason or ""), seen.at - contact.at
        if reason not in done and age <= OPEN_FOR and unsettled(contact, settled):
            group = f"open.{reason}"
            seen.put(f"{group}|age", _hours(age))
            seen.tell(Cause(group=group, code="unsettled", kind="code", value=f"reason.{reason}"))
        done.add(reason)


def _happenings(seen: _Seen, person: PersonRow) -> None:
    at = seen.at
    past = [one for one in person.happenings if one.at <= at]
    past.sort(key=lambda one: one.at, reverse=True)
    times: dict[str, int] = {}
    for one in past:
        group = f"happening.{_word(one.kind)}"
        age = at - one.at
        times[group] = times.get(group, 0) + 1
        if times[group] <= OCCURRENCES:
            number = f".{times[group]}" if times[group] > 1 else ""
            seen.put(f"{group}|age{number}", _hours(age))
        if one.topic:
            seen.nearest(f"{group}|topic.{_word(one.topic)}", age)
        if age <= WEEK:
            seen.add(f"{group}|n7")
        if age <= MONTH:
            seen.add(f"{group}|n30")
        seen.tell(_happened(group, one))


def _happened(group: str, one: Happening) -> Cause:
    if one.topic:
        return Cause(
            group=group, code="topic", kind="code", value=f"reason.{_word(one.topic)}",
            detail=one.title or None,
        )  # fmt: skip
    return Cause(group=group, code=group, kind="instant", value=one.at, detail=one.title or None)


def _pages(seen: _Seen, person: PersonRow) -> None:
    at = seen.at
    for view in sorted(person.pages, key=lambda one: one.at, reverse=True):
        age = at - view.at
        if not 0 <= age <= DAY:
            continue
        group = f"page.{_word(view.page)}"
        seen.nearest(f"{group}|age", age)
        seen.add(f"{group}|n_day")
        if age <= HOUR:
            seen.add(f"{group}|n_hour")
        seen.tell(Cause(group=group, code=group, kind="instant", value=view.at))


def _condition(seen: _Seen, condition: Condition, person: PersonRow | None) -> None:
    """Who has not the product is not concerned; of whom we do not know, it is possible."""
    at = seen.at
    if condition.since > at:
        return
    group = f"condition.{_word(condition.kind)}"
    if condition.until is not None and condition.until <= at:
        if at - condition.until <= AFTERMATH and _concerns(condition, person):
            seen.nearest(f"{group}|over", at - condition.until)
        return
    age = at - condition.since
    if condition.product is None:
        seen.nearest(f"{group}|age", age)
    elif person is None:
        seen.nearest(f"{group}|perhaps.{_word(condition.product)}", age)
    elif _concerns(condition, person):
        seen.nearest(f"{group}|on.{_word(condition.product)}", age)
    else:
        return
    seen.tell(
        Cause(
            group=group, code=group, kind="instant", value=condition.since,
            detail=condition.title or None,
        )
    )  # fmt: skip


def _concerns(condition: Condition, person: PersonRow | None) -> bool:
    return condition.product is None or (
        person is not None and condition.product in person.products
    )
