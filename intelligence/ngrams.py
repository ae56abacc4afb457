"""TF-IDF of words and of pieces of words: one reading of a text, for training and for serving.

Two blocks, each of length 1: words and pairs of words, and pieces of 2 to 5 letters within a word
(whose first and last letter are told from the others). Where there are no spaces between words
(Chinese), runs of characters give pieces of 1 to 3. Term frequencies are sublinear (1 + ln n), and
document frequencies smoothed, as in scikit-learn's TfidfVectorizer; done here because a model must
be stored without pickle, and one short text costs a tenth of that class's call.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
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
    for stretch, spaced in _stretches(text):
        if not spaced:
            parts += _in_run(stretch)
            continue
        words += _words(stretch)
        for word in stretch.split():
            parts += _in_word(word)
    return Counter(words), Counter(parts)


def _stretches(text: str) -> Iterator[tuple[str, bool]]:
    """And whether there are spaces between its words."""
    for at, stretch in enumerate(_RUN.split(cut(text).casefold())):
        yield stretch, at % 2 == 0


def _words(stretch: str) -> list[str]:
    found = _WORD.findall(stretch)
    return found + [f"{one} {two}" for one, two in pairwise(found)]


def _in_word(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[i : i + n] for n in _IN_WORDS for i in range(len(padded) - n + 1)]


def _in_run(run: str) -> list[str]:
    return [run[i : i + n] for n in _IN_RUNS for i in range(len(run) - n + 1)]


@dataclass(frozen=True, slots=True)
class Counted:
    """Texts taken to pieces once, for vocabularies of any of them."""

    words: list[str]
    parts: list[str]
    in_words: Sparse
    """(n texts, len(words)): how often, float32; so ``in_parts``."""
    in_parts: Sparse

    @classmethod
    def of(cls, texts: Sequence[str]) -> Counted:
        """As ``pieces`` of each, in a tenth of the time."""
        words: defaultdict[str, int] = defaultdict(count().__next__)
        parts: defaultdict[str, int] = defaultdict(count().__next__)
        of_words: dict[str, list[int]] = {}
        found: tuple[list[int], list[int]] = ([], [])
        ends: tuple[list[int], list[int]] = ([0], [0])
        for text in texts:
            for stretch, spaced in _stretches(text):
                if not spaced:
                    found[1].extend([parts[one] for one in _in_run(stretch)])
                    continue
                found[0].extend([words[one] for one in _words(stretch)])
                for word in stretch.split():
                    columns = of_words.get(word)
                    if columns is None:
                        columns = of_words[word] = [parts[one] for one in _in_word(word)]
                    found[1].extend(columns)
            for places, end in zip(found, ends, strict=True):
                end.append(len(places))
        matrices = []
        for places, end, all_pieces in zip(found, ends, (words, parts), strict=True):
            ones = np.ones(len(places), dtype=np.float32)
            columns_ = np.array(places, dtype=np.int32)
            matrix = csr_matrix((ones, columns_, end), shape=(len(texts), len(all_pieces)))
            matrix.sum_duplicates()
            matrices.append(matrix)
        return cls(list(words), list(parts), *matrices)

    def chosen(self, rows: NDArray[np.intp]) -> Counted:
        """Some of the texts; pieces that no longer occur keep their columns."""
        return Counted(self.words, self.parts, self.in_words[rows], self.in_parts[rows])

    def hashed(
        self, place: Callable[[str, bool], tuple[int, float]], width: int
    ) -> NDArray[np.float64]:
        """(n texts, width): of every piece 1 + ln n, at the place and times the worth that
        ``place`` gives for it and for whether it is of words."""
        total: Any = 0
        for known, counts, of_words in (
            (self.words, self.in_words, True),
            (self.parts, self.in_parts, False),
        ):
            found = [place(piece, of_words) for piece in known]
            columns = np.array([column for column, _ in found], dtype=np.int32)
            worth = np.array([value for _, value in found], dtype=np.float64)
            hashing = csr_matrix(
                (worth, columns, np.arange(len(found) + 1)), shape=(len(found), width)
            )
            often = counts.astype(np.float64)
            often.data = 1 + np.log(often.data)
            total = total + often @ hashing
        dense: NDArray[np.float64] = total.toarray()
        return dense


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces a model knows, with their weights."""

    words: dict[str, int]
    parts: dict[str, int]
    """Columns follow those of ``words``."""
    rarity: NDArray[np.float32]
    """Inverse document frequency, one a column."""

    @classmethod
    def of(cls, texts: Sequence[str] | Counted) -> tuple[Vocabulary, Sparse]:
        """What occurs in these texts, and the texts in it (``rows``); needs one at least."""
        counted = texts if isinstance(texts, Counted) else Counted.of(texts)
        many = counted.in_words.shape[0]
        least = 1 if many < _RARE else 2
        words = _commonest(counted.words, counted.in_words, least, _MOST // 2)
        parts = _commonest(counted.parts, counted.in_parts, least, _MOST - len(words))
        seen = np.array([n for _, n in words] + [n for _, n in parts], dtype=np.float64)
        made = cls.named(
            [piece for piece, _ in words],
            [piece for piece, _ in parts],
            np.log((1 + many) / (1 + seen)) + 1,
        )
        return made, made.rows(counted)[0]

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

    def rows(self, counted: Counted) -> tuple[Sparse, NDArray[np.float64]]:
        """``row`` of many texts: a sparse matrix, float32, a row a text, and the shares of pieces
        that are not known."""
        both = ((self.words, counted.words, counted.in_words),
                (self.parts, counted.parts, counted.in_parts))  # fmt: skip
        known, blocks = np.zeros(counted.in_words.shape[0]), []
        for places, all_pieces, counts in both:
            columns = np.array([places.get(piece, -1) for piece in all_pieces], dtype=np.int32)
            at = columns[counts.indices]
            kept = at >= 0
            rows = np.repeat(np.arange(len(known)), np.diff(counts.indptr))[kept]
            at = at[kept]
            values = (1 + np.log(counts.data[kept])) * self.rarity[at]
            squares = np.bincount(rows, values**2, minlength=len(known))
            values /= np.sqrt(squares)[rows].astype(np.float32)
            found = np.bincount(rows, minlength=len(known))
            known += found
            ends = np.concatenate([[0], np.cumsum(found)])
            blocks.append(csr_matrix((values, at, ends), shape=(len(known), len(self))))
        total = np.diff(counted.in_words.indptr) + np.diff(counted.in_parts.indptr)
        return (blocks[0] + blocks[1]).tocsr(), 1 - known / np.maximum(total, 1)


def _commonest(
    all_pieces: Sequence[str], counts: Sparse, least: int, most: int
) -> list[tuple[str, int]]:
    """And in how many texts each is. In alphabetical order, so that the same texts in another order
    give the same columns."""
    seen = np.bincount(counts.indices, minlength=len(all_pieces)).tolist()
    occurring = [one for one in zip(all_pieces, seen, strict=True) if one[1]]
    kept = [one for one in occurring if one[1] >= least] or occurring
    kept.sort(key=lambda one: (-one[1], one[0]))
    return sorted(kept[:most])
