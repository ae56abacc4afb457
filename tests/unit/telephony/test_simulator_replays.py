"""The simulated exchange does what the recorded real one did, scenario by scenario."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telephony.simulator import Outcome
from tests.sameness import order, sequences, shapes
from tests.simulated import SCENARIOS, played

REPLAYS = Path(__file__).parents[2] / "replays"
TRUTH = json.loads((REPLAYS / "truth.json").read_text(encoding="utf-8"))


def recorded(name: str) -> bytes:
    return (REPLAYS / f"{name}.ami").read_bytes()


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_events_in_the_same_order(name: str) -> None:
    """Per channel, device, member: the same event names, headers, values and order."""
    real, simulated = sequences(recorded(name)), sequences(played(name).stream.encode())
    assert simulated.keys() == real.keys()
    for subject in real:
        assert simulated[subject] == real[subject], subject


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_order_between_channels(name: str) -> None:
    """What the real one sent clearly before something else, the simulated one does not send
    after it."""
    simulated = order(played(name).stream.encode(), 1e-6)
    reversed_pairs = {(b, a) for a, b in order(recorded(name))} & simulated
    assert not reversed_pairs


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_headers_of_each_event(name: str) -> None:
    """Each event has the headers of the real one, in the real order; none is invented."""
    real = shapes(recorded(name))
    for event, found in shapes(played(name).stream.encode()).items():
        assert found <= real[event], event


@pytest.mark.parametrize("name", SCENARIOS)
def test_truth_is_what_a_person_on_the_floor_would_say(name: str) -> None:
    """The ground truth equals the hand-written truth of the recording."""
    stage = played(name)
    outcomes = stage.exchange.truth()
    assert [_told(outcome) for outcome in outcomes] == [
        {
            "end": call["end"],
            "queues": call["queues"],
            "offers": sorted(call["offers"]),
            "answered_by": call["answered_by"],
        }
        for call in TRUTH[name]
    ]


def _told(outcome: Outcome) -> dict[str, object]:
    own = outcome.arrival.device
    outbound = own is not None and outcome.device == own
    queues = [[visit.queue, visit.why] for visit in outcome.visits]
    rang = [[device, how] for device, how in outcome.offers if device != "PJSIP/trunk"]
    return {
        "end": outcome.end,
        "queues": queues,
        "offers": sorted(pair for pair in rang if pair[1] != "answered"),
        "answered_by": [outcome.device] if outcome.device and (outbound or rang) else [],
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_left_behind(name: str) -> None:
    """After the scenario no channel, bridge, queue entry or timer is left."""
    exchange = played(name).exchange
    assert exchange.world.channels == {}
    assert exchange.world.bridges == {}
    assert all(not queue.entries for queue in exchange.queues.values())
    assert exchange.world.deadline() is None
