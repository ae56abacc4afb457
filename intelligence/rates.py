"""Competing causes: every fact makes a person call for some reasons, each at a rate that changes
with the fact's age, and the likely reason is the one with the largest share of all rates. Pure.

    rate(r | x) = sum over atoms a of x_a * theta[a, r],   p(r | x) = rate(r | x) / sum of all rates

An atom is a feature (a time is spread over a few knots, so that a rate may fade), the caller as
such, or a family of features that name a reason themselves (the last conversation was about fees):
a family has one weight for "the same reason again", learned from all reasons together. That is what
makes it good for 200 reasons, most of them rare: the person's own facts name the rare one.

theta >= 0 is fitted by minorisation-maximisation (Hunter, MM algorithms for generalized
Bradley-Terry models, 2004): each step divides the calls that a pair (atom, reason) explains by the
chances it had,

    theta[a, r] <- (explained[a, r] - DISCOUNT) / (BETA + sum over calls with a of x_a / Z)

The discount takes pairs away that a coincidence would explain (absolute discounting, as in language
models); what is taken away falls to the pair (atom, head of r) and to the base rates.

The queue and the way through the menu are chosen because of the reason, so they enter by Bayes'
rule: p(r | x, q) is proportional to p(r | x) * p(q | r) (as in ``rules``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Features

from .features import group_of, is_time
from .training import Prepared

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

KNOTS: Final = np.log1p(np.array([0.0, 0.25, 1.0, 3.0, 8.0, 24.0, 72.0, 168.0, 336.0, 1440.0]))
"""Hours at which rates are free; straight lines between, in log(1 + hours)."""
_KNOTS: Final[list[float]] = KNOTS.tolist()
STEPS = 25
DISCOUNT = 0.2
BETA = 1.0
BASE_WEIGHT = 20.0
"""The pack's shares count as this many calls."""
SUPPORT = 3.0
"""An atom present in fewer calls is not learned."""
CHOSEN = ("queue", "path", "dialled")
"""Groups that the caller chooses because of the reason."""
CHOSEN_WEIGHT = 10.0
LEFT_OUT = frozenset({"hour", "weekday", "contacts", "tenure", *CHOSEN})
"""No cause of calls by themselves; the trees look at them."""
BASE = "base"
FAMILY = "="
"""Begins the name of a family's atom."""


def entries(
    name: str, value: float, place: Mapping[str, int], heads: Mapping[str, int]
) -> Iterator[tuple[str, float, int]]:
    """Atoms of one feature: (atom, how much of it, target).

    The target is -1 for an atom that leads to any reason; for a family's, the place of the reason
    the feature names, or -2 - the place of a head.
    """
    group, _, what = name.partition("|")
    if group in LEFT_OUT or (what.startswith("n") and what[1:2] in ("", "7", "3", "_")):
        return
    if is_time(name):
        parts = [(f"#{k}", part) for k, part in _hat(value)]
    else:
        parts = [("", max(0.0, value))]
    family, named = _named(group, what)
    target = place.get(named, -1)
    if target < 0 and named in heads:
        target = -2 - heads[named]
    for suffix, part in parts:
        if part > 0:
            yield name + suffix, part, -1
            if target != -1:
                yield FAMILY + family + suffix, part, target


def _hat(value: float) -> Iterator[tuple[int, float]]:
    last = len(_KNOTS) - 1
    k = min(bisect_right(_KNOTS, value) - 1, last)
    if k < 0:
        yield 0, 1.0
    elif k >= last:
        yield last, 1.0
    else:
        part = (value - _KNOTS[k]) / (_KNOTS[k + 1] - _KNOTS[k])
        yield k, 1.0 - part
        yield k + 1, part


def _named(group: str, what: str) -> tuple[str, str]:
    """The family of a feature, and the reason, head or topic it names ("" for none)."""
    kind, dot, rest = group.partition(".")
    head, dot_too, tail = what.partition(".")
    if dot_too and head in ("was", "open", "topic"):
        return f"{kind}|{head}", tail
    if dot and kind in ("past", "case", "page"):
        return f"{kind}|{what}", rest.replace("-", "_")  # pages are written with -
    return "", ""


@dataclass(frozen=True, slots=True)
class Lately:
    """How rates follow a world that changes: what all lessons say counts as ``trust`` calls of each
    atom, beside the latest lessons, of which one counts half after ``half_life`` seconds."""

    half_life: float
    trust: float


class Rates:
    """Fitted rates: ``theta`` (atoms by reasons) and the shares of what callers choose."""

    def __init__(
        self, codes: Sequence[str], heads: Sequence[str], head_of: Places, within: Floats,
        atoms: Sequence[str], theta: Floats, chosen: Sequence[str], given: Floats,
    ) -> None:  # fmt: skip
        self.codes, self.heads = tuple(codes), tuple(heads)
        self.head_of, self.within = head_of, within
        self.atoms, self.theta = tuple(atoms), theta
        self.chosen, self.given = tuple(chosen), given
        self._atom = {name: k for k, name in enumerate(self.atoms)}
        self._choice = {name: k for k, name in enumerate(self.chosen)}
        self._place = {code: k for k, code in enumerate(self.codes)}
        self._head = {head: k for k, head in enumerate(self.heads)}
        self._spread = np.zeros((len(heads), len(codes)))
        self._spread[head_of, np.arange(len(codes))] = within

    def log_shares(self, features: Features) -> Floats:
        """log p(reason), normalised."""
        rows, parts = [self._atom[BASE]], [1.0]
        same: list[tuple[int, float]] = []
        log_given = np.zeros(len(self.codes))
        for name, value in features:
            choice = self._choice.get(name)
            if choice is not None:
                log_given += self.given[choice]
            for atom, part, target in entries(name, value, self._place, self._head):
                k = self._atom.get(atom)
                if k is None:
                    continue
                if target == -1:
                    rows.append(k)
                    parts.append(part)
                else:
                    same.append((target, part * float(self.theta[k, 0])))
        rates = np.array(parts) @ self.theta[rows]
        for target, rate in same:
            if target >= 0:
                rates[target] += rate
            else:
                rates += rate * self._spread[-2 - target]
        return normalised(np.log(rates) + log_given)


def normalised(logs: Floats) -> Floats:
    """Log-probabilities that sum to 1 over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    whole: Floats = logs - top - np.log(np.exp(logs - top).sum(axis=-1, keepdims=True))
    return whole


def fit_rates(
    prepared: Prepared, part: Places | None = None, lately: Lately | None = None,
    steps: int = STEPS, discount: float = DISCOUNT,
) -> Rates:  # fmt: skip
    """Fit on the lessons at ``part`` (places; all without it), and adapt to the last of them."""
    part = np.arange(len(prepared.lessons)) if part is None else part
    labels, weights = prepared.labels[part], prepared.weights[part]
    codes, heads, head_of = prepared.codes, prepared.heads, prepared.head_of
    shares = (
        np.bincount(labels, weights, len(codes)) + BASE_WEIGHT * prepared.prior
    ) / (weights.sum() + BASE_WEIGHT)  # fmt: skip
    within = shares / np.bincount(head_of, shares, len(heads))[head_of]
    table = _Table(prepared, part, within)
    table.fit(shares, discount, steps, weights)
    if lately is not None:
        ages = prepared.lessons[int(part.max())].at - np.array(
            [prepared.lessons[i].at for i in part.tolist()]
        )
        table.adapt(discount, steps, 0.5 ** (ages / lately.half_life), lately.trust)
    theta, by_head = table.pairs()
    dense = np.zeros((len(table.atoms), len(codes)))
    dense[table.leaf_atom, table.leaf_code] = theta
    for atom, head, rate in by_head:
        members = np.flatnonzero(head_of == head)
        dense[atom, members] += rate * within[members]
    for k, rate in table.family_rates():
        dense[k, :] = 0.0
        dense[k, 0] = rate
    chosen, given = _chosen(prepared, part)
    return Rates(codes, heads, head_of, within, table.atoms, dense, chosen, given)


class _Table:
    """The lessons as sparse arrays: what each atom had the chance to explain, and what it may."""

    def __init__(self, prepared: Prepared, part: Places, within: Floats) -> None:
        place = {code: k for k, code in enumerate(prepared.codes)}
        head_place = {head: k for k, head in enumerate(prepared.heads)}
        number: dict[str, int] = {BASE: 0}
        rows, atoms, values, targets = [], [], [], []
        for i, lesson in enumerate(part.tolist()):
            rows.append(i)
            atoms.append(0)
            values.append(1.0)
            targets.append(-1)
            for name, given in prepared.lessons[lesson].features:
                for entry, share, towards in entries(name, given, place, head_place):
                    rows.append(i)
                    atoms.append(number.setdefault(entry, len(number)))
                    values.append(share)
                    targets.append(towards)
        row, atom = np.array(rows, dtype=np.intp), np.array(atoms, dtype=np.intp)
        value, target = np.array(values), np.array(targets, dtype=np.intp)
        support = np.bincount(atom, value > 0, len(number))
        kept = np.flatnonzero(support >= SUPPORT)
        new = np.full(len(number), -1, dtype=np.intp)
        new[kept] = np.arange(len(kept))
        names = list(number)
        self.atoms = [names[k] for k in kept]
        use = new[atom] >= 0
        self.row, self.atom = row[use], new[atom][use]
        self.value, self.target = value[use], target[use]
        self.n = len(part)
        label = prepared.labels[part][self.row]
        head = prepared.head_of[label]
        codes, heads = len(prepared.codes), len(prepared.heads)
        plain = self.target == -1
        base = self.atom == 0
        # Pairs (atom, reason) and (atom, head) that occur; the base has every reason.
        leaf_key = self.atom[plain] * codes + label[plain]
        pairs = np.unique(np.concatenate([np.arange(codes), leaf_key]))
        self.leaf_atom, self.leaf_code = pairs // codes, pairs % codes
        wide = plain & ~base
        head_key = self.atom[wide] * heads + head[wide]
        head_pairs = np.unique(head_key)
        self.head_atom, self.head_place = head_pairs // heads, head_pairs % heads
        hit = (self.target == label) | (self.target == -2 - head)
        self.families = np.unique(self.atom[~plain])
        family = np.searchsorted(self.families, self.atom[hit])
        self.pair = np.concatenate(
            [
                np.searchsorted(pairs, leaf_key),
                len(pairs) + np.searchsorted(head_pairs, head_key),
                len(pairs) + len(head_pairs) + family,
            ]
        )
        spread = np.where(self.target[hit] >= 0, 1.0, within[label[hit]])
        self.explains = np.concatenate(
            [self.value[plain], self.value[wide] * within[label[wide]], self.value[hit] * spread]
        )
        self.explained_row = np.concatenate([self.row[plain], self.row[wide], self.row[hit]])
        self.owner = np.concatenate([self.leaf_atom, self.head_atom, self.families])
        self._theta = np.zeros(0)

    def fit(self, shares: Floats, discount: float, steps: int, weights: Floats) -> None:
        base = self.owner == 0
        start = np.full(len(self.owner), 0.05)
        start[base] = shares
        alpha = np.full(len(self.owner), -discount)
        alpha[base] = BASE_WEIGHT * shares
        beta = np.where(np.arange(len(self.atoms)) == 0, BASE_WEIGHT, BETA)
        self._theta = self._steps(start, alpha, beta, steps, weights)

    def adapt(self, discount: float, steps: int, weights: Floats, trust: float) -> None:
        """Fit again with other weights; what was found counts as ``trust`` calls of each atom."""
        beta = np.full(len(self.atoms), trust)
        beta[0] = max(trust, BASE_WEIGHT)
        alpha = beta[self.owner] * self._theta - np.where(self.owner == 0, 0.0, discount)
        start = self._theta + np.where(self.owner == 0, 0.0, 0.01)
        self._theta = self._steps(start, alpha, beta, steps, weights)

    def _steps(
        self, theta: Floats, alpha: Floats, beta: Floats, steps: int, weights: Floats
    ) -> Floats:
        row_weight = weights[self.row] * self.value
        for _ in range(steps):
            rate = np.bincount(self.owner, theta, len(self.atoms))
            whole = np.bincount(self.row, self.value * rate[self.atom], self.n)
            own = self.explains * theta[self.pair]
            said = np.bincount(self.explained_row, own, self.n)
            credit = own * (weights / said)[self.explained_row]
            explained = np.bincount(self.pair, credit, len(self.owner))
            chances = np.bincount(self.atom, row_weight / whole[self.row], len(self.atoms))
            theta = np.maximum(explained + alpha, 0.0) / (beta + chances)[self.owner]
        return theta

    def pairs(self) -> tuple[Floats, list[tuple[int, int, float]]]:
        """Rates of the pairs (atom, reason), and (atom, head, rate)."""
        leaves, heads = len(self.leaf_atom), len(self.head_atom)
        by_head = zip(
            self.head_atom.tolist(), self.head_place.tolist(),
            self._theta[leaves : leaves + heads].tolist(), strict=True,
        )  # fmt: skip
        return self._theta[:leaves], list(by_head)

    def family_rates(self) -> list[tuple[int, float]]:
        first = len(self.leaf_atom) + len(self.head_atom)
        return list(zip(self.families.tolist(), self._theta[first:].tolist(), strict=True))


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
