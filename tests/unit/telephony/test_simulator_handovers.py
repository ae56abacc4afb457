"""Agents at simulated phones put callers on hold and hand them on."""

from __future__ import annotations

import pytest

from telephony.simulator import SettingsError, SimulatorSettings
from telephony.simulator import handovers as h
from tests.sameness import sequences, shapes
from tests.simulated import SERVICE, Played
from tests.unit.telephony.test_simulator_engine import beat, told
from tests.unit.telephony.test_simulator_replays import recorded

DEVICE = "PJSIP/1001"


def talking(**caller: object) -> tuple[Played, str]:
    """A caller talks with 1001."""
    stage = Played()
    stage.phones(p1001=("answers", 0.5), p1002=("answers", 0.5), p1004=("answers", 0.5))
    call = stage.call(SERVICE, "+441632960024", "Patient One", **{"talk": 60.0, **caller})
    stage.run(2.0)
    assert stage.exchange.world.channels[call].bridge is not None
    return stage, call


def test_hold_and_take_back_as_recorded() -> None:
    """The headers of Hold and Unhold, and what the caller's channel says, are the real ones."""
    stage, _ = talking(talk=4.0)
    assert h.hold(stage.exchange, DEVICE)
    assert not h.hold(stage.exchange, DEVICE)
    stage.run(1.0)
    assert h.resume(stage.exchange, DEVICE)
    assert not h.resume(stage.exchange, DEVICE)
    stage.run(60.0)
    real, simulated = (shapes(one) for one in (recorded("hold_unhold"), stage.stream.encode()))
    for name in ("Hold", "Unhold"):
        assert simulated[name] == real[name]
    names = [
        [event[0] for event in one["PJSIP/trunk#1"] if event[0].startswith("MusicOnHold")]
        for one in (sequences(recorded("hold_unhold")), sequences(stage.stream.encode()))
    ]
    assert names[0] == names[1]


def test_a_blind_transfer_to_a_colleague() -> None:
    """The first agent is out of it, the caller rings the colleague and talks to them."""
    stage, call = talking()
    assert h.blind_transfer(stage.exchange, DEVICE, "1002")
    stage.run(3.0)
    (sent,) = told(stage, "BlindTransfer")
    assert (sent.get("Extension"), sent.get("TransfereeUniqueid")) == ("1002", call)
    real = shapes(recorded("transfer_blind"))["BlindTransfer"]
    assert shapes(stage.stream.encode())["BlindTransfer"] == real
    assert told(stage, "AgentComplete")[0].get("Reason") == "transfer"
    devices = {channel.device.name for channel in stage.exchange.world.channels.values()}
    assert devices == {"PJSIP/trunk", "PJSIP/1002"}


@pytest.mark.parametrize("engine", [False, True])
def test_a_blind_transfer_to_a_queue(engine: bool) -> None:
    """The caller stands in the other line, the engine's where it distributes."""
    stage = Played()
    stage.phones(p1001=("answers", 0.5), p1004=("answers", 0.5))
    stage.change(engine_queues=frozenset({"sales"}) if engine else frozenset())
    stage.call(SERVICE, "+441632960025", talk=60.0, patience=30.0)
    stage.run(2.0)
    assert h.blind_transfer(stage.exchange, DEVICE, "sales")
    beat(stage, 2.0)
    assert bool(told(stage, "CallcenterWait")) is engine
    stage.run(90.0)
    (outcome,) = stage.exchange.truth()
    first, second = outcome.visits[:2]
    assert (first.queue, first.why, second.queue) == ("service", "answered", "sales")


def test_nobody_is_handed_on_to_nowhere() -> None:
    """An unknown extension, or a phone that talks to nobody, changes nothing."""
    stage, call = talking()
    assert not h.blind_transfer(stage.exchange, DEVICE, "9999")
    assert not h.blind_transfer(stage.exchange, "PJSIP/1002", "1001")
    assert not h.hold(stage.exchange, "PJSIP/1002")
    stage.run(1.0)
    assert stage.exchange.world.channels[call].bridge is not None


def test_living_agents_hold_and_hand_on() -> None:
    """With these shares each talk has both, and all ends well."""
    stage = Played()
    stage.phones(p1001=("answers", 0.5), p1002=("answers", 0.5), p1003=("answers", 0.5))
    stage.change(hold_share=1.0, transfer_share=1.0)
    stage.call(SERVICE, "+441632960026", talk=30.0)
    stage.run(300.0)
    assert told(stage, "Hold")
    assert told(stage, "BlindTransfer")
    assert stage.exchange.world.channels == {}


@pytest.mark.parametrize(
    ("action", "headers", "event"),
    [
        ("MixMonitor", {}, "MixMonitorStart"),
        ("StopMixMonitor", {}, "MixMonitorStop"),
        ("MixMonitorMute", {"Direction": "both", "State": "1"}, "MixMonitorMute"),
    ],
)
def test_recording(action: str, headers: dict[str, str], event: str) -> None:
    """Each action is answered and told of the channel."""
    stage, call = talking()
    assert "Response: Success" in stage.act(action, Channel=call, **headers)
    stage.run(0.1)
    (said,) = told(stage, event)
    assert said.get("Uniqueid") == call


@pytest.mark.parametrize("action", ["MixMonitor", "MixMonitorMute", "MuteAudio", "PlayDTMF"])
def test_controls_of_nobody_are_refused(action: str) -> None:
    """No channel, and one that is not there."""
    stage = Played()
    more = {"Direction": "both", "State": "1"}
    assert "Response: Error" in stage.act(action, **more)
    assert "Message: No such channel" in stage.act(action, Channel="PJSIP/x-1", **more)


def test_shares_are_shares() -> None:
    """The settings say so."""
    with pytest.raises(SettingsError, match="hold_share"):
        SimulatorSettings(hold_share=1.5)
