"""Why somebody calls, learned from confirmed calls: which head by trees, which leaf by rates.

    p(leaf) = p(head) * p(leaf | head)
    log p(head)        = a * log rates(head) + b * log trees(head)   (normalised)
    p(leaf | head)     = (1 - s) * rates(leaf | head) ^ c + s * frequency of the leaf

``rates`` are the competing causes of ``rates``; ``trees`` is gradient boosting over the heads that
looks at the same facts and at what the rates say (of calls they were not fitted on), and so learns
what the rates cannot: hours, combinations, counts. a, b, c and s are fitted on the latest calls,
which neither was fitted on, so that the probabilities are true; then both are fitted again on all.
Every leaf keeps a part of ``UNSEEN``, in proportion to its frequency, whatever the model says.

Stored as arrays of numbers and names only: nothing is revived as an object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from callcenter.floor.card import Cause, Features
from callcenter.ports import Lesson

from .calibration import fit_temperature, softened
from .features import without
from .forest import Forest, flattened, restored, stump
from .rates import Lately, Rates, fit_rates, normalised
from .space import Space, fit_space
from .training import ModelUnreadable, Prepared, prepared

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

NAME: Final = "trees-1"
FORMAT: Final = 1
FOLDS: Final = 3
DAY: Final = 86400.0
PACES: Final = (None, Lately(16 * DAY, 5.0), Lately(8 * DAY, 2.0))
"""How fast the world may have changed; which fits the held calls best is taken."""
SPREADS: Final = (0.0, 0.05, 0.1, 0.15)
LEAVES: Final = (0.7, 0.85, 1.0, 1.15, 1.3)
AS_GOOD: Final = 0.015
MIXES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
UNSEEN: Final = 0.01
MOST_HEADS: Final = 40
"""With more heads than this (a pack without any) trees would take too long; the rates say all."""
CLEAR: Final = 0.4
"""A fact that moves the log-odds of a reason by less is not worth a word."""
BOOSTING: Final[Mapping[str, Any]] = {
    "learning_rate": 0.15, "max_iter": 50, "max_leaf_nodes": 8, "min_samples_leaf": 25,
    "l2_regularization": 5.0, "max_bins": 63, "n_iter_no_change": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mix:
    """How much of the head is said by the trees (0 to 1), the two temperatures, and how much of
    each head is spread over its leaves by their frequency, whatever the facts are (0 to 1)."""

    trees: float
    head: float
    leaf: float
    spread: float


class ReasonTrees:
    """A fitted model. Immutable; may be asked from several threads."""

    name = NAME

    def __init__(
        self, rates: Rates, space: Space, forest: Forest, mix: Mix, base: Floats,
        facts: Mapping[str, object],
    ) -> None:  # fmt: skip
        self._rates, self._space, self._forest, self._mix = rates, space, forest, mix
        self._base = base
        self._facts = dict(facts)
        self._place = {code: k for k, code in enumerate(rates.codes)}

    @property
    def codes(self) -> tuple[str, ...]:
        """All leaves, in alphabetical order."""
        return self._rates.codes

    @property
    def head_of(self) -> dict[str, str]:
        """Every leaf to its head."""
        rates = self._rates
        return {c: rates.heads[h] for c, h in zip(rates.codes, rates.head_of, strict=True)}

    def distribution(self, features: Features) -> dict[str, float]:
        """Probability of every leaf; sums to 1."""
        shares = self._shares([features])[0]
        return dict(zip(self.codes, shares.tolist(), strict=True))

    def why(
        self, features: Features, causes: Sequence[Cause], code: str, most: int = 3
    ) -> tuple[Cause, ...]:
        """The facts that speak for ``code`` most, the strongest first, at most ``most``.

        Each fact's features are left out whole and the model is asked again: a fact speaks for the
        reason by what its log-odds lose. Facts that lose less than ``CLEAR`` are not told.
        """
        return self.whys(features, causes, (code,), most)[0]

    def whys(
        self, features: Features, causes: Sequence[Cause], codes: Sequence[str], most: int = 3
    ) -> list[tuple[Cause, ...]]:
        """``why`` of several reasons, for the price of one."""
        if not causes or not features:
            return [() for _ in codes]
        groups = sorted({cause.group for cause in causes})
        shares = self._shares([features, *(without(features, {g}) for g in groups)])
        odds = np.log(shares) - np.log1p(-np.minimum(shares, 1 - 1e-12))
        told: list[tuple[Cause, ...]] = []
        for code in codes:
            k = self._place.get(code)
            if k is None:
                told.append(())
                continue
            lost = dict(zip(groups, (odds[0, k] - odds[1:, k]).tolist(), strict=True))
            clear = [cause for cause in causes if lost[cause.group] >= CLEAR]
            clear.sort(key=lambda cause: -lost[cause.group])
            told.append(tuple(clear[:most]))
        return told

    def facts(self) -> dict[str, object]:
        """What the manifest says of it, as JSON."""
        return dict(self._facts)

    def _shares(self, rows: Sequence[Features]) -> Floats:
        logs = np.array([self._rates.log_shares(row) for row in rows])
        heads = head_logs(logs, self._rates)
        seen = np.hstack([self._space.matrix(rows), heads])
        trees = normalised(self._forest.margins(seen))
        return combined(logs, heads, trees, self._rates, self._mix, self._base)

    def save(self, folder: Path) -> None:
        """Write into an existing folder: ``reasons.json`` and ``reasons.npz``."""
        rates = self._rates
        about = {
            "format": FORMAT, "name": NAME, "codes": rates.codes, "heads": rates.heads,
            "atoms": rates.atoms, "chosen": rates.chosen, "space": self._space.names,
            "mix": [self._mix.trees, self._mix.head, self._mix.leaf, self._mix.spread],
            "facts": self._facts,
        }  # fmt: skip
        (folder / "reasons.json").write_text(json.dumps(about, ensure_ascii=False), "utf-8")
        arrays = {f"tree_{name}": one for name, one in self._forest.arrays().items()}
        np.savez_compressed(
            folder / "reasons.npz", allow_pickle=False, head_of=rates.head_of,
            within=rates.within, theta=rates.theta, given=rates.given, base=self._base, **arrays,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> ReasonTrees:
        """Raises ``ModelUnreadable`` (another format, incomplete, not numbers) or ``OSError``."""
        about, arrays = _read(folder)
        try:
            names = {
                key: tuple(_text(one) for one in about[key])
                for key in ("codes", "heads", "atoms", "chosen", "space")
            }
            mix = Mix(*(float(one) for one in about["mix"]))
            head_of = arrays["head_of"].astype(np.intp, casting="same_kind")
            numbers = {k: arrays[k].astype(np.float64, casting="same_kind") for k in _SHAPES}
            facts = dict(about["facts"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelUnreadable(f"the stored model is incomplete: {error}") from error
        sizes = {key: len(one) for key, one in names.items()}
        for key, shape in _SHAPES.items():
            found, wanted = numbers[key], tuple(sizes[one] for one in shape)
            if found.shape != wanted or not np.isfinite(found).all():
                raise ModelUnreadable(f"the stored {key} is not {wanted} finite numbers")
        if head_of.shape != (sizes["codes"],) or not np.isin(head_of, range(sizes["heads"])).all():
            raise ModelUnreadable("the stored heads do not fit the reasons")
        if not names["atoms"] or names["atoms"][0] != "base" or not _sound(mix):
            raise ModelUnreadable("the stored model has no base or no temperature")
        if (numbers["theta"] < 0).any() or not (numbers["theta"][0] > 0).all():
            raise ModelUnreadable("a stored rate is negative")
        rates = Rates(
            names["codes"], names["heads"], head_of, numbers["within"], names["atoms"],
            numbers["theta"], names["chosen"], numbers["given"],
        )  # fmt: skip
        trees = {key.removeprefix("tree_"): one for key, one in arrays.items()}
        forest = restored(trees, sizes["space"] + sizes["heads"], sizes["heads"])
        return cls(rates, Space(names["space"]), forest, mix, numbers["base"], facts)


_SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    "within": ("codes",), "theta": ("atoms", "codes"), "given": ("chosen", "codes"),
    "base": ("codes",),
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
    pace, rates = _paced(made, early, late)
    say("rates", 0.25)
    logs = np.zeros((n, len(made.codes)))
    logs[late] = _logs(rates, [rows[i] for i in late])
    folds = np.random.default_rng(seed).permutation(cut) % FOLDS
    for fold in range(FOLDS):
        out = early[folds == fold]
        part = fit_rates(made, early[folds != fold], pace)
        logs[out] = _logs(part, [rows[i] for i in out])
        say("rates", 0.25 + 0.2 * (fold + 1) / FOLDS)
    head_scores = head_logs(logs, rates)
    space = fit_space(rows)
    seen = np.hstack([space.matrix(rows), head_scores])
    head_labels = made.head_of[made.labels]
    weights = made.weights
    if pace is not None:
        ages = made.lessons[-1].at - np.array([lesson.at for lesson in made.lessons])
        weights = weights * 0.5 ** (ages / (2 * pace.half_life))
    say("trees", 0.5)
    forest, rounds = _boosted(made, seen, head_labels, weights, early, seed, late)
    say("trees", 0.7)
    margins = normalised(forest.margins(seen[late]))
    base = _base(made)
    mix = _mix(rates, base, logs[late], head_scores[late], margins, made.labels[late])
    say("all", 0.72)
    rates = fit_rates(made, lately=pace)
    forest, _ = _boosted(made, seen, head_labels, weights, np.arange(n), seed, rounds=rounds)
    say("all", 1.0)
    facts: dict[str, object] = {
        "model": NAME, "format": FORMAT, "lessons": n, "left_out_unknown_reason": made.unknown,
        "left_out_empty": made.empty, "first": made.lessons[0].at, "last": made.lessons[-1].at,
        "reasons": len(made.codes), "reasons_seen": len(set(made.labels.tolist())),
        "heads": len(made.heads), "atoms": len(rates.atoms), "columns": len(space),
        "rounds": rounds, "half_life_days": None if pace is None else pace.half_life / DAY,
        "trees_share": mix.trees,
        "temperature_head": mix.head, "temperature_leaf": mix.leaf, "spread": mix.spread,
        "seed": seed,
    }  # fmt: skip
    return ReasonTrees(rates, space, forest, mix, base, facts)


def head_logs(logs: Floats, rates: Rates) -> Floats:
    """log p(head) from rows of log p(leaf)."""
    shares = np.exp(logs)
    heads = np.zeros((len(logs), len(rates.heads)))
    for k in range(len(rates.heads)):
        heads[:, k] = shares[:, rates.head_of == k].sum(axis=1)
    return np.log(np.maximum(heads, 1e-12))


def combined(
    logs: Floats, heads: Floats, trees: Floats, rates: Rates, mix: Mix, base: Floats
) -> Floats:
    """Rows of p(leaf) from what rates and trees say (log-probabilities)."""
    head = softened((1 - mix.trees) * heads + mix.trees * trees, mix.head)
    sharp = logs / mix.leaf
    out = np.zeros_like(logs)
    for k in range(len(rates.heads)):
        members = rates.head_of == k
        of_head = np.exp(sharp[:, members] - sharp[:, members].max(axis=1, keepdims=True))
        of_head *= (1 - mix.spread) / of_head.sum(axis=1, keepdims=True)
        of_head += mix.spread * base[members] / base[members].sum()
        out[:, members] = head[:, k : k + 1] * of_head
    mixed: Floats = (1 - UNSEEN) * out + UNSEEN * base
    return mixed


def _paced(
    made: Prepared, early: NDArray[np.intp], late: NDArray[np.intp]
) -> tuple[Lately | None, Rates]:
    """The pace with the least log loss on the held calls, and the rates fitted with it."""
    tried = []
    rows = [made.lessons[i].features for i in late]
    for k, pace in enumerate(PACES):
        rates = fit_rates(made, early, pace)
        logs = _logs(rates, rows)
        labels = made.labels[late]
        said = softened(logs, fit_temperature(logs, labels))[np.arange(len(rows)), labels]
        loss = -float(np.log(np.maximum(said, 1e-12)).mean())
        tried.append((loss, k, rates))
    _, best, rates = min(tried, key=lambda one: one[:2])
    return PACES[best], rates


def _logs(rates: Rates, rows: Sequence[Features]) -> Floats:
    return np.array([rates.log_shares(row) for row in rows]).reshape(-1, len(rates.codes))


def _boosted(
    made: Prepared, seen: Floats, labels: NDArray[np.intp], weights: Floats,
    part: NDArray[np.intp], seed: int, late: NDArray[np.intp] | None = None,
    rounds: int | None = None,
) -> tuple[Forest, int]:  # fmt: skip
    """Trees over the heads, with as many rounds as help on the calls at ``late``; none when there
    are too many heads.

    Heads that occur in no lesson get a margin far below the others.
    """
    classes = len(made.heads)
    if classes > MOST_HEADS:
        return stump(classes), 0
    present = np.unique(labels[part])
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
            for factor in (0.8, 0.9, 1.0):
                mix = Mix(share, _bounded(head * factor), leaf, spread)
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


def _sound(mix: Mix) -> bool:
    return min(mix.head, mix.leaf) > 0 and 0 <= mix.trees <= 1 and 0 <= mix.spread < 1


def _bounded(temperature: float) -> float:
    """Few held calls must not make a model cocksure or mute."""
    return min(max(temperature, 0.5), 3.0)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        about = json.loads((folder / "reasons.json").read_text("utf-8"))
    except ValueError as error:
        raise ModelUnreadable(f"reasons.json is not JSON: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else None
        raise ModelUnreadable(
            f"the model is stored in format {found!r}; this program reads format {FORMAT}: "
            "train it again"
        )
    try:
        with np.load(folder / "reasons.npz", allow_pickle=False) as stored:
            return about, {key: stored[key] for key in stored.files}
    except (ValueError, KeyError, EOFError) as error:
        raise ModelUnreadable(f"reasons.npz cannot be read: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a name")
    return value
