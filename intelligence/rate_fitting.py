"""Fitting ``Rates`` to confirmed calls. Pure.

Fitted by minorisation-maximisation (Hunter, *MM algorithms for generalized Bradley-Terry models*,
2004): each step shares every call out among the facts that explain it, and divides what a fact
explains by the chances it had. Few calls of a fact say little: what they are about is drawn
towards the heads of these calls (``PULL``), a head's share towards everybody's (``HEAD_PULL``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .facts import BASE, KNOTS, facts_of
from .features import group_of
from .rates import NONE, TINY, Arrays, Entries, Rates, helped_entries, mainly
from .training import Prepared

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

STEPS: Final = 30
PULL: Final = 4.0
HEAD_PULL: Final = 1.0
DISCOUNT: Final = 0.4
"""Calls that a coincidence explains, taken from every pair of a fact and a reason and given to the
reasons of the head alike (absolute discounting, as in language models)."""
SUPPORT: Final = 3
"""A fact present in fewer calls is not learned."""
BASE_WEIGHT: Final = 20.0
"""The pack's shares count as this many calls."""
CHANGED: Final = 2.0
"""Nats that the latest calls must speak for a fact leading elsewhere than it used to."""
FOLLOWS: Final = 2.0
STAYS: Final = 100.0
"""What all lessons say of a fact that changed, and of one that did not, counts as this many calls
beside the latest lessons."""
FLAT: Final = 0.5
"""At every knot, as if so many calls had come at the rate of the knots beside it."""
CHOSEN: Final = ("queue", "path", "dialled")
"""Groups that the caller chooses because of the reason."""
CHOSEN_WEIGHT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Lately:
    """How rates follow a world that changes: by source, what all lessons say of its calls counts as
    ``trust`` calls, beside the latest lessons, of which one counts half after ``half_life``
    seconds."""

    half_life: float
    trust: Floats


class Table:
    """All lessons read once; rates may be fitted on any part of them."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        place = {code: k for k, code in enumerate(prepared.codes)}
        heads = {head: k for k, head in enumerate(prepared.heads)}
        read = [facts_of(lesson.features) for lesson in prepared.lessons]
        times: dict[str, int] = {BASE: SUPPORT}
        law: dict[str, str] = {BASE: BASE}
        for facts in read:
            for fact in facts:
                times[fact.source] = times.get(fact.source, 0) + 1
                law[fact.source] = fact.law
        self.sources = [name for name, count in times.items() if count >= SUPPORT]
        number = {name: k for k, name in enumerate(self.sources)}
        laws = sorted({law[name] for name in self.sources})
        self.law_of = np.array([laws.index(law[name]) for name in self.sources], dtype=np.intp)
        self.laws = len(laws)
        entries = Entries(place, heads)
        for i, facts in enumerate(read):
            entries.add(i, facts, number)
        self.entries = entries.arrays()

    def said(self, rates: Rates, part: Places) -> Floats:
        """log p(reason) of the lessons at ``part`` by rates fitted here."""
        rows = [self.prepared.lessons[i].features for i in part]
        return rates.of(self._entries_of(part), rates.choices(rows))

    def trust(self, steady: Rates, moved: Rates, part: Places) -> Floats:
        """By source, whether it leads elsewhere than it used to: how much likelier the lessons at
        ``part`` are by ``moved`` than they would be were this one source as in ``steady``. Both
        were fitted on other lessons; gives what ``Lately`` asks for."""
        e = self._entries_of(part)
        labels = self.prepared.labels[part]
        own, whole = moved.parts(e, labels)
        own_once, whole_once = steady.parts(e, labels)
        said, rate = (np.bincount(e.row, one, len(part)) for one in (own, whole))
        pairs, place = np.unique(e.row * len(self.sources) + e.source, return_inverse=True)
        row, source = pairs // len(self.sources), pairs % len(self.sources)
        less = said[row] + np.bincount(place, own_once - own)
        lower = rate[row] + np.bincount(place, whole_once - whole)
        now = np.log(np.maximum(said[row], TINY) / np.maximum(rate[row], TINY))
        once = np.log(np.maximum(less, TINY) / np.maximum(lower, TINY))
        gained = np.bincount(source, now - once, len(self.sources))
        return np.where(gained > CHANGED, FOLLOWS, STAYS)

    def _entries_of(self, part: Places) -> Arrays:
        """The entries of the lessons at ``part``, as rows 0, 1, 2 and so on."""
        e = self.entries
        new = np.full(len(self.prepared.lessons), -1, dtype=np.intp)
        new[part] = np.arange(len(part))
        use = np.flatnonzero(new[e.row] >= 0)
        entry = np.full(len(e.row), -1, dtype=np.intp)
        entry[use] = np.arange(len(use))
        done = np.flatnonzero(entry[e.done_entry] >= 0)
        return Arrays(
            new[e.row[use]], e.source[use], e.knot[use], e.value[use], e.target[use],
            entry[e.done_entry[done]], e.done_code[done],
        )  # fmt: skip

    def fit(
        self, part: Places | None = None, lately: Lately | None = None, steps: int = STEPS
    ) -> Rates:
        """Fit on the lessons at ``part`` (places; all of them else), adapted to the last."""
        every = np.arange(len(self.prepared.lessons))
        return Fits(self, every if part is None else part, steps).rates(lately)


class Fits:
    """Rates fitted on some lessons, at several paces for little more than the price of one."""

    def __init__(self, table: Table, part: Places, steps: int = STEPS) -> None:
        made = table.prepared
        self._table = table
        self._weights = np.zeros(len(made.lessons))
        self._weights[part] = made.weights[part]
        self._fitting = Fitting(table, self._weights)
        self._fitting.run(steps)
        times = np.array([lesson.at for lesson in made.lessons])
        self._ages = np.maximum(times[part].max() - times, 0.0)
        self._chosen = _chosen(made, part)
        self._start = self._fitting.shares, self._fitting.same

    def rates(self, lately: Lately | None = None) -> Rates:
        """Adapted to the last lessons, or as all of them are."""
        made, table, fitting = self._table.prepared, self._table, self._fitting
        fitting.shares, fitting.same = self._start
        if lately is not None:
            fitting.adapt(self._weights * 0.5 ** (self._ages / lately.half_life), lately.trust)
        chosen, given = self._chosen
        return Rates(
            made.codes, made.heads, made.head_of, fitting.within, table.sources,
            fitting.shares, fitting.same, fitting.law.reshape(table.laws, len(KNOTS)),
            table.law_of, fitting.helped, chosen, given,
        )  # fmt: skip


class Fitting:
    """The steps. Arrays are by entry of the calls that count."""

    def __init__(self, table: Table, weights: Floats) -> None:
        made, e = table.prepared, table.entries
        self.codes, self.size = len(made.codes), len(table.sources)
        self.n, self.head_of, self.heads = len(made.lessons), made.head_of, len(made.heads)
        shares = np.bincount(made.labels, weights, self.codes) + BASE_WEIGHT * made.prior
        self.overall = shares / shares.sum()
        of_head = np.bincount(self.head_of, self.overall, self.heads)
        self.within = self.overall / of_head[self.head_of]
        self.keep = np.flatnonzero(weights[e.row] > 0)
        new = np.full(len(e.row), -1, dtype=np.intp)
        new[self.keep] = np.arange(len(self.keep))
        done = new[e.done_entry] >= 0
        self.done_entry, self.done_code = new[e.done_entry[done]], e.done_code[done]
        self.row, self.source = e.row[self.keep], e.source[self.keep]
        self.value, target = e.value[self.keep], e.target[self.keep]
        self.cell = table.law_of[self.source] * len(KNOTS) + e.knot[self.keep]
        self.cells = table.laws * len(KNOTS)
        label = made.labels[self.row]
        self.pair = self.source * self.codes + label
        self.named = np.flatnonzero(target != NONE)
        to, right = target[self.named], label[self.named]
        leaf = to >= 0
        head = np.where(leaf, self.head_of[np.maximum(to, 0)], -2 - to)
        near = (head == self.head_of[right]) * self.within[right]
        self.exact = np.where(leaf, to == right, near)
        self.near = near
        self.weights = weights
        self.shares = np.tile(0.3 * self.overall, (self.size, 1))
        self.shares[0] = self.overall
        self.same = np.zeros((self.size, 2))
        self.same[np.unique(self.source[self.named])] = 0.5, 0.05
        self.law, self.helped = np.ones(self.cells), 0.3
        self.damped = np.zeros(len(self.keep), dtype=np.bool_)
        self._prior: tuple[Floats, Floats] = (np.full(self.size, PULL), np.zeros((0, 0)))
        self._before: tuple[Floats, Floats] | None = None

    def run(self, steps: int) -> None:
        for step in range(steps):
            if step in (5, 12, 20):
                self._find_damped()
            self._step(laws=step >= 2)

    def adapt(self, weights: Floats, trust: Floats, steps: int = 6) -> None:
        """Other weights; what was found of a source counts as ``trust`` calls. Laws stay."""
        self.weights = weights
        own = self.shares.sum(axis=1)
        self._prior = (trust, self.shares / np.maximum(own, TINY)[:, None])
        self._before = own, self.same
        for _ in range(steps):
            self._step(laws=False)

    def _find_damped(self) -> None:
        self.damped[:] = False
        main = mainly(self.shares)
        self.damped[helped_entries(main, self.source, self.done_entry, self.done_code)] = True

    def _step(self, laws: bool) -> None:
        fade = np.where(self.damped, self.helped, 1.0)
        plain = self.value * fade
        strength = plain * self.law[self.cell]
        total = self.shares.sum(axis=1) + self.same.sum(axis=1)
        # A named reason's part that everybody of the head shares is within the head's rate.
        may = strength * total[self.source]
        own = strength * self.shares.ravel()[self.pair]
        weight = self.same[self.source[self.named]]
        exact = strength[self.named] * weight[:, 0] * self.exact
        near = strength[self.named] * weight[:, 1] * self.near
        whole = np.bincount(self.row, may, self.n)
        said = np.bincount(self.row, own, self.n)
        said += np.bincount(self.row[self.named], exact + near, self.n)
        per = self.weights / np.maximum(said, TINY)
        chance = (self.weights / np.maximum(whole, TINY))[self.row]
        own *= per[self.row]
        exact *= per[self.row[self.named]]
        near *= per[self.row[self.named]]
        explained = own.copy()
        explained[self.named] += exact + near
        if laws:
            self._laws(explained, plain * total[self.source] * chance)
            if self.damped.any():
                d = self.damped
                most = (strength / fade * total[self.source] * chance)[d].sum()
                self.helped = float(np.clip((explained[d].sum() + 1) / (most + 3), 0.01, 1.0))
        had = np.bincount(self.source, strength * chance, self.size) + 1.0
        had[0] += BASE_WEIGHT
        credit: Floats = np.bincount(self.pair, own, self.size * self.codes).astype(np.float64)
        credit = credit.reshape(self.size, self.codes)
        credit[0] += BASE_WEIGHT * self.overall
        calls = credit.sum(axis=1)
        place = self.source[self.named]
        again = np.stack(
            [np.bincount(place, exact, self.size), np.bincount(place, near, self.size)], axis=1
        )
        came = calls
        if self._before is not None:
            # As if so many calls had come at the rate of before.
            own_before, same_before = self._before
            had_before = self._prior[0] / np.maximum(own_before + same_before.sum(axis=1), TINY)
            came, had = calls + had_before * own_before, had + had_before
            again = again + had_before[:, None] * same_before
        self.shares = self._smoothed(credit, calls) * (came / had)[:, None]
        self.same = again / had[:, None]
        scale = self.shares[0].sum()
        self.shares /= scale
        self.same /= scale

    def _smoothed(self, credit: Floats, calls: Floats) -> Floats:
        """What the calls of each source are about; rows sum to 1."""
        pull, found = self._prior
        if not found.size:
            by_head = np.zeros((self.size, self.heads))
            for k in range(self.heads):
                by_head[:, k] = credit[:, self.head_of == k].sum(axis=1)
            everybody = np.bincount(self.head_of, self.overall, self.heads)
            by_head = (by_head + HEAD_PULL * everybody) / (calls + HEAD_PULL)[:, None]
            found = by_head[:, self.head_of] * self.within
        kept = np.maximum(credit - DISCOUNT, 0.0)
        spread = calls - kept.sum(axis=1) + pull
        smooth: Floats = (kept + spread[:, None] * found) / (calls + pull)[:, None]
        return smooth

    def _laws(self, explained: Floats, chances: Floats) -> None:
        came = np.bincount(self.cell, explained, self.cells)
        had = np.bincount(self.cell, chances, self.cells)
        # ``had`` is what would come with a law of 1 everywhere.
        logs = np.log(self.law).reshape(-1, len(KNOTS))
        beside = np.pad(logs, ((0, 0), (1, 1)), mode="edge")
        smooth = np.exp((beside[:, :-2] + beside[:, 2:]) / 2).ravel()
        self.law = np.maximum((came + FLAT) / (had + FLAT / smooth), TINY)


def _chosen(prepared: Prepared, part: Places) -> tuple[list[str], Floats]:
    """log p(choice | reason) for every choice seen, smoothed by the head's and by everybody's."""
    codes, heads = len(prepared.codes), len(prepared.heads)
    seen: dict[str, Floats] = {}
    totals = {group: np.zeros(codes) for group in CHOSEN}
    for i in part.tolist():
        label, weight = prepared.labels[i], prepared.weights[i]
        for name, _ in prepared.lessons[i].features:
            group = group_of(name)
            if group in totals:
                seen.setdefault(name, np.zeros(codes))[label] += weight
                totals[group][label] += weight
    names, logs = sorted(seen), []
    for name in names:
        counts, whole = seen[name], totals[group_of(name)]
        overall = counts.sum() / whole.sum()
        by_head = np.bincount(prepared.head_of, counts, heads)
        of_head = np.bincount(prepared.head_of, whole, heads)
        head = (by_head + CHOSEN_WEIGHT * overall) / (of_head + CHOSEN_WEIGHT)
        share = (counts + CHOSEN_WEIGHT * head[prepared.head_of]) / (whole + CHOSEN_WEIGHT)
        logs.append(np.log(share))
    return names, np.array(logs).reshape(len(names), codes)
