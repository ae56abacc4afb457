"""A day of calls whose line to AMI is cut at 50 random points, against the same day uncut.

    python -m benchmarks.ami_cuts [--cuts 50] [--seed 1]     (as root; starts an Asterisk)

The engine is a process of its own. Each cut resets its connection, for up to half a second; calls
come, ring, talk and end meanwhile. The truth is read from the exchange over a connection that
nobody cuts. The counters of the queue must be those of the truth, each caller must have one record
and nobody may be stuck.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from pathlib import Path

from tests.exchange.asterisk import Exchange
from tests.exchange.day import Became, Cuts, Plan, day
from tests.exchange.line import Line
from tests.exchange.process import Centre


async def _nothing(centre: Centre) -> None:
    """An ordinary day."""


async def run(plan: Plan, cuts: int, seed: int) -> tuple[Became, Became]:
    with tempfile.TemporaryDirectory() as folder, Exchange() as exchange:
        uncut = await day(plan, Path(folder) / "uncut", exchange, _nothing)
        async with Line(exchange.ports.ami) as line:
            trouble = Cuts(line, seed, cuts, plan.calls * plan.every + plan.talk)
            cut = await day(plan, Path(folder) / "cut", exchange, trouble, ami=line.port)
    return uncut, cut


def show(uncut: Became, cut: Became) -> None:
    print(f"{'':44} {'uncut':>8} {'cut':>8}")
    for name, read in (
        ("callers", lambda d: d.calls),
        ("talked to an agent", lambda d: d.talked),
        ("left by themselves before", lambda d: d.hung_up),
        ("neither: lost", lambda d: len(d.lost)),
        ("taken by the exchange's own queue", lambda d: d.sent_away["fallback"]),
        ("the queue counts: offered", lambda d: d.queue["offered"]),
        ("the queue counts: answered", lambda d: d.queue["answered"]),
        ("the queue counts: abandoned", lambda d: d.queue["abandoned"]),
        ("the queue counts: left otherwise, waiting", lambda d: d.queue["left"]),
        ("callers with a record", lambda d: d.recorded),
        ("callers with two", lambda d: len(d.twice)),
        ("records with an answer", lambda d: d.recorded_talks),
        ("agents stuck at the end", lambda d: len(d.stuck)),
        ("invariants found broken", lambda d: int(d.invariants)),
        ("reservations still live in the database", lambda d: d.live_reservations),
    ):
        print(f"{name:44} {read(uncut):>8} {read(cut):>8}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # Talks that are longer than the engine can be away: of a shorter one it may learn nothing.
    made = Plan(calls=options.calls, agents=8, every=1.0, talk=6.0, impatient=options.calls + 1)
    found = asyncio.run(run(made, options.cuts, options.seed))
    print(f"{options.cuts} cuts, seed {options.seed}, Python {platform.python_version()},"
          f" load {os.getloadavg()[0]:.2f}")  # fmt: skip
    show(*found)
