"""The decoder: framing in any portions, limits, filters, greetings; the packet's accessors."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.packet import escape, unescape
from telephony.wire import GREETING, RESPONSE, Decoder, Packet

HEADERS = st.tuples(
    st.sampled_from(["Uniqueid", "CallerIDName", "ChanVariable", "AppData", "X"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=12),
)
BLOCKS = st.builds(
    lambda first, headers, end: (
        first + "".join(f"{key}: {value}\r\n" for key, value in headers) + end
    ).encode(),
    st.sampled_from(
        ["Event: Newchannel\r\n", "Response: Success\r\n", "X: y\r\n", "noise\r\n", ""]
    ),
    st.lists(HEADERS, max_size=5),
    st.sampled_from(["\r\n", "\n"]),
)
NOISE = st.binary(max_size=30) | st.text("\r\nAB: ", max_size=20).map(str.encode)
STREAMS = st.lists(BLOCKS | NOISE, max_size=12).map(b"".join)


def feed_in_portions(decoder: Decoder, data: bytes, cuts: list[int]) -> list[tuple[str, bytes]]:
    """Feed `data` cut at the given places; names and bytes of what came out."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    got = []
    for start, end in itertools.pairwise(places):
        got += decoder.feed(data[start:end])
    return [(packet.name, packet.raw) for packet in got]


def counts(decoder: Decoder) -> tuple[int, int, int]:
    """The decoder's counters."""
    return decoder.oversize, decoder.malformed, decoder.skipped


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=20), st.booleans())
def test_any_portions_give_the_same_packets(data: bytes, cuts: list[int], bytewise: bool) -> None:
    """However a stream is cut, packets and counters come out the same."""
    limits: dict[str, Any] = {"max_line": 24, "max_headers": 4, "max_packet": 40}
    for whole, parts in ((Decoder(), Decoder()), (Decoder(**limits), Decoder(**limits))):
        expected = feed_in_portions(whole, data, [])
        got = feed_in_portions(parts, data, list(range(len(data))) if bytewise else cuts)
        assert got == expected
        assert counts(parts) == counts(whole)


@given(st.binary(max_size=3000), st.integers(1, 400))
def test_noise_never_raises_and_the_next_packet_is_read(data: bytes, portion: int) -> None:
    """After any noise and an empty line the decoder reads the next packet."""
    decoder = Decoder(max_packet=512)
    for start in range(0, len(data), portion):
        for packet in decoder.feed(data[start : start + portion]):
            packet.headers()
    after = decoder.feed(b"\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n")
    assert (after[-1].name, after[-1].get("Uniqueid")) == ("Hangup", "1.1")


def test_what_is_held_stays_bounded() -> None:
    """A peer that never ends a packet fills no memory, whatever the portions."""
    rng = random.Random(7)
    decoder = Decoder(max_packet=4096)
    for _ in range(2000):
        decoder.feed(rng.randbytes(1000).replace(b"\n", b" "))
        assert decoder.held <= 4096 + 1000
    decoder.feed(b"\r\n\r\n")
    assert decoder.oversize == 1


def test_packets_over_a_limit_are_dropped_alone() -> None:
    """A long packet, a long line and too many headers each lose one packet and no more."""
    decoder = Decoder(max_line=100, max_headers=5, max_packet=300)
    good = b"Event: Hangup\r\nUniqueid: 1.1\r\n\r\n"
    long_line = b"Event: VarSet\r\nValue: " + b"v" * 100 + b"\r\n\r\n"
    many = b"Event: UserEvent\r\n" + b"A: 1\r\n" * 5 + b"\r\n"
    big = (
        b"Event: UserEvent\r\n"
        + b"B: "
        + b"b" * 90
        + b"\r\n"
        + b"C: 1\r\n"
        + b"x" * 300
        + b"\r\n\r\n"
    )
    got = decoder.feed(good + long_line + good + many + good + big + good)
    assert [packet.name for packet in got] == ["Hangup"] * 4
    assert decoder.oversize == 3


def test_a_packet_at_the_limits_is_read() -> None:
    """The limits themselves are allowed."""
    raw = b"Event: X\r\n" + b"A: " + b"1" * 17 + b"\r\nB: 2"
    decoder = Decoder(max_line=20, max_headers=3, max_packet=len(raw))
    assert [p.raw for p in decoder.feed(raw + b"\r\n\r\n")] == [raw]


@pytest.mark.parametrize(
    "line",
    [
        "Asterisk Call Manager/11.0.0",
        "PBX Call Manager/5.0.1",
        "SSH-2.0-OpenSSH_9.2",
        "220 mail: x",
    ],
)
def test_the_first_line_is_the_greeting_when_it_is_no_header(line: str) -> None:
    """What a server says first comes as one packet, also when it is not Asterisk."""
    decoder = Decoder()
    got = decoder.feed(line.encode() + b"\r\nResponse: Success\r\nMessage: hi\r\n\r\n")
    assert [(p.name, p.raw) for p in got] == [
        (GREETING, line.encode()),
        (RESPONSE, b"Response: Success\r\nMessage: hi"),
    ]


def test_a_stream_without_greeting_starts_with_its_first_packet() -> None:
    """Recordings and clients send no greeting."""
    got = Decoder().feed(b"Action: Login\r\nUsername: u\r\n\r\n")
    assert [(p.name, p.get("Action")) for p in got] == [("", "Login")]


def test_the_greeting_is_delivered_before_anything_follows() -> None:
    """A client may answer the greeting at once."""
    decoder = Decoder()
    assert decoder.feed(b"Asterisk Call Manager/11.0.0") == []
    assert [p.name for p in decoder.feed(b"\r\n")] == [GREETING]


def test_unwanted_events_are_skipped_and_answers_never() -> None:
    """Only named events come through, and whatever belongs to an action."""
    decoder = Decoder(wanted=frozenset({"Hangup"}))
    got = decoder.feed(
        b"Event: VarSet\r\nVariable: A\r\n\r\n"
        b"Event: Hangup\r\nUniqueid: 1\r\n\r\n"
        b"Privilege: call\r\nEvent: VarSet\r\n\r\n"
        b"Event: QueueMember\r\nActionID: 7\r\nName: x\r\n\r\n"
        b"Response: Success\r\n\r\n"
        b"Hello: there\r\n\r\n"
    )
    assert [p.name for p in got] == ["Hangup", "QueueMember", RESPONSE, ""]
    assert decoder.skipped == 2


def test_blocks_without_any_header_are_counted() -> None:
    """Noise between packets is counted, extra empty lines are not noise."""
    decoder = Decoder()
    got = decoder.feed(b"Event: A\r\n\r\n\r\n\r\n\r\nnoise\r\n\r\nEvent: B\r\n\r\n")
    assert [p.name for p in got] == ["A", "B"]
    assert decoder.malformed == 1


def test_headers_are_found_in_any_case_of_letters() -> None:
    """AMI keys have no case; a missing one gives the default."""
    packet = Packet(b"Event: Newchannel\r\nuniqueid: 1.1\r\nExten:5")
    assert packet.name == "Newchannel"
    assert packet.get("Uniqueid") == "1.1"
    assert packet.get("EXTEN") == "5"
    assert packet.get("Linkedid") is None
    assert packet.get("Linkedid", "") == ""
    assert "linkedid" not in packet
    assert "UniqueID" in packet


def test_a_second_spelling_cannot_pass_for_a_header() -> None:
    """Keys have no case, so the first value counts for every spelling of its key."""
    for raw in (
        b"Event: UserEvent\r\nUniqueid: 1.1\r\nuniqueid: 9.9\r\nUNIQUEID: 9.9",
        b"Event: UserEvent\r\nuniqueid: 1.1\r\nUniqueid: 9.9",
    ):
        packet = Packet(raw)
        assert [packet.get(key) for key in ("Uniqueid", "uniqueid", "UniqueID")] == ["1.1"] * 3


def test_a_dict_of_all_headers() -> None:
    """Each header is there once, unescaped, without a space too; the dict is the caller's own."""
    packet = Packet(
        b"Event: Hangup\r\nCallerIDName: O\\'Brien\r\nAccountCode:\r\nnoise\r\n"
        b"Cause-txt: Normal: yes\r\nItem: a\r\nItem: b"
    )
    expected = {
        "Event": "Hangup",
        "CallerIDName": "O'Brien",
        "AccountCode": "",
        "Cause-txt": "Normal: yes",
        "Item": "a",
    }
    headers = packet.as_dict()
    assert headers == expected
    headers["Item"] = "mine"
    assert packet.get("Item") == "a"
    assert packet.as_dict() == expected


ESCAPED = [
    ("Newchannel", "CallerIDName", "Miles O\\'Brien", "Miles O'Brien"),
    ("CoreShowChannel", "ConnectedLineName", 'the \\"boss\\"\\?', 'the "boss"?'),
    ("AgentConnect", "DestCallerIDName", "back\\\\slash", "back\\slash"),
    ("VarSet", "Value", "two\\nlines\\tand \\\\n", "two\nlines\tand \\n"),
    ("UserEvent", "Value", "O\\'Brien", "O\\'Brien"),
    ("QueueEntry", "CallerIDName", "O\\'Brien", "O\\'Brien"),
    ("OriginateResponse", "CallerIDName", "O\\'Brien", "O\\'Brien"),
    ("Newexten", "AppData", "a\\,b\\n", "a\\,b\\n"),
    ("Newchannel", "CallerIDName", "odd \\x end\\", "odd \\x end\\"),
]


@pytest.mark.parametrize(("name", "header", "wire", "text"), ESCAPED)
def test_what_asterisk_escapes_is_unescaped(name: str, header: str, wire: str, text: str) -> None:
    """Escaped values read as they were, all others stay as they are."""
    packet = Packet(f"Event: {name}\r\n{header}: {wire}".encode())
    assert packet.get(header) == text
    assert packet.get(header.upper()) == text
    assert packet.all(header) == (text,)
    assert packet.headers()[1] == (header, text)


def test_variables_of_each_channel_of_an_event() -> None:
    """Variables are told apart by the channel they belong to, and unescaped."""
    packet = Packet(
        b"Event: DialBegin\r\nChanVariable: NAME=O\\'Brien\r\nDestChanVariable: NAME=\\\\x\r\n"
        b"DestChanVariable: N=2"
    )
    assert packet.variables == {"NAME": "O'Brien"}
    assert packet.variables_of("Dest") == {"NAME": "\\x", "N": "2"}
    assert packet.variables_of("Transferee") == {}


@given(st.text() | st.text("\\'\"?\nn"))
def test_escaping_is_undone_exactly(text: str) -> None:
    """unescape(escape(x)) is x, and nothing on the wire can end a line."""
    assert unescape(escape(text)) == text
    assert not {"\r", "\n"} & set(escape(text))


def test_a_packet_shows_no_values() -> None:
    """A packet in a log names no person."""
    assert "110" not in repr(Packet(b"Event: Newchannel\r\nCallerIDNum: 110"))
