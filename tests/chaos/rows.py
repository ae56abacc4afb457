"""The callbacks as stored: they outlive every engine, and each version must make sense. Pure.

``MemoryCallbacks`` on the run's clock, slow and out of order as a database is now and then.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.callback_ports import SlotHold
from callcenter.floor.callback import HELD, OPEN, TRANSITIONS, WAITING, Callback, LawRules
from callcenter.store.errors import StoreError
from tests.fake_callbacks import DAY, MemoryCallbacks


@dataclass(frozen=True, slots=True)
class Dialled:
    """A leg that the exchange made to a number outside."""

    call: str
    number: str
    at: float


def lawful(law: Sequence[LawRules], zone: str, at: float) -> bool:
    """Whether a number of a region that has no rules of its own may be called at ``at``."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return all(
        any(day == local.isoweekday() and begin <= minute < end for day, begin, end in one.weekly)
        for one in law
        if one.weekly
    )


class Rows(MemoryCallbacks):
    """``down``: nothing can be stored now. ``problems``: what was wrong, in words."""

    def __init__(
        self, clock: Callable[[], float], chance: random.Random, delay: float,
        law: Sequence[LawRules],
    ) -> None:  # fmt: skip
        super().__init__(clock)
        self.down = False
        self.problems: list[str] = []
        self.over: Counter[str] = Counter()
        """How often each callback was stored as over by an engine."""
        self.changed = 0
        """From outside."""
        self._chance, self._delay, self._law = chance, delay, law

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        if self._delay:
            await asyncio.sleep(self._chance.uniform(0.0, self._delay))
        if self.down:
            raise StoreError("the disk is full")
        before = self.rows.get(callback.id)
        await super().keep(callback, dialling)
        assert before is not None
        after = self.rows[callback.id]
        name = f"callback {callback.id} version {after.version}"
        if after.state not in TRANSITIONS[before.state] | {before.state}:
            self.problems.append(f"{name}: {before.state} became {after.state}")
        if after.attempts < max(before.attempts, len(after.causes)):
            self.problems.append(f"{name}: {after.attempts} attempts, {after.causes}")
        if before.causes != after.causes[: len(before.causes)]:
            self.problems.append(f"{name}: {before.causes} became {after.causes}")
        if after.state in WAITING and not after.opens <= after.due < after.closes:
            self.problems.append(f"{name} is due outside its window")
        if dialling and after.attempts != before.attempts + 1:
            self.problems.append(f"{name}: attempt {after.attempts} after {before.attempts}")

    async def change(self, callback: Callback, expects: int, slot: SlotHold | None = None) -> bool:
        done = await super().change(callback, expects, slot)
        self.changed += done
        return done

    def due(self) -> bool:
        """Whether there is anything to claim."""
        now = self.clock()
        return any(
            (one.state in WAITING and one.due <= now)
            or (one.state in HELD and self.leases.get(one.id, now) <= now)
            for one in self.rows.values()
        )

    def held(self) -> list[Callback]:
        return [one for one in self.rows.values() if one.state in HELD]

    # --- at the end -----------------------------------------------------------------------------

    def close(self, dialled: Sequence[Dialled], slack: float) -> list[str]:
        """What is wrong at the end of the run. ``slack``: seconds from a decision of the floor to
        the exchange's leg."""
        problems = list(self.problems)
        for one in self.rows.values():
            problems += (f"callback {one.id}: {words}" for words in self._left(one))
        problems += self._on_the_exchange(dialled, slack)
        return problems

    def _left(self, one: Callback) -> Iterator[str]:
        if one.state in HELD:
            yield f"is {one.state} and held by nobody"
        if one.state in WAITING and one.node is not None:
            yield f"waits and is held by {one.node}"
        if one.state not in OPEN and (one.ended is None or one.why is None):
            yield f"is {one.state}, and neither when nor why is known"
        if one.state in OPEN and (one.ended is not None or one.why is not None):
            yield f"is {one.state} and ended {one.why}"
        if self.over[one.id] > (one.state not in OPEN):
            yield f"is {one.state} and was told over {self.over[one.id]} times"
        tries = [dial for dial in self.dialled.values() if dial.callback == one.id]
        if sorted(dial.number for dial in tries) != list(range(1, one.attempts + 1)):
            told = [(dial.number, dial.call, dial.how) for dial in tries]
            yield f"has {one.attempts} attempts, and stored are {told}"
        talked = one.why == "talked"
        if talked != (one.reached is not None and one.state == "done"):
            yield f"ended {one.why}, reached {one.reached}"
        if one.why != "called_in" and len(one.causes) + talked != one.attempts:
            yield f"{one.state} ({one.why}) after {one.attempts} attempts, with {one.causes}"

    def _on_the_exchange(self, dialled: Sequence[Dialled], slack: float) -> Iterator[str]:
        for call, count in Counter(one.call for one in dialled).items():
            if count > 1:
                yield f"call {call} was dialled {count} times"
        by_callback: Counter[str] = Counter()
        by_number: dict[str, list[float]] = defaultdict(list)
        for leg in dialled:
            stored = self.dialled.get(leg.call)
            if stored is None:
                yield f"call {leg.call} was dialled and not stored"
                continue
            by_callback[stored.callback] += 1
            if stored.number_dialled != leg.number:
                yield f"call {leg.call} went to {leg.number}, not to {stored.number_dialled}"
            if not stored.at <= leg.at <= stored.at + slack:
                yield f"call {leg.call} was dialled {leg.at - stored.at:+.2f} s after it was stored"
            zone = self.rows[stored.callback].zone
            if not any(lawful(self._law, zone, leg.at - late) for late in (0.0, slack)):
                yield f"call {leg.call} was dialled at {leg.at:.1f}, against the law"
            by_number[leg.number].append(leg.at)
        for name, count in by_callback.items():
            if count > self.rows[name].attempts:
                yield f"callback {name}: {self.rows[name].attempts} attempts, {count} dialled"
        most = min((one.attempts for one in self._law), default=None)
        for number, times in by_number.items():
            if most is not None and len(times) > most and times[most] - times[0] < DAY:
                yield f"{number} was dialled {len(times)} times in a day, allowed are {most}"


def later(at: float, minutes: int) -> int:
    """Minute of the day in UTC, so many minutes after ``at``."""
    when = datetime.fromtimestamp(at, ZoneInfo("UTC")) + timedelta(minutes=minutes)
    return when.hour * 60 + when.minute
