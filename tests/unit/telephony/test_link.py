"""The link on a fake clock and a fake connection: reconnects, poison packets, states, limits."""

import random
from dataclasses import replace
from typing import Any

import pytest
from asterisk.ami import SimpleAction
from twisted.internet import error, task
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from telephony.answers import Answer, LinkLost, Result
from telephony.endpoint import LinkSettings
from telephony.link import Link, LinkState
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from tests.unit.telephony import ami_peer as peer

SETTINGS = LinkSettings(host="pbx.example", user="engine", secret="s3cret")


class Wire:
    """An endpoint that waits to be told how each attempt ends."""

    def __init__(self) -> None:
        self.attempts: list[tuple[Factory, Deferred[IProtocol]]] = []

    def connect(self, factory: Factory, /) -> Deferred[IProtocol]:
        attempt: Deferred[IProtocol] = Deferred()
        self.attempts.append((factory, attempt))
        return attempt


class Bench:
    """A link with all its surroundings."""

    def __init__(self, settings: LinkSettings = SETTINGS, **options: Any) -> None:
        self.clock = task.Clock()
        self.wire = Wire()
        self.states: list[LinkState] = []
        self.told: list[Any] = []
        self.poison: set[str] = set()
        self.link = Link(
            settings,
            self.clock,
            clock=lambda: 1000.0 + self.clock.seconds(),
            rng=random.Random(1),
            on_packet=self.on_packet,
            on_snapshot=self.on_snapshot,
            on_state=self.states.append,
            endpoint=self.wire,
            **options,
        )
        self.transport = StringTransport()
        self.protocol: Any = None

    def on_packet(self, packet: Packet, at: float) -> None:
        if packet.name in self.poison:
            raise ValueError("a reader's fault")
        self.told.append((packet.name, at))

    def on_snapshot(self, snapshot: Snapshot, at: float) -> None:
        if "snapshot" in self.poison:
            raise ValueError("a reader's fault")
        self.told.append(snapshot)

    def connect(self) -> None:
        """The newest attempt succeeds."""
        factory, attempt = self.wire.attempts[-1]
        self.protocol = factory.buildProtocol(None)  # type: ignore[arg-type]
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)
        attempt.callback(self.protocol)

    def fail(self, problem: Exception) -> None:
        """The newest attempt fails."""
        self.wire.attempts[-1][1].errback(Failure(problem))

    def lose(self, problem: Exception | None = None) -> None:
        """The connection ends."""
        self.protocol.connectionLost(Failure(problem or error.ConnectionDone()))

    def sent(self) -> list[Packet]:
        """What was sent since the last look."""
        data = self.transport.value()
        self.transport.clear()
        return peer.actions(data)

    def hear(self, text: str) -> list[Packet]:
        """The peer says something."""
        self.protocol.dataReceived(text.encode())
        return self.sent()

    def come_up(self, started: tuple[str, str] = peer.STARTED) -> None:
        """Connect, log in, answer the snapshot."""
        self.connect()
        (challenge,) = self.hear(peer.GREETING)
        (login,) = self.hear(peer.success(challenge, Challenge="1"))
        booted = peer.block(Event="FullyBooted", Privilege="system,all")
        for action in self.hear(peer.success(login) + booted):
            self.hear(peer.snapshot_answer(action, started=started))

    def wait_of_next_attempt(self) -> float:
        """Seconds until the link tries again."""
        before, start = len(self.wire.attempts), self.clock.seconds()
        while len(self.wire.attempts) == before:
            assert self.clock.seconds() - start < 100
            self.clock.advance(0.01)
        return self.clock.seconds() - start


def started(**options: Any) -> Bench:
    """A link that has begun to connect."""
    bench = Bench(**options)
    bench.link.start()
    return bench


def test_states_from_start_to_loss_and_back() -> None:
    """Connecting, up, down with the reason, up again; one state each, with its beginning."""
    bench = started()
    bench.clock.advance(1.0)
    bench.come_up()
    bench.clock.advance(1.0)
    bench.lose()
    bench.wait_of_next_attempt()
    bench.come_up()
    assert [(s.kind, s.message) for s in bench.states] == [
        ("connecting", "connecting to pbx.example:5038"),
        ("up", "connected to Asterisk 22.10.1 at pbx.example:5038"),
        ("down", "pbx.example:5038 closed the line"),
        ("up", "connected to Asterisk 22.10.1 at pbx.example:5038"),
    ]
    assert [s.since for s in bench.states[:3]] == [1000.0, 1001.0, 1002.0]


def test_back_off_doubles_with_jitter_and_starts_anew_once_up() -> None:
    """Half a second to thirty, each between half and all of it."""
    bench = started()
    for most in (0.5, 1, 2, 4, 8, 16, 30, 30):
        bench.fail(error.ConnectionRefusedError())
        assert most * 0.5 - 0.02 <= bench.wait_of_next_attempt() <= most + 0.02
    bench.come_up()
    bench.lose()
    assert bench.wait_of_next_attempt() <= 0.52


def test_a_login_that_is_no_use_does_not_reset_the_back_off() -> None:
    """An exchange that accepts and drops us at once is not hammered."""
    bench = started()
    waits = []
    for _ in range(8):
        bench.connect()
        bench.hear(peer.GREETING)
        bench.lose()
        waits.append(bench.wait_of_next_attempt())
    assert waits[-1] >= 15


def test_the_same_failure_is_told_once() -> None:
    """A state that stays is one state."""
    bench = started()
    for _ in range(3):
        bench.fail(error.ConnectionRefusedError())
        bench.wait_of_next_attempt()
    bench.fail(error.DNSLookupError())
    assert [s.kind for s in bench.states] == ["connecting", "down", "down"]
    assert bench.states[1].since == bench.states[2].since


def test_refused_credentials_are_tried_slowly_and_recover() -> None:
    """Thirty seconds between attempts, the state stays, and a repaired account comes up."""
    bench = started()
    bench.connect()
    (challenge,) = bench.hear(peer.GREETING)
    (login,) = bench.hear(peer.success(challenge, Challenge="1"))
    bench.hear(peer.refusal(login, "Authentication failed"))
    assert bench.transport.disconnecting or bench.transport.disconnected
    bench.lose()
    assert bench.states[-1].kind == "refused"
    assert 30 <= bench.wait_of_next_attempt() <= 33.1
    assert bench.states[-1].kind == "refused"
    bench.come_up()
    assert bench.states[-1].kind == "up"


WORDS = [
    (error.DNSLookupError("x"), "the host name 'pbx.example' cannot be resolved"),
    (error.ConnectionRefusedError(), "nothing listens at pbx.example:5038"),
    (error.TimeoutError(), "does not answer within 10 s"),
    (error.NoRouteError(), "no way to pbx.example:5038"),
    (error.ConnectError(string="odd"), "no line to pbx.example:5038"),
]


@pytest.mark.parametrize(("problem", "words"), WORDS)
def test_why_there_is_no_connection_is_told_in_words(problem: Exception, words: str) -> None:
    """Each way to fail has its sentence."""
    bench = started()
    bench.fail(problem)
    assert bench.states[-1].kind == "down"
    assert words in bench.states[-1].message


def test_a_line_closed_without_greeting_is_told() -> None:
    """Connected and dropped: perhaps the port for TLS."""
    bench = started()
    bench.connect()
    bench.lose()
    assert "closed the line without a greeting; is it the port for TLS?" in bench.states[-1].message


def test_a_shutdown_is_told_as_such() -> None:
    """The exchange's own farewell is the reason."""
    bench = started()
    bench.come_up()
    bench.hear(peer.block(Event="Shutdown", Shutdown="Cleanly", Restart="False"))
    bench.lose()
    assert bench.states[-1].message == "Asterisk shuts down"


def test_silence_closes_the_line_at_once() -> None:
    """A peer that vanished is aborted, not waited for, and tried again."""
    bench = started()
    bench.come_up()
    bench.clock.pump([0.5] * 22)
    assert bench.states[-1].kind == "down"
    assert "silent" in bench.states[-1].message
    assert bench.transport.disconnected or bench.transport.disconnecting
    bench.lose(error.ConnectionAborted())
    assert "silent" in bench.states[-1].message
    bench.wait_of_next_attempt()


def test_restart_and_reconnect_are_told_apart_over_connections() -> None:
    """The link remembers the exchange's start over its connections."""
    bench = started()
    for start in (peer.STARTED, peer.STARTED, ("2026-11-22", "09:00:00")):
        bench.come_up(start)
        bench.lose()
        bench.wait_of_next_attempt()
    snapshots = [each for each in bench.told if isinstance(each, Snapshot)]
    assert [each.restarted for each in snapshots] == [False, False, True]


def test_poison_never_drops_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """A reader that fails on one packet loses that packet only; it is counted and logged."""
    bench = started()
    bench.poison = {"VarSet", "snapshot"}
    bench.come_up()
    for _ in range(3):
        bench.hear(peer.block(Event="VarSet", Value="secret name") + peer.block(Event="Hangup"))
    assert [name for name, _ in bench.told] == ["FullyBooted"] + ["Hangup"] * 3
    assert bench.link.counts["poison"] == 4
    assert bench.states[-1].kind == "up"
    assert [record.message for record in caplog.records] == ["exchange.poison"] * 4
    assert "secret name" not in caplog.text
    assert not bench.transport.disconnecting


def test_packets_carry_the_moment_of_their_reading() -> None:
    """`at` is the clock when the bytes came."""
    bench = started()
    bench.come_up()
    bench.clock.advance(2.5)
    bench.hear(peer.block(Event="Hangup"))
    assert bench.told[-1] == ("Hangup", 1002.5)


def test_only_wanted_events_are_delivered_and_counted() -> None:
    """The rest is dropped unread, but what the session needs itself is not."""
    bench = started(wanted=frozenset({"Hangup"}))
    bench.come_up()
    bench.hear(peer.block(Event="VarSet") * 5 + peer.block(Event="Hangup") + "noise\r\n\r\n")
    assert [name for name, _ in bench.told[1:]] == ["FullyBooted", "Hangup"]
    assert (bench.link.counts["skipped"], bench.link.counts["malformed"]) == (5, 1)
    assert [a.get("Action") for a in bench.hear(peer.block(Event="Reload"))] == list(peer.SNAPSHOT)


def test_actions_are_answered_or_lost_but_never_repeated() -> None:
    """What was open when the line broke fails, and the next line starts without it."""
    bench = started()
    results: list[Result] = []
    with pytest.raises(LinkLost, match="connecting to"):
        bench.link.send(SimpleAction("Ping"), results.append)
    bench.come_up()
    bench.link.send(SimpleAction("BridgeList"), results.append)
    (action,) = bench.sent()
    bench.hear(peer.listing(action))
    bench.link.send(SimpleAction("QueuePause", Interface="PJSIP/1"), results.append)
    bench.sent()
    bench.lose()
    assert [type(each) for each in results] == [Answer, LinkLost]
    bench.wait_of_next_attempt()
    bench.come_up()
    assert bench.sent() == []
    assert len(results) == 2


def test_a_snapshot_may_be_asked_for() -> None:
    """Asked for, taken and delivered; without a line the wish is harmless."""
    bench = started()
    bench.link.ask_snapshot("too early")
    bench.come_up()
    bench.link.ask_snapshot("the tracker is in doubt")
    for action in bench.sent():
        bench.hear(peer.snapshot_answer(action))
    assert bench.link.counts["snapshots"] == 2


def test_a_missed_answer_is_noticed_without_further_bytes() -> None:
    """Limits of actions are kept by the clock, not by the next packet."""
    bench = started()
    bench.come_up()
    results: list[Result] = []
    bench.link.send(SimpleAction("BridgeList"), results.append, 2.0)
    bench.clock.advance(2.0)
    assert "no answer to BridgeList within 2 s" in str(results)


def test_secrets_are_not_shown() -> None:
    """Neither settings nor credentials print the secret."""
    assert "s3cret" not in repr(SETTINGS) + repr(SETTINGS.credentials)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret": "a\r\nAction: x"}, "the exchange's secret cannot be used: .*position 1"),
        ({"user": "x" * 1100}, "the exchange's username cannot be used: .*1024 bytes"),
        ({"port": 0}, "port is 0"),
        ({"host": ""}, "host is empty"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], words: str) -> None:
    """Nothing is started with them; the message says which, not the secret."""
    with pytest.raises(ValueError, match=words):
        replace(SETTINGS, **change)


def test_an_unusable_ca_file_is_refused(tmp_path: Any) -> None:
    """A missing or empty file of certificates is told by its name."""
    clock = MemoryReactorClock()
    for name, words in (("none.pem", "cannot be read"), ("empty.pem", "holds no certificate")):
        (tmp_path / "empty.pem").write_text("nothing")
        settings = replace(SETTINGS, tls=True, tls_ca=tmp_path / name)
        with pytest.raises(ValueError, match=words):
            Link(
                settings,
                clock,
                clock=clock.seconds,
                rng=random.Random(1),
                on_packet=print,
                on_snapshot=print,
                on_state=print,
            )
