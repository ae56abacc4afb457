"""Every problem is documented, and nothing is documented that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from agent_console.frames import ERROR_STATUS
from callcenter.api.problem import TITLES

FILE = Path(__file__).resolve().parents[3] / "docs" / "problems.md"
HANDSHAKE = {"no_common_version", "restarting"}


def test_documented() -> None:
    """docs/problems.md lists the codes of the API and of the channel, with the channel's status."""
    http, _, channel = FILE.read_text("utf-8").partition("## Agent channel")
    row = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
    assert {code for code, _ in row.findall(http)} == set(TITLES) | HANDSHAKE
    assert {code: int(status) for code, status in row.findall(channel)} == dict(ERROR_STATUS)
