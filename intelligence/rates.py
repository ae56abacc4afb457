"""Competing causes: every fact makes a person call for some reasons, each at a rate that changes
with the fact's age, and the likely reason is the one with the largest share of all rates. Pure.

    rate(r | x) = sum over facts f of law[f](age) * helped * S[f, r]
    p(r | x)    = rate(r | x) / sum of all rates

``S`` says what calls of a fact are about, ``law`` how their number changes with its age (straight
lines between knots), ``helped`` what is left once the person was helped with what the fact is
mostly about. Facts that name a reason (a case, an unsettled conversation, a callback's topic) share
one law and one weight for "the same again", learned from all reasons together: that is what makes
it good for 200 reasons, most of them rare.

The queue and the way through the menu are chosen because of the reason, so they enter by Bayes'
rule: p(r | x, q) is proportional to p(r | x) * p(q | r) (as in ``rules``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Features

from .facts import BASE, KNOTS, Fact, facts_of, hat
from .features import group_of

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

MAINLY: Final = 0.2
"""Much of what a fact's calls are about: who was helped with it calls less."""
TINY: Final = 1e-12


class Rates:
    """Fitted rates. Shapes: ``shares`` sources by codes, ``same`` sources by 2 (weight of the very
    reason and of its head), ``laws`` laws by knots, ``law_of`` and ``mainly`` by source."""

    def __init__(
        self, codes: Sequence[str], heads: Sequence[str], head_of: Places, within: Floats,
        sources: Sequence[str], shares: Floats, same: Floats, laws: Floats, law_of: Places,
        helped: float, chosen: Sequence[str], given: Floats,
    ) -> None:  # fmt: skip
        self.codes, self.heads = tuple(codes), tuple(heads)
        self.head_of, self.within = head_of, within
        self.sources, self.shares, self.same = tuple(sources), shares, same
        self.laws, self.law_of, self.helped = laws, law_of, helped
        self.chosen, self.given = tuple(chosen), given
        self._source = {name: k for k, name in enumerate(self.sources)}
        self._choice = {name: k for k, name in enumerate(self.chosen)}
        self._place = {code: k for k, code in enumerate(self.codes)}
        self._head = {head: k for k, head in enumerate(self.heads)}
        self._mainly = mainly(shares)
        self._flat = laws.ravel()
        self._spread = np.zeros((len(heads), len(codes)))
        self._spread[head_of, np.arange(len(codes))] = within

    def log_shares(self, rows: Sequence[Features]) -> Floats:
        """log p(reason) of each row, normalised."""
        found = Entries(self._place, self._head)
        for i, row in enumerate(rows):
            found.add(i, facts_of(row), self._source)
        return self.of(found.arrays(), self.choices(rows))

    def choices(self, rows: Sequence[Features]) -> Floats:
        """log p(what each caller chose | reason), up to what is common to all reasons."""
        given = np.zeros((len(rows), len(self.codes)))
        for i, row in enumerate(rows):
            for name, _ in row:
                choice = self._choice.get(name)
                if choice is not None:
                    given[i] += self.given[choice]
        return given

    def left_out(self, features: Features, groups: Sequence[str]) -> Floats:
        """log p(reason) of the features, then without each of the groups. Rates add up, so what a
        group adds is worked out once and taken away again."""
        row_of = {group: i for i, group in enumerate(groups, start=1)}
        facts: list[list[Fact]] = [[] for _ in range(len(groups) + 1)]
        for fact in facts_of(features):
            facts[row_of.get(fact.group, 0)].append(fact)
        found = Entries(self._place, self._head)
        for i, some in enumerate(facts):
            found.add(i, some, self._source, base=i == 0)
        rates = self._sums(found.arrays(), len(facts))
        whole = rates.sum(axis=0)
        rates[0] = 0.0
        given = np.repeat(self.choices([features]), len(facts), axis=0)
        for name, _ in features:
            choice, row = self._choice.get(name), row_of.get(group_of(name))
            if choice is not None and row is not None:
                given[row] -= self.given[choice]
        return self._normal(whole - rates, given)

    def parts(self, e: Arrays, labels: Places) -> tuple[Floats, Floats]:
        """By entry: its rate of what the call of its row was for (``labels``, by row), and of
        everything."""
        label, strength = labels[e.row], self._strength(e)
        named, leaf = e.target != NONE, e.target >= 0
        head = np.where(leaf, self.head_of[np.maximum(e.target, 0)], -2 - e.target)
        near = named * (head == self.head_of[label]) * self.within[label]
        exact = np.where(leaf, e.target == label, near)
        same = self.same[e.source]
        own = self.shares[e.source, label] + exact * same[:, 0] + near * same[:, 1]
        whole = self.shares.sum(axis=1)[e.source] + named * same.sum(axis=1)
        return strength * own, strength * whole

    def of(self, e: Arrays, given: Floats) -> Floats:
        return self._normal(self._sums(e, len(given)), given)

    def _normal(self, rates: Floats, given: Floats) -> Floats:
        return normalised(np.log(np.maximum(rates, TINY)) + given)

    def _strength(self, e: Arrays) -> Floats:
        """By entry, how much of the source's rate there is."""
        strength: Floats = e.value * self._flat[self.law_of[e.source] * len(KNOTS) + e.knot]
        if len(e.done_entry):
            hit = helped_entries(self._mainly, e.source, e.done_entry, e.done_code)
            strength[np.unique(hit)] *= self.helped
        return strength

    def _sums(self, e: Arrays, n: int) -> Floats:
        """The rates of all reasons, of each of ``n`` rows."""
        size = len(self.sources)
        strength = self._strength(e)
        weights = np.bincount(e.row * size + e.source, strength, n * size).reshape(n, size)
        rates = weights @ self.shares
        named = np.flatnonzero(e.target != NONE)
        to, row, own = e.target[named], e.row[named], strength[named]
        weight = self.same[e.source[named]]
        leaf = to >= 0
        codes, heads = len(self.codes), len(self.heads)
        rates += np.bincount(
            row[leaf] * codes + to[leaf], own[leaf] * weight[leaf, 0], n * codes
        ).reshape(n, codes)
        head = np.where(leaf, self.head_of[np.maximum(to, 0)], -2 - to)
        by_head = np.bincount(
            row * heads + head, own * np.where(leaf, weight[:, 1], weight.sum(axis=1)), n * heads
        ).reshape(n, heads)
        rates += by_head @ self._spread
        summed: Floats = rates
        return summed


NONE: Final = -1


def normalised(logs: Floats) -> Floats:
    """Log-probabilities that sum to 1 over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    whole: Floats = logs - top - np.log(np.exp(logs - top).sum(axis=-1, keepdims=True))
    return whole


def mainly(shares: Floats) -> NDArray[np.bool_]:
    """What the calls of each source are mostly about."""
    total = shares.sum(axis=1, keepdims=True)
    found: NDArray[np.bool_] = shares >= MAINLY * np.maximum(total, TINY)
    return found


def helped_entries(main: NDArray[np.bool_], source: Places, entry: Places, code: Places) -> Places:
    """Entries after which the person was helped with what they are mostly about."""
    about = (code == NONE) | main[source[entry], np.maximum(code, 0)]
    found: Places = entry[about]
    return found


@dataclass(frozen=True, slots=True)
class Arrays:
    """One entry for each fact and knot: of which call, how much, and the reason it names (a code,
    -2 - head, or ``NONE``). ``done_*``: entries after which the person was helped with a code
    (``NONE``: with the reason the entry names)."""

    row: Places
    source: Places
    knot: Places
    value: Floats
    target: Places
    done_entry: Places
    done_code: Places


class Entries:
    """Facts of many calls as they are read."""

    def __init__(self, place: Mapping[str, int], heads: Mapping[str, int]) -> None:
        self._place, self._heads = place, heads
        self._found: list[tuple[int, int, int, float, int]] = []
        self._done: list[tuple[int, int]] = []

    def add(
        self, row: int, facts: Sequence[Fact], sources: Mapping[str, int], base: bool = True
    ) -> None:
        """Facts of sources that are not known are passed over. ``base``: with what makes everybody
        call."""
        found, done = self._found, self._done
        everybody = sources.get(BASE) if base else None
        if everybody is not None:
            found.append((row, everybody, 0, 1.0, NONE))
        for fact in facts:
            source = sources.get(fact.source)
            if source is None:
                continue
            target = NONE
            if fact.named:
                target = self._place.get(fact.named, NONE)
                if target == NONE and fact.named in self._heads:
                    target = -2 - self._heads[fact.named]
            if fact.age is None:
                found.append((row, source, 0, fact.value, target))
                continue
            codes = [self._place[one] for one in fact.done if one in self._place]
            if fact.named:
                codes = [NONE] if fact.named in fact.done else []
            for knot, part in hat(fact.age):
                done.extend((len(found), code) for code in codes)
                found.append((row, source, knot, part, target))

    def arrays(self) -> Arrays:
        columns = list(zip(*self._found, strict=True)) or [()] * 5
        done = np.array(self._done, dtype=np.intp).reshape(-1, 2)
        row, source, knot, target = (
            np.array(columns[k], dtype=np.intp) for k in (0, 1, 2, 4)
        )  # fmt: skip
        return Arrays(
            row,
            source,
            knot,
            np.array(columns[3], dtype=np.float64),
            target,
            done[:, 0],
            done[:, 1],
        )
