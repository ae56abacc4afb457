"""Customers who want to be called back, and what a seed does about it.

They ask on a website or by the key in the line, call in meanwhile, cancel and move; outside they
answer, are busy, decline, do not answer, or a machine does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

from callcenter.callback_ports import CallbackRefused, Source, Switches
from callcenter.floor.callback import (
    OPEN,
    Callback,
    CallbackRules,
    DialEnd,
    LawRules,
    RetryRule,
)
from telephony.simulator import Outside, Outsider
from telephony.simulator.outside import OutsideReaction
from tests.chaos.calling import NO_CAPS, Calling
from tests.chaos.rows import Rows, later
from tests.chaos.still import At

CAUSES: tuple[DialEnd, ...] = (
    "busy", "no_answer", "congestion", "declined", "machine", "abandoned", "agent_gone", "unknown",
)  # fmt: skip
Result = TypeVar("Result")
ZONES = ("UTC", "UTC", "Europe/London")
"""The same clock in winter."""
MEAN_CHANGE = 30.0
"""Seconds between two changes from outside."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What a seed draws for callbacks. ``asked``: when somebody asks on a website."""

    asked: tuple[float, ...]
    delay: float
    """Longest time the database takes."""
    down: tuple[tuple[float, float], ...]
    """Moments from which on, and seconds for which, nothing can be stored."""
    law: tuple[LawRules, ...]
    rules: tuple[CallbackRules, ...]
    """By queue."""
    outside: Outside
    key: str
    presses: float
    """Share of the callers who press the key."""
    restless: float
    """Share of the changes from outside that are made."""
    strikes: int
    """How often at most a fault begins just after somebody was dialled."""


def callbacks(seed: int, start: float, length: float, calls: int, queues: int) -> Callbacks | None:
    """Of a seed; ``None``: nobody is called back."""
    chance = random.Random(seed + 4)
    if chance.random() < 0.25:
        return None
    asked = sorted(start + chance.uniform(0.0, 0.85) * length for _ in range(1 + calls // 5))
    down = [
        (start + chance.uniform(0.0, 0.9) * length, chance.uniform(0.5, 10.0))
        for _ in range(chance.choice((0, 0, 1, 2)))
    ]
    talk = chance.uniform(3.0, 25.0)
    reactions: dict[OutsideReaction, float] = {
        "answers": 3.0, "machine": chance.choice((0.0, 1.0)), "waits": 0.7, "busy": 0.7,
        "declines": 0.5, "fails": 0.3, "invalid": 0.2,
    }  # fmt: skip
    shares = tuple(
        (
            Outsider(
                reaction=one,
                ring=(0.3, 6.0),
                patience=(3.0, 30.0),
                talk=(talk / 2, talk * 2),
                ender="caller" if chance.random() < 0.6 else "called",
            ),
            share,
        )
        for one, share in reactions.items()
    )
    return Callbacks(
        asked=tuple(asked),
        delay=chance.choice((0.0, 0.02, 0.2)),
        down=tuple(down),
        law=_law(chance, start),
        rules=tuple(_rules(chance) for _ in range(queues)),
        outside=Outside(shares=shares),
        key=chance.choice(("1", "1", "")),
        presses=chance.choice((0.05, 0.2)),
        restless=chance.choice((0.0, 0.5)),
        strikes=chance.choice((0, 0, 1, 3)),
    )


def _law(chance: random.Random, start: float) -> tuple[LawRules, ...]:
    """Most of the day, with a pause during the run; or no law."""
    if chance.random() < 0.5:
        return ()
    closes = later(start, chance.randint(2, 8))
    weekly = ((5, 0, closes), (5, closes + chance.randint(1, 3), 24 * 60))
    return (LawRules(region="*", weekly=weekly, attempts=chance.choice((2, 3, 6))),)


def _rules(chance: random.Random) -> CallbackRules:
    retries = tuple(
        RetryRule(cause=cause, after=chance.uniform(3.0, 60.0), times=chance.randint(1, 3))
        for cause in CAUSES
        if chance.random() < 0.9
    )
    first: Literal["agent", "customer"] = "agent" if chance.random() < 0.5 else "customer"
    machine: tuple[Literal["connect", "hang_up", "message"], ...] = (
        "connect", "hang_up", "message",
    )  # fmt: skip
    return CallbackRules(
        first=first,
        preview_seconds=chance.choice((0.0, 0.0, 6.0, 12.0)) if first == "customer"
        else chance.choice((0.0, 8.0)),
        dial_seconds=chance.uniform(3.0, 12.0),
        machine=chance.choice(machine),
        message_after=chance.choice((0, 1, 2)),
        max_attempts=chance.randint(1, 4),
        retries=retries,
    )  # fmt: skip


class Customers:
    """Those of one run. ``calling`` is that of the engine that runs, or ``None``."""

    def __init__(
        self, plan: Callbacks, rows: Rows, queues: tuple[str, ...], known: int, at: At,
        now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._plan, self._rows, self._queues, self._known = plan, rows, queues, known
        self._at, self._now = at, now
        self._chance = random.Random(len(plan.asked) + known)
        self.calling: Calling | None = None
        self.closed = False
        """Nobody asks any more, and what waits is not served."""
        for moment in plan.asked:
            at(moment, self._ask)
        for moment, seconds in plan.down:
            at(moment, partial(self._store, True))
            at(moment + seconds, partial(self._store, False))
        if plan.restless:
            at(now() + self._chance.expovariate(1 / MEAN_CHANGE), self._change)

    def _store(self, down: bool) -> None:
        self._rows.down = down

    def _ask(self) -> None:
        """Somebody on the website: as soon as possible, or at a time."""
        chance, now = self._chance, self._now()
        number = f"+4479{chance.randrange(self._known):08}"
        opens = now if chance.random() < 0.6 else now + chance.uniform(1.0, 120.0)
        agent = f"agent{chance.randint(1, 4)}" if chance.random() < 0.2 else None
        row = Callback(
            id=f"WEB{len(self._rows.rows)}", version=1,
            state="requested" if opens == now else "scheduled",
            origin=chance.choice(("web", "web", "agent", "case")),
            queue=chance.choice(self._queues), number=number, zone=chance.choice(ZONES),
            made=now, place=opens, opens=opens, closes=opens + chance.uniform(20.0, 400.0),
            due=opens, person=number if chance.random() < 0.4 else None, agent=agent,
            agent_until=None if chance.random() < 0.3 else opens + 15.0,
            words="it is broken" if chance.random() < 0.3 else "",
        )  # fmt: skip
        try:
            _at_once(self._rows.book(row, Source(), NO_CAPS))
        except CallbackRefused as refused:
            if refused.why != "open_one":
                raise

    def _change(self) -> None:
        """Somebody cancels or moves theirs, by the link they were given; or a supervisor does."""
        chance, now = self._chance, self._now()
        going = [one for one in self._rows.rows.values() if one.state in OPEN]
        if going and chance.random() < self._plan.restless:
            row = chance.choice(going)
            if chance.random() < 0.5:
                new = replace(row, state="cancelled", ended=now, why="by_customer", by=None)
            else:
                opens = now + chance.uniform(0.0, 60.0)
                new = replace(
                    row, state="scheduled", opens=opens, closes=opens + 100.0, due=opens,
                    place=opens, by=None,
                )  # fmt: skip
            if _at_once(self._rows.change(new, row.version)) and self.calling is not None:
                self.calling.keeper.changed(row.id)
        if not self.closed:
            self._at(now + chance.expovariate(1 / MEAN_CHANGE), self._change)

    def close(self) -> None:
        """The day is over: what waits is given back, what is under way goes on to its end."""
        self.closed = True
        self._rows.down = False
        for queue in self._queues:
            _at_once(self._rows.set_switches(Switches(queue=queue, serve=False)))
        if self.calling is not None:
            self.calling.stopped = True


def _at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine that waits for nothing returns."""
    try:
        work.send(None)
    except StopIteration as over:
        result: Result = over.value
        return result
    raise AssertionError("it waits for something")
