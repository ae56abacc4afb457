"""Who is champion and challenger: what ``registry.json`` says, read and replaced as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .manifest import FORMAT, ModelRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Which version took which one's place, when and why."""

    at: float
    kind: str
    name: str | None
    """``None``: no model any more, the rules."""
    was: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What ``registry.json`` says."""

    champions: Mapping[str, str] = field(default_factory=dict)
    challengers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Where ``rollback`` leads, the nearest last; ``None``: the rules."""
    history: tuple[Change, ...] = ()
    """What was changed, the oldest first."""


def read_state(path: Path) -> State:
    """Without a file nobody is anything. Raises ``ModelRefused``."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from None
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, not {FORMAT}")
        return State(
            champions={str(k): str(v) for k, v in data["champions"].items()},
            challengers={k: tuple(map(str, v)) for k, v in data["challengers"].items()},
            before={k: tuple(v) for k, v in data["before"].items()},
            history=tuple(Change(**one) for one in data["history"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(path, f"{type(error).__name__}: {error}") from None


def write_state(path: Path, state: State) -> None:
    """Replace the file; whoever reads meanwhile sees the old or the new one. Raises ``OSError``."""
    text = json.dumps({"format": FORMAT, **asdict(state)}, indent=1, sort_keys=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    flush(path.parent)


def flush_all(folder: Path) -> None:
    """Everything in a folder is on disk when this returns."""
    for path in folder.rglob("*"):
        flush(path)
    flush(folder)


def flush(path: Path) -> None:
    """A file, or the names in a folder, are on disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _broken(path: Path, why: str) -> ModelRefused:
    return ModelRefused(
        path, f"it cannot be understood ({why})", "move it away, then promote a model by hand"
    )
