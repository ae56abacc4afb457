"""How the ringing of one agent's phone ends, in whatever order the exchange tells it."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.orders import KeepReservation, Ring
from telephony.packet import Packet
from telephony.ringing import Attempt, Ringing, Stage, caller_id, originate
from telephony.wire import Decoder, encode

LEG, CALLER = "cc-0-1", "PJSIP/trunk-00000001"
REPLAYS = Path(__file__).parents[2] / "replays"


def packet(name: str, **headers: str) -> Packet:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return Packet("\r\n".join(lines).encode(), name)


def begun(ringing: Ringing) -> Attempt:
    attempt = ringing.begin(LEG, CALLER, lambda: None)
    assert attempt is not None
    return attempt


def failed(reason: int) -> Packet:
    return packet("OriginateResponse", Uniqueid=LEG, Response="Failure", Reason=str(reason))


ENDS = {
    "busy": [
        packet("HangupRequest", Uniqueid=LEG, Cause="17"),
        packet("DialEnd", DestUniqueid=LEG, DialStatus="BUSY"),
        failed(0),
        packet("Hangup", Uniqueid=LEG, Cause="17"),
    ],
    "declined": [
        packet("HangupRequest", Uniqueid=LEG, Cause="21"),
        packet("DialEnd", DestUniqueid=LEG, DialStatus="NOANSWER"),
        failed(0),
        packet("Hangup", Uniqueid=LEG, Cause="21"),
    ],
    "no_answer": [failed(3), packet("Hangup", Uniqueid=LEG, Cause="19")],
    "unreachable": [
        packet("HangupRequest", Uniqueid=LEG, Cause="34"),
        packet("DialEnd", DestUniqueid=LEG, DialStatus="CONGESTION"),
        failed(0),
        packet("Hangup", Uniqueid=LEG, Cause="34"),
    ],
}


@pytest.mark.parametrize("why", ENDS)
def test_the_reason_is_found_in_any_order(why: str) -> None:
    """OriginateResponse says that it failed; the leg's events say why, before or after it."""
    for order in permutations(ENDS[why]):
        ringing = Ringing()
        attempt = begun(ringing)
        for one in order:
            ringing.hear(one)
        assert (attempt.stage, attempt.explained, attempt.end()) == (Stage.FAILED, True, why)


def test_a_phone_that_is_not_there() -> None:
    """No leg was made: nothing explains the failure, and that is the reason."""
    ringing = Ringing()
    attempt = begun(ringing)
    ringing.hear(failed(0))
    assert (attempt.stage, attempt.seen, attempt.explained) == (Stage.FAILED, False, False)
    assert attempt.end() == "unreachable"


def test_an_answer() -> None:
    """Whatever ends the leg afterwards, it was answered."""
    ringing = Ringing()
    attempt = begun(ringing)
    ringing.hear(packet("Newchannel", Uniqueid=LEG))
    assert attempt.seen
    ringing.hear(packet("OriginateResponse", Uniqueid=LEG, Response="Success", Reason="4"))
    ringing.hear(packet("Hangup", Uniqueid=LEG, Cause="17"))
    ringing.line_lost("cut")
    assert attempt.stage is Stage.ANSWERED


def test_a_caller_who_is_gone_is_nobodys_fault() -> None:
    """The agent did not miss a call whose caller hung up first."""
    ringing = Ringing()
    attempt = begun(ringing)
    ringing.hear(packet("Hangup", Uniqueid="1.1", Channel=CALLER, Cause="16"))
    ringing.hear(failed(3))
    assert (attempt.end(), attempt.explained) == ("caller_gone", True)


def test_what_we_took_back_is_withdrawn_unless_the_phone_was_faster() -> None:
    """Plain causes say nothing of the agent; a refusal that was under way does."""
    for cause, why in (("26", "withdrawn"), ("21", "declined")):
        ringing = Ringing()
        attempt = begun(ringing)
        attempt.withdrawn = True
        ringing.hear(failed(0))
        ringing.hear(packet("Hangup", Uniqueid=LEG, Cause=cause))
        assert attempt.end() == why


def test_a_leg_is_rung_once() -> None:
    """A second attempt for the same leg is refused until the first is forgotten."""
    ringing = Ringing()
    begun(ringing)
    assert ringing.begin(LEG, CALLER, lambda: None) is None
    ringing.forget(LEG)
    begun(ringing)
    assert len(ringing) == 1


def test_a_cut_line_ends_only_what_is_open() -> None:
    """Nobody knows how they end; what has failed already stays failed."""
    ringing = Ringing()
    over = begun(ringing)
    ringing.hear(failed(3))
    open_one = ringing.begin("cc-0-2", CALLER, lambda: None)
    ringing.line_lost("the cable")
    assert open_one is not None
    assert (over.stage, open_one.stage, open_one.detail) == (
        Stage.FAILED,
        Stage.LOST,
        "the cable",
    )


RECORDED = [
    ("engine_wait_answered", {"cc-0-1": None}),
    ("engine_wait_no_answer", {"cc-0-1": "no_answer", "cc-0-2": None}),
    (
        "engine_wait_refused",
        {"cc-0-1": "declined", "cc-0-2": "busy", "cc-0-3": "unreachable", "cc-0-4": None},
    ),
    ("engine_wait_rescinded", {"cc-0-1": "caller_gone"}),
]


@pytest.mark.parametrize(("name", "ends"), RECORDED)
def test_recorded_ends(name: str, ends: dict[str, str | None]) -> None:
    """What a real Asterisk said of each leg (None: answered)."""
    packets = Decoder().feed((REPLAYS / f"{name}.ami").read_bytes())
    caller = next(p.get("Channel") or "" for p in packets if p.name == "UserEvent")
    ringing = Ringing()
    attempts = {leg: ringing.begin(leg, caller, lambda: None) for leg in ends}
    for each in packets:
        ringing.hear(each)
    found = {
        leg: None if attempt.stage is Stage.ANSWERED else attempt.end()
        for leg, attempt in attempts.items()
        if attempt is not None
    }
    assert found == ends


def test_other_legs_change_nothing() -> None:
    """Nor do events that come while no phone is rung."""
    ringing = Ringing()
    ringing.hear(failed(0))
    attempt = begun(ringing)
    ringing.hear(packet("Hangup", Uniqueid="other", Channel="PJSIP/other-1", Cause="17"))
    ringing.hear(packet("DialEnd", DestUniqueid="other", DialStatus="BUSY"))
    assert (attempt.stage, attempt.why, attempt.caller_gone) == (Stage.ASKED, None, False)


def order(**fields: object) -> Ring:
    reservation = KeepReservation(
        id="r1", version=1, node="main", agent="a1", call="1.1", queue="service",
        state="pending", made=0.0, deadline=15.0, changed=0.0,
    )  # fmt: skip
    basic: dict[str, object] = {
        "call": "1.1", "device": "PJSIP/1001", "leg": LEG, "seconds": 15.0,
        "auto_answer": False, "number": "+447700900120", "name": "Wendy",
    }  # fmt: skip
    return Ring(reservation=reservation, **(basic | fields))  # type: ignore[arg-type]


def test_the_action_that_rings() -> None:
    """An extension of ours, the caller's channel as a variable, a leg with the id we chose."""
    assert encode(originate(order(), CALLER)) == (
        b"Action: Originate\r\nChannel: PJSIP/1001\r\nChannelId: cc-0-1\r\nContext: cc-join\r\n"
        b"Exten: s\r\nPriority: 1\r\nTimeout: 15000\r\n"
        b'CallerID: "Wendy" <+447700900120>\r\nAsync: true\r\n'
        b"Variable: CHANNEL_TO_JOIN=PJSIP/trunk-00000001\r\nVariable: __CC_QUEUE=service\r\n\r\n"
    )


def test_auto_answer_is_for_phones_that_have_the_headers() -> None:
    """PJSIP phones are asked with two headers; others simply ring."""
    asked = encode(originate(order(auto_answer=True), CALLER))
    assert b"\r\nVariable: PJSIP_HEADER(add,Call-Info)=<sip:callcenter.invalid>;answer-after=0" in (
        asked
    )
    assert b"\r\nVariable: PJSIP_HEADER(add,Alert-Info)=<http://callcenter.invalid>;" in asked
    other = encode(originate(order(auto_answer=True, device="IAX2/1001"), CALLER))
    assert b"PJSIP_HEADER" not in other


@given(name=st.none() | st.text(), number=st.none() | st.text())
def test_nothing_a_caller_is_called_can_break_the_caller_id(
    name: str | None, number: str | None
) -> None:
    """Whatever is in name and number, the action stays one, and the caller id has one name in
    quotes and one number in angle brackets."""
    shown = caller_id(name, number)
    assert (shown.count('"'), shown.count("<"), shown.count(">")) == (2, 1, 1)
    assert shown.startswith('"')
    assert shown.endswith(">")
    data = encode(originate(order(name=name, number=number), CALLER))
    assert data.count(b"\r\n\r\n") == 1
    assert data.count(b"Action: ") == 1


def test_a_caller_without_name_and_number() -> None:
    """The phone shows that it is not known."""
    assert caller_id(None, None) == '"" <anonymous>'
