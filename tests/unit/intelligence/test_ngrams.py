"""Pieces of text: the same in one row as in many, and for scripts without spaces."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.ngrams import Counted, Vocabulary, pieces

TEXTS = ["I lost my card", "lost lost again", "我的卡丢了", "", "PIN für Köln"]


def test_pieces_of_words_and_of_characters() -> None:
    words, parts = pieces("Lost lost 卡丢了")
    assert words == {"lost": 2, "lost lost": 1}
    assert parts["lo"] == 2
    assert parts[" lost"] == 2
    assert {"卡", "卡丢", "卡丢了", "丢了"} <= set(parts)
    assert " 卡" not in parts


def test_one_row_is_as_in_the_matrix() -> None:
    vocabulary, rows = Vocabulary.of(TEXTS)
    for at, text in enumerate(TEXTS):
        dense = np.zeros(len(vocabulary), dtype=np.float32)
        columns, values, unknown = vocabulary.row(text)
        dense[columns] = values
        assert dense == pytest.approx(rows[at].toarray()[0], abs=1e-6)
        assert unknown == (0.0 if text else 1.0)


def test_blocks_have_length_one_and_rare_pieces_weigh_more() -> None:
    vocabulary, _ = Vocabulary.of(TEXTS)
    columns, values, _ = vocabulary.row("lost card")
    assert np.linalg.norm(values) == pytest.approx(2**0.5)
    weight = dict(zip(columns, values, strict=True))
    assert weight[vocabulary.words["card"]] > weight[vocabulary.words["lost"]]


def test_unknown_pieces_are_counted() -> None:
    vocabulary, _ = Vocabulary.of(TEXTS)
    assert vocabulary.row("zzz")[2] == 1.0
    assert 0 < vocabulary.row("lost zzz")[2] < 1


def test_counted_together_as_one_by_one() -> None:
    texts = [*TEXTS, "my my card, 我的 card"]
    counted = Counted.of(texts)
    for at, text in enumerate(texts):
        for known, counts, one in zip(
            (counted.words, counted.parts), (counted.in_words, counted.in_parts), pieces(text),
            strict=True,
        ):  # fmt: skip
            row = counts[at]
            found = zip(row.indices, row.data, strict=True)
            assert {known[column]: n for column, n in found} == one


def test_a_vocabulary_of_some_knows_nothing_of_the_others() -> None:
    counted = Counted.of(TEXTS)
    chosen = np.array([0, 2], dtype=np.intp)
    some, rows = Vocabulary.of(counted.chosen(chosen))
    alone, same = Vocabulary.of([TEXTS[0], TEXTS[2]])
    assert (list(some.words), list(some.parts)) == (list(alone.words), list(alone.parts))
    assert rows.toarray() == pytest.approx(same.toarray())
    asked, unknown = some.rows(counted)
    for at, text in enumerate(TEXTS):
        columns, values, share = some.row(text)
        assert unknown[at] == pytest.approx(share)
        assert asked[at].toarray()[0, columns] == pytest.approx(values, abs=1e-6)
        assert asked[at].nnz == len(columns)
