"""Seeded chaos: the engine's core on a fake clock against the simulated exchange.

    python -m tests.chaos --seeds 1000

One seed is one small centre for some minutes of simulated time: people call, agents work, packets
get lost, the line breaks, the exchange and the engine die. The floor's invariants are checked all
the time, and at the end its figures are compared with what really happened (truth.py says which of
them must be exact under which fault). No loop, no thread, no clock: a seed gives the same run on
every machine. Prints the figures, and each failing seed with the way to repeat it alone.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import time
from collections import Counter
from functools import partial

from tests.chaos.plan import plan
from tests.chaos.run import Report, play


def one(seed: int, *, calls: int, every: int, engine: bool) -> Report:
    """Play a seed; an exception is a finding like any other."""
    try:
        return play(plan(seed, calls, engine=engine), every=every)
    except Exception as problem:  # an edge: the other seeds go on, this one is reported
        trace = problem.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        return Report(seed, problems=[f"{type(problem).__name__}: {problem} ({where})"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--calls", type=int, default=110, help="calls a seed (default 110)")
    parser.add_argument("--every", type=int, default=4, help="check invariants every n-th event")
    parser.add_argument("--observe", action="store_true", help="the exchange distributes")
    parser.add_argument("--processes", type=int, default=None, help="default: one a core")
    parser.add_argument("--show", type=int, default=3, help="problems shown of a failing seed")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # trouble is what this is about
    seeds = range(options.first, options.first + options.seeds)
    work = partial(one, calls=options.calls, every=options.every, engine=not options.observe)
    began, reports = time.monotonic(), []
    with multiprocessing.Pool(options.processes) as pool:
        for report in pool.imap_unordered(work, seeds, chunksize=4):
            reports.append(report)
            if report.problems:
                print(f"seed {report.seed}: {len(report.problems)} problems", flush=True)
                for words in report.problems[: options.show]:
                    print(f"    {words[:400]}")
                again = " --observe" if options.observe else ""
                print(
                    f"  again: python -m tests.chaos --first {report.seed} --seeds 1 --every 1"
                    f" --calls {options.calls}{again}",
                    flush=True,
                )
    _summary(reports, time.monotonic() - began)
    return int(any(report.problems for report in reports))


def _summary(reports: list[Report], seconds: float) -> None:
    calls = sum(report.calls for report in reports)
    cpu = sum(report.cpu for report in reports)
    failed = sum(bool(report.problems) for report in reports)
    print(
        f"{len(reports)} seeds, {calls} calls ({sum(r.offered for r in reports)} in queues), "
        f"{sum(r.events for r in reports)} events, {sum(r.lost for r in reports)} packets lost, "
        f"{sum(r.restarts for r in reports)} cuts and restarts"
    )
    controls: Counter[tuple[str, bool]] = Counter()
    for report in reports:
        controls.update(report.controls)
    done = sum(count for (_, ok), count in controls.items() if ok)
    print(
        f"{sum(r.promises for r in reports)} promises scored, {done} of {controls.total()} wishes "
        f"about calls carried out, {sum(r.restored for r in reports)} wrap-ups outlived an engine"
    )
    back: Counter[str] = Counter()
    for report in reports:
        back.update(report.callbacks)
    dialled, changed = back.pop("dialled", 0), back.pop("changed", 0)
    ends = ", ".join(f"{count} {end}" for end, count in back.most_common())
    print(f"{back.total()} callbacks, {dialled} dialled, {changed} changed from outside: {ends}")
    print(f"{seconds:.0f} s, {cpu:.0f} s of CPU, {cpu / max(calls, 1) * 1e3:.2f} ms of it a call")
    print(f"{failed} seeds failed")


if __name__ == "__main__":
    sys.exit(main())
