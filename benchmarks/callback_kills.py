"""Five hundred callbacks are due, and the engine that makes them is killed a hundred times.

    python -m benchmarks.callback_kills [--kills 100] [--callbacks 500] [--seed 1]

``callcenter run`` is a process of its own with SQLite on disk; the simulated exchange is another,
which lives on and writes down every dialling, with the answer to whether its attempt was on the
engine's disk at that moment, and every leg. The engine is started, ended with ``kill -9`` up to two
seconds after it has dialled its first customer (one in four: at a random moment of its start), and
started again at once. Customers answer, are busy, do not answer, decline, or have no such number.
Agents sign in once, at consoles; each restart brings them back. After the last kill the engine is
let alone until every callback is over.

Promises: no callback lost, nobody dialled twice for one attempt, the first customer dialled within
five seconds of a start that has one to dial and an agent for them. Exit code 1 when one is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.kills.exchange import AGENTS
from tests.kills.run import LIMIT, Became, Plan, play


def at(values: Sequence[float], share: float) -> float:
    """The value below which this share of sorted values lies (nearest rank)."""
    return values[min(len(values) - 1, int(share * len(values)))]


def spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    figures = (at(values, 0.5), at(values, 0.9), values[-1])
    return f"{', '.join(f'{one:.1f}' for one in figures)} ({len(values)} starts)"


def show(became: Became) -> bool:
    """Print the table; whether all promises were kept."""
    report, plan = became.report, became.plan
    waited = became.waited()
    late = sum(one > LIMIT for one in waited)
    loads = sorted(one.load for one in became.starts)
    early = sum(one.early for one in became.starts)
    ends = ", ".join(f"{count} {end}" for end, count in report.ends.most_common())
    unlike = ", ".join(f"{count} {how}" for how, count in report.unlike.most_common())
    rows = [
        ("callbacks, agents, kills (of them while starting)",
         f"{plan.callbacks}, {len(AGENTS)}, {len(became.starts)} ({early})"),
        ("callbacks lost: gone, not over, or over without a reason (promise: 0)",
         len(report.lost)),
        ("how they ended", ends),
        ("ended unlike the customer's own doing", unlike or 0),
        ("diallings at the exchange, attempts on disk", f"{report.dialled}, {report.attempts}"),
        ("dialled before the attempt was on disk (promise: 0)", len(report.not_stored)),
        ("dialled twice for one attempt (promise: 0)", len(report.twice)),
        ("two legs to one number at once (promise: 0)", len(report.together)),
        ("attempts stored and never dialled: killed in between", report.silent),
        ("attempts whose end is not stored", len(report.open_attempts)),
        ("agents with two reservations, reservations left over (promise: 0)",
         len(report.reservations)),
        ("dialled again after a talk that ended while no engine ran", len(report.again)),
        ("from the start of the process to the first customer dialled, s: p50, p90, most",
         spread(waited)),
        (f"of these later than {LIMIT:g} s (promise: 0)", late),
        ("to the first order to the exchange (also agents rung), s: p50, p90, most",
         spread(became.ordered())),
        ("to /readyz, s: p50, p90, most",
         spread(sorted(one.ready for one in became.starts if one.ready is not None))),
        ("processor time of the engine until then, s: p50, p90, most",
         spread(sorted(one.cpu for one in became.starts if one.cpu is not None))),
        ("load of the machine: p50, most", f"{at(loads, 0.5):.1f}, {loads[-1]:.1f}"),
        ("all callbacks over", f"after {became.seconds:.0f} s" if became.in_time else "no"),
    ]  # fmt: skip
    for name, value in rows:
        print(f"| {name} | {value} |")
    for each in (*report.broken, *report.again, *report.open_attempts):
        print(f"  ! {each}")
    return not report.broken and not late and became.in_time


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--callbacks", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep database and logs here (empty)")
    options = parser.parse_args()
    plan = Plan(kills=options.kills, callbacks=options.callbacks, seed=options.seed)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.2f}")
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        return 0 if show(asyncio.run(play(plan, options.folder, say))) else 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if show(asyncio.run(play(plan, Path(folder), say))) else 1


if __name__ == "__main__":
    sys.exit(main())
