"""Whether promised callbacks are kept when far more people call than there are agents for.

    python -m benchmarks.callback_surge [--seeds 1 2 3 4 5] [--agents 12] [--surge 1.5]

A seeded day of one queue, 08:00 to 18:00, on the real floor with simulated time, the real planner
and an in-memory store that is true to the real one. Callers come at random, three quarters of what
the agents can take; from 10:00 to 11:00 ``surge`` times what they can take. They give up; or, after
a minute in line, some ask to be called back. Visitors of the website ask to be called now or choose
a time, twelve times as many in that hour. Some customers who are called do not answer, are busy,
decline, or have no such number; agents refuse or miss what they are offered.

The same seeds are played with the rule (only what the staff can keep is promised: slots, a window
for now as long as the line makes it, or nothing today) and without it (whoever asks is promised the
next quarter of an hour, or any slot of the day they like). Promise: with the rule at least 95 % of
the windows promised on the website are kept (first dialled within them), and nobody is called
outside the opening hours or their window, with or without it.

Promises to callers in line are counted apart: they are not told a time, and any time within the
longest wait keeps them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.surge_day import Day, Seen
from benchmarks.surge_world import THRESHOLD, World

PROMISE = 0.95


@dataclass(slots=True)
class Sum:
    """Of all days with, or without, the rule."""

    seen: list[Seen] = field(default_factory=list)
    promised: Counter[str] = field(default_factory=Counter)
    """By kind: ``now``, ``slot`` and ``line``."""
    kept: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """From the opening of the window to the first dialling, of those from the website."""
    late: list[float] = field(default_factory=list)

    def add(self, day: Day) -> None:
        self.seen.append(day.seen)
        for one in day.store.rows.values():
            kind = "line" if one.origin == "queue" else "slot" if one.opens > one.made else "now"
            self.promised[kind] += 1
            self.reached[kind] += one.reached is not None
            if one.dialled is None:
                continue
            self.kept[kind] += one.opens <= one.dialled < one.closes
            if one.dialled >= one.closes:
                self.late.append(one.dialled - one.closes)
            if kind != "line":
                self.waits.append(one.dialled - one.opens)

    def of(self, figure: str) -> int:
        return sum(getattr(seen, figure) for seen in self.seen)

    def share_kept(self) -> float:
        promised = self.promised["now"] + self.promised["slot"]
        return (self.kept["now"] + self.kept["slot"]) / promised if promised else 1.0


def p90(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.9)] if values else 0.0


def rows(sums: Sequence[Sum]) -> list[tuple[str, list[str]]]:
    """Figures by name, one for each of ``sums``."""
    found: list[tuple[str, list[str]]] = []

    def row(name: str, figure: Callable[[Sum], str]) -> None:
        found.append((name, [figure(one) for one in sums]))

    def asked(one: Sum, kind: str) -> int:
        return sum(seen.asked[kind] for seen in one.seen)

    def share(one: Sum, kind: str) -> str:
        most = one.promised[kind]
        return f"{one.kept[kind]:,} of {most:,} ({one.kept[kind] / max(most, 1):.1%})"

    row("website: asked", lambda one: f"{asked(one, 'now') + asked(one, 'slot'):,}")
    row("website: promised", lambda one: f"{one.promised['now'] + one.promised['slot']:,}")
    row(
        "website: nothing promised for the day",
        lambda one: f"{refused(one, 'now') + refused(one, 'slot'):,}",
    )
    row("**promised windows kept**", lambda one: f"**{one.share_kept():.1%}**")
    row("of windows for now", lambda one: share(one, "now"))
    row("of slots chosen", lambda one: share(one, "slot"))
    row("line: asked", lambda one: f"{asked(one, 'line'):,}")
    row("line: not granted", lambda one: f"{refused(one, 'line'):,}")
    row("line: called back the same day", lambda one: share(one, "line"))
    row(
        "talked to, of all promised",
        lambda one: f"{sum(one.reached.values()) / max(sum(one.promised.values()), 1):.1%}",
    )
    row("first dialling after the opening, p90", lambda one: f"{p90(one.waits):.0f} s")
    row("dialled late", lambda one: f"{len(one.late)}, p90 {p90(one.late):.0f} s")
    row("diallings", lambda one: f"{one.of('dialled'):,}")
    row("outside hours or window", lambda one: f"{one.of('outside')}")
    row("callers", lambda one: f"{one.of('offered'):,}")
    row(
        f"answered within {THRESHOLD:.0f} s",
        lambda one: f"{one.of('in_time') / (one.of('offered') - one.of('moved')):.1%}",
    )
    row("gave up", lambda one: f"{one.of('given_up') / one.of('offered'):.1%}")
    return found


def refused(one: Sum, kind: str) -> int:
    return sum(seen.refused[kind] for seen in one.seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--surge", type=float, default=1.5)
    parser.add_argument("--visits", type=float, default=20.0, help="an hour, outside the surge")
    options = parser.parse_args()
    world = World(options.agents, options.surge, options.visits)
    sums = {True: Sum(), False: Sum()}
    for seed in options.seeds:
        for rule, total in sums.items():
            day = Day(world, seed, rule)
            asyncio.run(day.play())
            total.add(day)
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print(
        f"{len(options.seeds)} days (seeds {', '.join(map(str, options.seeds))}), "
        f"{options.agents} agents, {options.surge:g} times what they can take for an hour"
    )
    print("| | with the rule | without it |")
    print("| --- | --- | --- |")
    for name, figures in rows([sums[True], sums[False]]):
        print(f"| {name} | {' | '.join(figures)} |")
    kept = sums[True].share_kept()
    outside = sums[True].of("outside") + sums[False].of("outside")
    print(
        f"{'met' if kept >= PROMISE and outside == 0 else 'NOT MET'}: {PROMISE:.0%} kept, 0 outside"
    )


if __name__ == "__main__":
    main()
