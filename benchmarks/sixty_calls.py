"""Sixty callers, eight agents, and the engine killed in the middle, on a real Asterisk.

    python -m benchmarks.sixty_calls [--calls 60] [--agents 8]   (as root; starts an Asterisk)

``callcenter run`` is a process of its own with its database on disk. Callers come from sipp into
the engine's line, sipp phones answer and hang up after a short talk, every tenth caller hangs up by
themselves. When half of them have come the engine is ended with ``kill -9``; it is started again
three seconds later. What became of every caller is read from the exchange over another connection;
five seconds after the engine is ready again its agents are compared with the exchange's channels.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from pathlib import Path

from tests.exchange.asterisk import Exchange
from tests.exchange.day import Became, Plan, day
from tests.exchange.process import Centre, stays_stuck

DOWN = 3.0
"""Seconds from the kill to the new start."""
SETTLED = 5.0
"""Seconds after the engine is ready again at which nobody may be stuck."""


class Killing:
    """Kills the engine once and says how it recovered."""

    def __init__(self, after: float) -> None:
        self._after = after
        self.started_in = 0.0
        self.stuck: set[str] = set()
        self.signed_in = 0
        self.invariants = 0.0

    async def __call__(self, centre: Centre) -> None:
        await asyncio.sleep(self._after)
        await centre.kill()
        await asyncio.sleep(DOWN)
        began = time.monotonic()
        await centre.start()
        self.started_in = time.monotonic() - began
        await asyncio.sleep(SETTLED)
        self.stuck = await stays_stuck(centre)
        self.signed_in = len(await centre.agents())
        self.invariants = (await centre.metrics())["invariants_broken"]


async def run(calls: int, agents: int, every: float) -> tuple[Became, Killing]:
    killing = Killing(calls * every / 2)
    plan = Plan(calls=calls, agents=agents, every=every)
    with tempfile.TemporaryDirectory() as folder, Exchange() as exchange:
        return await day(plan, Path(folder), exchange, killing), killing


def show(became: Became, killing: Killing, agents: int) -> None:
    rows = [
        ("callers", became.calls),
        ("talked to an agent", became.talked),
        ("left by themselves before", became.hung_up),
        ("neither: lost (promise: 0)", len(became.lost)),
        ("of all, taken by the exchange's own queue meanwhile", became.sent_away["fallback"]),
        ("engine ready again after its start, s", f"{killing.started_in:.1f}"),
        (f"agents signed in {SETTLED:g} s after that, of {agents}", killing.signed_in),
        (f"agents stuck {SETTLED:g} s after that (promise: 0)", len(killing.stuck)),
        (f"invariants broken {SETTLED:g} s after that", f"{killing.invariants:g}"),
        ("agents stuck at the end", len(became.stuck)),
        ("invariants found broken since the restart", f"{became.invariants:g}"),
        ("callers with a record", became.recorded),
        ("callers with two", len(became.twice)),
        ("reservations still live in the database", became.live_reservations),
    ]
    for name, value in rows:
        print(f"{name:56} {value}")
    for each in (*became.lost, *sorted(killing.stuck), *sorted(became.stuck)):
        print(f"  ! {each}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--agents", type=int, default=8)
    parser.add_argument("--every", type=float, default=0.4, help="seconds between two callers")
    options = parser.parse_args()
    outcome, recovery = asyncio.run(run(options.calls, options.agents, options.every))
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.2f}")
    show(outcome, recovery, options.agents)
