"""Call control by example: what may be asked, what confirms it, and what a failure leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from callcenter.floor import events as e
from callcenter.floor.control_rules import SUPERVISION
from callcenter.floor.controls import CONFIRM_SECONDS
from callcenter.floor.errors import (
    BadChoice,
    FloorError,
    Forbidden,
    NotNow,
    UnknownAgent,
    UnknownCall,
)
from callcenter.floor.orders import Control, RecordAudit, ShowControl
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only
from tests.unit.callcenter.floor.talk import BOSS, SIDE, Talk

Step = Callable[[Talk], object]
Outcome = Literal["done", "failed"]


def talk_in(*steps: Step, answered: bool = True, **settings: object) -> Talk:
    """A talk after these steps."""
    line = Talk(answered=answered, **settings)
    for step in steps:
        step(line)
    return line


def told(kind: Any, /, **fields: Any) -> Step:
    return lambda line: line.tell(kind, **fields)


held = told(e.CallHeld, device=MEI)
muted = told(e.MuteChanged, device=MEI, muted=True)
recorded = told(e.RecordingChanged, leg="leg-mei", state="on")
paused = told(e.RecordingChanged, leg="leg-mei", state="paused")
listened = told(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode="listen")


def consulting(line: Talk) -> None:
    line.consulting()


def consult_rings(line: Talk) -> None:
    line.consulting(answered=False)


FACTS: dict[str, Step] = {
    "held": told(e.CallHeld, device=MEI),
    "held by tom": told(e.CallHeld, device=TOM),
    "resumed": told(e.CallResumed, device=MEI),
    "resumed by tom": told(e.CallResumed, device=TOM),
    "muted": told(e.MuteChanged, device=MEI, muted=True),
    "unmuted": told(e.MuteChanged, device=MEI, muted=False),
    "tom muted": told(e.MuteChanged, device=TOM, muted=True),
    "tom unmuted": told(e.MuteChanged, device=TOM, muted=False),
    "transferred": told(e.CallTransferred, kind="blind", by=MEI, to="1005"),
    "transferred by tom": told(e.CallTransferred, kind="blind", by=TOM, to="1005"),
    "transferred to boss": told(e.CallTransferred, kind="attended", by=TOM, to=BOSS),
    "parked": told(e.CallParked, place="701", by=MEI),
    "parked by tom": told(e.CallParked, place="701", by=TOM),
    "unparked": told(e.CallUnparked, by=MEI),
    "consult began": told(e.ConsultBegan, device=MEI, leg=SIDE, to="1005"),
    "tom consults": told(e.ConsultBegan, device=TOM, leg="other", to="1005"),
    "consult completed": told(e.ConsultEnded, device=MEI, leg=SIDE, why="completed"),
    "consult joined": told(e.ConsultEnded, device=MEI, leg=SIDE, why="joined"),
    "consult gone": told(e.ConsultEnded, device=MEI, leg=SIDE, why="gone"),
    "tom's consult": told(e.ConsultEnded, device=TOM, leg="other", why="completed"),
    "joined": told(e.PartyJoined, leg=SIDE, number="1005", name=None),
    "somebody joined": told(e.PartyJoined, leg="other", number="1006", name=None),
    "party left": told(e.PartyLeft, leg="other"),
    "recording on": told(e.RecordingChanged, leg="leg-mei", state="on"),
    "recording off": told(e.RecordingChanged, leg="leg-mei", state="off"),
    "recording paused": told(e.RecordingChanged, leg="leg-mei", state="paused"),
    "listens": told(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode="listen"),
    "whispers": told(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode="whisper"),
    "barges": told(e.SpyBegan, device=MEI, by=BOSS, leg="leg-boss", mode="barge"),
    "another listens": told(e.SpyBegan, device=MEI, by="PJSIP/1008", leg="l8", mode="listen"),
    "listened": told(e.SpyEnded, by=BOSS, leg="leg-boss"),
    "another listened": told(e.SpyEnded, by="PJSIP/1008", leg="l8"),
    "answered": told(e.CallAnswered, device=MEI, leg="leg-mei", queue=None),
    "tom answered": told(e.CallAnswered, device=TOM, leg="leg-tom", queue=None),
    "boss answered": told(e.CallAnswered, device=BOSS, leg="leg-boss", queue=None),
    "tom is rung": told(e.CallOffered, device=TOM, leg="leg-tom", queue=None),
    "key": told(e.KeyPressed, key="1"),
    "caller changed": told(e.CallerChanged, number="+442079460123", name="Wang"),
    "left": told(e.DeviceLeft, device=MEI, leg="leg-mei"),
    "ended": told(e.CallEnded, why="completed"),
    "carried out": lambda line: line.say(e.ControlCarriedOut(at=line.at, id=key(line))),
}
"""Whatever may be reported while something is pending."""


def key(line: Talk) -> str:
    (key,) = line.floor.state.calls["c1"].controls
    return key


@dataclass(frozen=True)
class Case:
    steps: tuple[Step, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    """The facts that confirm it."""
    failed: tuple[str, ...] = ("ended",)
    """The facts after which it cannot be done any more."""
    ringing: bool = False


NO_CONSULT = ("consult gone", "ended")
CASES: dict[e.ControlKind, Case] = {
    "answer": Case(done=("answered",), ringing=True),
    "hold": Case(done=("held",)),
    "resume": Case((held,), done=("resumed",)),
    "mute": Case(done=("muted",)),
    "unmute": Case((muted,), done=("unmuted",)),
    "dtmf": Case(fields={"digits": "12*#A"}, done=("carried out",)),
    "blind_transfer": Case(
        fields={"target": "+442079460999"}, done=("transferred", "left", "ended"), failed=()
    ),
    "consult": Case(fields={"target": "1005"}, done=("consult began",)),
    "swap": Case(
        (consulting,), done=("held", "resumed"),
        failed=("consult completed", "consult joined", *NO_CONSULT),
    ),
    "complete": Case(
        (consulting,), done=("transferred", "consult completed", "ended"),
        failed=("consult joined", "consult gone"),
    ),
    "cancel_consult": Case(
        (consulting,), done=("consult completed", "consult joined", "consult gone")
    ),
    "conference": Case(
        (consulting,), done=("consult joined", "joined"), failed=("consult completed", *NO_CONSULT)
    ),
    "park": Case(done=("parked",)),
    "hang_up": Case(done=("left", "ended"), failed=()),
    "record": Case(done=("recording on",)),
    "stop_recording": Case((paused,), done=("recording off",)),
    "pause_recording": Case((recorded,), done=("recording paused",)),
    "resume_recording": Case((paused,), done=("recording on",)),
    "listen": Case(done=("listens",)),
    "whisper": Case((listened,), done=("whispers",)),
    "barge": Case((listened,), done=("barges",)),
    "stop_listening": Case((listened,), done=("listened", "ended"), failed=()),
    "take_over": Case(done=("transferred to boss", "boss answered")),
}  # fmt: skip
KINDS = get_args(e.ControlKind)
each_kind = pytest.mark.parametrize("do", KINDS)


def asked(do: e.ControlKind, **settings: object) -> tuple[Talk, object]:
    """A talk in which it was asked for, and what everybody saw before."""
    case = CASES[do]
    line = talk_in(*case.steps, answered=not case.ringing, **settings)
    before = line.seen()
    if do in SUPERVISION:
        line.supervise(do, **case.fields)
    else:
        line.ask(do, **case.fields)
    return line, before


@each_kind
def test_each_kind_is_ordered_and_shown_as_pending(do: e.ControlKind) -> None:
    """One order with everything the exchange needs; the asker's card says what is waited for."""
    line, _ = asked(do)
    control = line.control()
    supervised = do in SUPERVISION
    own = None if do in ("listen", "take_over") else "leg-boss" if supervised else line.leg
    wanted = line.leg if supervised else CASES[do].fields.get("target")
    assert (control.call, control.do) == ("c1", do)
    assert control.device == (BOSS if supervised else MEI)
    assert (control.leg, control.target) == (own, wanted)
    assert control.digits == CASES[do].fields.get("digits")
    assert control.new_leg.startswith("cx-r-")
    pending = [(one.id, one.do, one.deadline) for one in line.card().pending]
    assert pending == ([] if supervised else [("k1", do, line.at + CONFIRM_SECONDS[do])])


@each_kind
def test_each_kind_is_confirmed_by_the_right_fact_only(do: e.ControlKind) -> None:
    """Of all that may be reported, only its own fact by its own device confirms it."""
    case, who = CASES[do], "boss" if do in SUPERVISION else "mei"
    for name, fact in FACTS.items():
        line, _ = asked(do)
        fact(line)
        results = [(one.agent, one.id, one.call, one.do, one.ok, bool(one.why))
                   for one in only(line.orders, ShowControl)]  # fmt: skip
        over = name in case.done + case.failed
        ok = name in case.done
        assert results == ([(who, "k1", "c1", do, ok, not ok)] if over else []), name
        assert bool(line.floor.state.controlled) != over, name
        call = line.floor.state.calls.get("c1")
        assert (not call or not call.controls) == over, name


def test_the_deadlines_are_those_of_the_docs() -> None:
    """The table of docs/call-control.md names each kind once, with its deadline in seconds."""
    page = (Path(__file__).parents[4] / "docs" / "call-control.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    written = {kind: float(row[2]) for row in rows for kind in re.findall(r"`(\w+)`", row[1])}
    assert written == CONFIRM_SECONDS
    assert set(CONFIRM_SECONDS) == set(KINDS)


@each_kind
def test_each_kind_has_a_deadline_and_failing_changes_nothing(do: e.ControlKind) -> None:
    """Its time without a confirmation: told to the asker, everything else as it was."""
    line, before = asked(do)
    seconds = CONFIRM_SECONDS[do]
    assert not [one for one in line.pass_time(seconds - 0.1) if isinstance(one, ShowControl)]
    line.pass_time(0.1)
    agent, ok, why = line.result()
    assert (agent, ok) == ("boss" if do in SUPERVISION else "mei", False)
    assert f"within {seconds:.0f} seconds" in why
    assert line.seen() == before
    assert line.floor.state.controlled == {}


@each_kind
def test_what_the_exchange_refuses_changes_nothing(do: e.ControlKind) -> None:
    """Its words go to whoever asked; cards, agents, queues and calls are as they were."""
    line, before = asked(do)
    line.say(
        e.OrderFailed(at=line.at, order="Control", why="No such channel.", call="c1", id=key(line))
    )
    assert line.result() == ("boss" if do in SUPERVISION else "mei", False, "No such channel.")
    assert line.seen() == before
    line.pass_time(10)
    assert not [one for one in line.orders if isinstance(one, ShowControl)], "told once"


@each_kind
def test_a_lost_line_fails_what_is_pending(do: e.ControlKind) -> None:
    """Nobody knows what became of it, and that is said."""
    line, _ = asked(do)
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert line.result()[1:] == (False, "The line to the exchange was lost.")
    assert line.floor.state.controlled == {}


def state_of(line: Talk) -> object:
    return line.seen(), line.floor.deadline(), line.floor.state.made, line.floor.state.controlled


def refused(line: Talk, error: type[FloorError], words: str, **wish: Any) -> None:
    """It is refused in these words, and nothing at all has changed."""
    wish = {"id": "k9", "agent": "mei", "role": "agent", "call": "c1"} | wish
    before = state_of(line)
    with pytest.raises(error, match=words):
        line.say(e.ControlAsked(at=line.at, **wish))
    assert state_of(line) == before
    assert line.floor.state.orders == []


@pytest.mark.parametrize(
    ("steps", "do", "words"),
    [
        ((held,), "hold", "on hold already"),
        ((), "resume", "not on hold"),
        ((muted,), "mute", "muted already"),
        ((), "unmute", "not muted"),
        ((), "answer", "does not ring"),
        ((), "complete", "nobody you are consulting"),
        ((), "swap", "nobody you are consulting"),
        ((), "cancel_consult", "nobody you are consulting"),
        ((), "conference", "nobody you are consulting"),
        ((consult_rings,), "swap", "not answered yet"),
        ((consult_rings,), "conference", "not answered yet"),
        ((consult_rings,), "complete", "not answered yet"),
        ((consulting,), "consult", "consulting somebody already"),
        ((consulting,), "blind_transfer", "complete or cancel"),
        ((consulting,), "park", "complete or cancel"),
        ((recorded,), "record", "recorded already"),
        ((paused,), "record", "recorded already"),
        ((), "stop_recording", "not being recorded"),
        ((), "pause_recording", "no recording under way"),
        ((paused,), "pause_recording", "no recording under way"),
        ((recorded,), "resume_recording", "not paused"),
    ],
)
def test_what_the_state_of_the_call_does_not_allow(
    steps: tuple[Step, ...], do: e.ControlKind, words: str
) -> None:
    """Refused with the reason."""
    refused(talk_in(*steps), NotNow, words, do=do, target="1005")


def test_a_consultation_belongs_to_who_asked_for_it() -> None:
    """Another agent in the same talk can neither swap nor cancel it."""
    line = talk_in(consulting, Talk.tom_joins)
    for do in ("swap", "complete", "cancel_consult", "conference"):
        refused(line, NotNow, "nobody you are consulting", do=do, agent="tom")
    refused(line, NotNow, "consulting somebody already", do="consult", agent="tom", target="1006")


@pytest.mark.parametrize("do", ["blind_transfer", "consult"])
@pytest.mark.parametrize(
    "target", [None, "", " ", "1001 ", "1001", "10 05", "+", "1;dial", "x" * 33, "1" * 33, "-a"]
)
def test_targets_that_are_none(do: e.ControlKind, target: str | None) -> None:
    """Text that is no extension or number, and one's own phone."""
    words = "your own phone" if (target or "").strip() == "1001" else "A target is"
    refused(talk_in(), BadChoice, words, do=do, target=target)


@pytest.mark.parametrize("digits", [None, "", "12x", "1 2", "1" * 33, "１"])
def test_digits_that_are_none(digits: str | None) -> None:
    """Only what a phone's keys send, at most 32."""
    refused(talk_in(), BadChoice, "Digits are", do="dtmf", digits=digits)


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("+442079460999", True), ("+4915112345678", False), ("1002", True), ("1009", False),
        ("support", True), ("supporters", False),
    ],
)  # fmt: skip
def test_where_calls_may_be_transferred_to(target: str, allowed: bool) -> None:
    """Phones of the house always; others by pattern, when there are patterns."""
    line = talk_in(transfer_targets=("+4420*", "support"))
    if allowed:
        line.ask("consult", target=target)
        assert line.control().target == target
    else:
        refused(line, BadChoice, "may not be transferred", do="consult", target=target)


def test_whose_call_it_is_not() -> None:
    """Not in the call, not signed in, no such call, and a call that is over."""
    line = talk_in()
    refused(line, UnknownCall, "not in the call", do="hold", agent="tom")
    refused(line, UnknownAgent, "not signed in", do="hold", agent="eve")
    refused(line, UnknownCall, "is over", do="hold", call="c9")
    line.end("c1")
    assert line.states()["mei"] == "wrapup"
    refused(line, UnknownCall, "is over", do="hang_up")


@pytest.mark.parametrize("do", sorted(SUPERVISION - {"stop_listening"}))
def test_what_a_supervisor_needs(do: e.ControlKind) -> None:
    """The role, a phone, a reason, a talk of others."""
    line = talk_in()
    good = {"do": do, "agent": "boss", "role": "supervisor", "device": BOSS, "reason": "why"}
    refused(line, Forbidden, "supervisor", **good | {"role": "agent", "agent": "mei"})
    refused(line, NotNow, "no phone", **good | {"device": None})
    refused(line, BadChoice, "Say why", **good | {"reason": None})
    refused(line, BadChoice, "Say why", **good | {"reason": "  "})
    refused(line, NotNow, "in this call yourself", **good | {"device": MEI})
    line.arrive("c2")
    refused(line, NotNow, "No agent", **good | {"call": "c2"})


def test_listening_cannot_end_before_it_began() -> None:
    """Nor does somebody else's listening count."""
    line = talk_in(FACTS["another listens"])
    wish = {"do": "stop_listening", "agent": "boss", "device": BOSS}
    refused(line, NotNow, "not listening", **wish, role="supervisor")
    refused(line, Forbidden, "supervisor", **wish, role="agent")


def test_one_thing_at_a_time_but_hanging_up() -> None:
    """A second wish waits for the first one's result; hanging up does not wait."""
    line = talk_in()
    line.ask("hold")
    refused(line, NotNow, "still being done", do="mute")
    refused(line, NotNow, "being done already", do="hang_up", id="k1")
    line.ask("hang_up", id="k2")
    assert [one.do for one in line.card().pending] == ["hold", "hang_up"]
    line.tell(e.CallHeld, device=MEI)
    assert line.result()[:2] == ("mei", True)
    line.end("c1")
    assert line.result()[:2] == ("mei", True)
    assert [one.id for one in only(line.orders, ShowControl)] == ["k2"]


def test_two_people_may_choose_the_same_id() -> None:
    """For one call or for two: each result goes to whoever asked, about what they asked."""
    line = talk_in(Talk.tom_joins)
    line.ask("dtmf", digits="1")
    first = line.control().id
    line.ask("dtmf", agent="tom", digits="2")
    second = line.control().id
    line.supervise("listen")
    third = line.control().id
    assert len({first, second, third}) == 3
    line.say(e.ControlCarriedOut(at=line.at, id=second))
    assert line.result() == ("tom", True, "")
    line.say(e.OrderFailed(at=line.at, order="Control", why="busy", call="c1", id=first))
    assert line.result() == ("mei", False, "busy")
    line.pass_time(CONFIRM_SECONDS["listen"])
    assert line.result()[:2] == ("boss", False)


def test_the_same_id_for_two_calls() -> None:
    """Two agents, two calls, one id: the exchange's answer reaches the right one."""
    line = talk_in()
    line.say(
        e.CallArrived(
            at=line.at, call="c2", direction="inbound", number=None, name=None, dialled=None
        )
    )  # fmt: skip
    line.tell(e.CallAnswered, call="c2", device=TOM, leg="leg-tom", queue=None)
    line.ask("dtmf", digits="1")
    mine = line.control().id
    line.ask("dtmf", agent="tom", call="c2", digits="2")
    line.say(e.ControlCarriedOut(at=line.at, id=mine))
    (shown,) = only(line.orders, ShowControl)
    assert (shown.agent, shown.call) == ("mei", "c1")
    line.end("c2")
    assert line.result() == ("tom", False, "The call is over.")


def test_answers_to_what_is_over_are_ignored() -> None:
    """A late or unknown answer of the exchange tells nobody anything."""
    line = talk_in()
    line.ask("dtmf", digits="1")
    asked = line.control().id
    line.say(e.ControlCarriedOut(at=line.at, id=asked))
    for late in (asked, "cx-r-99"):
        before = line.seen()
        line.say(e.ControlCarriedOut(at=line.at, id=late))
        line.say(e.OrderFailed(at=line.at, order="Control", why="late", id=late))
        assert (line.orders, line.seen()) == ([], before)


def test_calls_that_merge_take_what_is_pending_with_them() -> None:
    """The call that is no longer one cannot be controlled: told to whoever asked."""
    line = talk_in()
    line.say(
        e.CallArrived(
            at=line.at, call="c2", direction="inbound", number=None, name=None, dialled=None
        )
    )  # fmt: skip
    line.ask("mute")
    line.say(e.CallsMerged(at=line.at, call="c2", absorbed="c1"))
    assert line.result() == ("mei", False, "The call is over.")
    line.ask("mute", call="c2")
    assert line.control().leg == line.leg


AUDITED = (*sorted(SUPERVISION), "record", "stop_recording", "pause_recording", "resume_recording")


@each_kind
def test_what_is_written_to_the_audit(do: e.ControlKind) -> None:
    """Supervision and recording, done or failed, with who, whose talk, why; nothing else."""
    by, reason = ("boss", "coaching") if do in SUPERVISION else ("mei", "")
    for ok in (True, False):
        line, _ = asked(do)
        assert only(line.orders, RecordAudit) == []
        if ok:
            FACTS[CASES[do].done[0]](line)
        else:
            line.say(e.OrderFailed(at=line.at, order="Control", why="no", id=key(line)))
        rows = only(line.orders, RecordAudit)
        if do not in AUDITED:
            assert rows == []
            continue
        assert rows == [
            RecordAudit(
                at=line.at, by=by, what=do, agent="mei", call="c1", reason=reason, ok=ok,
                detail="" if ok else "no",
            )
        ]  # fmt: skip


def test_a_supervisor_chooses_whom_to_listen_to() -> None:
    """Of two agents in a talk, the one named; the audit names them too."""
    line = talk_in(Talk.tom_joins)
    line.supervise("listen", target=TOM)
    assert line.control().target == "leg-tom"
    line.tell(e.SpyBegan, device=TOM, by=BOSS, leg="leg-boss", mode="listen")
    (row,) = only(line.orders, RecordAudit)
    assert row.agent == "tom"
    line.supervise("stop_listening")
    assert line.control().leg == "leg-boss"
    line.tell(e.SpyEnded, by=BOSS, leg="leg-boss")
    (row,) = only(line.orders, RecordAudit)
    assert (row.what, row.agent) == ("stop_listening", "tom")


def test_another_mode_keeps_the_leg_of_who_listens() -> None:
    """From listening to whispering: the leg is there, the mode has to change."""
    line = talk_in(listened)
    line.supervise("whisper")
    control = line.control()
    assert (control.leg, control.target) == ("leg-boss", line.leg)


def test_every_kind_has_its_example() -> None:
    """A new kind of control needs a line in the table above."""
    assert set(CASES) == set(KINDS)
    assert {name for case in CASES.values() for name in case.done + case.failed} <= set(FACTS)


def test_a_control_that_is_sent_names_only_legs_of_this_call() -> None:
    """Ids of legs that have to be made are the engine's own and never used twice."""
    line = talk_in()
    legs = set()
    for _ in range(3):
        line.ask("consult", target="1005")
        control = only(line.orders, Control)[0]
        legs.add(control.new_leg)
        line.pass_time(CONFIRM_SECONDS["consult"])
    assert len(legs) == 3
