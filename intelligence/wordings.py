"""How alike a text is to the wordings of things: by their letters and, with an encoder, by meaning.

Letters: cosine of ``ngrams.Vocabulary``, lowered by the share of a text that no wording knows.
Meaning: ``encoders.similarity``. The wordings of a thing count together, the most alike most: with
s_1 to s_5 those of its five most alike (0 where it has fewer), it is ln(mean of exp(10 s_i)) / 10.
Five, so that wordings in other languages and many confirmed ones neither help nor harm. On
BANKING77 this finds the right one among 3 more often by 1 to 5 points than the most alike alone.

Pure, and a ``Wordings`` never changes: whoever holds one may read it in any thread. A wording that
is added brings its own words along, as rare ones, so that it counts at once; how rare each piece is
gets counted anew only with the whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .encoders import Encoder, cut, similarity
from .ngrams import Sparse, Vocabulary, pieces

Floats = NDArray[np.float64]

TOGETHER = 5
SHARPNESS = 10.0


@dataclass(frozen=True, slots=True)
class Wordings:
    """Texts, each of one of ``things`` numbered from 0. Rows are texts."""

    things: int
    owners: NDArray[np.int32]
    """Row to thing."""
    encoder: Encoder | None
    letters_weight: float
    """Part of the letters in a similarity where there is an encoder; the rest is the meaning's."""
    _vocabulary: Vocabulary | None
    _letters: Sparse
    """Shape (rows, pieces of the vocabulary)."""
    _vectors: NDArray[np.float32]
    """Shape (rows, dimension); (rows, 0) without an encoder."""

    def adding(self, thing: int, text: str) -> Wordings:
        """These and one more, which is the last row."""
        vocabulary = _knowing(self._vocabulary, text)
        columns, weights = _row(vocabulary, text)
        held = self._letters
        vectors = self._vectors
        if self.encoder is not None:
            vectors = np.vstack([vectors, self.encoder.encode([cut(text)])])
        else:
            vectors = np.zeros((len(self.owners) + 1, 0), dtype=np.float32)
        return replace(
            self,
            owners=np.append(self.owners, np.int32(thing)),
            _vocabulary=vocabulary,
            _letters=_matrix(
                np.concatenate([held.data, weights]),
                np.concatenate([held.indices, columns]),
                np.append(held.indptr, held.indptr[-1] + len(columns)),
                len(vocabulary),
            ),
            _vectors=vectors,
        )

    def without(self, row: int) -> Wordings:
        """These but one; the rows after it move up."""
        kept = np.delete(np.arange(len(self.owners)), row)
        return replace(
            self,
            owners=self.owners[kept],
            _letters=self._letters[kept],
            _vectors=self._vectors[kept],
        )

    def alike(self, text: str) -> Floats:
        """Of each thing: 0 (nothing in common) to 1 (five wordings are this); shape (things,)."""
        if not len(self.owners):
            return np.zeros(self.things)
        rows = self._by_letters(text)
        if self.encoder is not None:
            meaning = similarity(self.encoder.encode([cut(text)])[0], self._vectors)
            weight = self.letters_weight
            rows = weight * rows + (1.0 - weight) * np.clip(meaning, 0.0, 1.0)
        return self._together(rows)

    def _together(self, rows: Floats) -> Floats:
        order = np.lexsort((-rows, self.owners))
        owners = self.owners[order]
        firsts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
        places = np.arange(len(order)) - np.repeat(firsts, np.diff(np.r_[firsts, len(order)]))
        best = places < TOGETHER
        counted = np.bincount(
            owners[best], np.exp(SHARPNESS * rows[order][best]) - 1.0, minlength=self.things
        )
        together: Floats = np.log1p(counted / TOGETHER) / SHARPNESS
        return together

    def _by_letters(self, text: str) -> Floats:
        columns, weights = _row(self._vocabulary, text)
        asked = np.zeros(self._letters.shape[1], dtype=np.float32)
        asked[columns] = weights
        cosines: Floats = np.clip((self._letters @ asked).astype(np.float64), 0.0, 1.0)
        return cosines


def _matrix(
    weights: NDArray[np.float32],
    columns: NDArray[np.intp],
    starts: NDArray[np.intp],
    width: int,
) -> Sparse:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    return csr_matrix(
        (weights.astype(np.float32), columns.astype(np.int32), starts.astype(np.int32)),
        shape=(len(starts) - 1, width),
    )


def _row(vocabulary: Vocabulary | None, text: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Columns and weights, of length 1 when all of the text is known, else shorter."""
    if vocabulary is None:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    columns, weights, unknown = vocabulary.row(text)
    # A text in Chinese has pieces of words only, so that the length differs.
    length = max(float(np.linalg.norm(weights)), 1e-9)
    return columns, weights * np.float32(math.sqrt(1.0 - unknown) / length)


def _of_length_1(rows: Sparse) -> Sparse:
    lengths = np.sqrt(np.bincount(_row_of_each(rows), rows.data**2, minlength=rows.shape[0]))
    scaled = rows.copy()
    scaled.data = (rows.data / np.maximum(lengths, 1e-9)[_row_of_each(rows)]).astype(np.float32)
    return scaled


def _row_of_each(rows: Sparse) -> NDArray[np.intp]:
    """The row of each stored figure."""
    return np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))


def _knowing(vocabulary: Vocabulary | None, text: str) -> Vocabulary:
    """With the pieces of ``text`` that it lacks, each as rare as the rarest."""
    if vocabulary is None:
        return Vocabulary.of([text])[0]
    in_words, in_parts = pieces(text)
    words = [one for one in in_words if one not in vocabulary.words]
    parts = [one for one in in_parts if one not in vocabulary.parts]
    if not words and not parts:
        return vocabulary
    known = len(vocabulary)
    rarest = np.full(len(words) + len(parts), vocabulary.rarity.max(initial=1.0), dtype=np.float32)
    return Vocabulary(
        vocabulary.words | {one: at for at, one in enumerate(words, known)},
        vocabulary.parts | {one: at for at, one in enumerate(parts, known + len(words))},
        np.concatenate([vocabulary.rarity, rarest]),
    )


def wordings(
    things: int,
    texts: Sequence[tuple[int, str]],
    encoder: Encoder | None = None,
    letters_weight: float = 0.5,
) -> Wordings:
    """``texts``: thing and wording. With an encoder this takes milliseconds for each new text: for
    the start and for threads, never on the way of a call."""
    vocabulary = None
    letters = _matrix(np.zeros(0, np.float32), np.zeros(0, np.intp), np.zeros(1, np.intp), 0)
    if texts:
        vocabulary, letters = Vocabulary.of([text for _, text in texts])
        letters = _of_length_1(letters)
    if encoder is not None and texts:
        vectors = encoder.encode([cut(text) for _, text in texts])
    else:
        vectors = np.zeros((len(texts), 0 if encoder is None else encoder.dimension), np.float32)
    return Wordings(
        things=things,
        owners=np.fromiter((thing for thing, _ in texts), dtype=np.int32, count=len(texts)),
        encoder=encoder,
        letters_weight=letters_weight,
        _vocabulary=vocabulary,
        _letters=letters,
        _vectors=vectors,
    )


def between(texts: Sequence[str]) -> Floats:
    """How alike each two texts are by their letters, 0 to 1; shape (n, n)."""
    if not texts:
        return np.zeros((0, 0))
    _, matrix = Vocabulary.of(texts)
    rows = _of_length_1(matrix)
    alike: Floats = np.clip((rows @ rows.T).toarray().astype(np.float64), 0.0, 1.0)
    return alike
