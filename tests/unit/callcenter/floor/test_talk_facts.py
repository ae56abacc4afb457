"""What the exchange reports about a talk: who takes part, who listens, what is recorded."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.errors import NotNow, UnknownAgent
from callcenter.floor.orders import Control, RecordAudit, RecordCall, ShowControl, ShowHelp
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only
from tests.unit.callcenter.floor.talk import BOSS, SIDE, Talk


def test_the_life_of_a_consultation_on_the_card() -> None:
    """Ringing, talking while the caller is on hold, held after a swap, gone."""
    line = Talk()
    assert line.parties() == {"caller": "talking", "agent": "talking"}
    line.consulting(answered=False)
    assert line.parties() == {"caller": "held", "agent": "talking", "consulted": "ringing"}
    line.tell(e.ConsultAnswered, device=MEI, leg=SIDE)
    assert line.parties()["consulted"] == "talking"
    assert line.card().parties[-1].number == "1005"
    line.tell(e.CallResumed, device=MEI)
    assert line.parties() == {"caller": "talking", "agent": "talking", "consulted": "held"}
    line.tell(e.ConsultEnded, device=MEI, leg=SIDE, why="gone")
    assert line.parties() == {"caller": "talking", "agent": "talking"}
    assert line.shown() == line.card()


def test_a_consulted_party_joins_and_leaves() -> None:
    """In a conference everybody is on the card, until they leave."""
    line = Talk()
    line.consulting()
    line.tell(e.ConsultEnded, device=MEI, leg=SIDE, why="joined")
    line.tell(e.PartyJoined, leg=SIDE, number="+442079460999", name="Ann")
    line.tell(e.CallResumed, device=MEI)
    party = line.card().parties[-1]
    assert (party.kind, party.number, party.name, party.state) == (
        "other", "+442079460999", "Ann", "talking",
    )  # fmt: skip
    line.tell(e.PartyLeft, leg=SIDE)
    assert line.parties() == {"caller": "talking", "agent": "talking"}


def test_another_leg_is_not_the_consulted_one() -> None:
    """Counted as something that does not fit; the consultation stays as it is."""
    line = Talk()
    line.consulting(answered=False)
    line.tell(e.ConsultAnswered, device=MEI, leg="other")
    assert line.parties()["consulted"] == "ringing"
    line.tell(e.ConsultEnded, device=MEI, leg="other", why="gone")
    assert line.parties()["consulted"] == "ringing"
    assert line.floor.unexpected == {"ConsultAnswered": 1}


def test_a_call_handed_on_counts_and_keeps_its_caller() -> None:
    """Transfers are counted, and the record says who talked last."""
    line = Talk()
    line.consulting()
    line.tell(e.CallTransferred, kind="attended", by=MEI, to=TOM)
    line.tell(e.CallAnswered, device=TOM, leg="leg-tom", queue=None)
    line.tell(e.DeviceLeft, device=MEI, leg=line.leg)
    assert line.card("tom").transfers == 1
    assert line.card("tom").number == "+442079460123"
    line.end("c1")
    (record,) = only(line.orders, RecordCall)
    assert (record.agent, record.transfers) == ("tom", 1)


def test_resuming_after_a_consulted_agent_answered_is_no_surprise() -> None:
    """Tom answered while the caller was on hold; that mei takes the caller back fits."""
    line = Talk()
    line.consulting()
    line.tom_joins()
    line.tell(e.CallResumed, device=MEI)
    assert line.card().state == "talking"
    assert line.states() == {"mei": "talking", "tom": "talking"}
    assert line.floor.unexpected == {}
    assert line.parties()["caller"] == "talking"


def test_two_agents_hold_and_resume_each_for_themselves() -> None:
    """The caller is on hold as long as one of them holds."""
    line = Talk()
    line.tom_joins()
    line.tell(e.CallHeld, device=MEI)
    line.tell(e.CallHeld, device=TOM)
    assert line.states() == {"mei": "held", "tom": "held"}
    line.tell(e.CallResumed, device=TOM)
    assert line.states() == {"mei": "held", "tom": "talking"}
    assert line.parties()["caller"] == "held"
    line.tell(e.CallResumed, device=MEI)
    assert line.parties()["caller"] == "talking"
    assert line.floor.unexpected == {}


@pytest.mark.parametrize(("leaves", "last"), [(MEI, "tom"), (TOM, "mei")])
def test_who_talked_last(leaves: str, last: str) -> None:
    """Of two agents, the one who stayed; not simply the one who came later."""
    line = Talk()
    line.tom_joins()
    line.tell(e.DeviceLeft, device=leaves, leg="any")
    line.end("c1")
    (record,) = only(line.orders, RecordCall)
    assert record.agent == last


def test_a_parked_call_is_on_nobodys_phone_and_comes_back() -> None:
    """Where it is parked is on the card; who fetches it talks to the caller."""
    line = Talk()
    line.tell(e.CallParked, place="701", by=MEI)
    assert line.parties()["caller"] == "parked"
    assert (line.card().parked, line.floor.call_view("c1").parked) == ("701", "701")
    line.tell(e.DeviceLeft, device=MEI, leg=line.leg)
    assert line.states()["mei"] == "wrapup"
    line.tell(e.CallUnparked, by=TOM)
    assert line.card().parked is None
    line.tell(e.CallParked, place=None, by=None)
    assert line.card().parked == "?"
    line.tom_joins()
    assert line.card("tom").parked is None
    assert line.states()["tom"] == "talking"


@pytest.mark.parametrize("visible", [True, False])
def test_whether_an_agent_sees_who_listens(visible: bool) -> None:
    """By the centre's policy; a supervisor who is heard is a party who talks."""
    line = Talk(listening_visible=visible)
    states = []
    for mode in ("listen", "whisper", "barge"):
        line.tell(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode=mode)
        states.append(line.parties().get("supervisor"))
    assert states == (["listening", "talking", "talking"] if visible else [None] * 3)
    numbers = [party.number for party in line.card().parties if party.kind == "supervisor"]
    assert numbers == ([BOSS] if visible else [])
    line.tell(e.SpyEnded, by=BOSS, leg="leg-boss")
    assert line.parties() == {"caller": "talking", "agent": "talking"}


def test_muting_is_shown_as_the_exchange_confirmed_it() -> None:
    """Per phone; who leaves and comes again is heard."""
    line = Talk()
    line.tom_joins()
    line.tell(e.MuteChanged, device=MEI, muted=True)
    assert {p.agent: p.muted for p in line.card().parties if p.kind == "agent"} == {
        "mei": True, "tom": False,
    }  # fmt: skip
    line.tell(e.DeviceLeft, device=MEI, leg=line.leg)
    line.tell(e.CallAnswered, device=MEI, leg="again", queue=None)
    assert not any(party.muted for party in line.card().parties)


def pause(line: Talk, leg: str = "leg-1") -> None:
    line.tell(e.RecordingChanged, leg=leg, state="on")
    line.tell(e.RecordingChanged, leg=leg, state="paused")


def test_a_paused_recording_goes_on_by_itself_and_that_is_written_down() -> None:
    """After the limit the engine asks the exchange; the audit says whose talk and why."""
    line = Talk(pause_limit=30.0)
    pause(line)
    assert (line.card().recording, line.card().recording_resumes) == ("paused", line.at + 30)
    assert only(line.pass_time(29.9), Control) == []
    line.pass_time(0.1)
    assert (line.control().do, line.control().leg) == ("resume_recording", line.leg)
    line.tell(e.RecordingChanged, leg="leg-1", state="on")
    (row,) = only(line.orders, RecordAudit)
    assert (row.by, row.what, row.agent, row.call, row.ok) == (
        "engine", "resume_recording", "mei", "c1", True,
    )  # fmt: skip
    assert row.reason == "paused longer than allowed"
    assert (line.card().recording, line.card().recording_resumes) == ("on", None)
    assert only(line.pass_time(100), Control) == []


def test_a_recording_that_does_not_go_on_is_tried_again() -> None:
    """The exchange did not confirm: audited as failed, and asked again after as long."""
    line = Talk(pause_limit=30.0)
    pause(line)
    orders = line.pass_time(36)
    assert [row.ok for row in only(orders, RecordAudit)] == [False]
    assert line.card().recording == "paused"
    assert line.card().recording_resumes == 1060.0
    assert len(only(line.pass_time(30), Control)) == 1


def test_a_recording_resumed_by_hand_or_over_is_left_alone() -> None:
    """The engine asks for nothing once it is on, off, or the call is over."""
    for state in ("on", "off"):
        line = Talk(pause_limit=30.0)
        pause(line)
        line.tell(e.RecordingChanged, leg="leg-1", state=state)
        assert only(line.pass_time(100), Control) == []
    line = Talk(pause_limit=30.0)
    pause(line)
    line.end("c1")
    assert only(line.pass_time(100), Control) == []


def test_the_leg_that_is_recorded_is_the_one_that_goes_on() -> None:
    """Of two agents in a talk; and while nobody is in it, it is tried later."""
    line = Talk(pause_limit=30.0)
    line.tom_joins()
    pause(line, "leg-tom")
    line.pass_time(30)
    assert (line.control().device, line.control().leg) == (TOM, "leg-tom")
    line = Talk(pause_limit=30.0)
    pause(line)
    line.tell(e.CallParked, place="701", by=MEI)
    line.tell(e.DeviceLeft, device=MEI, leg=line.leg)
    assert only(line.pass_time(30), Control) == []
    line.tom_joins()
    assert [one.device for one in only(line.pass_time(30), Control)] == [TOM]


def test_an_agent_may_pause_while_the_engine_resumes() -> None:
    """What the engine asks for is not the agent's: it does not keep them from anything."""
    line = Talk(pause_limit=30.0)
    pause(line)
    line.pass_time(30)
    assert line.card().pending == ()
    line.ask("hold")
    line.tell(e.CallHeld, device=MEI)
    assert [one.agent for one in only(line.orders, ShowControl)] == ["mei"]


def test_merged_calls_keep_what_belongs_to_the_talk() -> None:
    """Muting, hold, consultation, recording and who listens go over to the call that stays."""
    line = Talk(pause_limit=30.0)
    line.consulting()
    line.tell(e.MuteChanged, device=MEI, muted=True)
    line.tell(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode="listen")
    line.tell(e.PartyJoined, leg="x", number="1", name=None)
    pause(line)
    before = line.card()
    line.say(
        e.CallArrived(
            at=line.at, call="c2", direction="inbound", number=before.number, name=None,
            dialled=None,
        )
    )  # fmt: skip
    line.say(e.CallsMerged(at=line.at, call="c2", absorbed="c1"))
    after = line.card()
    assert after.call == "c2"
    assert after.state == "held"
    assert after.parties[1:] == before.parties[1:]
    assert after.parties[0].state == "held"
    assert (after.recording, after.recording_resumes) == ("paused", line.at + 30)
    assert [one.call for one in only(line.pass_time(30), Control)] == ["c2"]


def test_help_is_asked_for_and_given() -> None:
    """Every supervisor is told, and told again when somebody took notice; that is audited."""
    line = Talk()
    line.say(e.HelpAsked(at=line.at, agent="mei", call=None, text="x" * 600))
    (shown,) = only(line.orders, ShowHelp)
    assert (shown.agent, shown.call, shown.since, len(shown.text)) == ("mei", "c1", line.at, 500)
    assert line.agent("mei").help_since == line.at
    line.pass_time(5)
    line.say(e.HelpGiven(at=line.at, agent="mei", by="boss"))
    (shown,) = only(line.orders, ShowHelp)
    assert (shown.agent, shown.since) == ("mei", None)
    assert line.agent("mei").help_since is None
    (row,) = only(line.orders, RecordAudit)
    assert (row.by, row.what, row.agent, row.ok) == ("boss", "help", "mei", True)
    with pytest.raises(NotNow, match="any more"):
        line.say(e.HelpGiven(at=line.at, agent="mei", by="boss"))
    with pytest.raises(UnknownAgent):
        line.say(e.HelpAsked(at=line.at, agent="eve", call=None))


def test_whoever_signs_out_asks_for_help_no_more() -> None:
    """Supervisors are not left with a call for help of somebody who went home."""
    line = Talk()
    line.end("c1")
    line.pass_time(60)
    line.say(e.HelpAsked(at=line.at, agent="mei", call=None))
    line.say(e.AgentSignedOut(at=line.at, agent="mei"))
    assert [one.since for one in only(line.orders, ShowHelp)] == [None]
