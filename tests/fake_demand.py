"""The in-memory twin of the port for demand: what calls queues had, of the calls in records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from callcenter.floor.orders import RecordCall

if TYPE_CHECKING:
    from tests.fakes import MemoryRecords

DAY = 86_400.0


class MemoryDemand:
    """``Demand``, of the calls in ``records``."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    async def arrivals(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        found = Counter(
            math.floor((call.arrived - since) / step) for call in self._calls(queue, since, until)
        )
        return [(since + number * step, count) for number, count in sorted(found.items())]

    async def handled(
        self, queue: str, since: float, until: float
    ) -> tuple[int, float, float | None]:
        calls = self._calls(queue, since, until)
        answered = [call for call in calls if call.answered is not None]
        gone = sum(call.why == "abandoned" for call in calls)
        wrapped = [
            max(0.0, one.changed - call.ended)
            for call in answered
            for one in self._records.kept.values()
            if one.call == call.call and one.agent == call.agent and one.made <= call.ended
            and call.arrived <= one.made and one.state == "completed" and one.why is None
        ]  # fmt: skip
        spent = sum(call.talk for call in answered) / len(answered) if answered else 0.0
        spent += sum(wrapped) / len(wrapped) if wrapped else 0.0
        return len(answered), spent, sum(call.wait for call in calls) / gone if gone else None

    async def at_work(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        found: dict[int, set[str]] = {}
        for call in self._calls(queue, since - DAY, until):
            if call.answered is None or call.agent is None:
                continue
            if call.ended < since or call.answered >= until:
                continue
            first = math.floor((max(call.answered, since) - since) / step)
            last = min(
                math.floor((call.ended - since) / step), math.ceil((until - since) / step) - 1
            )
            for number in range(first, last + 1):
                found.setdefault(number, set()).add(call.agent)
        return [(since + number * step, len(agents)) for number, agents in sorted(found.items())]

    def _calls(self, queue: str, since: float, until: float) -> list[RecordCall]:
        return [
            call for call in self._records.calls.values()
            if call.queue == queue and call.direction == "inbound" and since <= call.arrived < until
        ]  # fmt: skip
