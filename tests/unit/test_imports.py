"""Who may import whom: the contracts of pyproject.toml hold, and the table of homes is whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OURS = tuple(PROJECT["tool"]["importlinter"]["root_packages"])
RUNS_BY_ITSELF = {"httptools"}
"""Installed for uvicorn, which finds it by its name."""
NAMES = {
    "argon2-cffi": "argon2",
    "asterisk-ami": "asterisk",
    "prometheus-client": "prometheus_client",
    "scikit-learn": "sklearn",
}
"""Distributions that are imported under another name."""


def contract(name: str) -> dict[str, Any]:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (found,) = (one for one in contracts if one["name"] == name)
    assert isinstance(found, dict)
    return found


HOMES = contract("each third-party package has one home")


@cache
def third_party_imports() -> frozenset[tuple[str, str]]:
    """(module, top-level package), read from the sources, imports inside functions included."""
    return frozenset(_third_party_imports())


def _third_party_imports() -> Iterator[tuple[str, str]]:
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for name in names:
                    top = name.partition(".")[0]
                    if top not in sys.stdlib_module_names and top not in OURS:
                        yield module, top


def at_home(module: str, package: str) -> bool:
    return any(
        fnmatchcase(module, home.replace("**", "*")) and package == target
        for home, _, target in (line.partition(" -> ") for line in HOMES["ignore_imports"])
    )


def test_the_contracts_hold() -> None:
    """Layers, purity and homes; what is broken is in the failure's output."""
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_third_party_import_is_at_home() -> None:
    """A package is imported by its home and by nobody else; one without a home, by nobody."""
    strays = {
        f"{module} imports {package}"
        for module, package in third_party_imports()
        if not at_home(module, package)
    }
    assert strays == set()


def test_every_home_is_lived_in() -> None:
    """The table names no module and no package that is not there any more."""
    imported = third_party_imports()
    assert set(HOMES["forbidden_modules"]) == {package for _, package in imported}
    for line in HOMES["ignore_imports"]:
        home, _, target = line.partition(" -> ")
        pattern = home.replace("**", "*")
        assert any(fnmatchcase(m, pattern) and p == target for m, p in imported), line


def test_every_dependency_is_used() -> None:
    """What pyproject.toml asks for is imported somewhere (or is part of what is)."""
    imported = {package for _, package in third_party_imports()}
    asked = {re.split(r"[\[=<>~! ]", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert {NAMES.get(name, name) for name in asked - RUNS_BY_ITSELF} <= imported


def test_pure_modules_say_so_truly() -> None:
    """A module whose docstring says "Pure" is none of those the purity contract lets go."""
    lines = contract("pure modules of exchange, mind and screens stay pure")["ignore_imports"]
    let_go = {line.partition(" -> ")[0] for line in lines if line.endswith(" -> *")}
    assert let_go
    for module in let_go:
        path = ROOT / Path(*module.split(".")).with_suffix(".py")
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        assert not re.search(r"\bPure\b", docstring), module
