"""The link over real sockets: slow and broken peers, TLS, poison, loss, and coming back."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import random
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from asterisk.ami import SimpleAction
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from telephony.answers import LinkLost
from telephony.endpoint import LinkSettings
from telephony.link import Link, LinkState
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.wire import Decoder
from tests.unit.telephony import ami_peer as peer

DEADLINE = 60.0


class FakeExchange:
    """An AMI server on loopback that logs everybody in, and whose manners a test chooses.

    `pieces` cuts what it writes; `secret` is the only good one; `started` its start-up time.
    """

    def __init__(self) -> None:
        self.pieces: Callable[[bytes], list[bytes]] = lambda data: [data]
        self.good = True
        self.started = peer.STARTED
        self.actions: list[Packet] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.connected = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connected += 1
        self.writers.append(writer)
        decoder = Decoder()
        try:
            await self.write(writer, peer.GREETING)
            while data := await reader.read(4096):
                for action in decoder.feed(data):
                    self.actions.append(action)
                    await self.answer(writer, action)
        except ConnectionError:
            pass  # the test cut it
        finally:
            self.writers.remove(writer)
            writer.close()

    async def write(self, writer: asyncio.StreamWriter, text: str | bytes) -> None:
        """Send in the pieces the test wants."""
        data = text.encode() if isinstance(text, str) else text
        for piece in self.pieces(data):
            writer.write(piece)
            await writer.drain()
            if piece is not data:
                await asyncio.sleep(0)

    async def answer(self, writer: asyncio.StreamWriter, action: Packet) -> None:
        """What Asterisk would say."""
        name = action.get("Action")
        if name == "Challenge":
            await self.write(writer, peer.success(action, Challenge="4711"))
        elif name == "Login" and not self.good:
            await self.write(writer, peer.refusal(action, "Authentication failed"))
            writer.close()
        elif name == "Login":
            booted = peer.block(Event="FullyBooted", Privilege="system,all")
            await self.write(writer, peer.success(action) + booted)
        elif name in peer.SNAPSHOT:
            await self.write(writer, peer.snapshot_answer(action, started=self.started))
        elif name == "QueuePause":
            pass  # never answered
        else:
            await self.write(writer, peer.success(action))

    async def say(self, text: str | bytes) -> None:
        """Send something to all who are connected."""
        for writer in list(self.writers):
            await self.write(writer, text)

    def cut(self) -> None:
        """Drop all connections without a word."""
        for writer in list(self.writers):
            writer.transport.abort()


class Ear:
    """What a link told."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.snapshots: list[Snapshot] = []
        self.states: list[LinkState] = []

    def packet(self, packet: Packet, at: float) -> None:
        if packet.get("Poison") == "yes":
            raise RuntimeError("a reader's fault")
        self.packets.append(packet)

    def snapshot(self, snapshot: Snapshot, at: float) -> None:
        self.snapshots.append(snapshot)

    @property
    def kinds(self) -> list[str]:
        return [state.kind for state in self.states]


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, generously."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def exchange_at(
    fake: FakeExchange, port: int = 0, context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """The fake exchange, listening; gives its port."""
    server = await asyncio.start_server(fake.serve, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        fake.cut()
        await server.wait_closed()


@asynccontextmanager
async def linked(reactor: Any, port: int, **settings: Any) -> AsyncIterator[tuple[Link, Ear]]:
    """A running link to a port, stopped at the end."""
    ear = Ear()
    options = {"host": "127.0.0.1", "user": "engine", "secret": "s3cret", "backoff_most": 0.5}
    link = Link(
        LinkSettings(port=port, **(options | settings)),
        reactor,
        clock=time.time,
        rng=random.Random(1),
        on_packet=ear.packet,
        on_snapshot=ear.snapshot,
        on_state=ear.states.append,
    )
    link.start()
    try:
        yield link, ear
    finally:
        await link.stop()


def by_bytes(data: bytes) -> list[bytes]:
    """Every byte alone."""
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_logs_in_by_address_and_by_name(reactor: Any, host: str) -> None:
    """Both ways lead to one snapshot and the state up."""
    fake = FakeExchange()
    async with exchange_at(fake) as port, linked(reactor, port, host=host) as (_, ear):
        await until(lambda: "up" in ear.kinds)
        assert len(ear.snapshots) == 1
        assert ear.kinds == ["connecting", "up"]


async def test_a_peer_that_writes_byte_by_byte(reactor: Any) -> None:
    """Login, lists and events survive the smallest reads."""
    fake = FakeExchange()
    fake.pieces = by_bytes
    async with exchange_at(fake) as port, linked(reactor, port) as (link, ear):
        await until(lambda: "up" in ear.kinds)
        await fake.say(peer.block(Event="Newchannel", CallerIDName="王小明 O\\'Brien"))
        await until(lambda: len(ear.packets) == 2)
        assert ear.packets[1].get("CallerIDName") == "王小明 O'Brien"
        answer = await link.ask(SimpleAction("QueueStatus"))
        assert [item.name for item in answer.items] == ["QueueParams", "QueueMember", "QueueEntry"]


async def test_garbage_and_poison_leave_the_line_up(reactor: Any) -> None:
    """Random bytes, endless lines and a failing reader cost their own packets only."""
    fake = FakeExchange()
    rng = random.Random(3)
    async with exchange_at(fake) as port, linked(reactor, port) as (link, ear):
        await until(lambda: "up" in ear.kinds)
        await fake.say(rng.randbytes(5000) + b"\r\n\r\n")
        await fake.say(b"Event: VarSet\r\nValue: " + b"x" * 500_000 + b"\r\n\r\n")
        await fake.say(peer.block(Event="VarSet", Poison="yes"))
        await fake.say(peer.block(Event="Hangup", Uniqueid="1.1"))
        await until(lambda: ear.packets and ear.packets[-1].get("Uniqueid") == "1.1")
        assert link.counts["poison"] == 1
        assert link.counts["oversize"] == 1
        assert link.counts["connections"] == 1
        assert link.state.kind == "up"


async def test_comes_back_after_cuts_and_tells_a_restart(reactor: Any) -> None:
    """Each loss is told, each login gives a snapshot, only another start-up is a restart."""
    fake = FakeExchange()
    async with exchange_at(fake) as port, linked(reactor, port) as (link, ear):
        await until(lambda: len(ear.snapshots) == 1)
        waiting = asyncio.create_task(link.ask(SimpleAction("QueuePause", Interface="PJSIP/1")))
        await until(lambda: fake.actions[-1].get("Action") == "QueuePause")
        fake.cut()
        with pytest.raises(LinkLost):
            await waiting
        await until(lambda: len(ear.snapshots) == 2)
        fake.started = ("2026-11-22", "09:00:00")
        fake.cut()
        await until(lambda: len(ear.snapshots) == 3)
        assert [each.restarted for each in ear.snapshots] == [False, False, True]
        assert ear.kinds == ["connecting", "up", "down", "up", "down", "up"]
        paused = [a for a in fake.actions if a.get("Action") == "QueuePause"]
        assert len(paused) == 1


async def test_waits_for_an_exchange_that_is_not_there_yet(reactor: Any) -> None:
    """Refused connections are told in words, and the first chance is taken."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        async with linked(reactor, port) as (_, ear):
            await until(lambda: "down" in ear.kinds)
            assert f"nothing listens at 127.0.0.1:{port}" in ear.states[-1].message
            held.close()
            async with exchange_at(FakeExchange(), port):
                await until(lambda: "up" in ear.kinds)


async def test_an_unknown_host_is_told(reactor: Any) -> None:
    """The resolver's failure names the host."""
    async with linked(reactor, 5038, host="no-such-host.invalid") as (_, ear):
        await until(lambda: "down" in ear.kinds)
        assert "'no-such-host.invalid' cannot be resolved" in ear.states[-1].message


async def test_a_wrong_secret_is_told_and_not_hammered(reactor: Any) -> None:
    """One attempt, the state refused, and nothing more for a long time."""
    fake = FakeExchange()
    fake.good = False
    async with exchange_at(fake) as port, linked(reactor, port) as (link, ear):
        await until(lambda: "refused" in ear.kinds)
        await until(lambda: not fake.writers)
        await asyncio.sleep(0.3)
        assert (fake.connected, link.state.kind) == (1, "refused")
        assert "[engine] in manager.conf" in link.state.message


async def test_stopping_ends_in_every_state(reactor: Any) -> None:
    """Stop returns while up (saying goodbye), while waiting, and while connecting."""
    fake = FakeExchange()
    async with exchange_at(fake) as port:
        async with linked(reactor, port) as (_, ear):
            await until(lambda: "up" in ear.kinds)
        await until(lambda: fake.actions[-1].get("Action") == "Logoff")
        async with linked(reactor, port):
            pass
    async with linked(reactor, port) as (_, ear):
        await until(lambda: "down" in ear.kinds)


async def test_a_blocked_reader_misses_nothing(reactor: Any) -> None:
    """A loop that stood still reads all that has come meanwhile, in order."""
    fake = FakeExchange()
    async with exchange_at(fake) as port, linked(reactor, port) as (_, ear):
        await until(lambda: "up" in ear.kinds)
        for i in range(2000):
            fake.writers[0].write(peer.block(Event="Newexten", Uniqueid=i).encode())
        time.sleep(0.2)
        await until(lambda: len(ear.packets) == 2001)
        assert [p.get("Uniqueid") for p in ear.packets[1:]] == [str(i) for i in range(2000)]


# --- TLS ------------------------------------------------------------------------------------------


def certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for these names and 127.0.0.1 if named; its file, and a server."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test exchange")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    both = folder / f"{names[0]}-server.pem"
    both.write_bytes(
        path.read_bytes()
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return path, context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_tls_with_a_certificate_of_our_own(reactor: Any, tmp_path: Path, host: str) -> None:
    """A certificate for the host, signed by tls_ca: up, and answers come."""
    path, context = certificate(tmp_path, host)
    async with (
        exchange_at(FakeExchange(), context=context) as port,
        linked(reactor, port, host=host, tls=True, tls_ca=path) as (link, ear),
    ):
        await until(lambda: "up" in ear.kinds)
        assert len((await link.ask(SimpleAction("QueueStatus"))).items) == 3


Problem = Literal["unsigned", "other name", "plain port", "tls port"]
TLS_WORDS: dict[Problem, str] = {
    "unsigned": "its certificate is not signed by tls_ca",
    "other name": "its certificate is not for 'localhost'",
    "plain port": "the port answers without TLS",
    "tls port": "not an AMI port, or one that wants TLS|closed the line without a greeting",
}


@pytest.mark.parametrize("problem", TLS_WORDS)
async def test_tls_failures_are_told_in_words(
    reactor: Any, tmp_path: Path, problem: Problem
) -> None:
    """Each way TLS can fail says what to look at, and nothing is sent to such a peer."""
    path, context = certificate(tmp_path, "localhost")
    other, other_context = certificate(tmp_path, "elsewhere.example")
    fake = FakeExchange()
    servers = {"unsigned": context, "other name": other_context, "tls port": context}
    options: dict[str, Any] = {"tls": problem != "tls port", "host": "localhost"}
    if problem != "tls port":
        options["tls_ca"] = other if problem in ("unsigned", "other name") else path
    async with (
        exchange_at(fake, context=servers.get(problem)) as port,
        linked(reactor, port, **options) as (_, ear),
    ):
        await until(lambda: "down" in ear.kinds)
        assert any(words in ear.states[-1].message for words in TLS_WORDS[problem].split("|"))
        assert fake.actions == []
