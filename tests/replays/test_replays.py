"""The recordings, their truth and their README belong together. No Asterisk is needed."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.replays.record import HERE, MODULES, readme
from tests.replays.stage import SCENARIOS

for _module in MODULES:
    importlib.import_module(f"tests.replays.{_module}")

RECORDINGS = sorted(HERE.glob("*.ami"))
TRUTHS: dict[str, list[dict[str, Any]]] = json.loads((HERE / "truth.json").read_text("utf-8"))
IN_THE_MIDDLE = frozenset(
    {
        "control_consult_ringing_snapshot",
        "control_consult_snapshot",
        "control_hold_snapshot",
        "control_swap_snapshot",
        "snapshot_during_call",
        "snapshot_parked",
        "snapshot_while_ringing",
    }
)
"""Recordings that begin while their calls are up."""


def names(path: Path) -> str:
    return path.stem


def test_every_scenario_has_its_recording_and_truth() -> None:
    """Nothing is recorded without a scenario that can record it again, and none is missing."""
    assert [path.stem for path in RECORDINGS] == sorted(SCENARIOS) == sorted(TRUTHS)


def test_the_readme_is_that_of_the_scenarios() -> None:
    """README.md was written from the scenarios and recordings as they are now."""
    assert (HERE / "README.md").read_text(encoding="utf-8") == readme()


@pytest.mark.parametrize("path", RECORDINGS, ids=names)
def test_a_recording_is_a_whole_session(path: Path) -> None:
    """From the banner to the end of a message; nothing of this or that machine in it."""
    data = path.read_bytes()
    assert data.startswith(b"Asterisk Call Manager/")
    assert data.endswith(b"\r\n\r\n")
    assert re.findall(rb"/(?:home|root|work|tmp|run)/\w+", data) == []


@pytest.mark.parametrize("path", RECORDINGS, ids=names)
def test_the_calls_of_the_truth_are_in_the_recording(path: Path) -> None:
    """As many calls came from the trunk as the truth says, with the numbers it says, and those
    that agents began; a session that starts in the middle of calls has seen none begin."""
    data = path.read_bytes()
    truths = TRUTHS[path.stem]
    began = [
        block
        for block in data.split(b"\r\n\r\n")
        if block.startswith(b"Event: Newchannel")
        and b"\r\nChannelStateDesc: Ring\r\n" in block
        # The dialplan half of a Local channel begins in this state as well.
        and b"\r\nChannel: Local/" not in block
        # Agents also dial to pick up, to take back, to join a room: those are no calls.
        and b"\r\nChannel: PJSIP/trunk-" in block
    ]
    if path.stem in IN_THE_MIDDLE:
        assert began == []
    elif path.stem != "missing_privilege":
        assert len(began) == sum(truth["direction"] == "inbound" for truth in truths)
    for truth in truths:
        if truth["number"] and truth["direction"] == "inbound":
            assert f"CallerIDNum: {truth['number']}\r\n".encode() in data
        for device in [*truth["answered_by"], *filter(None, [truth["began_by"]])]:
            assert f"Channel: {device}-".encode() in data
