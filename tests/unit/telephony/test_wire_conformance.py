"""Eighteen byte streams that an AMI peer may send, each of which some client reads wrong."""

from collections.abc import Callable

import pytest

from telephony.wire import Decoder, Packet


def packets_of(*chunks: bytes) -> list[Packet]:
    """What one connection delivers for these portions."""
    decoder = Decoder()
    return [packet for chunk in chunks for packet in decoder.feed(chunk)]


def byte_by_byte(data: bytes) -> list[bytes]:
    """The same stream in the smallest portions there are."""
    return [data[i : i + 1] for i in range(len(data))]


def event(*lines: str, encoding: str = "utf-8") -> bytes:
    """One event block."""
    return ("\r\n".join(lines) + "\r\n\r\n").encode(encoding)


JOSE = event("Event: Newchannel", "CallerIDName: José 王小明", "Uniqueid: 1.1")
FORGED = "Bob\u2028Uniqueid: 9.9\u2028CallerIDNum: 110"
CONTROLS = "a\x0bUniqueid: 9.9\x0cb\x1cc\x1dd\x1ee\x85Uniqueid: 8.8"

CASES: dict[str, tuple[list[bytes], Callable[[list[Packet]], object], object]] = {
    "byte_at_a_time": (
        byte_by_byte(JOSE + event("Event: Hangup", "Uniqueid: 1.1")),
        lambda got: [(p.name, p.get("Uniqueid")) for p in got],
        [("Newchannel", "1.1"), ("Hangup", "1.1")],
    ),
    "utf8_split_across_reads": (
        [JOSE[: JOSE.index(b"\xc3") + 1], JOSE[JOSE.index(b"\xc3") + 1 :]],
        lambda got: got[0].get("CallerIDName"),
        "José 王小明",
    ),
    "latin1_caller_name": (
        [
            b"Event: Newchannel\r\nCallerIDName: M\xfcller\r\n"
            + "ConnectedLineName: 王小明\r\n\r\n".encode()
        ],
        lambda got: (got[0].get("CallerIDName"), got[0].get("ConnectedLineName")),
        ("Müller", "王小明"),
    ),
    "u2028_in_name_cannot_forge_header": (
        [
            event(
                "Event: Newchannel", "CallerIDNum: 200", f"CallerIDName: {FORGED}", "Uniqueid: 1.1"
            )
        ],
        lambda got: [got[0].get(h) for h in ("CallerIDNum", "CallerIDName", "Uniqueid")],
        ["200", FORGED, "1.1"],
    ),
    "x0b_x85_in_value": (
        [event("Event: UserEvent", "Uniqueid: 1.1", f"Text: {CONTROLS}")],
        lambda got: (got[0].get("Text"), got[0].all("Uniqueid")),
        (CONTROLS, ("1.1",)),
    ),
    "empty_value_with_space": (
        [event("Event: Newchannel", "AccountCode: ", "Exten: 5")],
        lambda got: (got[0].get("AccountCode"), got[0].get("Exten")),
        ("", "5"),
    ),
    "empty_value_no_space": (
        [event("Event: Newchannel", "AccountCode:", "Exten: 5")],
        lambda got: (got[0].get("AccountCode"), got[0].get("Exten")),
        ("", "5"),
    ),
    "value_keeps_leading_and_trailing_space": (
        [event("Event: VarSet", "Variable: X", "Value:   two  ")],
        lambda got: got[0].get("Value"),
        "  two  ",
    ),
    "value_with_colon": (
        [event("Event: Newexten", "AppData: Local/1@a: b:c")],
        lambda got: got[0].get("AppData"),
        "Local/1@a: b:c",
    ),
    "repeated_chanvariable_all_kept": (
        [event("Event: Newchannel", "ChanVariable: A=1", "ChanVariable: B=x=y", "Exten: 5")],
        lambda got: (got[0].variables, got[0].all("chanvariable"), got[0].get("Exten")),
        ({"A": "1", "B": "x=y"}, ("A=1", "B=x=y"), "5"),
    ),
    "chanvariable_without_equals": (
        [event("Event: Newchannel", "ChanVariable: A", "ChanVariable: B=1", "Exten: 5")],
        lambda got: (got[0].variables, got[0].get("Exten")),
        ({"A": "", "B": "1"}, "5"),
    ),
    "userevent_free_headers_repeat": (
        [event("Event: UserEvent", "Uniqueid: 1.1", "Item: a", "Item: b", "Uniqueid: 9.9")],
        lambda got: (got[0].all("Item"), got[0].get("Uniqueid")),
        (("a", "b"), "1.1"),
    ),
    "line_without_colon": (
        [event("Event: Newchannel", "some noise", "Exten: 5")],
        lambda got: (got[0].name, got[0].get("Exten")),
        ("Newchannel", "5"),
    ),
    "event_not_first_header": (
        [event("Privilege: call,all", "SystemName: pbx", "event: Newchannel", "Exten: 5")],
        lambda got: (got[0].name, got[0].get("Exten")),
        ("Newchannel", "5"),
    ),
    "actionid_event_of_unknown_action_still_seen": (
        [event("Event: OriginateResponse", "ActionID: of-somebody-else", "Response: Failure")],
        lambda got: (got[0].name, got[0].get("Response"), got[0].get("ActionID")),
        ("OriginateResponse", "Failure", "of-somebody-else"),
    ),
    "issue761_missing_cr_terminator": (
        [b"Event: CoreShowChannelMapComplete\r\nListItems: 0\r\n\n" + JOSE],
        lambda got: [p.name for p in got],
        ["CoreShowChannelMapComplete", "Newchannel"],
    ),
    "line_over_16k": (
        [event("Event: VarSet", "Variable: X", "Value: " + "v" * 20_000), JOSE],
        lambda got: (len(got[0].get("Value", "")), got[1].get("Uniqueid")),
        (20_000, "1.1"),
    ),
    "order_kept_in_one_read": (
        [b"".join(event("Event: Newexten", f"Priority: {i}") for i in range(6))],
        lambda got: [p.get("Priority") for p in got],
        ["0", "1", "2", "3", "4", "5"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_legal_but_tricky_stream(name: str) -> None:
    """Each tricky stream of the wire reads as it was meant."""
    chunks, look, expected = CASES[name]
    assert look(packets_of(*chunks)) == expected


@pytest.mark.parametrize("name", CASES)
def test_tricky_stream_byte_by_byte(name: str) -> None:
    """The same streams read alike when every byte comes alone."""
    chunks, look, expected = CASES[name]
    assert look(packets_of(*byte_by_byte(b"".join(chunks)))) == expected
