"""The made-up bank: how fast it is made, and how predictable its callers are.

    python -m benchmarks.population [--people 5000] [--weeks 8] [--seed 7]

Processor seconds of the one thread, peak memory of the process, and what the best and the simplest
predictors would reach over calls of identified customers in the last quarter of the time: the
oracle knows the true distribution of every call; the rule of the latest event says what was usual
in the first three quarters after whatever happened last. Models are measured between the two.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Sequence

from callcenter.demo_people import catalogue_of, pack_of
from callcenter.population import PastCall, Population, generate
from callcenter.settings import Settings

UNTIL = 1_763_769_600.0


def latest_event(population: Population, call: PastCall) -> str | None:
    """What happened last in the person's row or to everybody: an event, a page, a matter, an
    outage. Without the topic of a callback, which a rule of kinds does not know."""
    at = call.contact.at
    row = population.row(call.made.person or "", at)
    found = [(at - one.at, one.kind) for one in row.happenings]
    found += [(at - one.at, f"page {one.page}") for one in row.pages]
    for order in row.orders:
        if order.due is not None and order.state in ("late", "delivered"):
            found.append((at - min(order.due, at), f"order {order.state}"))
        elif order.state in ("open", "shipped"):
            found.append((at - order.placed, "order open"))
    for bill in row.bills:
        if bill.paid is None:
            overdue = bill.due < at
            since = bill.due if overdue else bill.issued
            found.append((at - since, f"bill {'overdue' if overdue else 'due'}"))
    found += [(at - case.opened, f"case {case.reason}") for case in row.cases if not case.closed]
    for promise in row.promises:
        if promise.kept is not True:
            broken = promise.due < at
            since = promise.due if broken else promise.made
            found.append((at - since, f"promise {'broken' if broken else 'open'}"))
    for one in population.conditions_at(at):
        if one.until is None and (one.product is None or one.product in row.products):
            found.append((at - one.since, f"{one.kind} {one.product}"))
    return min(found)[1] if found else None


def ranked(call: PastCall) -> list[str]:
    truth = call.made.truth
    return sorted(truth, key=lambda code: (-truth[code], code))[:3]


def show(name: str, guesses: Sequence[Sequence[str]], calls: Sequence[PastCall]) -> None:
    first = sum(g[:1] == [c.made.reason] for g, c in zip(guesses, calls, strict=True))
    among = sum(c.made.reason in g for g, c in zip(guesses, calls, strict=True))
    print(f"{name:<34}{first / len(calls):>9.1%}{among / len(calls):>9.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--weeks", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    pack = pack_of(Settings())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.process_time()
    bank = generate(
        given.seed, given.people, UNTIL, weeks=given.weeks, catalogue=catalogue_of(pack),
        phrases=pack.asks, outside=pack.outside,
    )  # fmt: skip
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    happened = sum(len(life.happenings) for life in bank.lives)
    spoken = sum(bool(call.made.words) for call in bank.past)
    print(f"people {given.people:,}, weeks {given.weeks:g}, seed {given.seed}")
    print(f"calls {len(bank.past):,}, events {happened:,}, calls with words {spoken:,}")
    print(f"made in {seconds:.1f} s of processor time; peak memory {peak:.0f} MiB, "
          f"{before:.0f} MiB before")  # fmt: skip

    heads = Counter(bank.reasons.catalogue.head_of[call.made.reason] for call in bank.past)
    ten = sum(count for _, count in heads.most_common(10)) / len(bank.past)
    leaves = len({call.made.reason for call in bank.past})
    print(f"ten of {len(heads)} heads have {ten:.1%} of calls; {leaves} leaves were called about\n")

    calls = [call for call in bank.past if call.made.person and call.made.number]
    cut = len(calls) * 3 // 4
    past, tried = calls[:cut], calls[cut:]
    noted = [call for call in past if call.contact.reason]
    overall = [code for code, _ in Counter(c.contact.reason for c in noted).most_common(3) if code]
    after: dict[str | None, Counter[str]] = {}
    for call in noted:
        event = latest_event(bank, call)
        after.setdefault(event, Counter())[call.contact.reason or ""] += 1
    usual = {event: [code for code, _ in seen.most_common(3)] for event, seen in after.items()}
    print(f"{len(tried):,} identified calls" + " " * 15 + f"{'top-1':>9}{'top-3':>9}")
    show("most frequent reason", [overall] * len(tried), tried)
    show(
        "usual after the latest event",
        [usual.get(latest_event(bank, call), overall) for call in tried],
        tried,
    )
    show("oracle", [ranked(call) for call in tried], tried)
    show("oracle, all weeks", [ranked(call) for call in calls], calls)
    show("oracle, strangers and all", [ranked(call) for call in bank.past], bank.past)


if __name__ == "__main__":
    main()
