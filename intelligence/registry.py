"""Trained models on disk: versions with manifests, which is in use, and the way back.

    <folder>/registry.json                    who is champion and challenger, and what was before
    <folder>/<kind>-<UTC time>-<hash8>/       a version: manifest.json and the model's own files

A version is never changed after it appeared: it is written beside, flushed to disk and renamed into
place, and so is ``registry.json``; whoever reads at the same time sees the old or the new. Writers
wait for each other (``intelligence.locks``). Nothing of a version is parsed before the SHA-256 of
every file was found as the manifest has it, and what was checked is what is parsed: the bytes are
copied out first. That guards against mix-ups, cut files and changes; whoever may write the whole
folder may also write new sums, so it belongs to the engine's user alone.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Protocol

from .locks import locked
from .manifest import (
    MANIFEST,
    ModelRefused,
    Version,
    checked_files,
    manifest_of,
    read_version,
    sha256,
)
from .standing import Change, State, flush, flush_all, read_state, write_state

log: Final = logging.getLogger(__name__)

STATE: Final = "registry.json"
LOCK: Final = "registry.lock"
KEPT: Final = 20
"""Versions of a kind that are kept besides those in use."""
MOST_CHALLENGERS: Final = 2
"""Of a kind: each is asked at every call. When a third comes, the second gives way, so that the
first one goes on gathering calls until it is judged."""
MOST_HISTORY: Final = 50
MOST_BEFORE: Final = 10
LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "skops")
BUSY_SECONDS: Final = 10.0
"""How long a writer waits for another; each holds the lock for moments."""


class UnknownVersion(LookupError):  # noqa: N818  # reads as the reason it is
    """There is no such version; the message says what there is."""


class Savable(Protocol):
    def save(self, folder: Path) -> None: ...

    def facts(self) -> Mapping[str, object]: ...


Loader = Callable[[Path], object]


def _reasons(folder: Path) -> object:
    from .trees import ReasonTrees

    return ReasonTrees.load(folder)


def _words(folder: Path) -> object:
    from .texts import TextModel

    return TextModel.load(folder)


LOADERS: Final[Mapping[str, Loader]] = {"reasons": _reasons, "words": _words}


class Registry:
    """A folder of versions. Reading needs no lock and may go on while another process writes."""

    def __init__(
        self,
        folder: Path,
        loaders: Mapping[str, Loader] = LOADERS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``loaders``: kind to what reads a version's folder. Nothing is made before it is needed:
        without a folder there are no versions."""
        self.folder = folder
        self._loaders = loaders
        self._clock = clock
        self.troubles: dict[str, str] = {}
        """Kinds whose champion was refused when it was last opened, with the reason."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._loaders)

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever a version comes, goes, or is promoted. One system call."""
        try:
            found = os.stat(self.folder / STATE)
        except FileNotFoundError:
            return ()
        return (found.st_mtime_ns, found.st_ino, found.st_size)

    def state(self) -> State:
        """Raises ``ModelRefused`` when ``registry.json`` cannot be understood."""
        return read_state(self.folder / STATE)

    def versions(self, kind: str | None = None) -> tuple[Version, ...]:
        """Those whose manifest can be read, the newest first. Others are logged and left out."""
        found = []
        for name in self._names(kind):
            try:
                found.append(read_version(self.folder / name))
            except ModelRefused as error:
                log.warning("model_not_listed", extra={"model": name, "why": str(error)})
        return tuple(sorted(found, key=lambda one: (-one.made, one.name)))

    def version(self, name: str) -> Version:
        """Raises ``UnknownVersion``, ``ModelRefused``."""
        if name not in self._names(None):
            known = ", ".join(sorted(self._names(None))) or "none"
            raise UnknownVersion(
                f"There is no model {name!r} in {self.folder}. There are: {known}."
            )
        return read_version(self.folder / name)

    def champion(self, kind: str) -> Version | None:
        """The one in use; ``None``: the rules. Raises ``ModelRefused`` when it is broken."""
        name = self.state().champions.get(kind)
        return None if name is None else self._in_use(name)

    def challengers(self, kind: str) -> tuple[Version, ...]:
        """Those that are tried, in the order they came. Broken ones are logged and left out."""
        found = []
        for name in self.state().challengers.get(kind, ()):
            try:
                found.append(self._in_use(name))
            except ModelRefused as error:
                log.warning("challenger_refused", extra={"model": name, "why": str(error)})
        return tuple(found)

    def load(self, version: Version | str) -> object:
        """The model itself. Raises ``ModelRefused`` before anything is parsed when a file changed,
        came or went, and when the model's own reader does not take it; ``UnknownVersion``."""
        name = version if isinstance(version, str) else version.name
        manifest = self.version(name)
        folder = self.folder / name
        loader = self._loaders.get(manifest.kind)
        if loader is None:
            raise ModelRefused(folder, f"models of kind {manifest.kind!r} are not known here")
        contents = checked_files(folder, manifest)
        with tempfile.TemporaryDirectory(prefix="model-") as copied:
            for file, content in contents.items():
                target = Path(copied) / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            try:
                return loader(Path(copied))
            except Exception as error:  # whatever a reader says of a file it refuses
                raise ModelRefused(
                    folder, f"its reader does not take it ({type(error).__name__}: {error})"
                ) from error

    def open_champion(self, kind: str) -> tuple[Version, object] | None:
        """The one in use with its model; ``None``: the rules go on. A champion that is missing or
        broken is logged and noted in ``troubles``, never raised."""
        try:
            version = self.champion(kind)
            found = None if version is None else (version, self.load(version))
        except (ModelRefused, UnknownVersion) as error:
            log.error("model_refused", extra={"kind": kind, "why": str(error)})
            self.troubles[kind] = str(error)
            return None
        self.troubles.pop(kind, None)
        return found

    def add(self, kind: str, model: Savable, facts: Mapping[str, Any]) -> Version:
        """Write a version; it becomes a challenger.

        ``facts`` for the manifest, as JSON: ``data`` (since, until, lessons, last call...) and
        ``metrics``, and what else there is to say. Raises ``OSError``, ``locks.Busy``.
        """
        if kind not in self._loaders:
            raise ValueError(
                f"there is no kind of models {kind!r}; there are {', '.join(self.kinds)}"
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = Path(tempfile.mkdtemp(prefix=_NEW, dir=self.folder))
        try:
            model.save(beside)
            made = self._clock()
            with self._lock():
                state = self.state()
                manifest = manifest_of(
                    kind=kind,
                    made=made,
                    files={
                        path.relative_to(beside).as_posix(): sha256(path.read_bytes())
                        for path in sorted(beside.rglob("*"))
                        if path.is_file()
                    },
                    libraries=_libraries(),
                    parent=state.champions.get(kind),
                    facts={**model.facts(), **facts},
                )
                name = _name(kind, made, manifest)
                (beside / MANIFEST).write_bytes(manifest)
                flush_all(beside)
                os.rename(beside, self.folder / name)
                flush(self.folder)
                tried = (*state.challengers.get(kind, ())[: MOST_CHALLENGERS - 1], name)
                write_state(
                    self.folder / STATE,
                    replace(state, challengers={**state.challengers, kind: tried}),
                )
                self._prune(kind)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return self.version(name)

    def promote(self, name: str, why: str) -> Change:
        """Make this version the one in use; the one before stays for ``rollback``.

        Its files are checked first. Raises ``UnknownVersion``, ``ModelRefused``.
        """
        with self._lock():
            chosen = self.version(name)
            checked_files(self.folder / name, chosen)
            state = self.state()
            was = state.champions.get(chosen.kind)
            left = tuple(one for one in state.challengers.get(chosen.kind, ()) if one != name)
            before = state.before.get(chosen.kind, ())
            if was != name:
                before = (*before, was)[-MOST_BEFORE:]
            return self._changed(
                replace(
                    state,
                    challengers={**state.challengers, chosen.kind: left},
                    before={**state.before, chosen.kind: before},
                ),
                Change(at=self._clock(), kind=chosen.kind, name=name, was=was, why=why),
            )

    def rollback(self, kind: str, why: str = "rolled back") -> Change:
        """The version before the one in use is in use again, or the rules when there was none.

        Repeated, it goes further back. Raises ``UnknownVersion`` when the rules are in use.
        """
        with self._lock():
            state = self.state()
            now = state.champions.get(kind)
            if now is None:
                raise UnknownVersion(f"No model of kind {kind!r} is in use; the rules are.")
            before = list(state.before.get(kind, ()))
            chosen: str | None = None
            while before and (chosen := before.pop()) is not None:
                try:
                    checked_files(self.folder / chosen, self.version(chosen))
                    break
                except (UnknownVersion, ModelRefused) as error:
                    log.warning("model_passed_over", extra={"model": chosen, "why": str(error)})
                    chosen = None
            return self._changed(
                replace(state, before={**state.before, kind: tuple(before)}),
                Change(at=self._clock(), kind=kind, name=chosen, was=now, why=why),
            )

    def retire(self, name: str) -> None:
        """It is no longer tried. Harmless when it was not."""
        with self._lock():
            state = self.state()
            left = {
                kind: tuple(one for one in names if one != name)
                for kind, names in state.challengers.items()
            }
            if left != state.challengers:
                write_state(self.folder / STATE, replace(state, challengers=left))

    def _changed(self, state: State, change: Change) -> Change:
        champions = {k: v for k, v in state.champions.items() if k != change.kind}
        if change.name is not None:
            champions[change.kind] = change.name
        write_state(
            self.folder / STATE,
            replace(
                state,
                champions=champions,
                history=(*state.history, change)[-MOST_HISTORY:],
            ),
        )
        return change

    def _in_use(self, name: str) -> Version:
        try:
            return self.version(name)
        except UnknownVersion:
            raise ModelRefused(
                self.folder / name, "it is in use, but its folder is missing"
            ) from None

    def _lock(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return locked(self.folder / LOCK, self._clock(), BUSY_SECONDS)

    def _names(self, kind: str | None) -> tuple[str, ...]:
        try:
            found = sorted(entry.name for entry in os.scandir(self.folder) if _is_name(entry, kind))
        except FileNotFoundError:
            return ()
        return tuple(found)

    def _prune(self, kind: str) -> None:
        """Drop the oldest beyond ``KEPT``, never one in use or one ``rollback`` would go to."""
        state = self.state()
        used = {*state.champions.values(), *(n for ns in state.challengers.values() for n in ns)}
        used |= {name for names in state.before.values() for name in names[-1:] if name is not None}
        # By the time in the name: what has no readable manifest is counted and dropped too.
        for name in sorted(self._names(kind), reverse=True)[KEPT:]:
            if name not in used:
                os.rename(self.folder / name, self.folder / f"{_OLD}{name}")
        for path in self.folder.glob(".*-*"):  # also what a killed process left
            if path.name.startswith(_OLD) or (
                path.name.startswith(_NEW) and self._clock() - path.stat().st_mtime > _FORGOTTEN
            ):
                shutil.rmtree(path, ignore_errors=True)


_NEW: Final = ".new-"
_OLD: Final = ".old-"
_FORGOTTEN: Final = 3600.0
"""Seconds after which a version that is still being written has no writer any more."""
_NAME: Final = re.compile(r"([a-z]+)-(\d{8}T\d{6}(?:\d{3})?Z)-([0-9a-f]{8})\Z")


def _is_name(entry: os.DirEntry[str], kind: str | None) -> bool:
    found = _NAME.match(entry.name)
    return (
        found is not None
        and (kind is None or found[1] == kind)
        and entry.is_dir(follow_symlinks=False)
    )


def _name(kind: str, made: float, manifest: bytes) -> str:
    """With milliseconds, so that two of one second keep their order by name."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(made))
    return f"{kind}-{stamp}{int(made * 1000) % 1000:03d}Z-{sha256(manifest)[:8]}"


def _libraries() -> Mapping[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
