"""What really happened against what the floor counted.

Which figures must be exact:

* No packet was lost (``duplicate``, ``reorder``, ``phones``): offered, answered, abandoned and left
  of every queue are exact.
* Packets were lost, or nobody read them (``loss``, ``cut``, ``exchange_dies``, ``engine_dies``):
  from the fault to the next snapshot the exchange does not tell how a call left its line, and a
  call that came and went between them was never seen. Every stay in a line that does not touch
  such a window is counted exactly; one that does may be counted under another name, or not at
  all. So each figure is at least the number of undisturbed stays and exceeds it by at most the
  number of disturbed ones.
* Always: who was offered has been answered, has given up or has left, each once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from telephony.simulator import Outcome
from telephony.simulator.arrivals import Visit

FIGURES = ("offered", "answered", "abandoned", "left")
LEFT = frozenset({"timed_out", "empty", "closed", "key", "overflow", "failed"})


@dataclass(frozen=True, slots=True)
class Window:
    """While things went untold: from the fault until a snapshot was compared."""

    begin: float
    end: float

    def touches(self, visit: Visit) -> bool:
        return visit.entered <= self.end and visit.left >= self.begin


def stays(outcome: Outcome) -> Iterator[Visit]:
    """Its stays in lines. The exchange's own queue that stands in for the engine is the same."""
    before: Visit | None = None
    for visit in outcome.visits:
        if before is not None and (before.why, before.queue) == ("overflow", visit.queue):
            before = Visit(visit.queue, before.entered, visit.left, visit.why)
            continue
        if before is not None:
            yield before
        before = visit
    if before is not None:
        yield before


def compared(
    outcomes: Iterable[Outcome],
    counted: Mapping[str, Counter[str]],
    windows: Iterable[Window],
) -> list[str]:
    """Where the floor's figures, by queue, are not what they must be; in words."""
    windows = tuple(windows)
    sure: dict[str, Counter[str]] = defaultdict(Counter)
    unsure: Counter[str] = Counter()
    for outcome in outcomes:
        for visit in stays(outcome):
            if any(window.touches(visit) for window in windows):
                unsure[visit.queue] += 1
                continue
            figures = sure[visit.queue]
            figures["offered"] += 1
            figures["left" if visit.why in LEFT else visit.why] += 1
    found = []
    for queue in sorted(set(sure) | set(unsure) | set(counted)):
        real, told = sure[queue], counted.get(queue, Counter())
        for figure in FIGURES:
            low, high = real[figure], real[figure] + unsure[queue]
            if not low <= told[figure] <= high:
                text = f"{low}" if low == high else f"{low} to {high}"
                found.append(f"{queue}: {figure} is {told[figure]}, must be {text}")
        ended = told["answered"] + told["abandoned"] + told["left"]
        if told["offered"] != ended:
            found.append(f"{queue}: {told['offered']} offered, {ended} came out")
    return found
