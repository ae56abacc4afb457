"""Wishes of users as the events that hand them to the floor."""

from __future__ import annotations

from typing import Any

import pytest

from agent_console.commands import event_of
from agent_console.wishes import (
    Accept,
    AskHelp,
    ChoosePerson,
    ChooseState,
    ControlCall,
    Extend,
    Finish,
    FloorWish,
    GiveHelp,
    Leave,
    MarkAnswer,
    Refuse,
    SetSkills,
    SignOutAgent,
    SnoozeCallback,
)
from callcenter.floor import events as e
from callcenter.ports import User

AMY = User(user="amy", name="Amy", role="agent", device="PJSIP/1", language=None)
SUE = User(user="sue", name="Sue", role="supervisor", device="PJSIP/9", language=None)
AT = 1_700_000_000.0


@pytest.mark.parametrize(
    ("wish", "user", "event", "fields"),
    [
        (ChooseState("break", "lunch"), AMY, e.StateChosen,
         {"agent": "amy", "state": "break", "reason": "lunch", "by": None}),
        (ChooseState("ready", None, "amy"), SUE, e.StateChosen,
         {"agent": "amy", "state": "ready", "reason": None, "by": "sue"}),
        (Leave(), AMY, e.AgentSignedOut, {"agent": "amy", "by": None}),
        (SignOutAgent("amy"), SUE, e.AgentSignedOut, {"agent": "amy", "by": "sue"}),
        (SetSkills("amy", (("billing", 3),)), SUE, e.SkillsChanged,
         {"agent": "amy", "skills": (("billing", 3),), "by": "sue"}),
        (Accept("r1"), AMY, e.ReservationAccepted, {"agent": "amy", "reservation": "r1"}),
        (Refuse("r1", "technical"), AMY, e.ReservationRefused,
         {"agent": "amy", "reservation": "r1", "reason": "technical"}),
        (SnoozeCallback("r1", 300.0), AMY, e.CallbackSnoozed,
         {"agent": "amy", "reservation": "r1", "seconds": 300.0}),
        (ChoosePerson("c", None), AMY, e.PersonChosen,
         {"agent": "amy", "call": "c", "person": None}),
        (Extend(60.0), AMY, e.WrapUpExtended, {"agent": "amy", "seconds": 60.0}),
        (Finish("c", "fees", "solved", "n"), AMY, e.OutcomeNoted,
         {"agent": "amy", "call": "c", "reason": "fees", "outcome": "solved", "notes": "n"}),
        (AskHelp("c", "angry"), AMY, e.HelpAsked, {"agent": "amy", "call": "c", "text": "angry"}),
        (MarkAnswer("c", "a1", "wrong", ""), AMY, e.AnswerMarked,
         {"agent": "amy", "call": "c", "answer": "a1", "mark": "wrong", "text": ""}),
        (MarkAnswer("c", None, "missing", "Samoa?"), AMY, e.AnswerMarked,
         {"agent": "amy", "call": "c", "answer": None, "mark": "missing", "text": "Samoa?"}),
        (GiveHelp("amy"), SUE, e.HelpGiven, {"agent": "amy", "by": "sue"}),
        (ControlCall("7f", "c", "consult", "+4420", None, None), AMY, e.ControlAsked,
         {"id": "7f", "agent": "amy", "role": "agent", "call": "c", "do": "consult",
          "device": "PJSIP/1", "target": "+4420", "digits": None, "reason": None}),
        (ControlCall("80", "c", "listen", None, None, "new colleague"), SUE, e.ControlAsked,
         {"id": "80", "agent": "sue", "role": "supervisor", "call": "c", "do": "listen",
          "device": "PJSIP/9", "target": None, "digits": None, "reason": "new colleague"}),
    ],
)  # fmt: skip
def test_every_wish_becomes_one_event(
    wish: FloorWish, user: User, event: type[e.Event], fields: dict[str, Any]
) -> None:
    """Who asks, about whom, and when is in the event; a supervisor's deed names the supervisor."""
    made = event_of(wish, user, AT)
    assert type(made) is event
    assert made.at == AT
    assert {key: getattr(made, key) for key in fields} == fields
