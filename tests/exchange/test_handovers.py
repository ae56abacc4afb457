"""Calls that change hands, played again on the real exchange with the shipped configuration: the
tracker tells what it tells of the recording. Transfers by phone and by keys, parking, pickup."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telephony.wire import Decoder
from tests.replays import features, parking, transfers
from tests.replays.playing import HERE, plain, play
from tests.replays.record import play as play_scenario
from tests.replays.stage import SCENARIOS

pytestmark = pytest.mark.exchange

# Device and member states come in whatever order Asterisk's threads find.
UNORDERED = ("DeviceChanged", "MemberSeen")
PLAYED = (
    transfers.transfer_attended,
    transfers.transfer_blonde,
    features.feature_attended,
    features.feature_threeway,
    parking.park_retrieved,
    parking.pickup_queue,
    parking.local_chain,
)


def about_calls(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] not in UNORDERED]


TIMES = 3
"""A story is played at most. What Asterisk's threads do at the same moment they tell in an order of
their own, not always in that of the recording."""


@pytest.mark.usefixtures("exchange_installed")
@pytest.mark.parametrize("name", [each.__name__ for each in PLAYED])
def test_played_again_it_is_told_the_same(name: str) -> None:
    """Another run of the same story on an exchange of its own gives the same events of calls; in
    whatever order they come, nothing is left and nothing is unexpected."""
    expected = json.loads((HERE / f"{name}.events.json").read_text(encoding="utf-8"))
    for _ in range(TIMES):
        events, tracker = play(Decoder().feed(play_scenario(SCENARIOS[name])))
        assert tracker.is_empty
        assert tracker.unexpected.total() == 0
        told = about_calls(plain(events))
        if told == about_calls(expected):
            break
    assert told == about_calls(expected)
