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

from callcenter.floor.call import DIAL_LEG
from telephony.simulator import Outcome
from telephony.simulator.arrivals import Visit

TOGETHER = "(those between which callers are moved)"
FIGURES = ("offered", "answered", "abandoned", "left", "promises", "promises_kept")
MOVED = frozenset({"offered", "left"})
"""Figures that count a caller once more whom the engine takes into another of its queues."""
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


@dataclass(frozen=True, slots=True)
class Telling:
    """A waiting caller heard how long it will take."""

    call: str
    at: float
    p90: float


def compared(
    outcomes: Iterable[Outcome],
    counted: Mapping[str, Counter[str]],
    windows: Iterable[Window],
    tellings: Iterable[Telling] = (),
    one_line: frozenset[str] = frozenset(),
) -> list[str]:
    """Where the floor's figures, by queue, are not what they must be; in words.

    ``one_line``: queues between which the engine moves callers, of which the exchange does not
    know. They are compared together, and such a move is one more offered and one more left.
    """
    windows = tuple(windows)
    told_to: dict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        told_to[telling.call].append(telling)
    if one_line:
        counted = _together(counted, one_line)
    sure: dict[str, Counter[str]] = defaultdict(Counter)
    unsure: Counter[str] = Counter()
    doubted: Counter[str] = Counter()
    """Promises of disturbed stays."""
    for outcome in outcomes:
        if outcome.call.startswith(DIAL_LEG):
            continue  # whom we call is offered to no queue
        for visit in stays(outcome):
            queue = TOGETHER if visit.queue in one_line else visit.queue
            promises = [
                one for one in told_to[outcome.call] if visit.entered <= one.at <= visit.left
            ]
            if any(window.touches(visit) for window in windows):
                unsure[queue] += 1
                doubted[queue] += len(promises)
                continue
            figures = sure[queue]
            figures["offered"] += 1
            figures["left" if visit.why in LEFT else visit.why] += 1
            for promise in promises:
                over, answered = visit.left - promise.at > promise.p90, visit.why == "answered"
                figures["promises"] += over or answered
                figures["promises_kept"] += answered and not over
    found = []
    for queue in sorted(set(sure) | set(unsure) | set(counted)):
        real, told = sure[queue], counted.get(queue, Counter())
        for figure in FIGURES:
            spread = doubted[queue] if figure.startswith("promises") else unsure[queue]
            low, high = real[figure], real[figure] + spread
            if queue == TOGETHER and figure in MOVED:
                high = max(high, told[figure])  # what came out below says whether these agree
            if not low <= told[figure] <= high:
                text = f"{low}" if low == high else f"{low} to {high}"
                found.append(f"{queue}: {figure} is {told[figure]}, must be {text}")
        ended = told["answered"] + told["abandoned"] + told["left"]
        if told["offered"] != ended:
            found.append(f"{queue}: {told['offered']} offered, {ended} came out")
    return found


def _together(
    counted: Mapping[str, Counter[str]], queues: frozenset[str]
) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for queue, figures in counted.items():
        found[TOGETHER if queue in queues else queue].update(figures)
    return found
