"""A small world with known truth, for tests of what learns: people to whom things happen, and who
call about them at rates that fade. Deterministic for a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from callcenter.floor.card import Cause, Contact
from callcenter.ports import Condition, Happening, Lesson, PageView, PersonRow
from intelligence.features import at_serving, features
from tests.contract.samples import contact, person

START = 1_758_000_000.0
DAY = 86400.0
QUEUES = ("service", "sales", "support")


@dataclass(frozen=True)
class World:
    """``heads`` times ``leaves`` reasons; ``kinds`` of happenings each lead to a few of them."""

    heads: Mapping[str, str]
    prior: Mapping[str, float]
    lessons: list[Lesson]
    truth: list[dict[str, float]]
    """The probability of each reason, of each lesson's call."""
    rows: list[PersonRow]
    causes: list[tuple[Cause, ...]]


def made_up(
    n: int, seed: int = 0, heads: int = 4, leaves: int = 4, kinds: int = 6, days: float = 56.0,
    wrong: float = 0.0, condition: Condition | None = None, about: str | None = None,
) -> World:  # fmt: skip
    """``n`` calls over ``days``. ``wrong``: share of labels that are another reason. While
    ``condition`` lasts, everybody calls about ``about`` as often as about all else together."""
    rng = np.random.default_rng(seed)
    codes = [f"h{h}r{leaf}" for h in range(heads) for leaf in range(leaves)]
    of = {code: code.partition("r")[0] for code in codes}
    base = rng.dirichlet(np.full(len(codes), 0.5))
    leads = rng.dirichlet(np.full(len(codes), 0.03), size=kinds)
    fades = rng.uniform(0.5, 4.0, kinds)
    strength = rng.uniform(4.0, 20.0, kinds)
    queue_of = {head: int(rng.integers(3)) for head in sorted(set(of.values()))}
    at = START + np.sort(rng.random(n)) * days * DAY
    world = World(of, dict(zip(codes, base.tolist(), strict=True)), [], [], [], [])
    for i in range(n):
        row, rates = _person(rng, f"p{i}", float(at[i]), codes, leads, fades, strength)
        rates += base
        on = condition is not None and condition.since <= at[i]
        if on and about is not None:
            rates[codes.index(about)] += rates.sum()
        truth = rates / rates.sum()
        k = int(rng.choice(len(codes), p=truth))
        label = int(rng.integers(len(codes))) if rng.random() < wrong else k
        queue = QUEUES[queue_of[of[codes[k]]] if rng.random() < 0.8 else int(rng.integers(3))]
        seen, causes = features(
            "known", row, "800", float(at[i]),
            (condition,) if condition is not None else (), {"solved"}, UTC,
        )  # fmt: skip
        given = np.array([0.8 * (queue == QUEUES[queue_of[of[c]]]) + 0.2 / 3 for c in codes])
        served = truth * given / (truth * given).sum()
        world.lessons.append(
            Lesson(
                call=f"c{i}", at=float(at[i]), person=row.id, tier=None, language=None,
                queue=queue, context=("who=known",), features=at_serving(seen, queue, ()),
                words=(), reason=codes[label], outcome="solved", notes="", model=None, shown=(),
                challengers=(),
            )
        )  # fmt: skip
        world.truth.append(dict(zip(codes, served.tolist(), strict=True)))
        world.rows.append(row)
        world.causes.append(causes)
    return world


def _person(
    rng: np.random.Generator, id: str, at: float, codes: list[str],
    leads: np.ndarray, fades: np.ndarray, strength: np.ndarray,
) -> tuple[PersonRow, np.ndarray]:  # fmt: skip
    rates = np.zeros(len(codes))
    happened = []
    for _ in range(int(rng.poisson(1.6))):
        kind, age = int(rng.integers(len(leads))), float(rng.exponential(3.0))
        happened.append(Happening(id=f"{id}{kind}{age}", at=at - age * DAY, kind=f"k{kind}"))
        rates += strength[kind] * 2 ** (-age / fades[kind]) * leads[kind]
    pages = []
    if rng.random() < 0.2:
        code = int(rng.integers(len(codes)))
        pages.append(PageView(at=at - float(rng.random()) * 3600, page=codes[code]))
        rates[code] += 5.0
    contacts: list[Contact] = []
    if rng.random() < 0.4:
        code, age = int(rng.integers(len(codes))), float(rng.exponential(5.0))
        solved = bool(rng.random() < 0.6)
        contacts.append(
            contact(
                f"{id}-before", at - age * DAY, reason=codes[code],
                outcome="solved" if solved else "not_solved",
            )
        )  # fmt: skip
        rates[code] += 0.5 if solved else 10.0 * 2 ** (-age / 2)
    gold = bool(rng.random() < 0.3)
    rates[: len(codes) // 4] *= 1.0 + gold
    row = person(
        id, happenings=tuple(happened), pages=tuple(pages), contacts=tuple(contacts),
        tier="gold" if gold else "basic",
    )  # fmt: skip
    return row, rates
