"""In-memory twins of the ports the store implements, true to it in everything but durability.

``tests/contract`` runs one suite against these and against the real store, so that a test which
uses a twin proves something about the product. They hold plain dicts, never wait, and import
nothing but the ports and the floor.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from statistics import median

from callcenter.floor.card import Contact
from callcenter.floor.events import Event
from callcenter.floor.orders import (
    LIVE_RESERVATIONS,
    KeepReservation,
    RecordAudit,
    RecordCall,
    RecordDecision,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    RecordPromise,
)
from callcenter.floor.routing import Decision
from callcenter.ports import (
    Account,
    Condition,
    Draft,
    Happening,
    KnowledgeEdit,
    Lesson,
    PageView,
    PersonRow,
    PromiseScore,
    ReservationTaken,
)
from tests.fake_callbacks import MemoryCallbacks as MemoryCallbacks
from tests.fake_demand import MemoryDemand as MemoryDemand

AT_MOST_PEOPLE = 10
AT_MOST_CONTACTS = 20
AT_MOST_HAPPENINGS = 40
AT_MOST_PAGES = 20
DAY = 86_400.0


class MemoryRecords:
    """``Records`` and ``History`` in dicts; all but the drafts is open for a test to look at."""

    def __init__(self) -> None:
        self.calls: dict[str, RecordCall] = {}
        self.outcomes: dict[str, RecordOutcome] = {}
        self.kept: dict[str, KeepReservation] = {}
        self.decided: list[Decision] = []
        self.told: dict[str, RecordPromise] = {}
        self.audited: list[RecordAudit] = []
        self.predicted: dict[tuple[str, int], RecordPrediction] = {}
        self.marked: list[RecordMark] = []
        self._drafts: dict[tuple[str, str], Draft] = {}

    async def record_call(self, order: RecordCall) -> None:
        self.calls.setdefault(order.call, order)

    async def record_outcome(self, order: RecordOutcome) -> None:
        known = self.outcomes.get(order.call)
        if known is None or order.at >= known.at:
            self.outcomes[order.call] = order
        draft = self._drafts.get((order.call, order.agent))
        if draft is not None and draft.saved <= order.at:
            del self._drafts[order.call, order.agent]

    async def save_draft(self, draft: Draft) -> Draft:
        key = (draft.call, draft.agent)
        known = self._drafts.get(key)
        if known is None or draft.rev > known.rev:
            self._drafts[key] = draft
        return self._drafts[key]

    async def drafts(self, agent: str) -> tuple[Draft, ...]:
        mine = (draft for draft in self._drafts.values() if draft.agent == agent)
        return tuple(sorted(mine, key=lambda draft: (draft.saved, draft.call)))

    async def reasons_seen(self) -> Sequence[tuple[str | None, tuple[str, ...], str, int]]:
        noted = self.outcomes.values()
        seen = Counter((one.queue, one.context, one.reason) for one in noted)
        by_queue = sorted(seen.items(), key=lambda one: (one[0][0] or "", *one[0][1:]))
        return [(*what, times) for what, times in by_queue]

    async def keep_reservation(self, order: KeepReservation) -> None:
        known = self.kept.get(order.id)
        if known is not None and known.version >= order.version:
            return
        if known is None and order.version == 1 and order.state == "pending":
            for one in await self.live_reservations(order.node):
                if one.agent == order.agent and one.made <= order.made:
                    self.kept[one.id] = replace(
                        one, state="rescinded", version=one.version + 1, why="withdrawn",
                        changed=order.made, deadline=None,
                    )  # fmt: skip
        if order.state in LIVE_RESERVATIONS:
            for one in self.kept.values():
                if one.agent == order.agent and one.id != order.id and _live(one):
                    raise ReservationTaken(f"agent {one.agent} has reservation {one.id}")
        self.kept[order.id] = order

    async def close_reservations(self, node: str, at: float) -> int:
        live = await self.live_reservations(node)
        for one in live:
            self.kept[one.id] = replace(
                one, state="completed" if one.state == "wrapping" else "rescinded",
                version=one.version + 1, why="engine_stopped", changed=at, deadline=None,
            )  # fmt: skip
        return len(live)

    async def record_prediction(self, order: RecordPrediction) -> None:
        known = self.predicted.get((order.call, order.ask))
        if known is None or known.version < order.version:
            self.predicted[order.call, order.ask] = order

    async def record_mark(self, order: RecordMark) -> None:
        def what(one: RecordMark) -> tuple[object, ...]:
            return (one.call, one.at, one.agent, one.answer, one.mark)

        if what(order) not in map(what, self.marked):
            self.marked.append(order)

    async def record_decision(self, order: RecordDecision) -> None:
        self.decided.append(order.decision)

    async def record_promise(self, order: RecordPromise) -> None:
        known = self.told.get(order.id)
        if known is not None:
            waited = known.waited if order.waited is None else order.waited
            answered = known.answered if order.answered is None else order.answered
            order = replace(known, waited=waited, answered=answered)
        self.told[order.id] = order

    async def record_audit(self, order: RecordAudit) -> None:
        self.audited.append(order)

    async def reservations(self, agent: str, limit: int = 100) -> tuple[KeepReservation, ...]:
        mine = [one for one in self.kept.values() if one.agent == agent]
        return tuple(sorted(mine, key=lambda one: (one.made, one.id), reverse=True)[:limit])

    async def live_reservations(self, node: str) -> tuple[KeepReservation, ...]:
        live = [one for one in self.kept.values() if one.node == node and _live(one)]
        return tuple(sorted(live, key=lambda one: (one.made, one.id)))

    async def decisions(self, call: str) -> tuple[Decision, ...]:
        return tuple(one for one in self.decided if one.call == call)

    async def promises(self, since: float, until: float, zone: tzinfo) -> tuple[PromiseScore, ...]:
        def day(one: RecordPromise) -> str:
            return datetime.fromtimestamp(one.told, zone).date().isoformat()

        told = [one for one in self.told.values() if since <= one.told < until]
        scores = []
        for queue, date in {(one.queue, day(one)) for one in told}:
            here = [one for one in told if one.queue == queue and day(one) == date]
            known = [one for one in here if one.p90 is not None and one.answered is not None]
            answered = [one for one in known if one.answered]
            errors = [abs((one.waited or 0.0) - one.p50) for one in answered if one.p50 is not None]
            scores.append(
                PromiseScore(
                    queue=queue, day=date, told=len(here), n=len(known), answered=len(answered),
                    kept=sum((one.waited or 0.0) <= (one.p90 or 0.0) for one in answered),
                    error=median(errors) if errors else None,
                )
            )  # fmt: skip
        scores.sort(key=lambda one: one.queue)
        return tuple(sorted(scores, key=lambda one: one.day, reverse=True))

    async def audit(
        self,
        since: float,
        until: float,
        agent: str | None = None,
        call: str | None = None,
        limit: int = 100,
    ) -> tuple[RecordAudit, ...]:
        rows = [
            row for row in self.audited
            if since <= row.at < until and agent in (None, row.agent) and call in (None, row.call)
        ]  # fmt: skip
        rows.reverse()  # of equal times the latest added comes first
        return tuple(sorted(rows, key=lambda row: -row.at)[:limit])

    def contacts(self, person: str) -> list[Contact]:
        """What the store would show as the person's contacts, in no order."""
        found = []
        for call in self.calls.values():
            noted = self.outcomes.get(call.call)
            if ((noted and noted.person) or call.person) != person:
                continue
            found.append(
                Contact(
                    call=call.call,
                    at=call.arrived,
                    queue=call.queue,
                    agent=call.agent or (noted.agent if noted else None),
                    reason=noted.reason if noted else None,
                    outcome=noted.outcome if noted else None,
                    notes=noted.notes if noted else "",
                    wait=call.wait,
                    talk=call.talk,
                    transfers=call.transfers,
                    ended=call.why,
                )
            )
        return found


def _live(one: KeepReservation) -> bool:
    return one.state in LIVE_RESERVATIONS


class MemoryLessons:
    """``Lessons`` over what was recorded."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        found = []
        for noted in self._records.outcomes.values():
            asked = [one for key, one in self._records.predicted.items() if key[0] == noted.call]
            found.append(_lesson(noted, max(asked, key=lambda one: one.ask, default=None)))
        found = [one for one in found if since <= one.at < until]
        return iter(sorted(found, key=lambda one: (one.at, one.call)))

    def confirmed_since(self, since: float) -> int:
        return sum(one.at >= since for one in self._records.outcomes.values())


def _lesson(noted: RecordOutcome, last: RecordPrediction | None) -> Lesson:
    if last is None:
        return Lesson(
            call=noted.call, at=noted.at, person=noted.person, tier=None, language=None,
            queue=noted.queue, context=noted.context, features=(), words=(), reason=noted.reason,
            outcome=noted.outcome, notes=noted.notes, model=None, shown=(), challengers=(),
        )  # fmt: skip
    return Lesson(
        call=noted.call, at=last.at, person=noted.person or last.person, tier=last.tier,
        language=last.language, queue=last.queue, context=last.context, features=last.features,
        words=last.words, reason=noted.reason, outcome=noted.outcome, notes=noted.notes,
        model=last.model or None, shown=tuple((one.code, one.probability) for one in last.reasons),
        challengers=last.challengers, answers=last.answers, marks=last.marks,
    )  # fmt: skip


class MemoryPeople:
    """``People`` over given rows; with ``records``, their calls show up as contacts.

    ``now``: seconds since the epoch; happenings and pages count from it.
    """

    def __init__(
        self,
        people: Iterable[PersonRow],
        records: MemoryRecords | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.rows = {row.id: row for row in people}
        self._records = records or MemoryRecords()
        self._now = now

    async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        found: dict[str, PersonRow] = {}
        for reading in readings:
            here = [row for row in self.rows.values() if _reachable(row, reading)]
            here = [self._whole(row) for row in here]
            if len(here) > AT_MOST_PEOPLE:  # then those heard from lately come first
                here.sort(key=lambda row: (-(row.contacts[0].at if row.contacts else 0.0), row.id))
            else:
                here.sort(key=lambda row: row.id)
            for row in here:
                found.setdefault(row.id, replace(row, matched=reading, sharers=len(here)))
        return tuple(found.values())[:AT_MOST_PEOPLE]

    async def person(self, id: str) -> PersonRow | None:
        row = self.rows.get(id)
        return None if row is None else self._whole(row)

    def _whole(self, row: PersonRow) -> PersonRow:
        contacts = [*row.contacts, *self._records.contacts(row.id)]
        contacts.sort(key=lambda contact: (contact.at, contact.call), reverse=True)
        now = self._now()
        happened = [one for one in row.happenings if one.at >= now - 60 * DAY]
        happened.sort(key=lambda one: (-one.at, one.id))
        viewed = [one for one in row.pages if one.at >= now - DAY]
        viewed.sort(key=lambda one: (one.at, one.page), reverse=True)
        return replace(
            row, matched=None, sharers=1, contacts=tuple(contacts[:AT_MOST_CONTACTS]),
            happenings=tuple(happened[:AT_MOST_HAPPENINGS]), pages=tuple(viewed[:AT_MOST_PAGES]),
        )  # fmt: skip


def _reachable(row: PersonRow, reading: str) -> bool:
    return any(point.kind == "phone" and point.value == reading for point in row.points)


class MemorySurroundings:
    """``Surroundings`` over the people of a ``MemoryPeople``, which then has what is told."""

    def __init__(self, people: MemoryPeople) -> None:
        self._people = people
        self.set: dict[str, Condition] = {}

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        row = self._people.rows.get(person)
        if row is not None:
            told = {one.id: one for one in (*row.happenings, *happenings)}
            self._people.rows[person] = replace(row, happenings=tuple(told.values()))
        return row is not None

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool:
        row = self._people.rows.get(person)
        if row is not None:
            seen = dict.fromkeys((*row.pages, *pages))
            self._people.rows[person] = replace(row, pages=tuple(seen))
        return row is not None

    async def set_condition(self, condition: Condition) -> None:
        self.set[condition.id] = condition

    async def conditions(self, since: float) -> tuple[Condition, ...]:
        found = [one for one in self.set.values() if one.until is None or one.until >= since]
        return tuple(sorted(found, key=lambda one: (one.since, one.id)))


class MemoryKnowledge:
    """``Knowledge`` in a dict, with the marks of ``records``."""

    def __init__(self, records: MemoryRecords | None = None) -> None:
        self._records = records or MemoryRecords()
        self._edits: dict[str, KnowledgeEdit] = {}

    async def edits(self) -> tuple[KnowledgeEdit, ...]:
        return tuple(sorted(self._edits.values(), key=lambda one: one.id))

    async def edit(self, edit: KnowledgeEdit) -> bool:
        known = self._edits.get(edit.id)
        if known is not None and known.version >= edit.version:
            return False
        self._edits[edit.id] = edit
        return True

    async def marks(self, since: float, until: float) -> tuple[RecordMark, ...]:
        found = [one for one in self._records.marked if since <= one.at < until]
        return tuple(sorted(found, key=lambda one: one.at))


class MemoryAccounts:
    """``Accounts`` in a dict."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._accounts = {account.agent: account for account in accounts}

    async def account(self, agent: str) -> Account | None:
        return self._accounts.get(agent)

    async def put(self, account: Account) -> None:
        self._accounts[account.agent] = replace(account, skills=tuple(sorted(account.skills)))

    async def set_skills(self, agent: str, skills: Sequence[tuple[str, int]]) -> bool:
        account = self._accounts.get(agent)
        if account is not None:
            self._accounts[agent] = replace(account, skills=tuple(sorted(skills)))
        return account is not None


class MemoryJournal:
    """``Journal`` in a list: position 1 is ``events[0]``.

    Set ``broken`` to have ``durable`` raise it, as a full disk would.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.broken: Exception | None = None

    def append(self, event: Event) -> int:
        self.events.append(event)
        return len(self.events)

    async def durable(self, position: int) -> None:
        if self.broken is not None:
            raise self.broken
