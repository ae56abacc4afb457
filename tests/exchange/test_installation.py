"""Finding the package archive and saying what is missing. Nothing is installed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exchange import installation
from tests.exchange.installation import ExchangeUnavailableError


def test_archives_come_from_both_formats_of_apt_sources(tmp_path: Path) -> None:
    """Lists and stanzas, options, comments, disabled stanzas, several addresses on one line."""
    (tmp_path / "sources.list").write_text(
        "# deb http://comment.example/debian sid main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/ bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n"
    )
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "extra.list").write_text("deb https://two.example/debian bookworm main\n")
    (folder / "debian.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://three.example/debian\n"
        "  http://one.example/debian\nSuites: bookworm\n\n"
        "Types: deb\nURIs: http://off.example/debian\nSuites: sid\nEnabled: no\n\n"
        "Types: deb-src\nURIs: http://source.example/debian\nSuites: sid\n"
    )
    assert installation.archives(tmp_path) == [
        "http://one.example/debian",
        "https://two.example/debian",
        "http://three.example/debian",
    ]


def test_no_sources_are_no_archives(tmp_path: Path) -> None:
    """A machine without apt has none, without an error."""
    assert installation.archives(tmp_path) == []


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason a test is skipped with names what to do."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    reason = installation.missing()
    assert reason is not None
    assert "needs root" in reason
    with pytest.raises(ExchangeUnavailableError, match="needs root"):
        installation.ensure()


def test_without_apt_it_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On a machine where nothing can be installed every missing program is named."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("CALLCENTER_CACHE", str(tmp_path))
    reason = installation.missing()
    assert reason == "not installed and no apt-get to install it: sipp, debootstrap"


def test_the_cache_folder_is_outside_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """$CALLCENTER_CACHE wins over $XDG_CACHE_HOME, which wins over the home folder."""
    monkeypatch.delenv("CALLCENTER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert installation.chroot_folder() == tmp_path / "xdg" / "callcenter" / "asterisk-22"
    monkeypatch.setenv("CALLCENTER_CACHE", str(tmp_path / "own"))
    assert installation.chroot_folder() == tmp_path / "own" / "asterisk-22"
