"""What the engines of a run had stored, and whether it makes sense. Pure.

It stands for the database: it outlives an engine that dies. Calls are compared with the simulator's
truth at the end; reservations are checked as they are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from callcenter.floor import orders as o
from telephony.simulator import Outcome
from tests.chaos.truth import Window

ENDS = {
    "completed": {"completed"},
    "abandoned": {"abandoned"},
    "queue_left": {"queue_left", "abandoned"},
    "no_answer": {"no_answer", "abandoned"},
    "busy": {"busy"},
    "congestion": {"congestion"},
    "refused": {"refused"},
}
"""What a call that really ended like this may be recorded as. A caller who hangs up during the
closing words, or just when the phone stops ringing, has given up as well."""


def _asked(outcome: Outcome) -> set[str]:
    """Who asked to be called back and hung up has left by that, and has not given up."""
    keys = bool(outcome.visits) and outcome.visits[-1].why == "key"
    return {"queue_left"} if keys and outcome.end == "abandoned" else set()


LINGERS = 2.5
"""Seconds for which a leg may outlive its caller: a phone that still rings for nobody, an agent's
leg that looks every two seconds whether the caller on hold is there. A call ends with its last."""


class Books:
    """``problems``: what was wrong, in words."""

    def __init__(self, on_record: Callable[[o.RecordCall], None] = lambda record: None) -> None:
        self._on_record = on_record
        self.problems: list[str] = []
        self.records: dict[str, o.RecordCall] = {}
        self.absorbed: set[str] = set()
        """Calls that turned out to be part of another one."""
        self.promises: dict[str, o.RecordPromise] = {}
        self.controls: Counter[tuple[str, bool]] = Counter()
        """(what, whether it was done)."""
        self._versions: dict[str, tuple[int, o.ReservationState]] = {}
        self._live: dict[str, str] = {}
        """Agent to their live reservation."""
        self.write: dict[type, Callable[[Any], None]] = {
            o.RecordCall: self._record,
            o.Ring: lambda ring: self._reserved(ring.reservation),
            o.Dial: lambda dial: self._reserved(dial.reservation),
            o.KeepReservation: self._reserved,
            o.RecordPromise: self._promise,
            o.ShowControl: lambda shown: self.controls.update([(shown.do, shown.ok)]),
        }

    def _record(self, record: o.RecordCall) -> None:
        if record.call in self.records:
            self.problems.append(f"call {record.call} was recorded twice")
        self.records[record.call] = record
        self._on_record(record)

    def _reserved(self, kept: o.KeepReservation) -> None:
        last, state = self._versions.get(kept.id, (0, ""))
        if (kept.version, kept.state) == (last, state) and self._live.get(kept.agent) == kept.id:
            return  # before anybody is rung or dialled it must be stored, and this one was
        if kept.version != last + 1:
            self.problems.append(f"reservation {kept.id}: version {kept.version} after {last}")
        self._versions[kept.id] = kept.version, kept.state
        other = self._live.get(kept.agent)
        if kept.state in o.LIVE_RESERVATIONS:
            if other not in (None, kept.id):
                self.problems.append(f"agent {kept.agent} has {other} and {kept.id}")
            self._live[kept.agent] = kept.id
        elif other == kept.id:
            del self._live[kept.agent]
        else:
            self.problems.append(f"reservation {kept.id} is {kept.state} and was not live")

    def _promise(self, promise: o.RecordPromise) -> None:
        told = self.promises.get(promise.id)
        if told is not None and told.waited is not None:
            self.problems.append(f"promise {promise.id} was scored twice")
        self.promises[promise.id] = promise

    def engine_died(self) -> None:
        """The next engine ends what the last one left, as the store does when it starts."""
        self._live.clear()

    def close(self, outcomes: Iterable[Outcome], windows: Iterable[Window]) -> list[str]:
        """What is wrong at the end of the run."""
        problems = list(self.problems)
        problems += [f"reservation {one} never ended" for one in self._live.values()]
        windows = tuple(windows)
        real = {outcome.call: outcome for outcome in outcomes}
        for call, outcome in real.items():
            ended = outcome.ended + LINGERS
            if any(one.begin <= ended and one.end >= outcome.at for one in windows):
                continue
            if outcome.arrival.device is not None and outcome.ended == outcome.at:
                continue  # an own phone dialled one that is not signed in: nobody was rung
            record = self.records.get(call)
            if record is None:
                if call not in self.absorbed:
                    problems.append(f"call {call} was never recorded")
            elif record.why not in ENDS.get(outcome.end, {record.why}) | _asked(outcome):
                problems.append(f"call {call} was {outcome.end} and is recorded as {record.why}")
            elif abs(record.ended - outcome.ended) > LINGERS:
                problems.append(f"call {call} ended {record.ended - outcome.ended:+.2f} s wrong")
        problems += [f"call {call} never was" for call in self.records if call not in real]
        return problems
