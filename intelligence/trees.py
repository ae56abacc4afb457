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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Cause, Features

from .calibration import softened
from .facts import BASE, KNOTS
from .features import without
from .forest import Forest, restored
from .rates import Rates, normalised
from .space import Space
from .training import ModelUnreadable

Floats = NDArray[np.float64]

NAME: Final = "trees-1"
FORMAT: Final = 2
UNSEEN: Final = 0.01
MOST_TRIED: Final = 6
"""So many facts are left out to see what they weigh, those that move the rates most."""
KNOWN: Final = "identity|known"
CLEAR: Final = 0.4
"""A fact that moves the log-odds of a reason by less is not worth a word."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How much of the head is said by the trees (0 to 1), the two temperatures, and how much of
    each head is spread over its leaves by their frequency, whatever the facts are (0 to 1)."""

    trees: float
    head: float
    leaf: float
    spread: float


Mixes = tuple[Mix, Mix]
"""Of calls of a person who is known, and of all others."""


class ReasonTrees:
    """A fitted model. Immutable; may be asked from several threads."""

    name = NAME

    def __init__(
        self, rates: Rates, space: Space, forest: Forest, mixes: Mixes, base: Floats,
        facts: Mapping[str, object],
    ) -> None:  # fmt: skip
        self._rates, self._space, self._forest, self._mixes = rates, space, forest, mixes
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
        self,
        features: Features,
        causes: Sequence[Cause],
        codes: Sequence[str],
        most: int = 3,
        clear_of: Mapping[str, float] = MappingProxyType({}),
    ) -> list[tuple[Cause, ...]]:
        """``why`` of several reasons, for the price of one. ``clear_of``: groups of facts that must
        weigh more than ``CLEAR`` to be told, and how much."""
        if not causes or not features:
            return [() for _ in codes]
        groups = sorted({cause.group for cause in causes})
        logs = self._rates.left_out(features, groups)
        asked = [place for code in codes if (place := self._place.get(code)) is not None]
        if len(groups) > MOST_TRIED and asked:
            # The rates alone say which facts may matter; trees are asked about those.
            moved = (logs[0, asked] - logs[1:, asked]).max(axis=1)
            kept = np.sort(np.argsort(-moved, kind="stable")[:MOST_TRIED])
            groups = [groups[k] for k in kept.tolist()]
            logs = logs[np.concatenate([[0], kept + 1])]
        rows = [features, *(without(features, {g}) for g in groups)]
        shares = self._shares(rows, logs)
        odds = np.log(shares) - np.log1p(-np.minimum(shares, 1 - 1e-12))
        told: list[tuple[Cause, ...]] = []
        for code in codes:
            k = self._place.get(code)
            if k is None:
                told.append(())
                continue
            lost = dict(zip(groups, (odds[0, k] - odds[1:, k]).tolist(), strict=True))
            clear = [
                cause
                for cause in causes
                if lost.get(cause.group, 0.0) >= clear_of.get(cause.group, CLEAR)
            ]
            clear.sort(key=lambda cause: -lost[cause.group])
            told.append(tuple(clear[:most]))
        return told

    def facts(self) -> dict[str, object]:
        """What the manifest says of it, as JSON."""
        return dict(self._facts)

    def _shares(self, rows: Sequence[Features], logs: Floats | None = None) -> Floats:
        if logs is None:
            logs = self._rates.log_shares(rows)
        heads = head_logs(logs, self._rates)
        seen = np.hstack([self._space.matrix(rows), heads])
        trees = normalised(self._forest.margins(seen))
        known = are_known(rows)
        out = np.empty_like(logs)
        for mix, some in zip(self._mixes, (known, ~known), strict=True):
            if some.any():
                out[some] = combined(
                    logs[some], heads[some], trees[some], self._rates, mix, self._base
                )
        return out

    def save(self, folder: Path) -> None:
        """Write into an existing folder: ``reasons.json`` and ``reasons.npz``."""
        rates = self._rates
        about = {
            "format": FORMAT, "name": NAME, "codes": rates.codes, "heads": rates.heads,
            "sources": rates.sources, "chosen": rates.chosen, "space": self._space.names,
            "mixes": [[one.trees, one.head, one.leaf, one.spread] for one in self._mixes],
            "facts": self._facts,
        }  # fmt: skip
        (folder / "reasons.json").write_text(json.dumps(about, ensure_ascii=False), "utf-8")
        arrays = {f"tree_{name}": one for name, one in self._forest.arrays().items()}
        np.savez_compressed(
            folder / "reasons.npz", allow_pickle=False, head_of=rates.head_of,
            within=rates.within, shares=rates.shares, same=rates.same, laws=rates.laws,
            law_of=rates.law_of, helped=np.array([rates.helped]), given=rates.given,
            base=self._base, **arrays,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> ReasonTrees:
        """Raises ``ModelUnreadable`` (another format, incomplete, not numbers) or ``OSError``."""
        about, arrays = _read(folder)
        try:
            names = {
                key: tuple(_text(one) for one in about[key])
                for key in ("codes", "heads", "sources", "chosen", "space")
            }
            known, others = (Mix(*(float(one) for one in mix)) for mix in about["mixes"])
            head_of = arrays["head_of"].astype(np.intp, casting="same_kind")
            law_of = arrays["law_of"].astype(np.intp, casting="same_kind")
            numbers = {k: arrays[k].astype(np.float64, casting="same_kind") for k in _SHAPES}
            facts = dict(about["facts"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelUnreadable(f"the stored model is incomplete: {error}") from error
        sizes = {key: len(one) for key, one in names.items()}
        sizes |= {"one": 1, "two": 2, "knots": len(KNOTS), "laws": len(numbers["laws"])}
        for key, shape in _SHAPES.items():
            found, wanted = numbers[key], tuple(sizes[one] for one in shape)
            if found.shape != wanted or not np.isfinite(found).all():
                raise ModelUnreadable(f"the stored {key} is not {wanted} finite numbers")
        if head_of.shape != (sizes["codes"],) or not np.isin(head_of, range(sizes["heads"])).all():
            raise ModelUnreadable("the stored heads do not fit the reasons")
        if law_of.shape != (sizes["sources"],) or not np.isin(law_of, range(sizes["laws"])).all():
            raise ModelUnreadable("the stored laws do not fit the facts")
        if names["sources"][:1] != (BASE,) or not (_sound(known) and _sound(others)):
            raise ModelUnreadable("the stored model has no base or no temperature")
        rated = [numbers[key] for key in ("shares", "same", "laws", "helped")]
        if any((one < 0).any() for one in rated) or not (numbers["shares"][0] > 0).all():
            raise ModelUnreadable("a stored rate is negative")
        rates = Rates(
            names["codes"], names["heads"], head_of, numbers["within"], names["sources"],
            numbers["shares"], numbers["same"], numbers["laws"], law_of,
            float(numbers["helped"][0]), names["chosen"], numbers["given"],
        )  # fmt: skip
        trees = {key.removeprefix("tree_"): one for key, one in arrays.items()}
        forest = restored(trees, sizes["space"] + sizes["heads"], sizes["heads"])
        return cls(rates, Space(names["space"]), forest, (known, others), numbers["base"], facts)


_SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    "within": ("codes",), "shares": ("sources", "codes"), "same": ("sources", "two"),
    "laws": ("laws", "knots"), "helped": ("one",), "given": ("chosen", "codes"),
    "base": ("codes",),
}  # fmt: skip


def are_known(rows: Sequence[Features]) -> NDArray[np.bool_]:
    """Per row, whether the caller is identified."""
    return np.array([any(name == KNOWN for name, _ in row) for row in rows], dtype=np.bool_)


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


def _sound(mix: Mix) -> bool:
    return min(mix.head, mix.leaf) > 0 and 0 <= mix.trees <= 1 and 0 <= mix.spread < 1


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
        # Opened here, so that it is closed whatever the loading finds in it.
        with (
            (folder / "reasons.npz").open("rb") as file,
            np.load(file, allow_pickle=False) as stored,
        ):
            return about, {key: stored[key] for key in stored.files}
    except (ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelUnreadable(f"reasons.npz cannot be read: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a name")
    return value
