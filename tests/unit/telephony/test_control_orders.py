"""Call control: the actions of each kind, what is refused, and that hostile text stays out."""

import asyncio

import pytest
from asterisk.ami import Action
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.controls import CONFIRM_SECONDS
from callcenter.floor.events import ControlKind
from callcenter.floor.orders import Control
from callcenter.ports import SwitchError
from telephony.answers import ActionRefused, Answer
from telephony.control import MOVED, SPY_SECONDS, file_name
from telephony.control_facts import Talk
from telephony.packet import RESPONSE, Packet
from telephony.switch import AmiSwitch
from telephony.wire import encode

AGENT, CUSTOMER, ASIDE, PEN = "100.2", "100.1", "cx-9", "cx-8"


class Exchange:
    """Takes every action; targets in `extensions` exist; a moved customer is seen to wait."""

    def __init__(self, **talk: object) -> None:
        known: dict[str, object] = {
            "agent": AGENT, "customer": CUSTOMER, "held": False, "aside": None,
            "aside_answered": False, "many": False, "recorder": None,
        }  # fmt: skip
        self.talk: Talk | None = Talk(**(known | talk))  # type: ignore[arg-type]
        self.extensions = {"1002", "+442079460999"}
        self.refuse: dict[str, str] = {}
        self.sent: list[str] = []
        self.waiting: dict[str, str] = {}
        self.declined: set[str] = set()

    async def ask(self, action: Action) -> Answer:
        lines = encode(action).decode().split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        self.sent.append(" ".join(line.partition(": ")[2] for line in lines))
        if action.name in self.refuse:
            raise ActionRefused(action.name, self.refuse[action.name])
        if headers.get("Context") == "cc-hold":
            self.waiting[headers["Channel"]] = self._variable(headers["Channel"], "CC_AGENT")
        target = headers.get("Variable", "").removeprefix("DIALPLAN_EXISTS(cc-target,")
        if headers.get("Exten") in ("complete", "take"):
            self.waiting.clear()
        value = "1" if target.removesuffix(",1)") in self.extensions else "0"
        return Answer(Packet(f"Response: Success\r\nValue: {value}".encode(), RESPONSE))

    def _variable(self, leg: str, name: str) -> str:
        start = f"Setvar {leg} {name} "
        return next(line[len(start) :] for line in reversed(self.sent) if line.startswith(start))

    def ask_snapshot(self, why: str) -> None:
        raise AssertionError(why)

    def talk_of(self, leg: str) -> Talk | None:
        return self.talk if leg == AGENT else None

    def waits_for(self, customer: str) -> str | None:
        return self.waiting.get(customer)

    def meet(self, one: str, other: str) -> bool:
        return True

    def is_up(self, leg: str) -> bool:
        return leg not in self.declined

    def has_ended(self, leg: str) -> bool:
        return leg in self.declined

    def do(self, do: ControlKind, target: str | None = None, **order: str | None) -> list[str]:
        """Carry out one order; what was sent."""
        fields: dict[str, str | None] = {
            "call": "100.1", "device": "PJSIP/1001", "leg": AGENT, "new_leg": "cx-1",
            **order,
        }  # fmt: skip
        wanted = Control(id="1", do=do, target=target, **fields)  # type: ignore[arg-type]
        asyncio.run(AmiSwitch(self, "engine", sees=self).control(wanted))
        return self.sent


def test_hold_moves_both_at_the_same_moment() -> None:
    """Each learns whom it waits for, then one Redirect takes both out of the bridge."""
    assert Exchange().do("hold") == [
        "Setvar 100.1 CC_AGENT 100.2",
        "Setvar 100.2 CC_CUSTOMER 100.1",
        "Redirect 100.1 cc-hold s 1 100.2 cc-agent s 1",
    ]


def test_resume_moves_the_agent_to_the_customer() -> None:
    """The customer goes on hearing music until the agent is there."""
    assert Exchange(held=True).do("resume") == ["Redirect 100.2 cc-agent join 1"]


def test_a_blind_transfer_asks_first_whether_the_target_exists() -> None:
    """Then the customer is sent there and the agent's leg ends."""
    assert Exchange().do("blind_transfer", "1002") == [
        "Getvar DIALPLAN_EXISTS(cc-target,1002,1)",
        "Setvar 100.1 CC_AGENT 100.2",
        "Setvar 100.1 CC_TARGET 1002",
        "Redirect 100.1 cc-transfer s 1 100.2 cc-agent done 1",
    ]


def test_a_target_that_does_not_exist_moves_nobody() -> None:
    """One question, one answer, and words that name the target."""
    for do in ("blind_transfer", "consult"):
        exchange = Exchange()
        with pytest.raises(SwitchError, match="1999 does not exist"):
            exchange.do(do, "1999")
        assert exchange.sent == ["Getvar DIALPLAN_EXISTS(cc-target,1999,1)"]


def test_consult_calls_once_the_customer_is_seen_to_wait() -> None:
    """The consulted phone may answer at once, and must not meet the customer's bridge."""
    sent = Exchange().do("consult", "1002")
    assert sent[-2] == "Redirect 100.1 cc-hold s 1 100.2 cc-agent calling 1"
    assert sent[-1] == (
        "Originate Local/s@cc-consult-out/n cx-1 far-cx-1-for-100.2 cc-consult s 1 60000 true"
        " CC_AGENT=100.2 CC_CUSTOMER=100.1 CC_TARGET=1002"
    )


def test_a_consultation_that_cannot_begin_gives_the_customer_back() -> None:
    """The exchange refuses to call: the agent is joined with the customer again."""
    exchange = Exchange()
    exchange.refuse["Originate"] = "Extension does not exist."
    with pytest.raises(SwitchError, match="1002 cannot be called"):
        exchange.do("consult", "1002")
    assert exchange.sent[-1] == "Redirect 100.2 cc-agent join 1"


def test_completing_from_the_customers_side_takes_the_customer_out_first() -> None:
    """The end of the agent's leg would otherwise end the customer's."""
    sent = Exchange(aside=ASIDE, aside_answered=True).do("complete")
    hold = sent.index("Redirect 100.1 cc-hold s 1 100.2 cc-agent s 1")
    done = sent.index("Redirect cx-9 cc-consult complete 1")
    assert hold < done
    assert sent[-1] == "Redirect 100.2 cc-agent done 1"
    sent = Exchange(aside=ASIDE, aside_answered=True, held=True).do("complete")
    assert not [line for line in sent if "cc-hold" in line]


SIMPLE: list[tuple[dict[str, object], ControlKind, str]] = [
    ({"aside": ASIDE, "aside_answered": True, "held": True}, "swap",
     "Redirect cx-9 cc-hold aside 1 100.2 cc-agent join 1"),
    ({"aside": ASIDE, "aside_answered": True}, "swap",
     "Redirect 100.1 cc-hold s 1 100.2 cc-agent aside 1"),
    ({"aside": ASIDE, "aside_answered": True, "held": True}, "conference",
     "Redirect 100.1 cc-conference customer 1"),
    ({"aside": ASIDE, "aside_answered": True}, "conference",
     "Redirect cx-9 cc-conference aside 1"),
    ({"aside": ASIDE, "held": True}, "cancel_consult", "Hangup cx-9 26"),
    ({"aside": ASIDE, "aside_answered": True, "held": True}, "cancel_consult",
     "Redirect cx-9 cc-consult cancelled 1 100.2 cc-agent join 1"),
    ({}, "park", "Redirect 100.1 cc-park s 1 100.2 cc-agent done 1"),
    ({}, "hang_up", "Hangup 100.2 16"),
    ({"many": True, "customer": None}, "hang_up", "Hangup 100.2 16"),
    ({}, "mute", "Setvar 100.2 CC_MUTED 1"),
    ({}, "unmute", "Setvar 100.2 CC_MUTED 0"),
    ({"recorder": PEN}, "pause_recording", "MixMonitorMute cx-8 both 1"),
    ({"recorder": PEN}, "resume_recording", "MixMonitorMute cx-8 both 0"),
    ({"recorder": PEN}, "stop_recording", "Hangup cx-8 16"),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "do", "last"), SIMPLE)
def test_what_is_sent_last(talk: dict[str, object], do: ControlKind, last: str) -> None:
    """The action that does it."""
    assert Exchange(**talk).do(do)[-1] == last


def test_hanging_up_on_hold_ends_the_customer_first() -> None:
    """Left alone the customer would go back into the line."""
    assert Exchange(held=True).do("hang_up") == ["Hangup 100.1 16", "Hangup 100.2 16"]


REFUSED: list[tuple[dict[str, object], ControlKind, str]] = [
    ({"held": True}, "hold", "on hold already"),
    ({}, "resume", "not on hold"),
    ({"held": True, "aside": ASIDE}, "resume", "swap, complete or cancel"),
    ({"aside": ASIDE}, "blind_transfer", "consulting somebody"),
    ({"aside": ASIDE}, "hang_up", "consulting somebody"),
    ({"aside": ASIDE}, "complete", "not answered yet"),
    ({}, "swap", "consulting nobody"),
    ({}, "cancel_consult", "consulting nobody"),
    ({"many": True, "customer": None}, "park", "conference"),
    ({"customer": None}, "hold", "nobody else"),
    ({}, "stop_recording", "not being recorded"),
    ({"recorder": PEN}, "record", "recorded already"),
    ({}, "answer", "pick up at the phone"),
]


@pytest.mark.parametrize(("talk", "do", "words"), REFUSED)
def test_what_cannot_be_done_moves_nobody(
    talk: dict[str, object], do: ControlKind, words: str
) -> None:
    """Words for the agent, and no leg is touched."""
    exchange = Exchange(**talk)
    with pytest.raises(SwitchError, match=words):
        exchange.do(do, "1002")
    assert not [line for line in exchange.sent if not line.startswith("Getvar")]


def test_a_part_that_is_over() -> None:
    """The call of a leg that nobody knows cannot be controlled."""
    exchange = Exchange()
    exchange.talk = None
    for do in ("hold", "hang_up", "record"):
        with pytest.raises(SwitchError, match="is over"):
            exchange.do(do)
    assert exchange.sent == []


def test_a_party_who_hangs_up_meanwhile() -> None:
    """Asterisk finds the channel no more: said in words for the agent."""
    exchange = Exchange()
    exchange.refuse["Redirect"] = "Channel does not exist: 100.1"
    with pytest.raises(SwitchError, match="hung up meanwhile"):
        exchange.do("hold")


def test_ending_what_is_gone_already_is_as_good() -> None:
    """No error for a leg that ended by itself."""
    exchange = Exchange()
    exchange.refuse["Hangup"] = "No such channel"
    exchange.do("hang_up")


def test_listening_rings_the_phone_once_and_then_moves_it() -> None:
    """The first wish makes a leg, a further one sends that leg to another mode."""
    sent = Exchange().do("listen", AGENT, device="PJSIP/1004", leg=None)
    assert sent[0].startswith("Originate PJSIP/1004 cx-1 cc-spy listen 1 20000")
    sent = Exchange().do("barge", AGENT, device="PJSIP/1004", leg="cx-5")
    assert sent == ["Setvar cx-5 CC_AGENT 100.2", "Redirect cx-5 cc-spy barge 1"]


def test_taking_over_frees_the_customer_before_the_agent_ends() -> None:
    """Out of the bridge, seen to wait for the supervisor, then joined."""
    sent = Exchange().do("take_over", AGENT, device="PJSIP/1004", leg="cx-5")
    assert sent[-3:] == [
        "Redirect 100.1 cc-hold s 1 100.2 cc-agent s 1",
        "Redirect cx-5 cc-spy take 1",
        "Redirect 100.2 cc-agent done 1",
    ]


@given(st.text(max_size=40))
def test_no_text_of_a_person_reaches_the_dialplan_unchecked(text: str) -> None:
    """A target is digits or a plain name, keys are keys; anything else sends nothing."""
    plain = all(c.isascii() and (c.isalnum() or c in "+*#_.-") for c in text)
    for do in ("blind_transfer", "consult"):
        exchange = Exchange()
        with pytest.raises(SwitchError, match=r"a target is|does not exist"):
            exchange.do(do, f"{text}!" if plain else text)
        assert exchange.sent == []
    if not plain:
        exchange = Exchange()
        with pytest.raises(SwitchError, match="only the keys"):
            exchange.do("dtmf", digits=text)
        assert exchange.sent == []


@given(st.text(), st.text())
def test_a_file_name_is_never_a_path(call: str, leg: str) -> None:
    """Whatever the ids are: no separator, no dot, not longer than a name may be."""
    name = file_name(call, leg)
    assert all(c.isascii() and (c.isalnum() or c == "_") for c in name)
    assert len(name) <= 121


def test_a_supervisor_whose_phone_is_not_answered_takes_nothing_over() -> None:
    """Told at once when the phone declines; neither customer nor agent was moved."""
    exchange = Exchange()
    exchange.declined.add("cx-1")
    with pytest.raises(SwitchError, match="was not answered"):
        exchange.do("take_over", AGENT, device="PJSIP/1004", leg=None)
    assert [one for one in exchange.sent if one.startswith("Redirect")] == []


def test_the_steps_of_a_command_end_before_its_deadline() -> None:
    """Whoever asked hears what went wrong, not only that time is up."""
    assert CONFIRM_SECONDS["consult"] > MOVED
    assert CONFIRM_SECONDS["swap"] > MOVED
    assert CONFIRM_SECONDS["complete"] > 2 * MOVED
    assert CONFIRM_SECONDS["listen"] > SPY_SECONDS
    assert CONFIRM_SECONDS["take_over"] > SPY_SECONDS + 2 * MOVED
