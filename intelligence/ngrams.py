"""TF-IDF of words and of pieces of words: one reading of a text, for training and for serving.

Two blocks, each of length 1: words and pairs of words, and pieces of 2 to 5 letters within a word
(whose first and last letter are told from the others). Where there are no spaces between words
(Chinese), runs of characters give pieces of 1 to 3. Term frequencies are sublinear (1 + ln n), and
document frequencies smoothed, as in scikit-learn's TfidfVectorizer; done here because a model must
be stored without pickle, and one short text costs a tenth of that class's call.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from intelligence.encoders import cut

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(f"([{_UNSPACED}]+)")
_WORD = re.compile(r"\w\w+")
_IN_WORDS = range(2, 6)
_IN_RUNS = range(1, 4)
_MOST = 120_000
"""Pieces in a vocabulary; the rarest go first."""
_RARE = 3_000
"""With fewer texts than this a piece seen once is kept."""

Sparse = Any
"""scipy.sparse.csr_matrix, which has no types."""


def pieces(text: str) -> tuple[Counter[str], Counter[str]]:
    """How often each piece occurs: words and pairs of them, and parts of words."""
    words: list[str] = []
    parts: list[str] = []
    for at, stretch in enumerate(_RUN.split(cut(text).casefold())):
        if at % 2:
            for long in _IN_RUNS:
                parts += [stretch[i : i + long] for i in range(len(stretch) - long + 1)]
            continue
        found = _WORD.findall(stretch)
        words += found
        words += [f"{one} {two}" for one, two in pairwise(found)]
        for word in stretch.split():
            padded = f" {word} "
            for long in _IN_WORDS:
                parts += [padded[i : i + long] for i in range(len(padded) - long + 1)]
    return Counter(words), Counter(parts)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces a model knows, with their weights."""

    words: dict[str, int]
    parts: dict[str, int]
    """Columns follow those of ``words``."""
    rarity: NDArray[np.float32]
    """Inverse document frequency, one a column."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> tuple[Vocabulary, Sparse]:
        """What occurs in these texts, and the texts in it (``rows``); needs one at least."""
        read = [pieces(text) for text in texts]
        words: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for in_words, in_parts in read:
            words.update(in_words.keys())
            parts.update(in_parts.keys())
        least = 1 if len(texts) < _RARE else 2
        kept_words = _commonest(words, least, _MOST // 2)
        kept_parts = _commonest(parts, least, _MOST - len(kept_words))
        seen = np.array([n for _, n in kept_words] + [n for _, n in kept_parts], dtype=np.float64)
        made = cls.named(
            [piece for piece, _ in kept_words],
            [piece for piece, _ in kept_parts],
            np.log((1 + len(texts)) / (1 + seen)) + 1,
        )
        return made, made._matrix(read)

    @classmethod
    def named(
        cls, words: Iterable[str], parts: Iterable[str], rarity: NDArray[np.floating[Any]]
    ) -> Vocabulary:
        """From the pieces in the order of their columns."""
        columns = {piece: at for at, piece in enumerate(words)}
        return cls(
            columns,
            {piece: at for at, piece in enumerate(parts, len(columns))},
            rarity.astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.rarity)

    def row(self, text: str) -> tuple[NDArray[np.intp], NDArray[np.float32], float]:
        """Columns, their values, and the share of the text's pieces that is not known (0 to 1;
        1 for an empty text)."""
        columns: list[NDArray[np.intp]] = []
        values: list[NDArray[np.float32]] = []
        known = total = 0
        for counts, places in zip(pieces(text), (self.words, self.parts), strict=True):
            found = [
                (at, n) for piece, n in counts.items() if (at := places.get(piece)) is not None
            ]
            known += len(found)
            total += len(counts)
            if not found:
                continue
            where = np.array([at for at, _ in found], dtype=np.intp)
            often = np.array([n for _, n in found], dtype=np.float32)
            block = (1 + np.log(often)) * self.rarity[where]
            columns.append(where)
            values.append((block / np.linalg.norm(block)).astype(np.float32))
        if not columns:
            return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32), 1.0
        return np.concatenate(columns), np.concatenate(values), 1 - known / total

    def rows(self, texts: Iterable[str]) -> Sparse:
        """``row`` of many texts as one sparse matrix, float32, a row a text."""
        return self._matrix([pieces(text) for text in texts])

    def _matrix(self, read: Sequence[tuple[Counter[str], Counter[str]]]) -> Sparse:
        blocks = []
        for at, places in enumerate((self.words, self.parts)):
            found: list[int] = []
            often: list[int] = []
            ends = [0]
            for counts in (one[at] for one in read):
                for piece, n in counts.items():
                    if (column := places.get(piece)) is not None:
                        found.append(column)
                        often.append(n)
                ends.append(len(found))
            columns = np.array(found, dtype=np.int32)
            values = (1 + np.log(np.array(often, dtype=np.float32))) * self.rarity[columns]
            spans = np.diff(ends)
            squares = np.bincount(
                np.repeat(np.arange(len(spans)), spans), values**2, minlength=len(spans)
            )
            values /= np.repeat(np.sqrt(squares), spans).astype(np.float32)
            blocks.append(csr_matrix((values, columns, ends), shape=(len(read), len(self))))
        return (blocks[0] + blocks[1]).tocsr()


def _commonest(seen: Counter[str], least: int, most: int) -> list[tuple[str, int]]:
    """In alphabetical order, so that the same texts in another order give the same columns."""
    kept = [one for one in seen.items() if one[1] >= least] or list(seen.items())
    kept.sort(key=lambda one: (-one[1], one[0]))
    return sorted(kept[:most])
