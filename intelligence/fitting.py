"""Fitting ``ReasonTrees``: rates, trees over what the rates say of calls they were not fitted on,
and what makes their probabilities true, from the latest calls. Pure; see ``trees``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from callcenter.ports import Lesson

from .calibration import fit_temperature, softened
from .forest import Forest, flattened, restored, stump
from .rate_fitting import Fits, Lately, Table
from .rates import Rates, normalised
from .space import fit_space
from .training import Prepared, prepared
from .trees import FORMAT, NAME, Mix, ReasonTrees, are_known, combined, head_logs

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

FOLDS: Final = 4
"""An even number: trees that calibration needs are fitted on half of them."""
RECENT: Final = 0.35
"""Share of the lessons, the latest; on half of them probabilities are made true, by what rates and
trees say that were not fitted on them."""
FOLD_STEPS: Final = 15
DAY: Final = 86400.0
SLOWER: Final = 2
"""Trees, which know what lasts, forget so much more slowly than rates that changed."""
PACES: Final = (16 * DAY, 8 * DAY, 4 * DAY)
"""How fast the world may have changed; which fits the held calls best is taken."""
SPREADS: Final = (0.0, 0.015, 0.03)
LEAVES: Final = (0.75, 0.9, 1.0, 1.15, 1.3)
FIRST_PACE: Final = 8 * DAY
FIRST_TRUST: Final = 5.0
"""At which every fact is followed, to see which ones changed."""
AS_GOOD: Final = 0.04
"""Wrong notes make the log loss ask for doubt everywhere: within so many nats, what is true in the
mean counts more."""
ENOUGH: Final = 150
"""Fewer held calls than this say too little of calibration."""
MIXES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_HEADS: Final = 40
"""With more heads than this (a pack without any) trees would take too long; the rates say all."""
BOOSTING: Final[Mapping[str, Any]] = {
    "learning_rate": 0.15, "max_iter": 50, "max_leaf_nodes": 8, "min_samples_leaf": 25,
    "l2_regularization": 5.0, "max_bins": 63, "n_iter_no_change": 5,
}  # fmt: skip


def fit_trees(
    lessons: Sequence[Lesson],
    heads: Mapping[str, str],
    prior: Mapping[str, float],
    seed: int,
    progress: Progress | None = None,
) -> ReasonTrees:
    """Fit on confirmed calls; deterministic for a seed. Raises ``TrainingError``.

    ``heads``: every reason of the pack to its head; ``prior``: its share before anything was seen;
    ``progress`` is told what is being done and how much of the whole is done (0 to 1).
    """
    say = progress or (lambda what, done: None)
    say("reading", 0.0)
    made = prepared(lessons, heads, prior)
    rows = [lesson.features for lesson in made.lessons]
    n, cut = len(rows), made.held
    early, late = np.arange(cut), np.arange(cut, n)
    say("rates", 0.05)
    table = Table(made)
    pace = _paced(table, early, late)
    say("rates", 0.25)
    every = np.arange(n)
    logs = np.zeros((n, len(made.codes)))
    folds = np.random.default_rng(seed).permutation(n) % FOLDS
    for fold in range(FOLDS):
        out = every[folds == fold]
        part = table.fit(every[folds != fold], pace, FOLD_STEPS)
        logs[out] = table.said(part, out)
        say("rates", 0.25 + 0.2 * (fold + 1) / FOLDS)
    rates = table.fit(lately=pace)
    head_scores = head_logs(logs, rates)
    space = fit_space(rows)
    seen = np.hstack([space.matrix(rows), head_scores])
    head_labels = made.head_of[made.labels]
    weights = made.weights
    if pace is not None:
        ages = made.lessons[-1].at - np.array([lesson.at for lesson in made.lessons])
        weights = weights * 0.5 ** (ages / (SLOWER * pace.half_life))
    say("trees", 0.5)
    own, others = every[folds % 2 == 0], every[folds % 2 == 1]
    forest, rounds = _boosted(made, seen, head_labels, weights, own, seed, others)
    say("trees", 0.7)
    late = others[others >= int(n * (1 - RECENT))]
    margins = normalised(forest.margins(seen[late]))
    base = _base(made)
    known = are_known([rows[i] for i in late])
    whole = _mix(rates, base, logs[late], head_scores[late], margins, made.labels[late])
    mixes = tuple(
        _mix(
            rates, base, logs[late[some]], head_scores[late[some]], margins[some],
            made.labels[late[some]],
        ) if some.sum() >= ENOUGH else whole
        for some in (known, ~known)
    )  # fmt: skip
    say("all", 0.72)
    forest, _ = _boosted(made, seen, head_labels, weights, np.arange(n), seed, rounds=rounds)
    say("all", 1.0)
    facts: dict[str, object] = {
        "model": NAME, "format": FORMAT, "lessons": n, "left_out_unknown_reason": made.unknown,
        "left_out_empty": made.empty, "first": made.lessons[0].at, "last": made.lessons[-1].at,
        "reasons": len(made.codes), "reasons_seen": len(set(made.labels.tolist())),
        "heads": len(made.heads), "sources": len(rates.sources), "columns": len(space),
        "rounds": rounds, "half_life_days": None if pace is None else pace.half_life / DAY,
        "mixes": [[one.trees, one.head, one.leaf, one.spread] for one in mixes],
        "seed": seed,
    }  # fmt: skip
    return ReasonTrees(rates, space, forest, (mixes[0], mixes[1]), base, facts)


def _paced(table: Table, early: NDArray[np.intp], late: NDArray[np.intp]) -> Lately | None:
    """The pace with the least log loss on the held calls; ``None``: nothing changes."""
    fits, labels = Fits(table, early, FOLD_STEPS), table.prepared.labels[late]
    steady = fits.rates()
    moved = fits.rates(Lately(FIRST_PACE, np.full(len(table.sources), FIRST_TRUST)))
    trust = table.trust(steady, moved, late)
    paces = [None, *(Lately(half_life, trust) for half_life in PACES)]
    losses = []
    for pace in paces:
        logs = table.said(steady if pace is None else fits.rates(pace), late)
        said = softened(logs, fit_temperature(logs, labels))[np.arange(len(late)), labels]
        losses.append(-float(np.log(np.maximum(said, 1e-12)).mean()))
    return paces[int(np.argmin(losses))]


def _boosted(
    made: Prepared, seen: Floats, labels: NDArray[np.intp], weights: Floats,
    part: NDArray[np.intp], seed: int, late: NDArray[np.intp] | None = None,
    rounds: int | None = None,
) -> tuple[Forest, int]:  # fmt: skip
    """Trees over the heads, with as many rounds as help on the calls at ``late``; none when there
    are too many heads or all calls are about one.

    Heads that occur in no lesson get a margin far below the others.
    """
    classes, present = len(made.heads), np.unique(labels[part])
    if classes > MOST_HEADS or len(present) < 2 or rounds == 0:
        return stump(classes), 0
    options = dict(BOOSTING)
    patience = options.pop("n_iter_no_change")
    given: dict[str, Any] = {}
    if late is not None:
        known = late[np.isin(labels[late], present)]
        if len(known):
            options |= {"early_stopping": True, "n_iter_no_change": patience}
            given = {
                "X_val": seen[known], "y_val": labels[known],
                "sample_weight_val": weights[known],
            }  # fmt: skip
    options.setdefault("early_stopping", False)
    if rounds is not None:
        options["max_iter"] = rounds
    model = HistGradientBoostingClassifier(random_state=seed, **options)
    with threadpool_limits(1):  # the other cores are for the calls that go on meanwhile
        model.fit(seen[part], labels[part], sample_weight=weights[part], **given)
    forest = flattened(model, len(present))
    baseline = np.full(classes, forest.baseline.min() - 10.0)
    baseline[present] = forest.baseline
    arrays = {**forest.arrays(), "kind": present[forest.kind], "baseline": baseline}
    return restored(arrays, seen.shape[1], classes), int(model.n_iter_)


def _base(made: Prepared) -> Floats:
    """Frequencies of the leaves, with the pack's shares."""
    counts = np.bincount(made.labels, made.weights, len(made.codes)) + 20 * made.prior
    base: Floats = counts / counts.sum()
    return base


def _mix(
    rates: Rates, base: Floats, logs: Floats, heads: Floats, trees: Floats,
    labels: NDArray[np.intp],
) -> Mix:  # fmt: skip
    """What makes the held calls likeliest: first for the heads, then for the leaves; of the mixes
    that are as good within ``AS_GOOD`` nats, the one whose likeliest reasons come true as often as
    it says."""
    right = rates.head_of[labels]
    tried = []
    for share in MIXES:
        scores = (1 - share) * heads + share * trees
        temperature = fit_temperature(scores, right)
        said = softened(scores, temperature)[np.arange(len(right)), right]
        tried.append((-float(np.log(np.maximum(said, 1e-12)).mean()), share, temperature))
    _, share, head = min(tried)
    found = []
    for spread in SPREADS:
        for leaf in LEAVES:
            mix = Mix(share, _bounded(head), leaf, spread)
            shares = combined(logs, heads, trees, rates, mix, base)
            loss = -float(np.log(shares[np.arange(len(labels)), labels]).mean())
            top, hits = shares.max(axis=1), shares.argmax(axis=1) == labels
            found.append((loss, _untrue(top, hits), mix))
    least = min(loss for loss, _, _ in found)
    good = [(untrue, loss, mix) for loss, untrue, mix in found if loss <= least + AS_GOOD]
    return min(good, key=lambda one: one[:2])[2]


def _untrue(top: Floats, hits: NDArray[np.bool_]) -> float:
    """Mean distance between said and happened, in ten bins of as many calls each."""
    order = np.argsort(top, kind="stable")
    parts = np.array_split(top[order] - hits[order], 10)
    return float(np.mean([abs(part.mean()) for part in parts if len(part)]))


def _bounded(temperature: float) -> float:
    """Few held calls must not make a model cocksure or mute."""
    return min(max(temperature, 0.5), 3.0)
