"""Examples remembered: what was said, and which reason it turned out to be.

A correction counts from the very next call, long before anything is trained again: the nearest
remembered examples vote, and an exact repeat gets the reason it was corrected to. Bounded: the
newest examples of each reason. Texts are not kept, only their vectors and digests.
"""

from __future__ import annotations

import zlib
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intelligence.encoders import Encoder, Vectors, digest
from intelligence.ngrams import Counted, pieces

NEIGHBOURS = 30
CLOSEST = 3
"""Whose mean cosine says how familiar a text is."""
_SHARPNESS = 20.0
"""A neighbour's vote is exp(sharpness * (cosine - 1))."""
_SILENCE = 1e-4
"""What a reason without a neighbour has."""
_SAME, _ALIKE, _UNLIKE = 0.98, 0.9, 0.75
"""How far a correction overrules everything else: for an exact repeat; at most for one that is
only alike; and the cosine from which on it says anything beyond its vote."""
_MOST = 200
_HASHED = 512
_WORD = 2.0


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody said or wrote, and why it was."""

    text: str
    language: str | None
    reason: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Near:
    """What the memory says of a text."""

    votes: NDArray[np.float64]
    """Logarithms, one a reason in the order of ``Memory.reasons`` when it was asked."""
    familiar: float
    """Mean cosine of the three nearest, 0 when nothing is remembered."""
    overrule: float
    """0 to 1: how far ``corrected`` counts instead of everything else."""
    corrected: NDArray[np.float64]
    """Shares that sum to 1, or zeros."""


class HashedPieces:
    """Stands in for an encoder where there is none: pieces of words, hashed. Knows nothing of
    meaning, but what was said in nearly the same words is near."""

    name = "hashed-pieces-1"
    fingerprint = "hashed-pieces-1"
    dimension = _HASHED

    def warm_up(self) -> None:
        """Nothing to load."""

    def reads(self, text: str) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), _HASHED), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words, parts = pieces(text)
            found = [self._place(piece, True) for piece in words]
            found += [self._place(piece, False) for piece in parts]
            often = 1 + np.log([*words.values(), *parts.values()])
            if found:
                at = [place for place, _ in found]
                row += np.bincount(at, often * [worth for _, worth in found], _HASHED)
            row /= max(float(np.linalg.norm(row)), 1e-12)
        return rows

    @classmethod
    def of(cls, counted: Counted) -> Vectors:
        """``encode`` of texts that are in pieces already."""
        vectors: Vectors = counted.hashed(cls._place, _HASHED).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    @staticmethod
    @lru_cache(200_000)
    def _place(piece: str, word: bool) -> tuple[int, float]:
        mixed = zlib.crc32(piece.encode("utf-8"))
        # Long pieces are rare ones: their length stands in for how rare, which nobody has counted.
        worth = _WORD if word else (len(piece.strip()) / 3) ** 2
        return mixed % _HASHED, worth if mixed & 0x8000_0000 else -worth


def votes(
    cosines: NDArray[np.float32], reasons: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of ``cosines`` (n, m) with m remembered examples whose reasons are columns below ``count``:
    the logarithm of each reason's votes (n, count), and the mean cosine of the nearest (n,)."""
    rows, remembered = cosines.shape
    shares = np.full((rows, count), _SILENCE)
    if not remembered:
        return np.log(shares), np.zeros(rows)
    most = min(NEIGHBOURS, remembered)
    nearest = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    close = np.take_along_axis(cosines, nearest, axis=1).astype(np.float64)
    flat = reasons[nearest] + np.arange(rows)[:, None] * count
    cast = np.bincount(
        flat.ravel(), np.exp(_SHARPNESS * (close - 1)).ravel(), minlength=rows * count
    )
    shares += cast.reshape(rows, count)
    familiar = -np.sort(-close, axis=1)[:, :CLOSEST].mean(axis=1)
    return np.log(shares), familiar


class Memory:
    """The newest examples of every reason. One writer; readers on other threads see either the old
    example or the new one of the same reason, never a mixture of two reasons."""

    def __init__(self, encoder: Encoder | None, most: int = _MOST) -> None:
        """``most``: examples kept of each reason."""
        self.encoder: Encoder = encoder or HashedPieces()
        self.reasons: list[str] = []
        self._most = most
        self._columns: dict[str, int] = {}
        self._vectors: Vectors = np.zeros((64, self.encoder.dimension), dtype=np.float32)
        self._labels: NDArray[np.intp] = np.zeros(64, dtype=np.intp)
        self._fresh: NDArray[np.bool_] = np.zeros(64, dtype=np.bool_)
        self._size = 0
        self._places: defaultdict[int, deque[int]] = defaultdict(deque)
        self._repeats: dict[bytes, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return self._size

    def name(self, reasons: Sequence[str]) -> None:
        """Gives these reasons the first columns, in this order; before anything is added."""
        for reason in reasons:
            self._column(reason)

    def add(self, example: Example) -> None:
        """A correction: counts from the next question on."""
        readable = self.encoder.reads(example.text)
        vector = self.encoder.encode([example.text])[0] if readable else None
        column = self._column(example.reason)
        if vector is not None:
            self._put(vector, column, fresh=True)
        key = digest(example.text)
        said = (example.reason, *self._repeats.pop(key, ()))
        self._repeats[key] = said[:5]
        while len(self._repeats) > self._most * max(len(self.reasons), 10):
            self._repeats.pop(next(iter(self._repeats)))

    def learn(self, vectors: Vectors, reasons: Sequence[str]) -> None:
        """What a model was trained on, oldest first: votes, but overrules nothing."""
        for vector, reason in zip(vectors, reasons, strict=True):
            self._put(vector, self._column(reason), fresh=False)

    def near(self, text: str, vector: Vectors | None) -> Near:
        """``vector``: the encoder's of this text, of shape (d,); ``None`` if it cannot read it."""
        size, count = self._size, len(self.reasons)
        labels = self._labels[:size]
        corrected = np.zeros(count)
        overrule = 0.0
        if vector is None:
            logs, familiar = np.full(count, np.log(_SILENCE)), 0.0
        else:
            cosines = self._vectors[:size] @ vector
            rows, mean = votes(cosines[None], labels, count)
            logs, familiar = rows[0], float(mean[0])
            fresh = np.flatnonzero(self._fresh[:size] & (cosines > _UNLIKE))
            if fresh.size:
                close = float(cosines[fresh].max())
                overrule = _ALIKE * min(1.0, (close - _UNLIKE) / (1 - _UNLIKE)) ** 2
                np.add.at(corrected, labels[fresh], np.exp(2 * _SHARPNESS * (cosines[fresh] - 1)))
        if said := self._repeats.get(digest(text)):
            overrule, corrected = _SAME, np.zeros(count)
            for older, reason in enumerate(said):  # the newest outweighs all older ones together
                corrected[self._columns[reason]] += 0.5**older
        if overrule:
            corrected /= corrected.sum()
        return Near(logs, familiar, overrule, corrected)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What ``restored`` needs besides the names of ``reasons``."""
        return {
            "vectors": self._vectors[: self._size].astype(np.float16),
            "labels": self._labels[: self._size].astype(np.int32),
        }

    def restore(self, vectors: NDArray[Any], labels: NDArray[Any]) -> None:
        """From ``arrays``, after ``name``."""
        whole = vectors.astype(np.float32)
        whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-12)
        self.learn(whole, [self.reasons[label] for label in labels])

    def _column(self, reason: str) -> int:
        column = self._columns.get(reason)
        if column is None:
            column = len(self.reasons)
            self.reasons.append(reason)
            self._columns[reason] = column
        return column

    def _put(self, vector: Vectors, column: int, fresh: bool) -> None:
        places = self._places[column]
        if len(places) >= self._most:
            at = places.popleft()
        else:
            at = self._size
            if at == len(self._labels):
                self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
                self._labels = np.concatenate([self._labels, np.zeros_like(self._labels)])
                self._fresh = np.concatenate([self._fresh, np.zeros_like(self._fresh)])
        places.append(at)
        self._vectors[at] = vector
        self._labels[at] = column
        self._fresh[at] = fresh
        self._size = max(self._size, at + 1)
