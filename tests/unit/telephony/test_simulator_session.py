"""What the simulated exchange answers over AMI, against recordings and Asterisk's own words."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from telephony.packet import Packet
from telephony.simulator import Arrival, Exchange, SimulatorSettings, User
from telephony.simulator import messages as m
from telephony.simulator.session import BANNER, AmiSession, Reply, event_mask
from telephony.wire import Decoder
from tests.simulated import Played

REPLAYS = Path(__file__).parents[2] / "replays"
LISTS = ("CoreStatus", "CoreSettings", "CoreShowChannels", "BridgeList", "QueueStatus",
         "QueueSummary", "DeviceStateList")  # fmt: skip
ALWAYS_EMPTY_THERE = {"BridgeListItem"}


def ask(session: AmiSession, action: str, **headers: str) -> Reply:
    lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in headers.items())]
    return session.hear(Packet("\r\n".join(lines).encode()))


def signed_in(exchange: Exchange | None = None, user: str = "callcenter") -> AmiSession:
    session = AmiSession(exchange or Exchange(SimulatorSettings(), 1000.0), "12345")
    secret = next(one.secret for one in session.exchange.settings.users if one.name == user)
    assert ask(session, "Login", Username=user, Secret=secret).text.startswith("Response: Success")
    return session


def shapes(stream: bytes) -> dict[str, set[tuple[str, ...]]]:
    """Header names of each answer and list item, by event name or by what follows Response."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for packet in Decoder().feed(stream):
        keys = tuple(key for key, _ in packet.headers())
        listed = "ActionID" in packet and "Privilege" not in packet
        if packet.name == "Response" or listed:
            label = packet.name if packet.name != "Response" else " ".join(keys[2:3])
            found.setdefault(label, set()).add(keys)
    return found


def snapshot_session() -> tuple[AmiSession, Played]:
    stage = Played()
    stage.phones(p1001=("answers", 0.3))
    stage.call("+442079460100", "+447700900132", "Talking Tom", talk=100)
    stage.run(2.0)
    stage.call("+442079460100", "+8675588886666", "王小明", patience=50)
    stage.run(1.0)
    return signed_in(stage.exchange), stage


def test_answers_of_a_snapshot_have_the_recorded_shape() -> None:
    """Every response and list item of a snapshot has the headers of the real one, in order."""
    session, _ = snapshot_session()
    text = "".join(ask(session, action, ActionID="tap-9").text for action in LISTS)
    real = shapes((REPLAYS / "snapshot_during_call.ami").read_bytes())
    ours = shapes((BANNER + text).encode())
    assert set(ours) >= set(real) - {"Message"}
    for label, found in ours.items():
        assert found <= real[label], label


def test_lists_count_their_items() -> None:
    """ListItems says how many items came, in each list."""
    session, _ = snapshot_session()
    for action in LISTS[2:]:
        packets = Decoder().feed((BANNER + ask(session, action, ActionID="7").text).encode())[1:]
        assert packets[0].get("EventList") == "start"
        assert packets[-1].get("EventList") == "Complete"
        assert int(packets[-1].get("ListItems", "")) == len(packets) - 2
        assert all(packet.get("ActionID") == "7" for packet in packets)


def test_a_waiting_caller_is_an_entry_of_the_queue() -> None:
    """QueueStatus of one queue shows params, members and the entry, names not escaped."""
    session, _ = snapshot_session()
    packets = Decoder().feed((BANNER + ask(session, "QueueStatus", Queue="service").text).encode())
    entry = next(packet for packet in packets if packet.name == "QueueEntry")
    assert (entry.get("CallerIDName"), entry.get("Position")) == ("王小明", "1")
    assert entry.get("ConnectedLineNum") == "unknown"
    assert b"O'Hara" in entry.raw or any(b"Name: Bob O'Hara" in p.raw for p in packets)


def test_sign_in_and_off() -> None:
    """Login is followed by FullyBooted; Ping, Logoff as recorded."""
    session = AmiSession(Exchange(SimulatorSettings(), 1000.0), "1")
    login = ask(session, "Login", ActionID="tap-1", Username="callcenter",
                Secret="change-this-secret")  # fmt: skip
    assert login.text == (
        "Response: Success\r\nActionID: tap-1\r\nMessage: Authentication accepted\r\n\r\n"
        "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 0\r\nLastReload: 0\r\n"
        "Status: Fully Booted\r\n\r\n"
    )
    assert ask(session, "Ping", ActionID="tap-2").text == (
        "Response: Success\r\nActionID: tap-2\r\nPing: Pong\r\nTimestamp: 1000.000000\r\n\r\n"
    )
    off = ask(session, "Logoff", ActionID="tap-3")
    assert off.close
    assert off.text == (
        "Response: Goodbye\r\nActionID: tap-3\r\nMessage: Thanks for all the fish.\r\n\r\n"
    )


def test_sign_in_by_challenge() -> None:
    """The MD5 of challenge and secret signs in; another key does not."""
    session = AmiSession(Exchange(SimulatorSettings(), 1000.0), "471147")
    assert "Challenge: 471147\r\n" in ask(session, "Challenge", AuthType="md5").text
    assert "Must specify AuthType" in ask(session, "Challenge", AuthType="SHA").text
    key = hashlib.md5(b"471147change-this-secret").hexdigest()
    bad = ask(session, "Login", AuthType="MD5", Username="callcenter", Key="x" * 32)
    assert (bad.close, bad.after) == (True, 1.0)
    assert ask(session, "Login", AuthType="MD5", Username="callcenter", Key=key).after == 0
    assert session.user is not None


@pytest.mark.parametrize("headers", [
    {}, {"Username": "callcenter"}, {"Username": "callcenter", "Secret": "change"},
    {"Username": "nobody", "Secret": "change-this-secret"},
    {"Username": "callcenter", "Secret": "\ud800".encode("utf-8", "replace").decode()},
])  # fmt: skip
def test_wrong_login(headers: dict[str, str]) -> None:
    """Whatever is wrong with a login, the words are the same, late, and the connection ends."""
    session = AmiSession(Exchange(SimulatorSettings(), 1000.0), "1")
    reply = ask(session, "Login", **headers)
    assert reply.text == "Response: Error\r\nMessage: Authentication failed\r\n\r\n"
    assert (reply.close, reply.after, session.user) == (True, 1.0, None)


def test_strangers_may_nothing() -> None:
    """Before a login every other action is refused, known or not."""
    session = AmiSession(Exchange(SimulatorSettings(), 1000.0), "1")
    for action in ("Ping", "QueueStatus", "Originate", "Nonsense", "Events"):
        assert "Message: Permission denied" in ask(session, action).text
    assert "Missing action in request" in session.hear(Packet(b"Foo: bar")).text


def test_a_user_without_privileges_is_denied() -> None:
    """As recorded: what needs a class is denied, lists that need none are given."""
    half = User(name="half", secret="s", read=frozenset({"call", "user", "reporting", "system"}),
                write=frozenset())  # fmt: skip
    exchange = Exchange(replace(SimulatorSettings(), users=(half,)), 1000.0)
    session = signed_in(exchange, "half")
    for action in ("Originate", "Hangup", "QueuePause", "CoreShowChannels", "CoreStatus",
                   "Command"):  # fmt: skip
        assert "Response: Error\r\nMessage: Permission denied" in ask(session, action).text
    assert "QueueStatusComplete" in ask(session, "QueueStatus", Queue="service").text
    assert ask(session, "NoSuchAction", ActionID="tap-8").text == (
        "Response: Error\r\nActionID: tap-8\r\nMessage: Invalid/unknown command: NoSuchAction. "
        "Use Action: ListCommands to show available commands.\r\n\r\n"
    )
    assert session.mask == m.CALL | m.USER | m.REPORTING | m.SYSTEM


@pytest.mark.parametrize(
    ("action", "headers", "message"),
    [
        ("QueuePause", {"Interface": "PJSIP/9999", "Paused": "true"}, "Interface not found"),
        ("QueuePause", {"Interface": "PJSIP/1001"}, "Need 'Interface' and 'Paused' parameters."),
        ("QueuePause", {"Interface": "PJSIP/1001", "Paused": "1", "Queue": "x"},
         "Interface not found"),
        ("QueueAdd", {"Queue": "sales"}, "'Interface' not specified."),
        ("QueueAdd", {"Interface": "PJSIP/1001"}, "'Queue' not specified."),
        ("QueueAdd", {"Queue": "x", "Interface": "PJSIP/1001"},
         "Unable to add interface to queue: No such queue"),
        ("QueueAdd", {"Queue": "sales", "Interface": "PJSIP/1003"},
         "Unable to add interface: Already there"),
        (
            "QueueAdd",
            {"Queue": "sales", "Interface": "SIP/x", "StateInterface": "PJSIP/1001"},
            "Unable to add interface: Not a device of this exchange",
        ),
        ("QueueRemove", {"Queue": "sales", "Interface": "PJSIP/1001"},
         "Unable to remove interface: Not there"),
        ("QueueRemove", {"Queue": "x", "Interface": "PJSIP/1001"},
         "Unable to remove interface from queue: No such queue"),
        ("Hangup", {"Channel": "PJSIP/none"}, "No such channel"),
        ("Hangup", {}, "No channel specified"),
        ("BridgeInfo", {}, "BridgeUniqueid must be provided"),
        ("Originate", {}, "Channel not specified"),
        ("Originate", {"Channel": "PJSIP/1001"},
         "Originate with 'Exten' requires 'Context' and 'Priority'"),
        ("Originate", {"Channel": "PJSIP1001", "Context": "join", "Exten": "s", "Priority": "1"},
         "Invalid channel"),
        ("Originate", {"Channel": "PJSIP/1001", "Context": "join", "Exten": "x", "Priority": "1"},
         "Extension does not exist."),
        ("Originate", {"Channel": "PJSIP/1001", "Context": "join", "Exten": "s", "Priority": "x"},
         "Invalid priority"),
        ("Events", {}, "Invalid event mask"),
    ],
)  # fmt: skip
def test_refusals_in_asterisks_words(action: str, headers: dict[str, str], message: str) -> None:
    """Wrong actions are answered with the words of Asterisk 22."""
    text = ask(signed_in(), action, **headers).text
    assert text == f"Response: Error\r\nMessage: {message}\r\n\r\n"


def test_pause_and_unpause() -> None:
    """A pause is confirmed, announced for each of the member's queues, and keeps calls away."""
    session = signed_in()
    exchange = session.exchange
    text = ask(session, "QueuePause", Interface="PJSIP/1003", Paused="true", Reason="lunch").text
    assert "Message: Interface paused successfully" in text
    events = "".join(message.text for message in exchange.world.take())
    assert events.count("Event: QueueMemberPause") == 2
    assert events.count("PausedReason: lunch\r\n") == 2
    assert "Device: Queue:sales_pause_PJSIP/1003\r\nState: INUSE" in events
    assert "unpaused" in ask(session, "QueuePause", Interface="PJSIP/1003", Paused="no").text
    assert all(not queue.members["PJSIP/1003"].paused for queue in
               (exchange.queues["service"], exchange.queues["sales"]))  # fmt: skip


def test_added_member_takes_a_waiting_call() -> None:
    """QueueAdd makes a dynamic member, who is rung at once; QueueRemove takes it away."""
    stage = Played()
    stage.phones(p1005=("answers", 0.5))
    stage.call("+442079460100", "+441632960012", talk=3.0)
    stage.run(3.0)
    session = signed_in(stage.exchange)
    added = ask(session, "QueueAdd", Queue="service", Interface="PJSIP/1005", MemberName="Emil")
    assert "Added interface to queue" in added.text
    stage.run(10.0)
    assert "Membership: dynamic" in stage.stream
    assert stage.exchange.truth()[0].device == "PJSIP/1005"
    removed = ask(session, "QueueRemove", Queue="service", Interface="PJSIP/1005")
    assert "Removed interface from queue" in removed.text
    assert "PJSIP/1005" not in stage.exchange.queues["service"].members


@pytest.mark.parametrize(
    ("mask", "expected"),
    [("off", 0), ("on", m.ALL_CLASSES), ("call,agent", m.CALL | m.AGENT), ("", -1), ("x", 0),
     ("ALL", m.ALL_CLASSES), ("call, user", m.CALL | m.USER)],
)  # fmt: skip
def test_event_masks(mask: str, expected: int) -> None:
    """Masks as set_eventmask of main/manager.c reads them."""
    assert event_mask(mask) == expected


def test_events_off_and_on() -> None:
    """The mask limits what is sent, and never exceeds what the user may read."""
    session = signed_in()
    assert "Events: Off" in ask(session, "Events", EventMask="off").text
    assert session.mask == 0
    assert "Events: On" in ask(session, "Events", EventMask="call").text
    assert session.mask == m.CALL


@pytest.mark.parametrize("raw", [
    b"Action: UserEvent\r\nUserEvent: x\r\nA: b\nEvent: Hangup", b"Action: Ping\r\nActionID: 1\r2",
    b"Action: Ping\x00",
])  # fmt: skip
def test_lone_line_ends_forge_nothing(raw: bytes) -> None:
    """A value with a bare CR, LF or NUL is not carried out and not repeated."""
    session = signed_in()
    text = session.hear(Packet(raw)).text
    assert text == "Response: Error\r\nMessage: Failed to parse message\r\n\r\n"
    assert not session.exchange.world.take()


def test_names_are_escaped_as_asterisk_escapes_them() -> None:
    """A name cannot end its line: control characters are C-escaped, UTF-8 stays."""
    exchange = Exchange(SimulatorSettings(), 1000.0)
    name = "Eve\r\nEvent: Hangup\u2028王 O'B\"?\\"
    exchange.place(Arrival(number="+441", name=name, dialled="+442079460100"))
    first = exchange.world.take()[0].text
    assert "CallerIDName: Eve\\r\\nEvent: Hangup\u2028王 O\\'B\\\"\\?\\\\\r\n" in first
    assert len(Decoder().feed((BANNER + first).encode())) == 2
