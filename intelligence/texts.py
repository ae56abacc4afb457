"""Reasons from words: what a text says of the reason, and whether it is about any of ours.

Three sources, each blind to something: a linear head on words and their parts, one on an
encoder's vectors if there is an encoder, and the examples remembered. Their scores are pooled with
shares fitted on held-out examples, so that the probabilities mean what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intelligence import text_files
from intelligence.calibration import fit_shares, pooled, softened
from intelligence.encoders import Encoder, Vectors, cut
from intelligence.heads import Head, Loss, blended, fit_meaning, fit_words, losses_worth
from intelligence.held_out import FOLDS, checked, folds_of, folds_worth
from intelligence.memory import Example, HashedPieces, Memory, votes
from intelligence.ngrams import Counted, Vocabulary
from intelligence.rejection import SIGNS, Rejector, fit_rejector, signs

__all__ = ["Example", "Reading", "TextModel", "fit_texts"]

Progress = Callable[[str, float], None]
Scores = NDArray[np.float64]

_USUAL = {"words": 2.0, "meaning": 0.6, "memory": 0.4}
"""Shares where there are no held-out examples to fit them on."""
_FEW_OUTSIDE = 20
"""With fewer outside texts than this, texts of ours whose reason the model is made to forget stand
in for the rest."""


@dataclass(frozen=True, slots=True)
class Reading:
    distribution: dict[str, float]
    """Over leaf codes; sums to 1."""
    ours: float
    """The probability that the text is about one of our reasons at all."""


@dataclass(slots=True)
class TextModel:
    """Reads one text. Corrections go to ``memory.add`` and count from the next text on."""

    reasons: tuple[str, ...]
    vocabulary: Vocabulary
    words: Head
    meaning: Head | None
    memory: Memory
    shares: Scores
    """Of words, meaning (if there is such a head) and memory."""
    shares_unread: Scores
    """Of words alone, for a text in a script the encoder does not read."""
    rejector: Rejector
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def encoder(self) -> Encoder:
        return self.memory.encoder

    def read(self, text: str, language: str | None = None) -> Reading:
        """``language`` is not needed: words and encoder tell by themselves. Any text is read, of
        an empty one little can be said."""
        text = cut(text)
        columns, values, unknown = self.vocabulary.row(text)
        vector = self.encoder.encode([text])[0] if self.encoder.reads(text) else None
        near = self.memory.near(text, vector)
        count = len(self.reasons)
        scores = [self.words.score(columns, values)[None]]
        heads = [softened(scores[0] * self.shares_unread[0], 1.0)]
        shares = self.shares_unread
        if vector is not None:
            shares = self.shares
            if self.meaning is not None:
                scores.append(self.meaning.scores(vector[None]))
                heads.append(softened(scores[1], 1.0))
            scores.append(near.votes[None, :count])
        pool = pooled(scores, shares)
        found = signs(
            pool, heads, np.array([near.familiar]), np.array([unknown]), np.array([len(text)])
        )
        ours = float(self.rejector.ours(found)[0])
        said = np.zeros(len(near.corrected))
        said[:count] = pool[0] * (1 - near.overrule)
        said += near.corrected * near.overrule
        return Reading(
            {code: float(share) for code, share in zip(self.memory.reasons, said, strict=False)},
            # What somebody corrected to a reason of ours is ours.
            ours + (1 - ours) * near.overrule,
        )

    def save(self, folder: Path) -> None:
        text_files.save(self, folder)

    @classmethod
    def load(cls, folder: Path, encoder: Encoder | None = None) -> TextModel:
        """As ``text_files.load``."""
        return text_files.load(folder, encoder)

    def facts(self) -> dict[str, object]:
        """For a manifest: JSON."""
        return dict(self.notes)


def fit_texts(
    examples: Sequence[Example],
    encoder: Encoder | None,
    seed: int,
    outside: Sequence[str] = (),
    progress: Progress | None = None,
) -> TextModel:
    """A model of these examples, oldest first. ``outside``: texts that are about none of our
    reasons. ``encoder``: a ``Kept`` one does not encode again what it has read before.
    Raises ``TrainingError`` when there is nothing to learn, in words for a person."""
    say = progress or (lambda _what, _share: None)
    reasons, labels, weights = checked(examples)
    texts = [cut(one.text) for one in examples]
    say("reading", 0.0)
    memory = Memory(encoder)
    counted, others = Counted.of(texts), Counted.of([cut(text) for text in outside])
    if encoder is None:
        vectors, outside_vectors = HashedPieces.of(counted), HashedPieces.of(others)
    else:
        vectors = _in_pieces(encoder, texts, say)
        outside_vectors = encoder.encode([cut(text) for text in outside])
    lengths = np.array([float(len(text)) for text in texts])
    data = _Data(
        counted, vectors, lengths, labels, weights, len(reasons), encoder is not None, seed
    )
    outer = (others, outside_vectors, np.array([float(len(cut(text))) for text in outside]))

    folds = folds_of(labels, seed)
    tried = [fold for fold in range(folds_worth(len(labels))) if (folds == fold).any()]
    losses = losses_worth(len(labels), len(reasons))
    held: list[_Held] = []
    for at, fold in enumerate(tried):
        say("checking on examples held out", 0.2 + 0.5 * at / len(tried))
        trained = _train(data, np.flatnonzero(folds != fold), losses)
        there = np.flatnonzero(folds == fold)
        held.append(
            trained.judge(counted.chosen(there), vectors[there], lengths[there], labels[there])
        )
        if outside:
            held[-1].outside = trained.judge(*outer, None)
    say("learning", 0.7)
    whole = _train(data, np.arange(len(labels)), losses)
    say("weighing", 0.95)
    blend, shares, unread = _shares(held, len(losses), data.has_meaning)
    memory.name(reasons)
    memory.learn(vectors, [one.reason for one in examples])
    model = TextModel(
        tuple(reasons), whole.vocabulary, blended(whole.words, blend), whole.meaning, memory,
        shares, unread, _rejector(held, shares, unread, len(outside)),
    )  # fmt: skip
    model.notes = {
        "examples": len(texts),
        "words": {loss: round(float(one), 4) for loss, one in zip(losses, blend, strict=True)},
        "reasons": len(reasons),
        "outside": len(outside),
        "pieces": len(whole.vocabulary),
        "encoder": memory.encoder.name,
        "encoder_fingerprint": memory.encoder.fingerprint,
        "shares": [round(float(share), 4) for share in shares],
        "held_out": _measured(held, shares),
    }
    say("done", 1.0)
    return model


@dataclass(frozen=True, slots=True)
class _Data:
    counted: Counted
    vectors: Vectors
    lengths: Scores
    labels: NDArray[np.intp]
    weights: Scores
    count: int
    has_meaning: bool
    seed: int


@dataclass(slots=True)
class _Held:
    """What heads trained on other examples say of these."""

    scores: list[Scores]
    """Of each source; of words, once they are blended, one."""
    familiar: Scores
    unknown: Scores
    lengths: Scores
    labels: NDArray[np.intp] | None
    outside: _Held | None = None

    def signs(self, shares: Scores, unread: Scores, hidden: bool = False) -> Scores:
        """``hidden``: as if nobody had ever heard of each text's own reason."""
        scores, familiar = self.scores, self.familiar
        if hidden:
            assert self.labels is not None
            scores = [one.copy() for one in scores]
            for one in scores:
                one[np.arange(len(one)), self.labels] = -1e3
            familiar = familiar - 0.1
        heads = [softened(scores[0] * unread[0], 1.0), *(softened(s, 1.0) for s in scores[1:-1])]
        return signs(pooled(scores, shares), heads, familiar, self.unknown, self.lengths)


@dataclass(frozen=True, slots=True)
class _Trained:
    vocabulary: Vocabulary
    words: list[Head]
    meaning: Head | None
    remembered: Vectors
    labels: NDArray[np.intp]
    count: int

    def judge(
        self,
        counted: Counted,
        vectors: Vectors,
        lengths: Scores,
        labels: NDArray[np.intp] | None,
    ) -> _Held:
        rows, unknown = self.vocabulary.rows(counted)
        scores = [head.scores(rows) for head in self.words]
        if self.meaning is not None:
            scores.append(self.meaning.scores(vectors))
        nearest = [
            votes(vectors[at : at + 500] @ self.remembered.T, self.labels, self.count)
            for at in range(0, len(vectors), 500)
        ]
        scores.append(np.concatenate([logs for logs, _ in nearest]))
        familiar = np.concatenate([familiar for _, familiar in nearest])
        return _Held(scores, familiar, unknown, lengths, labels)


def _train(data: _Data, chosen: NDArray[np.intp], losses: Sequence[Loss]) -> _Trained:
    vocabulary, rows = Vocabulary.of(data.counted.chosen(chosen))
    labels, weights = data.labels[chosen], data.weights[chosen]
    vectors = data.vectors[chosen]
    words = [fit_words(rows, labels, weights, loss, data.seed) for loss in losses]
    meaning = fit_meaning(vectors, labels, weights) if data.has_meaning else None
    return _Trained(vocabulary, words, meaning, vectors, labels, data.count)


def _in_pieces(encoder: Encoder, texts: list[str], say: Progress) -> Vectors:
    found = []
    for at in range(0, len(texts), 500):
        found.append(encoder.encode(texts[at : at + 500]))
        say("reading", 0.2 * min(1.0, (at + 500) / len(texts)))
    return np.concatenate(found)


def _labelled(held: Sequence[_Held]) -> tuple[list[Scores], NDArray[np.intp]]:
    scores = [np.concatenate(parts) for parts in zip(*(one.scores for one in held), strict=True)]
    labels = [one.labels for one in held if one.labels is not None]
    return scores, np.concatenate(labels)


def _shares(held: Sequence[_Held], heads: int, has_meaning: bool) -> tuple[Scores, Scores, Scores]:
    """How much each of the ``heads`` on words counts in their blend (sums to 1), the shares of the
    sources with that blend as one of them, and its share alone. Blends words in ``held``."""
    start = np.array([_USUAL["words"] / heads] * heads)
    rest = ["meaning", "memory"] if has_meaning else ["memory"]
    usual = np.array([*start, *(_USUAL[name] for name in rest)])
    if not held:
        return start / start.sum(), np.append(start.sum(), usual[heads:]), start.sum()[None]
    scores, labels = _labelled(held)
    each = fit_shares(scores, labels, usual, np.zeros(len(usual)), pull=5.0)
    words = each[:heads].sum()
    blend = each[:heads] / words if words > 0 else start / start.sum()
    for one in [*held, *(one.outside for one in held if one.outside is not None)]:
        one.scores[:heads] = [np.tensordot(blend, np.stack(one.scores[:heads]), 1)]
    alone = [_labelled(held)[0][0]]
    unread = fit_shares(alone, labels, start.sum()[None], np.zeros(1), pull=5.0)
    return blend, np.append(words, each[heads:]), unread


def _rejector(held: Sequence[_Held], shares: Scores, unread: Scores, outside: int) -> Rejector:
    if not held:
        return Rejector(np.zeros(SIGNS), 3.0)  # nothing is known of doubt: everything is ours
    ours = np.concatenate([one.signs(shares, unread) for one in held])
    others = [one.outside.signs(shares, unread) for one in held if one.outside is not None]
    if outside < _FEW_OUTSIDE:
        others += [one.signs(shares, unread, hidden=True) for one in held]
    return fit_rejector(ours, np.concatenate(others))


def _measured(held: Sequence[_Held], shares: Scores) -> dict[str, object]:
    if not held:
        return {"examples": 0}
    scores, labels = _labelled(held)
    likely = pooled(scores, shares)
    return {
        "examples": len(labels),
        "folds": f"{len(held)} of {FOLDS}",
        "accuracy": round(float((likely.argmax(axis=1) == labels).mean()), 4),
        "log_loss": round(_log_loss(likely, labels), 4),
    }


def _log_loss(likely: Scores, labels: NDArray[np.intp]) -> float:
    right = likely[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, 1e-12)).mean())
