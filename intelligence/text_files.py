"""A text model on disk: arrays and JSON, nothing that runs when it is opened.

``model.json`` (format, reasons, encoder, shares), ``pieces.json`` (the vocabulary) and
``arrays.npz``, read with ``allow_pickle=False``. Texts of customers are not in it: the pieces of
words that occurred are, and vectors and digests of what was said.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from intelligence.encoders import Encoder, EncoderMissing, kind_of, open_encoder
from intelligence.heads import Head
from intelligence.memory import HashedPieces, Memory
from intelligence.ngrams import Vocabulary
from intelligence.rejection import SIGNS, Rejector
from intelligence.training import ModelUnreadable

if TYPE_CHECKING:
    from intelligence.texts import TextModel

FORMAT = 1


def save(model: TextModel, folder: Path) -> None:
    """Into ``folder``, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "format": FORMAT,
        "kind": "words",
        "encoder": model.encoder.name,
        "encoder_fingerprint": model.encoder.fingerprint,
        "reasons": list(model.reasons),
        "remembered": model.memory.reasons,
        "facts": model.facts(),
    }
    _write(folder / "model.json", about)
    words, parts = model.vocabulary.words, model.vocabulary.parts
    _write(folder / "pieces.json", {"words": list(words), "parts": list(parts)})
    arrays: dict[str, NDArray[Any]] = {
        "rarity": model.vocabulary.rarity,
        # Half the digits: margins change in the fourth place.
        "words_weights": model.words.weights.astype(np.float16),
        "words_bias": model.words.bias,
        "shares": model.shares,
        "shares_unread": model.shares_unread,
        "rejector": np.append(model.rejector.weights, model.rejector.bias),
        **{f"memory_{name}": array for name, array in model.memory.arrays().items()},
    }
    if model.meaning is not None:
        arrays |= {"meaning_weights": model.meaning.weights, "meaning_bias": model.meaning.bias}
    np.savez(folder / "arrays.npz", allow_pickle=False, **arrays)


def load(folder: Path, encoder: Encoder | None = None) -> TextModel:
    """What ``save`` wrote. ``encoder``: the one to read with; ``None``: the one the model was made
    with is opened (``EncoderMissing`` if it is not installed). Raises ``ModelUnreadable`` in words
    for any other format, for another encoder than the model's, and for parts that do not fit."""
    from intelligence.texts import TextModel

    about = _read(folder / "model.json")
    if about.get("kind") != "words" or about.get("format") != FORMAT:
        raise ModelUnreadable(
            f"{folder.name} is of kind {about.get('kind')}, format {about.get('format')}; "
            f"this release reads words, format {FORMAT}"
        )
    encoder = _same(about, encoder)
    try:
        # Opened here: numpy would leave a file open that it cannot read.
        with (
            (folder / "arrays.npz").open("rb") as opened,
            np.load(opened, allow_pickle=False) as stored,
        ):
            arrays = {name: stored[name] for name in stored.files}
        named = _read(folder / "pieces.json")
        vocabulary = Vocabulary.named(named["words"], named["parts"], arrays["rarity"])
        reasons = tuple(str(one) for one in about["reasons"])
        remembered = [str(one) for one in about["remembered"]]
        memory = Memory(encoder)
        memory.name(remembered)
        memory.restore(arrays["memory_vectors"], arrays["memory_labels"])
        words = _head(arrays, "words", len(vocabulary), len(reasons))
        meaning = None
        if "meaning_weights" in arrays:
            meaning = _head(arrays, "meaning", memory.encoder.dimension, len(reasons))
        shares, unread = arrays["shares"], arrays["shares_unread"]
        rejector = arrays["rejector"]
        _fits(shares.shape == ((2,) if meaning is None else (3,)) and unread.shape == (1,))
        _fits(rejector.shape == (SIGNS + 1,) and bool(np.isfinite(rejector).all()))
        _fits(len(vocabulary) == len(named["words"]) + len(named["parts"]))
        _fits(remembered[: len(reasons)] == list(reasons))
    except (
        KeyError, IndexError, TypeError, ValueError, OSError, EOFError, BadZipFile,
    ) as broken:  # fmt: skip
        if isinstance(broken, ModelUnreadable):
            raise
        raise ModelUnreadable(f"{folder.name} cannot be read: {broken}") from broken
    return TextModel(
        reasons, vocabulary, words, meaning, memory,
        shares.astype(np.float64), unread.astype(np.float64),
        Rejector(rejector[:-1].astype(np.float64), float(rejector[-1])), dict(about["facts"]),
    )  # fmt: skip


def _same(about: dict[str, Any], encoder: Encoder | None) -> Encoder | None:
    """The model's own encoder; ``None`` for a model without."""
    name, fingerprint = about.get("encoder"), about.get("encoder_fingerprint")
    if name == HashedPieces.name:
        if encoder is not None:
            raise ModelUnreadable(
                f"the model was made without an encoder, not with {encoder.name}: train it again"
            )
        return None
    if encoder is None:
        kind = kind_of(str(name))
        if kind is None:
            raise EncoderMissing(
                f"this release has no encoder {name}, which the model was made with"
            )
        encoder = open_encoder(kind)
    if encoder is None or (encoder.name, encoder.fingerprint) != (name, fingerprint):
        other = encoder.name if encoder is not None else "none"
        raise ModelUnreadable(
            f"the model was made with the encoder {name} ({str(fingerprint)[:12]}…), not with "
            f"{other}: vectors of two encoders cannot be compared; train it again"
        )
    return encoder


def _head(arrays: dict[str, NDArray[Any]], name: str, features: int, reasons: int) -> Head:
    weights = arrays[f"{name}_weights"].astype(np.float32)
    bias = arrays[f"{name}_bias"].astype(np.float32)
    _fits(weights.shape == (features, reasons) and bias.shape == (reasons,))
    _fits(bool(np.isfinite(weights).all() and np.isfinite(bias).all()))
    return Head(weights, bias)


def _fits(true: bool) -> None:
    if not true:
        raise ModelUnreadable("its parts do not fit together")


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as broken:
        raise ModelUnreadable(f"{path.name} cannot be read: {broken}") from broken
    if not isinstance(value, dict):
        raise ModelUnreadable(f"{path.name} is not what was written")
    return value
