"""In-memory twins of the ports for callbacks, true to the store in everything but durability.

As in ``tests/fakes.py``: plain dicts and lists, slow and obvious on purpose.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from statistics import median
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from callcenter.callback_ports import (
    Attempt,
    Blocked,
    CallbackOutside,
    CallbackRefused,
    CallbackScore,
    CallbackTaken,
    Caps,
    Deflection,
    DeflectionScore,
    Denial,
    SlotHold,
    Source,
    Switches,
)
from callcenter.floor.callback import (
    HELD,
    OPEN,
    WAITING,
    Callback,
    CallbackEnd,
    CallbackState,
    DialEnd,
    attempt_was,
)

if TYPE_CHECKING:
    from tests.fakes import MemoryRecords

HOUR = 3_600.0
DAY = 24 * HOUR


class MemoryCallbacks:
    """``Callbacks``. ``clock`` is what the store's own clock is; ``records``: the calls that show
    who came back."""

    def __init__(
        self, clock: Callable[[], float] = time.time, records: MemoryRecords | None = None
    ) -> None:
        self.clock = clock
        self.rows: dict[str, Callback] = {}
        self.leases: dict[str, float] = {}
        self.dialled: dict[str, Attempt] = {}
        self.accepted: list[tuple[float, str, Source]] = []
        self.consents: dict[str, str] = {}
        self.people: dict[str, str] = {}
        """Names, by person."""
        self.refusals: Counter[tuple[float, str, str | None]] = Counter()
        self._records = records
        self._blocked: dict[str, Blocked] = {}
        self._switches: dict[str, Switches] = {}
        self._dry: list[tuple[float, str | None, str, str]] = []
        self._tokens: dict[str, float] = {}
        self._deflected: dict[str, Deflection] = {}

    # --- asking -------------------------------------------------------------------------------

    async def book(
        self,
        callback: Callback,
        source: Source,
        caps: Caps,
        slot: SlotHold | None = None,
        agreed: str = "",
    ) -> None:
        now = self.clock()
        refused = self._refused(callback, source, caps, slot, now)
        if refused is not None:
            self.refusals[now // HOUR * HOUR, refused.why, source.site] += 1
            raise refused
        self.rows[callback.id] = callback
        self.accepted.append((now, callback.number, source))
        if agreed and callback.consent:
            self.consents.setdefault(callback.consent, agreed)

    async def agreed(self, consent: str) -> str | None:
        return self.consents.get(consent)

    def _refused(
        self, new: Callback, source: Source, caps: Caps, slot: SlotHold | None, now: float
    ) -> CallbackRefused | None:
        for entry in self._in_force(now):
            exact = entry.number == new.number
            if exact or (entry.number.endswith("*") and new.number.startswith(entry.number[:-1])):
                return CallbackRefused("blocked", "number")
        if new.id in self.rows:
            return CallbackRefused("store", detail="this reference is taken")
        if (known := self._open_of(new.number, new.person)) is not None:
            return CallbackRefused("open_one", "number", ref=known.id)
        counts: tuple[tuple[Denial, int | None, float, Callable[[str, Source], bool]], ...] = (
            ("number_cap", caps.number_day, DAY, lambda number, _: number == new.number),
            ("prefix_cap", caps.prefix_hour, HOUR,
             lambda number, _: number[:-4] == new.number[:-4]),
            ("address_cap", None if source.address is None else caps.address_hour, HOUR,
             lambda _, other: other.address == source.address),
            ("site_cap", None if source.site is None else caps.site_hour, HOUR,
             lambda _, other: other.site == source.site),
            ("spend_cap", caps.spend_hour, HOUR, lambda _number, _source: True),
        )  # fmt: skip
        for why, most, period, alike in counts:
            since = now - period
            found = sum(at > since and alike(number, src) for at, number, src in self.accepted)
            if most is not None and found >= most:
                return CallbackRefused(why, "number" if why == "number_cap" else "")
        if slot is not None and self._others(new)[slot.opens] >= slot.capacity:
            return CallbackRefused("slot_taken", "when")
        return None

    async def refused(
        self, since: float, until: float
    ) -> tuple[tuple[float, str, str | None, int], ...]:
        found = ((*key, count) for key, count in self.refusals.items() if since <= key[0] < until)
        return tuple(sorted(found, key=lambda one: (one[0], one[1], one[2] or "")))

    # --- holding ------------------------------------------------------------------------------

    async def claim(
        self, node: str, limit: int = 20, lease: float = 30.0, but: Collection[str] = ()
    ) -> tuple[Callback, ...]:
        now = self.clock()
        free = [
            one for one in self.rows.values()
            if one.queue not in but
            and ((one.state in WAITING and one.due <= now)
                 or (one.state in HELD and self.leases.get(one.id, now) <= now))
        ]  # fmt: skip
        free.sort(key=lambda one: (one.place, one.id))
        return tuple(self._take(one, node, now, lease) for one in free[:limit])

    async def take(self, id: str, node: str, lease: float = 30.0) -> Callback | None:
        row = self.rows.get(id)
        if row is None or row.state not in WAITING:
            return None
        return self._take(row, node, self.clock(), lease)

    async def mine(self, node: str, lease: float = 30.0) -> tuple[Callback, ...]:
        now = self.clock()
        mine = [one for one in self.rows.values() if one.state in HELD and one.node == node]
        mine.sort(key=lambda one: (one.place, one.id))
        return tuple(self._take(one, node, now, lease) for one in mine)

    def _take(self, one: Callback, node: str, now: float, lease: float) -> Callback:
        tried = [
            dial.at for dial in self.dialled.values()
            if dial.number_dialled == one.number and now - DAY < dial.at
        ]  # fmt: skip
        taken = replace(
            one, node=node, fence=one.fence + 1, version=one.version + 1,
            state="due" if one.state in WAITING else one.state, tried=tuple(sorted(tried)),
        )  # fmt: skip
        self.rows[one.id] = taken
        self.leases[one.id] = now + lease
        return taken

    async def renew(self, node: str, lease: float = 30.0) -> frozenset[str]:
        until = self.clock() + lease
        mine = [one.id for one in self.rows.values() if one.state in HELD and one.node == node]
        self.leases.update(dict.fromkeys(mine, until))
        return frozenset(mine)

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        if dialling and callback.call is None:
            raise ValueError(f"callback {callback.id} is to be dialled by no call")
        row = self.rows.get(callback.id)
        if (
            row is None
            or row.node is None
            or callback.node not in (None, row.node)
            or row.fence != callback.fence
            or row.version >= callback.version
        ):
            raise CallbackTaken(callback.id)
        if dialling:
            now = self.clock()
            if not row.opens <= now < row.closes:
                raise CallbackOutside(callback.id)
            call = callback.call or ""
            if call in self.dialled:
                raise CallbackTaken(callback.id)
            self.dialled[call] = Attempt(
                callback=callback.id, number=callback.attempts, call=call,
                number_dialled=callback.number, at=now, ended=None, how=None,
            )  # fmt: skip
        other = [one for one in self.rows.values() if one.id != callback.id and one.state in OPEN]
        taken = any(one.person == callback.person for one in other)
        if callback.person is not None and callback.state in OPEN and taken:
            callback = replace(callback, person=row.person)
        if callback.state not in HELD:
            self.leases.pop(callback.id, None)
        self.rows[callback.id] = replace(
            callback, node=row.node if callback.state in HELD else None
        )
        if callback.call is not None and (how := attempt_was(callback)) is not None:
            self._attempt_ended(callback.call, self.clock(), how)

    def _attempt_ended(self, call: str, at: float, how: DialEnd | Literal["talked"]) -> None:
        known = self.dialled.get(call)
        if known is not None and (known.how is None or known.how == "unknown" != how):
            self.dialled[call] = replace(known, ended=at, how=how)

    async def change(self, callback: Callback, expects: int, slot: SlotHold | None = None) -> bool:
        row = self.rows.get(callback.id)
        if row is None or row.version != expects:
            return False
        if row.state not in OPEN or row.state in ("dialling", "talking"):
            return False
        if slot is not None and self._others(callback)[slot.opens] >= slot.capacity:
            raise CallbackRefused("slot_taken", "when")
        self.leases.pop(row.id, None)
        self.rows[row.id] = replace(callback, version=expects + 1, fence=row.fence + 1, node=None)
        return True

    # --- looking ------------------------------------------------------------------------------

    async def one(self, id: str) -> Callback | None:
        return self.rows.get(id)

    async def attempts(self, id: str) -> tuple[Attempt, ...]:
        return self._attempts(id)

    def _attempts(self, id: str) -> tuple[Attempt, ...]:
        found = (one for one in self.dialled.values() if one.callback == id)
        return tuple(sorted(found, key=lambda one: (one.at, one.number, one.call)))

    async def listed(
        self, states: Collection[CallbackState], queue: str | None = None, limit: int = 500
    ) -> tuple[Callback, ...]:
        found = [
            one for one in self.rows.values()
            if one.state in states and queue in (None, one.queue)
        ]  # fmt: skip
        going = sorted((one for one in found if one.state in OPEN), key=lambda o: (o.place, o.id))
        over = sorted((one for one in found if one.state not in OPEN), key=lambda one: one.id)
        over.sort(key=lambda one: -(one.ended or 0.0))
        return (*going, *over)[:limit]

    async def names(self, persons: Collection[str]) -> dict[str, str]:
        return {one: name for one, name in self.people.items() if one in persons}

    async def open_of(self, number: str, person: str | None) -> Callback | None:
        return self._open_of(number, person)

    def _open_of(self, number: str, person: str | None) -> Callback | None:
        going = [one for one in self.rows.values() if one.state in OPEN]
        by_number = [one for one in going if one.number == number]
        by_person = [one for one in going if person is not None and one.person == person]
        return next(iter(by_number + by_person), None)

    async def promised(self, queue: str, since: float, until: float) -> dict[float, int]:
        found = self._promised(queue)
        return {opens: count for opens, count in found.items() if since <= opens < until}

    def _promised(self, queue: str) -> Counter[float]:
        going = (one for one in self.rows.values() if one.state in OPEN and one.queue == queue)
        return Counter(one.opens for one in going)

    def _others(self, one: Callback) -> Counter[float]:
        """Open callbacks of the same queue but this one, by when their window opens."""
        found = self._promised(one.queue)
        row = self.rows.get(one.id)
        if row is not None and row.state in OPEN and row.queue == one.queue:
            found[row.opens] -= 1
        return found

    # --- rules --------------------------------------------------------------------------------

    async def blocked(self) -> tuple[Blocked, ...]:
        return tuple(sorted(self._in_force(self.clock()), key=lambda one: one.number))

    def _in_force(self, now: float) -> list[Blocked]:
        return [one for one in self._blocked.values() if one.until is None or now < one.until]

    async def block(self, entry: Blocked) -> None:
        self._blocked[entry.number] = entry

    async def unblock(self, number: str) -> bool:
        known = self._blocked.pop(number, None)
        return known is not None and (known.until is None or self.clock() < known.until)

    async def switches(self) -> tuple[Switches, ...]:
        return tuple(sorted(self._switches.values(), key=lambda one: one.queue))

    async def set_switches(self, switches: Switches) -> None:
        self._switches[switches.queue] = switches

    async def note_dry_run(self, at: float, site: str | None, why: str, detail: str) -> None:
        self._dry.append((at, site, why, detail))

    async def dry_runs(self, limit: int = 200) -> tuple[tuple[float, str | None, str, str], ...]:
        newest = self._dry[::-1]  # of equal times the one added last comes first
        newest.sort(key=lambda one: -one[0])
        return tuple(newest[:limit])

    async def use_token(self, token: str, until: float) -> bool:
        if self._tokens.get(token, 0.0) > self.clock():
            return False
        self._tokens[token] = until
        return True

    async def secret(self) -> bytes:
        return sha256(b"a secret of nothing but tests").digest()

    # --- counting -----------------------------------------------------------------------------

    async def scores(
        self, since: float, until: float, zone: str, queue: str | None = None
    ) -> tuple[CallbackScore, ...]:
        now, local = self.clock(), ZoneInfo(zone)
        days: dict[tuple[str, str], list[Callback]] = {}
        for one in self.rows.values():
            in_time = one.why == "by_customer" and (one.ended or 0.0) < one.closes
            if not since <= one.closes < until or queue not in (None, one.queue) or in_time:
                continue
            if one.closes <= now or one.state not in OPEN:
                day = datetime.fromtimestamp(one.closes, local).date().isoformat()
                days.setdefault((day, one.queue), []).append(one)
        found = sorted(days.items(), key=lambda one: one[0][1])
        found.sort(key=lambda one: one[0][0], reverse=True)
        return tuple(self._score(name, day, rows) for (day, name), rows in found)

    def _score(self, queue: str, day: str, rows: list[Callback]) -> CallbackScore:
        first = {one.id: self._first(one) for one in rows}
        waits = sorted(at - one.opens for one in rows if (at := first[one.id]) is not None)
        late = sorted(
            at - one.closes for one in rows
            if (at := first[one.id]) is not None and at >= one.closes
        )  # fmt: skip
        broken: Counter[CallbackEnd | Literal["late"]] = Counter(
            one.why or "window_over" for one in rows if first[one.id] is None
        )
        broken["late"] = len(late)
        return CallbackScore(
            queue=queue, day=day, promised=len(rows), kept=len(waits) - len(late),
            reached=sum(one.reached is not None for one in rows), late=len(late),
            late_p90=late[math.ceil(0.9 * len(late)) - 1] if late else None,
            broken=tuple(sorted((why, count) for why, count in broken.items() if count)),
            attempts=sum(one.attempts for one in rows),
            wait_p50=median(waits) if waits else None,
        )  # fmt: skip

    def _first(self, one: Callback) -> float | None:
        dialled = [dial.at for dial in self._attempts(one.id)] or [one.dialled or 0.0]
        return min((at for at in dialled if at >= one.opens), default=None)

    async def deflected(self, deflection: Deflection) -> None:
        known = self._deflected.get(deflection.id)
        if known is not None:
            new = deflection
            deflection = replace(
                known, answers=tuple(dict.fromkeys((*known.answers, *new.answers))),
                opened=tuple(dict.fromkeys((*known.opened, *new.opened))),
                solved=known.solved if new.solved is None else new.solved,
                booked=new.booked or known.booked, number=new.number or known.number,
                person=new.person or known.person,
            )  # fmt: skip
        self._deflected[deflection.id] = deflection

    async def deflection(self, since: float, until: float, now: float) -> DeflectionScore:
        shown = [one for one in self._deflected.values() if since <= one.at < until]
        solved = [one for one in shown if one.solved]
        known = [one for one in solved if one.number is not None or one.person is not None]
        over = [one for one in known if one.at + 72 * HOUR <= now]
        return DeflectionScore(
            shown=len(shown), solved=len(solved), known=len(known), over_72=len(over),
            booked=sum(one.booked is not None for one in shown),
            back_24=sum(self._back(one, 24 * HOUR, now) for one in known),
            back_72=sum(self._back(one, 72 * HOUR, now) for one in over),
        )  # fmt: skip

    def _back(self, one: Deflection, within: float, now: float) -> bool:
        calls = [] if self._records is None else list(self._records.calls.values())
        came = [
            (call.arrived, call.number, call.person) for call in calls
            if call.direction == "inbound"
        ]  # fmt: skip
        came += [(row.made, row.number, row.person) for row in self.rows.values()]
        return any(
            one.at < at <= min(one.at + within, now)
            and ((number is not None and number == one.number)
                 or (person is not None and person == one.person))
            for at, number, person in came
        )  # fmt: skip
