"""Why the made-up bank's customers call, before a word was said: rules, the trained model, and the
truth, on calls the model never saw.

    python -m benchmarks.reasons [--people 5000] [--seed 23] [--parts table,speed,wrong,change]

The population plays eight weeks. The first three quarters of the time are learned from, with the
reasons that agents noted (2 % of them wrong); the last quarter is tried. The optimum knows what
nobody can: who really calls and the true rate of each of their reasons at that moment. These are
facts about the made-up bank, not about banks: what carries over is the order of the rows, and that
the probabilities are true. Judged for all calls and for those of identified callers, of whom
something is known; by leaf and by head (the sum of its leaves). Seed 23 was never tuned on.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from callcenter.population import NextCall, Population, generate
from callcenter.population.callers import ASTRAY
from callcenter.population.catalogue import Leaf
from callcenter.ports import Condition, Lesson
from intelligence.features import at_serving, features, group_of, is_time
from intelligence.fitting import fit_trees
from intelligence.measures import ece, judge, log_loss, ranked, top_k
from intelligence.mind import Moment, Recognised, recognise
from intelligence.pack import Pack, load_pack
from intelligence.reasons import Reasons
from intelligence.rules import ReasonModel
from intelligence.trees import ReasonTrees
from telephony.numbers import read_number

UNTIL = 1_763_769_600.0
PACK = Path(__file__).parents[1] / "config" / "packs" / "finance.toml"
QUEUES = 3
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Call:
    seen: Recognised
    made: NextCall
    lesson: Lesson
    oracle: Shares


def main() -> None:
    args = _arguments()
    threadpool_limits(1)  # figures are of one thread
    pack = load_pack(PACK)
    population = _population(pack, args.seed, args.people)
    calls = [_call(population, pack, one.made, one.contact.at, one.contact.reason, one.contact.call)
             for one in population.past if one.contact.reason is not None]  # fmt: skip
    first, last = calls[0].lesson.at, calls[-1].lesson.at
    cut = first + 0.75 * (last - first)
    train = [one for one in calls if one.lesson.at < cut]
    test = [one for one in calls if one.lesson.at >= cut]
    print(
        f"\n{args.people} people, {len(calls)} calls in {(last - first) / 86400:.0f} days, "
        f"{len(pack.reason_codes)} reasons under {len(set(pack.head_of.values()))} heads; "
        f"learned from {len(train)}, tried on {len(test)}"
    )
    parts = args.parts.split(",")
    prior = _prior(pack)
    began = time.process_time()
    trees = fit_trees([one.lesson for one in train], pack.head_of, prior, seed=1)
    seconds = time.process_time() - began
    print(f"trained in {seconds:.1f} s of one core: {trees.facts()}")
    if "table" in parts:
        _table(pack, train, test, trees)
    if "speed" in parts:
        _speed(population, pack, test, train, trees)
    if "wrong" in parts:
        _wrong(pack, train, test, trees, prior)
    if "change" in parts:
        _change(pack, calls, population, prior)


def _table(pack: Pack, train: Sequence[Call], test: Sequence[Call], trees: ReasonTrees) -> None:
    rules = _rules(pack, train)
    said: dict[str, list[Shares]] = {
        "most frequent": _constant(train, test, pack),
        "person's usual": _by(train, test, pack, _usual),
        "last reason": _by(train, test, pack, _last),
        "latest-event rule": _by(train, test, pack, _event),
        "rules": [rules.distribution(one.lesson.queue, one.seen.context) for one in test],
        "trained model": [trees.distribution(one.lesson.features) for one in test],
        "optimum": [one.oracle for one in test],
    }
    known = [k for k, one in enumerate(test) if one.seen.identity == "known"]
    heads = {name: [_of_heads(row, pack.head_of) for row in rows] for name, rows in said.items()}
    leaf = [one.made.reason for one in test]
    head = [pack.head_of[code] for code in leaf]
    for who, places in (("all calls", list(range(len(test)))), ("identified callers", known)):
        for level, rows, labels in (("leaves", said, leaf), ("heads", heads, head)):
            _scores(f"{who}, {level}", rows, labels, places)
    noted = judge([ranked(row) for row in said["trained model"]],
                  [one.lesson.reason for one in test], len(pack.reason_codes))  # fmt: skip
    print(f"against what agents noted: top-1 {top_k(noted, 1):.1%}, ECE {ece(noted):.3f}")
    with_words = Counter(
        cause.code.partition(".")[0]
        for one, row in zip(test[:500], said["trained model"], strict=False)
        for cause in trees.why(one.lesson.features, one.seen.causes, max(row, key=row.__getitem__))
    )
    print("facts told for the first reason, in 500 calls:", dict(with_words.most_common()))


def _of_heads(row: Shares, head_of: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for code, share in row.items():
        head = head_of[code]
        found[head] = found.get(head, 0.0) + share
    return found


def _scores(
    title: str, said: Mapping[str, Sequence[Shares]], labels: Sequence[str], places: Sequence[int]
) -> None:
    print(f"\n{title} ({len(places)} calls; against the truth)")
    print(f"{'':18} {'top-1':>7} {'top-3':>7} {'log loss':>9} {'ECE':>6}")
    found = {}
    classes = len(said["optimum"][0])
    for name, rows in said.items():
        judged = judge([ranked(rows[k]) for k in places], [labels[k] for k in places], classes)
        one, three = top_k(judged, 1) or 0.0, top_k(judged, 3) or 0.0
        found[name] = (one, three)
        print(f"{name:18} {one:7.1%} {three:7.1%} {log_loss(judged):9.3f} {ece(judged):6.3f}")
    closed = [
        (ours - rule) / (best - rule)
        for rule, ours, best in zip(
            *(found[name] for name in ("latest-event rule", "trained model", "optimum")),
            strict=True,
        )
    ]
    print(f"of the gap from rule to optimum closed: top-1 {closed[0]:.1%}, top-3 {closed[1]:.1%}")


def _speed(
    population: Population, pack: Pack, test: Sequence[Call], train: Sequence[Call],
    trees: ReasonTrees,
) -> None:  # fmt: skip
    reasons = Reasons(_rules(pack, train), sure=0.15)
    reasons.use(trees)
    took: dict[str, list[float]] = {"features": [], "distribution": [], "why": [], "all": []}
    for one in test[:1500]:
        lesson = one.lesson
        person = one.seen.person
        a = time.process_time()
        found, causes = features(
            one.seen.identity, person, one.made.dialled, lesson.at, population.conditions,
            pack.settled, UTC,
        )  # fmt: skip
        served = at_serving(found, lesson.queue, ())
        b = time.process_time()
        said = reasons.distribution(lesson.queue, lesson.context, served)
        c = time.process_time()
        reasons.told(said, served, causes, queue=lesson.queue, context=lesson.context)
        d = time.process_time()
        for name, value in (
            ("features", b - a), ("distribution", c - b), ("why", d - c), ("all", d - a),
        ):  # fmt: skip
            took[name].append(value * 1000)
    print("\nms of one core for one call")
    for name, values in took.items():
        p50, p99 = np.percentile(values, (50, 99))
        print(f"{name:14} p50 {p50:6.2f}  p99 {p99:6.2f}")
    lessons = [one.lesson for one in train]
    many = [
        replace(lessons[k % len(lessons)], call=f"n{k}") for k in range(10_000)
    ] if len(lessons) < 10_000 else lessons[-10_000:]  # fmt: skip
    began = time.process_time()
    fit_trees(many, pack.head_of, _prior(pack), seed=1)
    print(f"training on 10,000 calls, seconds of one core: {time.process_time() - began:.1f}")


def _wrong(
    pack: Pack, train: Sequence[Call], test: Sequence[Call], trees: ReasonTrees, prior: Shares
) -> None:
    """One label in ten is that of another call."""
    rng = np.random.default_rng(5)
    others = [one.lesson.reason for one in train]
    lessons = [
        replace(one.lesson, reason=others[int(rng.integers(len(others)))])
        if rng.random() < 0.1 else one.lesson
        for one in train
    ]  # fmt: skip
    noisy = fit_trees(lessons, pack.head_of, prior, seed=1)
    labels = [one.made.reason for one in test]
    print("\none label in ten wrong")
    for name, model in (("as noted", trees), ("10 % wrong", noisy)):
        said = [ranked(model.distribution(one.lesson.features)) for one in test]
        judged = judge(said, labels, len(pack.reason_codes))
        print(
            f"{name:12} top-1 {top_k(judged, 1):.1%}  top-3 {top_k(judged, 3):.1%}  "
            f"log loss {log_loss(judged):.3f}  ECE {ece(judged):.3f}"
        )


def _change(pack: Pack, calls: Sequence[Call], population: Population, prior: Shares) -> None:
    """From the day prices change: how near the optimum, for every hundred confirmed calls. The
    condition is not told to the engine, as if nobody had thought of it; nor is it for the rest."""
    change = next(c for c in population.conditions if c.kind == "price_change")
    before = [one for one in calls if one.lesson.at < change.since]
    after = [one for one in calls if one.lesson.at >= change.since][:1500]
    print(f"\nprices change after {len(before)} calls (hits per hundred, optimum in brackets)")
    for name, told in (("condition told", True), ("nobody told", False)):
        for shifting in (True, False):
            reasons = Reasons(_rules(pack, before[:1]), sure=0.15)
            lessons = [_shown(one, told) for one in before]
            reasons.use(fit_trees(lessons[-10_000:], pack.head_of, prior, seed=1))
            rows, fresh = [], 0
            for start in range(0, len(after), 100):
                hits, best, expected = 0, 0, 0.0
                for one in after[start : start + 100]:
                    lesson = _shown(one, told)
                    said = (
                        reasons.distribution(lesson.queue, lesson.context, lesson.features)
                        if shifting or reasons.trees is None
                        else reasons.trees.distribution(lesson.features)
                    )
                    top = max(said, key=said.__getitem__)
                    hits += top == one.made.reason
                    best += max(one.oracle, key=one.oracle.__getitem__) == one.made.reason
                    expected += max(one.oracle.values()) - one.oracle.get(top, 0.0)
                    reasons.learn(lesson.queue, lesson.context, lesson.features, (), lesson.reason)
                    lessons.append(lesson)
                    fresh += 1
                    if fresh % 250 == 0:
                        reasons.use(fit_trees(lessons[-10_000:], pack.head_of, prior, seed=1))
                rows.append(f"{hits}({best}) {expected:.1f}")
            word = "with" if shifting else "without"
            print(f"{name}, {word} shift; regret in points: {' | '.join(rows)}")
    quiet = before[-600:]
    model = fit_trees([one.lesson for one in before[:-600]], pack.head_of, prior, seed=1)
    regret = 0.0
    for one in quiet:
        said = model.distribution(one.lesson.features)
        top = max(said, key=said.__getitem__)
        regret += max(one.oracle.values()) - one.oracle.get(top, 0.0)
    print(f"before the change the regret was {100 * regret / len(quiet):.1f} points")


def _shown(one: Call, told: bool) -> Lesson:
    if told:
        return one.lesson
    kept = tuple(f for f in one.lesson.features if not f[0].startswith("condition.price_change"))
    return replace(one.lesson, features=kept)


def _rules(pack: Pack, train: Sequence[Call]) -> ReasonModel:
    rules = ReasonModel(pack.usual)
    for one in train:
        rules.learn(one.lesson.queue, one.seen.context, one.lesson.reason)
    rules.fit()
    return rules


def _constant(train: Sequence[Call], test: Sequence[Call], pack: Pack) -> list[Shares]:
    shares = _frequencies([one.lesson.reason for one in train], _prior(pack))
    return [shares] * len(test)


def _by(
    train: Sequence[Call], test: Sequence[Call], pack: Pack, key: Callable[[Call], str | None]
) -> list[Shares]:
    """What people of whom ``key`` says the same called for; shrunk to everybody."""
    everybody = _frequencies([one.lesson.reason for one in train], _prior(pack))
    groups: dict[str | None, list[str]] = {}
    for one in train:
        groups.setdefault(key(one), []).append(one.lesson.reason)
    tables = {name: _frequencies(reasons, everybody) for name, reasons in groups.items()}
    return [tables.get(key(one), everybody) for one in test]


def _usual(call: Call) -> str | None:
    shares = [(v, n) for n, v in call.lesson.features if n.startswith("past.")]
    return max(shares)[1] if shares else None


def _last(call: Call) -> str | None:
    return next((n for n, _ in call.lesson.features if n.startswith("last|was.")), None)


def _event(call: Call) -> str | None:
    """The youngest fact of all: a happening, a page, a matter, an unsettled conversation."""
    ages = [
        (value, group_of(name) if group_of(name) != "last" else name)
        for name, value in call.lesson.features
        if is_time(name) and not name.endswith(("|due", "|over"))
        and group_of(name) not in ("before", "bill") and name != "last|age"
        and not (group_of(name) == "last" and name == "last|open")
        and not name.startswith("condition.price")
    ]  # fmt: skip
    return min(ages)[1] if ages else None


def _frequencies(reasons: Sequence[str], prior: Shares, weight: float = 5.0) -> Shares:
    counts = Counter(reasons)
    return {c: (counts[c] + weight * p) / (len(reasons) + weight) for c, p in prior.items()}


def _prior(pack: Pack) -> dict[str, float]:
    total = sum(one.share for one in pack.usual)
    return {one.code: one.share / total for one in pack.usual}


def _population(pack: Pack, seed: int, people: int) -> Population:
    queue = {one.code: one.queue for one in pack.usual}
    share = {one.code: one.share for one in pack.usual}
    catalogue = [
        Leaf(code=code, head=pack.head_of[code], share=share[code], queue=queue[code])
        for code in pack.reason_codes
    ]

    def progress(done: int, of: int) -> None:
        print(f"\rmaking people {done}/{of}", end="", file=sys.stderr, flush=True)

    return generate(seed, people, UNTIL, progress, catalogue=catalogue)


def _call(
    population: Population, pack: Pack, made: NextCall, at: float, noted: str, call: str
) -> Call:
    number = read_number(made.number, "GB")
    people = population.behind(number.readings, at)
    known: tuple[Condition, ...] = population.conditions
    moment = Moment(
        at=at, dialled=made.dialled, conditions=known, settled=pack.settled, zone=UTC
    )  # fmt: skip
    seen = recognise(number, made.name, people, moment)
    lesson = Lesson(
        call=call, at=at, person=seen.person.id if seen.person else None, tier=None, language=None,
        queue=made.queue, context=seen.context, features=at_serving(seen.features, made.queue, ()),
        words=(), reason=noted, outcome="solved", notes="", model=None, shown=(), challengers=(),
    )  # fmt: skip
    return Call(seen, made, lesson, _oracle(pack, made))


def _oracle(pack: Pack, made: NextCall) -> Shares:
    """The true rates, given the queue as well: callers choose it because of the reason."""
    usual = {one.code: one.queue for one in pack.usual}

    def to_queue(code: str) -> float:
        return 1 - ASTRAY if usual.get(code) == made.queue else ASTRAY / (QUEUES - 1)

    weighed = {code: share * to_queue(code) for code, share in made.truth.items()}
    total = math.fsum(weighed.values())
    return {code: value / total for code, value in weighed.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--parts", default="table,speed,wrong,change")
    return parser.parse_args()


if __name__ == "__main__":
    main()
