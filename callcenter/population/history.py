"""The past weeks: when each customer called, how it went, and what that led to.

Every cause has drawn the moments at which it may bring a call, as many as at the busiest hour; they
are gone through in order and thinned out by the hour, by what the person was helped with since, and
by what the hour does to the reason (Lewis and Shedler, *Simulation of nonhomogeneous Poisson
processes by thinning*, 1979). So nothing is stepped through, and the rates are exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from callcenter.floor.card import Contact

from .callers import NextCall, draw_call, shared_out
from .causes import HELPED, Cause, begin, rates
from .happenings import Happened
from .kinds import MATTERS
from .lives import Life
from .people import promised
from .times import BUSIEST, MOST_TILT, busy, tilts
from .world import Reasons

AGENTS = ("alice", "bob", "chen", "dana", "emil", "farah", "gao", "hugo")
SETTLED = frozenset({"solved"})
"""Outcomes after which the made-up people mostly stop calling about the matter."""
OUTCOMES: Mapping[str, float] = {
    "solved": 0.78, "promised": 0.07, "passed_on": 0.06, "not_solved": 0.06, "cut_off": 0.03,
}  # fmt: skip
WRONG = 0.02
"""Share of wrap-ups that note another reason than the true one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call of the past weeks: what was seen (``made``), and how it went (``contact``, whose
    reason is what the agent noted: wrong now and then)."""

    made: NextCall
    contact: Contact


class History:
    """Plays one customer's calls from ``first`` up to ``until``."""

    def __init__(
        self, rng: Random, life: Life, reasons: Reasons, happened: Happened, first: float,
        until: float,
    ) -> None:  # fmt: skip
        self._rng = rng
        self._life = life
        self._reasons = reasons
        self._happened = happened
        self._first = first
        self._until = until
        self._due: list[tuple[float, int, Cause]] = []
        self._drawn = 0

    def play(self) -> list[PastCall]:
        """Oldest first; the life remembers them."""
        calls: list[PastCall] = []
        free = self._first
        for cause in self._life.causes:
            self._expect(cause)
        heapq.heapify(self._due)
        while self._due:
            at, _, cause = heapq.heappop(self._due)
            if at < free:
                continue
            reason = self._kept(at, cause)
            if reason is None:
                continue
            call = self._call(at, reason, len(calls) + 1)
            calls.append(call)
            contact = call.contact
            free = at + contact.wait + contact.talk + 60.0
            if call.made.person is not None:
                self._life.contacts.append(contact)
                for new in self._afterwards(call.made.reason, contact, free):
                    self._expect(new, heap=True)
        return calls

    def _expect(self, cause: Cause, heap: bool = False) -> None:
        for at in cause.times(self._rng, self._first, self._until):
            self._drawn += 1
            item = (at, self._drawn, cause)
            if heap:
                heapq.heappush(self._due, item)
            else:
                self._due.append(item)

    def _kept(self, at: float, cause: Cause) -> str | None:
        """What the call would be about, or ``None`` when it is thinned out."""
        rng = self._rng
        keep = busy(self._life.hours, at) / (BUSIEST * MOST_TILT)
        if cause.closed <= at:
            keep *= HELPED
        drawn = rng.random()
        if drawn >= keep * MOST_TILT:
            return None
        mark = rng.random()
        reason = cause.shares[-1][0]
        for code, share in cause.shares:
            mark -= share
            if mark < 0:
                reason = code
                break
        bent = tilts(at).get(self._reasons.catalogue.head_of[reason], 1.0)
        return reason if drawn < keep * bent else None

    def _call(self, at: float, reason: str, number: int) -> PastCall:
        truth = shared_out(rates(self._life, at, self._reasons.catalogue))
        made = draw_call(self._rng, self._life, at, truth, reason, self._reasons)
        return took_place(self._rng, made, at, f"{self._life.base.id}-{number}", self._reasons)

    def _afterwards(self, reason: str, contact: Contact, over: float) -> list[Cause]:
        """What was helped with brings few calls; what was not brings new ones."""
        life, happened = self._life, self._happened
        if contact.outcome in SETTLED:
            for cause in life.causes:
                # Habits and standing needs come back whatever was said.
                if cause.start <= over < cause.end < float("inf") and cause.about(reason):
                    cause.closed = min(cause.closed, over)
            return []
        if contact.outcome is None:
            shares = self._reasons.mostly("gave_up", reason, 0.95)
            kind = MATTERS["gave_up"]
            cause = begin("gave_up", over, kind.calls, kind.law, shares)
            life.causes.append(cause)
            return [cause]
        if contact.outcome == "promised":
            text = "Answer from the back office"
            made = promised(self._rng, f"V{contact.call}", over, text, reason)
            life.promises.append(made)
            return happened.promised(over, made.row.due, made.settled, made.kept, reason)
        found = happened.about("unsettled", over, reason, 0.86)
        return [] if found is None else [found]


def took_place(rng: Random, made: NextCall, at: float, number: str, reasons: Reasons) -> PastCall:
    wait = min(rng.lognormvariate(3.2, 0.9), 900.0)
    gave_up = wait > made.patience
    wait = round(min(wait, made.patience), 1)
    outcome = None if gave_up else rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    noted = made.reason
    if rng.random() < WRONG:
        noted = rng.choice(reasons.catalogue.neighbours(made.reason))
    contact = Contact(
        call=f"past-{number}",
        at=at,
        queue=made.queue,
        agent=None if gave_up else rng.choice(AGENTS),
        reason=None if gave_up else noted,
        outcome=outcome,
        notes="",
        wait=wait,
        talk=0.0 if gave_up else round(rng.lognormvariate(5.0, 0.6), 1),
        transfers=0 if gave_up else rng.choices((0, 1, 2), (0.86, 0.12, 0.02))[0],
        ended="abandoned" if gave_up else "completed",
    )
    return PastCall(made=made, contact=contact)
