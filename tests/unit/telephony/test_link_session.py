"""A session: login, one snapshot per login, events behind it, pings, and words for failures."""

import hashlib
from typing import Literal

import pytest
from asterisk.ami import SimpleAction

from telephony.answers import (
    MAX_OPEN,
    ActionRefused,
    Answer,
    AnswerTimeout,
    LinkBusy,
    LinkLost,
    ListIncomplete,
    Result,
)
from telephony.login import Credentials
from telephony.packet import Packet
from telephony.session import HELD_LIMIT, START_LOOKS, Session
from telephony.snapshot import Snapshot
from telephony.wire import Decoder, WireError
from tests.unit.telephony import ami_peer as peer


class Recorder:
    """An owner that writes down everything."""

    def __init__(self) -> None:
        self.sent = b""
        self.told: list[object] = []
        self.up: list[str] = []
        self.ended: list[tuple[str, str]] = []

    def write(self, data: bytes) -> None:
        self.sent += data

    def deliver(self, packet: Packet, at: float) -> None:
        self.told.append((packet.name, packet.get("Uniqueid"), at))

    def deliver_snapshot(self, snapshot: Snapshot) -> None:
        self.told.append(snapshot)

    def came_up(self, message: str) -> None:
        self.up.append(message)

    def give_up(self, kind: Literal["down", "refused"], message: str) -> None:
        self.ended.append((kind, message))

    def take(self) -> list[Packet]:
        """What was sent since the last look."""
        sent, self.sent = self.sent, b""
        return peer.actions(sent)


class Talk:
    """A session with its peer."""

    def __init__(
        self, *, auth: Literal["md5", "md5-or-plain", "plain"] = "md5", started: str | None = None
    ) -> None:
        self.owner = Recorder()
        self.session = Session(
            Credentials("engine", "s3cret", auth),
            self.owner,
            prefix="cc",
            now=0.0,
            last_startup=started,
        )
        self.decoder = Decoder()
        self.now = 0.0

    def hear(self, text: str) -> list[Packet]:
        """The peer says something; gives what the session sends."""
        self.session.heard(self.now)
        for packet in self.decoder.feed(text.encode()):
            self.session.receive(packet, 1000.0 + self.now)
        return self.owner.take()

    def pass_time(self, until: float) -> list[Packet]:
        """Ticks at each deadline up to `until`; gives what the session sends."""
        while (moment := self.session.deadline()) is not None and moment <= until:
            self.now = moment
            self.session.tick(moment)
        self.now = until
        return self.owner.take()

    def log_in(self) -> list[Packet]:
        """Greeting to login; gives the actions of the snapshot."""
        (challenge,) = self.hear(peer.GREETING)
        (login,) = self.hear(peer.success(challenge, Challenge="4711"))
        booted = peer.block(Event="FullyBooted", Privilege="system,all")
        return self.hear(peer.success(login, Message="Authentication accepted") + booted)

    def come_up(self, *channels: str) -> Snapshot:
        """Log in and answer the snapshot."""
        return self.answer_snapshot(self.log_in(), *channels)

    def answer_snapshot(self, actions: list[Packet], *channels: str) -> Snapshot:
        """Answer all of a snapshot's actions."""
        for action in actions:
            self.hear(peer.snapshot_answer(action, channels=channels))
        return next(each for each in reversed(self.owner.told) if isinstance(each, Snapshot))

    def ask(self, name: str, seconds: float = 10.0, **headers: str) -> tuple[Packet, list[Result]]:
        """Send an action through the session."""
        results: list[Result] = []
        self.session.send(SimpleAction(name, **headers), results.append, self.now, seconds)
        (action,) = self.owner.take()
        return action, results


def names(actions: list[Packet]) -> tuple[str | None, ...]:
    """The actions' names."""
    return tuple(action.get("Action") for action in actions)


# --- login ----------------------------------------------------------------------------------------


def test_md5_login_never_sends_the_secret() -> None:
    """The login proves the secret by a digest, asks for events, and a snapshot follows."""
    talk = Talk()
    (challenge,) = talk.hear(peer.GREETING)
    assert (challenge.get("Action"), challenge.get("AuthType")) == ("Challenge", "MD5")
    (login,) = talk.hear(peer.success(challenge, Challenge="4711"))
    assert login.get("Key") == hashlib.md5(b"4711s3cret").hexdigest()
    assert (login.get("Username"), login.get("Events")) == ("engine", "on")
    assert b"s3cret" not in login.raw
    assert names(talk.hear(peer.success(login))) == peer.SNAPSHOT


def test_plain_login_sends_the_secret() -> None:
    """With auth plain there is no challenge."""
    (login,) = Talk(auth="plain").hear(peer.GREETING)
    assert (login.get("Secret"), login.get("Events")) == ("s3cret", "on")


def test_plain_login_as_fallback() -> None:
    """An exchange without challenges gets a plain login only if that is allowed."""
    talk = Talk(auth="md5-or-plain")
    (challenge,) = talk.hear(peer.GREETING)
    (login,) = talk.hear(peer.refusal(challenge, "Must specify AuthType"))
    assert login.get("Secret") == "s3cret"
    strict = Talk()
    (challenge,) = strict.hear(peer.GREETING)
    assert strict.hear(peer.refusal(challenge, "Must specify AuthType")) == []
    ((kind, message),) = strict.owner.ended
    assert kind == "refused"
    assert "md5-or-plain" in message


@pytest.mark.parametrize("auth", ["md5", "md5-or-plain", "plain"])
def test_wrong_credentials_are_told(auth: Literal["md5", "md5-or-plain", "plain"]) -> None:
    """A refused login names the user and where to look, not the secret; nothing else is tried."""
    talk = Talk(auth=auth)
    (action,) = talk.hear(peer.GREETING)
    if auth != "plain":
        (action,) = talk.hear(peer.success(action, Challenge="1"))
    assert talk.hear(peer.refusal(action, "Authentication failed")) == []
    ((kind, message),) = talk.owner.ended
    assert kind == "refused"
    assert "[engine] in manager.conf" in message
    assert "Authentication failed" in message
    assert "s3cret" not in message


def test_any_call_manager_is_greeted() -> None:
    """Exchanges that carry another name are AMIs too."""
    assert names(Talk().hear("PBX Call Manager/5.0.1\r\n")) == ("Challenge",)


@pytest.mark.parametrize(
    "line", ["SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request", "\x1b[2J evil"]
)
def test_what_is_no_ami_is_named(line: str) -> None:
    """Another server is recognised by its greeting, which is shown printable."""
    talk = Talk()
    assert talk.hear(line + "\r\n") == []
    ((kind, message),) = talk.owner.ended
    assert (kind, message.isprintable()) == ("down", True)
    assert "no Asterisk Manager Interface" in message


def test_a_peer_that_says_nothing_is_given_up() -> None:
    """No greeting within five seconds: not an AMI, or one that wants TLS."""
    talk = Talk()
    assert talk.pass_time(4.9) == []
    assert talk.owner.ended == []
    talk.pass_time(5.0)
    assert "no greeting within 5 s" in talk.owner.ended[0][1]


def test_a_peer_that_does_not_answer_the_login_is_given_up() -> None:
    """Greeting, then silence."""
    talk = Talk()
    talk.hear(peer.GREETING)
    talk.pass_time(11)
    assert "no answer to the login within 10 s" in talk.owner.ended[0][1]


# --- snapshots ------------------------------------------------------------------------------------


def test_each_login_gives_one_snapshot() -> None:
    """The lists arrive as one snapshot, sorted by kind, and the link is up."""
    talk = Talk()
    snapshot = talk.come_up("7.1", "7.2")
    assert [p.get("Uniqueid") for p in snapshot.channels] == ["7.1", "7.2"]
    assert [p.get("Queue") for p in snapshot.queues] == ["sales"]
    assert [p.get("Location") for p in snapshot.members] == ["PJSIP/1001"]
    assert [p.get("CallerIDName") for p in snapshot.entries] == ["O'Brien"]
    assert [p.get("Device") for p in snapshot.device_states] == ["PJSIP/1001"]
    assert (snapshot.version, snapshot.startup) == ("22.10.1", "2026-11-22 01:40:05")
    assert (snapshot.missing, snapshot.restarted) == (frozenset(), False)
    assert talk.owner.up == ["connected to Asterisk 22.10.1"]


@pytest.mark.parametrize(
    ("last", "restarted"),
    [(None, False), ("2026-11-22 01:40:05", False), ("2026-11-22 01:30:00", True)],
)
def test_a_restart_is_told_from_a_reconnect(last: str | None, restarted: bool) -> None:
    """Only another start-up time of the exchange means that its calls are gone."""
    assert Talk(started=last).come_up().restarted is restarted


def test_events_during_a_snapshot_follow_it_in_order() -> None:
    """What comes while lists are written is held back, whole and in order, with its own moment."""
    talk = Talk()
    actions = talk.log_in()
    talk.now = 1.0
    talk.hear(peer.block(Event="Newchannel", Uniqueid="8.1"))
    for action in actions:
        talk.now += 1.0
        text = peer.block(Event="Newstate", Uniqueid="8.1") + peer.snapshot_answer(action)
        talk.hear(text)
        talk.hear(peer.block(Event="Hangup", Uniqueid="8.1")) if action is actions[-1] else None
    kinds = [
        type(each).__name__ if isinstance(each, Snapshot) else each for each in talk.owner.told
    ]
    assert kinds == [
        "Snapshot",
        ("FullyBooted", None, 1000.0),
        ("Newchannel", "8.1", 1001.0),
        *(("Newstate", "8.1", 1002.0 + i) for i in range(6)),
        ("Hangup", "8.1", 1007.0),
    ]


def test_a_list_that_is_short_is_asked_for_again() -> None:
    """ListItems that do not match make a new snapshot, and the bad one is never delivered."""
    talk = Talk()
    actions = talk.log_in()
    again: list[Packet] = []
    for action in actions:
        wrong = peer.listing(action, peer.channel("7.1"), told=2)
        name = action.get("Action")
        again += talk.hear(wrong if name == "CoreShowChannels" else peer.snapshot_answer(action))
    assert not any(isinstance(each, Snapshot) for each in talk.owner.told)
    assert names(again) == peer.SNAPSHOT
    assert len(talk.answer_snapshot(again, "7.1").channels) == 1


def test_lists_that_never_match_are_missing() -> None:
    """After three tries the snapshot comes without the list, and says so."""
    talk = Talk()
    actions = talk.log_in()
    for _ in range(3):
        again: list[Packet] = []
        for action in actions:
            cancelled = peer.listing(action, end="cancelled")
            name = action.get("Action")
            again += talk.hear(cancelled if name == "BridgeList" else peer.snapshot_answer(action))
        actions = again
    assert actions == []
    (snapshot,) = (each for each in talk.owner.told if isinstance(each, Snapshot))
    assert snapshot.missing == {"bridges"}
    assert "the list of BridgeList was cancelled" in talk.owner.up[0]


def test_a_snapshot_that_does_not_come_ends_the_line() -> None:
    """A peer that answers pings but no lists is given up, naming what is missing."""
    talk = Talk()
    actions = talk.log_in()
    for action in actions[:4]:
        talk.hear(peer.snapshot_answer(action))
    for second in range(1, 16):
        for ping in talk.pass_time(float(second)):
            talk.hear(peer.success(ping, Ping="Pong"))
    ((kind, message),) = talk.owner.ended
    assert kind == "down"
    assert "no complete answer to QueueStatus, DeviceStateList within 15 s" in message


def test_a_flood_during_a_snapshot_starts_it_again() -> None:
    """More events than are held back are dropped for a fresh snapshot, and counted."""
    talk = Talk()
    actions = talk.log_in()
    one = peer.block(Event="VarSet", Uniqueid="1.1")
    again = [a for _ in range(HELD_LIMIT // 1000 + 1) for a in talk.hear(one * 1000)]
    assert names(again) == peer.SNAPSHOT
    assert talk.session.overflows == 1
    for action in actions:  # late answers of the first attempt belong to nothing
        talk.hear(peer.snapshot_answer(action, channels=("old",)))
    assert not any(isinstance(each, Snapshot) for each in talk.owner.told)
    assert [p.get("Uniqueid") for p in talk.answer_snapshot(again, "new").channels] == ["new"]
    assert len(talk.owner.told) < 2000


@pytest.mark.parametrize("name", ["Reload", "FullyBooted"])
def test_reload_and_late_boot_take_a_new_snapshot(name: str) -> None:
    """A reload, and the end of a boot we logged in to, may have changed everything."""
    talk = Talk()
    talk.come_up()
    assert names(talk.hear(peer.block(Event=name))) == peer.SNAPSHOT


def loading(action: Packet) -> str:
    """The answer of an Asterisk whose modules are still being loaded."""
    if action.get("Action") in ("QueueStatus", "DeviceStateList"):
        return peer.refusal(action, f"Invalid/unknown command: {action.get('Action')}.")
    return peer.snapshot_answer(action)


def log_in_during_boot(talk: Talk) -> None:
    """Login and first snapshot before the exchange has loaded its modules."""
    (challenge,) = talk.hear(peer.GREETING)
    (login,) = talk.hear(peer.success(challenge, Challenge="4711"))
    for action in talk.hear(peer.success(login)):
        talk.hear(loading(action))


@pytest.mark.parametrize("last", [None, "2026-11-22 01:30:00", "2026-11-22 01:40:05"])
def test_a_login_during_the_boot_is_completed_after_it(last: str | None) -> None:
    """Still starting at first; the end of the boot gives the rest. A restart is told once, also
    when both starts were in one second."""
    talk = Talk(started=last)
    log_in_during_boot(talk)
    assert talk.owner.up == ["connected to Asterisk 22.10.1, which is still starting"]
    actions = talk.hear(peer.block(Event="FullyBooted", Privilege="system,all"))
    assert names(actions) == peer.SNAPSHOT
    talk.answer_snapshot(actions)
    assert talk.owner.up[1:] == ["connected to Asterisk 22.10.1"]
    first, second = (each for each in talk.owner.told if isinstance(each, Snapshot))
    assert first.missing == {"queues", "members", "entries", "device_states"}
    assert second.missing == frozenset()
    assert [first.restarted, second.restarted].count(True) == (last is not None)


def test_without_class_system_a_boot_is_looked_at_again() -> None:
    """Every two seconds, until the modules are there; after half a minute they never come."""
    talk = Talk()
    log_in_during_boot(talk)
    looks = 0
    for second in range(1, 60):
        for action in talk.pass_time(float(second)):
            if action.get("Action") == "Ping":
                talk.hear(peer.success(action))
            else:
                looks += action.get("Action") == "CoreStatus"
                talk.hear(loading(action))
    assert looks == START_LOOKS
    assert "refused QueueStatus" in talk.owner.up[-1]
    assert talk.owner.ended == []


def test_asking_twice_takes_one_snapshot_unless_answers_have_come() -> None:
    """A wish during a snapshot is met by it, or by one right after it."""
    talk = Talk()
    talk.come_up()
    talk.session.resnapshot(talk.now)
    talk.session.resnapshot(talk.now)
    actions = talk.owner.take()
    assert names(actions) == peer.SNAPSHOT
    again = talk.hear(peer.snapshot_answer(actions[0]))
    talk.session.resnapshot(talk.now)
    for action in actions[1:]:
        again += talk.hear(peer.snapshot_answer(action))
    assert names(again) == peer.SNAPSHOT


# --- privileges -----------------------------------------------------------------------------------


def test_denied_actions_name_the_class_and_the_line() -> None:
    """The operator reads what to add to which line of manager.conf; fields are marked missing."""
    talk = Talk()
    for action in talk.log_in():
        lists = ("BridgeList", "QueueStatus")
        denied = peer.refusal(action, "Permission denied")
        talk.hear(peer.snapshot_answer(action) if action.get("Action") in lists else denied)
    (message,) = talk.owner.up
    assert "denies CoreStatus, CoreSettings, CoreShowChannels, DeviceStateList" in message
    assert "add reporting to the line 'write = ...' of [engine]" in message
    (snapshot,) = (each for each in talk.owner.told if isinstance(each, Snapshot))
    assert snapshot.missing == {"startup", "version", "channels", "device_states"}


def test_a_missing_module_is_told_as_the_exchange_tells_it() -> None:
    """A refusal that is no matter of privileges is passed on."""
    talk = Talk()
    for action in talk.log_in():
        gone = peer.refusal(action, "Invalid/unknown command: QueueStatus.")
        name = action.get("Action")
        talk.hear(gone if name == "QueueStatus" else peer.snapshot_answer(action))
    assert "refused QueueStatus: Invalid/unknown command" in talk.owner.up[0]


def test_missing_system_class_is_told() -> None:
    """Without FullyBooted after the login the account cannot read class system."""
    talk = Talk(auth="plain")
    (login,) = talk.hear(peer.GREETING)
    talk.answer_snapshot(talk.hear(peer.success(login)))
    assert "add system to the line 'read = ...' of [engine]" in talk.owner.up[0]


def test_channels_without_events_reveal_a_missing_class() -> None:
    """New channels in a snapshot, and never an event of class call: say so, until one comes."""
    talk = Talk()
    talk.come_up()
    talk.session.resnapshot(talk.now)
    talk.answer_snapshot(talk.owner.take(), "9.9")
    assert "no event of class call arrives" in talk.owner.up[-1]
    assert "add call to the line 'read = ...' of user [engine]" in talk.owner.up[-1]
    talk.hear(peer.block(Event="Newstate", Privilege="system,call,all", Uniqueid="9.9"))
    talk.session.resnapshot(talk.now)
    talk.answer_snapshot(talk.owner.take(), "9.9")
    assert talk.owner.up[-1] == "connected to Asterisk 22.10.1"


# --- actions --------------------------------------------------------------------------------------


def test_answers_find_their_action() -> None:
    """Answers may come in another order; foreign ones are events for whoever reads them."""
    talk = Talk()
    talk.come_up()
    first, results = talk.ask("QueuePause", Interface="PJSIP/1")
    second, others = talk.ask("QueuePause", Interface="PJSIP/2")
    talk.hear(peer.block(Response="Success", ActionID="foreign"))
    talk.hear(peer.success(second) + peer.refusal(first, "Interface not found"))
    assert isinstance(others[0], Answer)
    assert isinstance(results[0], ActionRefused)
    assert results[0].said == "Interface not found"
    assert (len(results), len(others)) == (1, 1)


def test_an_event_with_our_action_id_is_still_an_event() -> None:
    """OriginateResponse carries the ActionID of an action that was answered before, or not yet."""
    talk = Talk()
    talk.come_up()
    action, results = talk.ask("Originate", Channel="PJSIP/1", Async="true", ActionID="mine")
    assert action.get("ActionID") == "mine"
    event = peer.block(
        Event="OriginateResponse", Response="Failure", ActionID="mine", Uniqueid="2.1"
    )
    talk.hear(event)
    assert results == []
    talk.hear(peer.success(action) + event)
    assert len(results) == 1
    assert [each for each in talk.owner.told if not isinstance(each, Snapshot)][-2:] == [
        ("OriginateResponse", "2.1", 1000.0)
    ] * 2


def test_lists_are_checked() -> None:
    """A list is whole only when it says so and the count is right."""
    talk = Talk()
    talk.come_up()
    for told, expected in ((1, Answer), (2, ListIncomplete), (0, ListIncomplete)):
        action, results = talk.ask("BridgeList")
        talk.hear(peer.listing(action, peer.block(Event="BridgeListItem"), told=told))
        assert isinstance(results[0], expected)


def test_an_answer_that_does_not_come_is_an_error() -> None:
    """Each action has its own limit."""
    talk = Talk()
    talk.come_up()
    _, results = talk.ask("BridgeList", seconds=2.0)
    talk.pass_time(1.9)
    assert results == []
    talk.pass_time(2.0)
    assert isinstance(results[0], AnswerTimeout)
    assert "no answer to BridgeList within 2 s" in str(results[0])


def test_whoever_waits_learns_of_the_end() -> None:
    """When the line goes every open action fails once, and later ones are refused."""
    talk = Talk()
    talk.come_up()
    _, results = talk.ask("BridgeList")
    talk.session.close("the line broke")
    talk.session.close("the line broke")
    assert [type(each) for each in results] == [LinkLost]
    assert "the line broke" in str(results[0])
    with pytest.raises(LinkLost):
        talk.session.send(SimpleAction("Ping"), results.append, 0.0, 1.0)


def test_wishes_are_refused_before_anything_is_sent() -> None:
    """Before the login, over the bound, with a hostile value, and for an ActionID in use."""
    talk = Talk()
    results: list[Result] = []
    with pytest.raises(LinkLost):
        talk.session.send(SimpleAction("Ping"), results.append, 0.0, 1.0)
    talk.come_up()
    with pytest.raises(WireError):
        talk.session.send(SimpleAction("Hangup", Channel="a\r\nb"), results.append, 0.0, 1.0)
    talk.ask("Ping", ActionID="x")
    with pytest.raises(LinkBusy):
        talk.session.send(SimpleAction("Ping", ActionID="x"), results.append, 0.0, 1.0)
    for _ in range(MAX_OPEN - 1):
        talk.session.send(SimpleAction("Ping"), results.append, 0.0, 1.0)
    with pytest.raises(LinkBusy):
        talk.session.send(SimpleAction("Ping"), results.append, 0.0, 1.0)
    assert results == []


# --- pings ----------------------------------------------------------------------------------------


def test_a_silent_peer_is_noticed_within_eleven_seconds() -> None:
    """Two pings without answer and not a byte: gone."""
    talk = Talk()
    talk.come_up()
    assert names(talk.pass_time(5.0)) == ("Ping",)
    assert names(talk.pass_time(8.0)) == ("Ping",)
    assert talk.owner.ended == []
    talk.pass_time(11.0)
    ((kind, message),) = talk.owner.ended
    assert kind == "down"
    assert "silent: nothing for 11 s and no answer to 2 pings" in message


def test_pings_come_every_five_seconds() -> None:
    """A peer that answers is pinged on, and stays."""
    talk = Talk()
    talk.come_up()
    for moment in range(5, 61, 5):
        (ping,) = talk.pass_time(float(moment))
        talk.hear(peer.success(ping, Ping="Pong"))
    assert talk.owner.ended == []


def test_a_busy_peer_may_answer_late() -> None:
    """While events come a missed ping is no silence, but not for ever."""
    talk = Talk()
    talk.come_up()
    for second in range(1, 20):
        talk.pass_time(float(second))
        talk.hear(peer.block(Event="VarSet", Uniqueid="1.1"))
    assert talk.owner.ended == []
    for second in range(20, 30):
        talk.pass_time(float(second))
        talk.hear(peer.block(Event="VarSet", Uniqueid="1.1"))
    assert "answers no pings, 6 in a row" in talk.owner.ended[0][1]


def test_shutdown_is_the_reason_of_the_loss() -> None:
    """An exchange that says goodbye is not a broken line."""
    talk = Talk()
    talk.come_up()
    talk.hear(peer.block(Event="Shutdown", Shutdown="Cleanly", Restart="True"))
    assert talk.session.farewell == "Asterisk restarts"
