"""The simulated exchange over TCP: independent clients, restarts, cuts, and bad manners."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from telephony.packet import Packet
from telephony.simulator import (
    Arrival,
    Outcome,
    ScriptDriver,
    ScriptedCall,
    Simulator,
    SimulatorSettings,
)
from telephony.simulator.messages import USER, Kind
from telephony.wire import Decoder
from tests.independent import IndependentClient
from tests.sameness import sequences
from tests.simulated import Played

DEADLINE = 60.0
_BIG = Kind(USER, "Event: UserEvent\r\n")
DID = "+442079460100"
LOGIN = b"Action: Login\r\nUsername: callcenter\r\nSecret: change-this-secret\r\n\r\n"


@asynccontextmanager
async def running(
    reactor: Any, settings: SimulatorSettings | None = None, **more: Any
) -> AsyncIterator[tuple[Simulator, int]]:
    simulator = Simulator(settings or SimulatorSettings(), **more)
    port = await simulator.start(reactor)
    try:
        yield simulator, port
    finally:
        await simulator.stop()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not done():
            await asyncio.sleep(0.01)


class Client:
    """A plain client on the test's own loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._decoder = Decoder()
        self.packets: list[Packet] = []

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.writer.close()

    async def read(self, done: Callable[[Packet], bool]) -> Packet:
        """The first packet that fits. Raises EOFError when the server closes before."""
        async with asyncio.timeout(DEADLINE):
            while True:
                while self.packets:
                    packet = self.packets.pop(0)
                    if done(packet):
                        return packet
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.packets += self._decoder.feed(data)

    async def sign_in(self) -> None:
        self.writer.write(LOGIN)
        await self.read(lambda packet: packet.get("Message") == "Authentication accepted")

    async def ask(self, text: str) -> Packet:
        self.writer.write(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return await self.read(lambda packet: packet.name == "Response")

    async def ended(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(DEADLINE):
            rest = b""
            while True:
                try:
                    data = await self.reader.read(65536)
                except ConnectionError:
                    return rest
                if not data:
                    return rest
                rest += data


async def test_an_independent_client_sees_the_scenario(reactor: Any) -> None:
    """asterisk-ami's own client, over TCP, sees the events the world made, header by header."""
    stage = Played()
    stage.phones(p1001=("answers", 0.2))
    plain = Played()
    plain.phones(p1001=("answers", 0.2))
    arrival = Arrival(number="+441632960011", name="Grace Hopper", dialled=DID, talk=0.5)
    plain.exchange.place(arrival)
    plain.run(60.0)
    async with running(reactor, stage.settings) as (simulator, port):
        client = await asyncio.to_thread(
            IndependentClient, port, "callcenter", "change-this-secret"
        )
        with client:
            simulator.place(arrival)
            await asyncio.to_thread(
                client.wait,
                lambda events: (
                    sum(name == "Hangup" for name, _ in events) == 2
                    and events[-1][0] == "DeviceStateChange"
                ),
            )
            seen = sequences(client.stream())
        assert seen == sequences(plain.stream.encode())
        answer = [outcome.end for outcome in simulator.truth()]
        assert answer == ["completed"]


async def test_independent_client_asks(reactor: Any) -> None:
    """asterisk-ami's client gets its answers, right and wrong ones."""
    async with running(reactor) as (_, port):
        client = await asyncio.to_thread(
            IndependentClient, port, "callcenter", "change-this-secret"
        )
        with client:
            status = await asyncio.to_thread(client.ask, "CoreStatus")
            assert status["Response"] == "Success"
            assert status["CoreCurrentCalls"] == "0"
            wrong = await asyncio.to_thread(client.ask, "NoSuchAction")
            assert wrong["Response"] == "Error"
        with pytest.raises(RuntimeError, match="could not sign in"):
            await asyncio.to_thread(IndependentClient, port, "callcenter", "wrong")


async def test_a_scripted_day_runs_at_speed(reactor: Any) -> None:
    """A driver's calls are made in simulated time, a hundred times as fast; it is told of each."""
    start = 1_800_000_000.0
    day = [ScriptedCall(n, Arrival(number=f"+44{n}", dialled=DID, talk=5)) for n in range(10)]
    day.append(ScriptedCall(3, Arrival(number="+441", dialled="+999")))
    driver = ScriptDriver(day, start)
    settings = replace(SimulatorSettings(), speed=100.0)
    async with running(reactor, settings, driver=driver, wall=lambda: start) as (simulator, _):
        await until(lambda: len(driver.outcomes) == 10)
        assert simulator.refused == 1
        assert list(simulator.truth()) == driver.outcomes
        assert {outcome.end for outcome in driver.outcomes} == {"completed"}


async def test_pick_up_and_hang_up_by_hand(reactor: Any) -> None:
    """A phone that waits rings until it is answered by hand, and talks until it is hung up."""
    base = SimulatorSettings()
    phones = tuple(replace(phone, reaction="waits") for phone in base.phones)
    async with running(reactor, replace(base, phones=phones, answer_delay=0.01)) as (simulator, _):
        simulator.place(Arrival(number="+441", dialled=DID, talk=1000))
        await until(lambda: simulator.pick_up("PJSIP/1001"))
        await until(lambda: simulator.hang_up("PJSIP/1001"))
        await until(lambda: len(simulator.truth()) == 1)
        assert simulator.truth()[0].device == "PJSIP/1001"


async def test_restart(reactor: Any) -> None:
    """A restart sends Shutdown, ends connections and calls, and shows a new start time."""
    over: list[Outcome] = []

    class Told:
        def next_call(self, now: float) -> None:
            return None

        def on_call_over(self, outcome: Outcome) -> None:
            over.append(outcome)

    wall = iter([1000.0])
    settings = replace(SimulatorSettings(), speed=1000.0)
    async with (
        running(reactor, settings, driver=Told(), wall=lambda: next(wall)) as (simulator, port),
        Client(port) as client,
    ):
        await client.sign_in()
        before = await client.ask("Action: CoreStatus")
        simulator.place(Arrival(number="+441", dialled=DID, talk=1e6))
        await client.read(lambda packet: packet.name == "AgentConnect")
        simulator.restart()
        down = await client.read(lambda packet: packet.name == "Shutdown")
        assert down.get("Restart") == "True"
        with pytest.raises(EOFError):
            await client.read(lambda packet: packet.name == "never")
        assert [outcome.end for outcome in over] == ["failed"]
        assert simulator.exchange.world.channels == {}
        async with Client(port) as again:
            await again.sign_in()
            after = await again.ask("Action: CoreStatus")
            assert after.get("CoreStartupTime") != before.get("CoreStartupTime")
            assert after.get("CoreCurrentCalls") == "0"


async def test_cut(reactor: Any) -> None:
    """A cut ends the connections and nothing else: the call goes on."""
    async with running(reactor) as (simulator, port), Client(port) as client:
        await client.sign_in()
        simulator.place(Arrival(number="+441", dialled=DID, talk=1000))
        await client.read(lambda packet: packet.name == "Newchannel")
        simulator.cut()
        await client.ended()
        assert simulator.exchange.world.channels
        async with Client(port) as again:
            await again.sign_in()
            assert (await again.ask("Action: CoreStatus")).get("CoreCurrentCalls") != "0"


async def test_wrong_login_is_answered_late_and_closed(reactor: Any) -> None:
    """A wrong secret waits its second; what the peer sends meanwhile is not heard."""
    async with running(reactor) as (_, port), Client(port) as client:
        client.writer.write(b"Action: Login\r\nUsername: callcenter\r\nSecret: x\r\n\r\n" + LOGIN)
        rest = await client.ended()
        assert rest.endswith(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
        assert b"accepted" not in rest


async def test_who_does_not_sign_in_is_sent_away(reactor: Any) -> None:
    """A connection that never signs in is closed after the time for that."""
    settings = replace(SimulatorSettings(), auth_timeout=0.05)
    async with running(reactor, settings) as (_, port), Client(port) as client:
        await client.ended()


async def test_sessions_are_limited(reactor: Any) -> None:
    """One connection too many is refused; those that are there go on."""
    settings = replace(SimulatorSettings(), sessions=1)
    async with running(reactor, settings) as (_, port), Client(port) as first:
        await first.sign_in()
        async with Client(port) as second:
            assert await second.ended() == b""
        assert (await first.ask("Action: Ping")).get("Ping") == "Pong"


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00" * 10_000 + b"\r\n\r\n",
        b"X" * 200_000 + b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"\xff\xfe\r\n: x\r\n\r\n",
        b"Action: Ping\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"Action: " + b"x" * 2000 + b"\r\n\r\n",
        b"Action: QueueStatus\r\nQueue: \xff\xfe\r\n\r\n",
        b"\r\n" * 1000,
    ],
)
async def test_noise_harms_nobody(reactor: Any, noise: bytes) -> None:
    """After any noise the same session and the others still get their answers."""
    async with running(reactor) as (_, port), Client(port) as loud, Client(port) as quiet:
        await loud.sign_in()
        await quiet.sign_in()
        loud.writer.write(noise)
        loud.writer.write(b"Action: Ping\r\nActionID: after\r\n\r\n")
        await loud.read(lambda packet: packet.get("ActionID") == "after")
        assert (await quiet.ask("Action: Ping")).get("Ping") == "Pong"


async def test_too_long_lines_get_asterisks_answer(reactor: Any) -> None:
    """A line over 1024 bytes is answered as Asterisk does, before and after signing in."""
    async with running(reactor) as (_, port), Client(port) as client:
        answer = await client.ask("Action: Ping\nActionID: " + "x" * 3000)
        assert answer.get("Message") == "Failed to parse message: line too long"
        await client.sign_in()


async def test_a_peer_that_does_not_read_is_cut_off(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that stops reading is closed at the limit; another one misses nothing."""
    monkeypatch.setattr("telephony.simulator.server.MAX_BLOCKED", 200_000)
    settings = replace(SimulatorSettings(), timestamps=False)
    async with running(reactor, settings) as (simulator, port), Client(port) as reader:
        await reader.sign_in()
        deaf = socket.create_connection(("127.0.0.1", port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(LOGIN)
        await until(lambda: len(simulator._port._connections) == 2)  # type: ignore[union-attr]

        async def flood() -> None:
            for n in range(40):
                await reader.ask(f"Action: UserEvent\nUserEvent: x{n}\nA: b")
                await asyncio.sleep(0)

        while len(simulator._port._connections) == 2:  # type: ignore[union-attr]
            for _ in range(200):
                simulator.exchange.world.emit(_BIG, "X: " + "x" * 4000 + "\r\n")
            await flood()
        deaf.close()
        assert (await reader.ask("Action: Ping")).get("Ping") == "Pong"


async def test_events_follow_the_answer_that_caused_them(reactor: Any) -> None:
    """As on the real one: first the answer to QueuePause, then the events."""
    async with running(reactor) as (_, port), Client(port) as client:
        await client.sign_in()
        client.writer.write(
            b"Action: QueuePause\r\nActionID: p\r\nInterface: PJSIP/1001\r\nPaused: true\r\n\r\n"
        )
        first = await client.read(
            lambda packet: packet.get("ActionID") == "p" or packet.name == "QueueMemberPause"
        )
        assert first.name == "Response"
        await client.read(lambda packet: packet.name == "QueueMemberPause")


async def test_loopback_only(reactor: Any) -> None:
    """It refuses to listen where others could reach it."""
    with pytest.raises(ValueError, match="loopback only"):
        await Simulator(SimulatorSettings()).start(reactor, host="0.0.0.0")
