"""What is written about a trained model, and refusing what does not hold to it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LONGEST: Final = 4_000_000
"""Bytes of a manifest; a longer one is none of ours."""
ADVICE: Final = (
    "the engine goes on with the rules; take another version (callcenter rollback) or train again"
    " (callcenter train)"
)
_SHA: Final = re.compile(r"[0-9a-f]{64}\Z")


class ModelRefused(Exception):  # noqa: N818  # reads as the reason it is
    """A model is not used: which file, what is wrong with it, and what to do."""

    def __init__(self, path: Path, what: str, advice: str = ADVICE) -> None:
        super().__init__(f"{path}: {what}. What to do: {advice}.")
        self.path = path
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A trained model as its manifest describes it; the model itself is not read for this."""

    name: str
    kind: str
    made: float
    """Seconds since the epoch, UTC."""
    parent: str | None
    """Which one was in use when this one was made."""
    files: Mapping[str, str]
    """Path inside the version to the SHA-256 of the file."""
    libraries: Mapping[str, str]
    """Name to the version it was made with."""
    facts: Mapping[str, Any]
    """What it was trained on (``data``), how good it was on calls it had not seen (``metrics``),
    and what the model says of itself."""

    @property
    def data(self) -> Mapping[str, Any]:
        return _table(self.facts.get("data"))

    @property
    def metrics(self) -> Mapping[str, Any]:
        return _table(self.facts.get("metrics"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest_of(
    *,
    kind: str,
    made: float,
    files: Mapping[str, str],
    libraries: Mapping[str, str],
    parent: str | None,
    facts: Mapping[str, Any],
) -> bytes:
    """The bytes of a manifest. Raises ``ValueError`` when ``facts`` is not JSON."""
    return (
        json.dumps(
            {
                "format": FORMAT,
                "kind": kind,
                "made": made,
                "parent": parent,
                "files": files,
                "libraries": libraries,
                "facts": facts,
            },
            indent=1,
            sort_keys=True,
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
    ).encode()


def read_version(folder: Path) -> Version:
    """Read a version's manifest. Raises ``ModelRefused``.

    The end of the folder's name is the beginning of the manifest's own SHA-256, so that a manifest
    that was edited, or belongs to another version, is refused.
    """
    path = folder / MANIFEST
    content = _content(path, LONGEST + 1)
    if not folder.name.endswith("-" + sha256(content)[:8]):
        raise ModelRefused(path, "it is not the one this version was written with")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelRefused(path, f"it is not JSON ({error})") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        raise ModelRefused(
            path,
            f"its format is {found!r}, and this engine reads {FORMAT}",
            "train again with this version of the engine (callcenter train)",
        )
    try:
        return _version(folder.name, data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelRefused(path, f"it is not a manifest of a model ({error})") from None


def checked_files(folder: Path, version: Version) -> Mapping[str, bytes]:
    """Every file of a version, found as the manifest has it. Raises ``ModelRefused``."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ModelRefused(path, "it is a symbolic link; models hold none")
        if path.is_dir() or name == MANIFEST:
            continue
        if name not in version.files:
            raise ModelRefused(path, "the manifest does not name this file")
        found[name] = _content(path)
        if sha256(found[name]) != version.files[name]:
            raise ModelRefused(path, "its content is not what was written (SHA-256 differs)")
    for name in version.files:
        if name not in found:
            raise ModelRefused(folder / name, "the file is missing")
    return found


def _content(path: Path, most: int = -1) -> bytes:
    """What is in a plain file; a pipe or a device in its place must not keep the reader waiting."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ModelRefused(path, "it is not a plain file")
            return file.read(most)
    except OSError as error:
        raise ModelRefused(path, f"it cannot be read ({error.strerror})") from None


def _version(name: str, data: Mapping[str, Any]) -> Version:
    kind, parent = data["kind"], data["parent"]
    if not isinstance(kind, str) or not name.startswith(kind + "-"):
        raise ValueError(f"kind {kind!r}")
    if not isinstance(parent, str | None):
        raise TypeError(f"parent {parent!r}")
    files = {str(file): str(sha) for file, sha in data["files"].items()}
    for file, sha in files.items():
        inside = PurePosixPath(file)
        if inside.is_absolute() or ".." in inside.parts or not _SHA.match(sha):
            raise ValueError(f"file {file!r}")
    return Version(
        name=name,
        kind=kind,
        made=float(data["made"]),
        parent=parent,
        files=files,
        libraries={str(k): str(v) for k, v in data["libraries"].items()},
        facts=dict(data["facts"]),
    )


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
