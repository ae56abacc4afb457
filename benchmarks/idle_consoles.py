"""What an idle console costs, and what telling all of them something costs.

    python -m benchmarks.idle_consoles [--consoles 2000] [--seconds 20]

A server process runs the product's own gateway behind the product's own server; a client process
opens the sockets with hand-made frames, so that its cost is not in the figure. Only the sign-in is
left out: tickets are handed out directly. The figure is the growth of the server's resident memory
divided by the number of consoles, after all were welcomed (with a snapshot) and have answered
heartbeats; then ten events a second go to every console.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import os
import platform
import resource
import sys
import time
from pathlib import Path

from agent_console.gateway import Gateway
from agent_console.screens import LiveScreens
from agent_console.session import Limits
from agent_console.snapshot import Choice, ConsoleSettings, ExchangeState
from callcenter.api.front import Front
from callcenter.api.origin import Origins
from callcenter.codec import to_plain
from callcenter.floor.card import AgentView
from callcenter.floor.events import AgentSignedIn, Event
from callcenter.metrics import Metrics
from callcenter.ports import Admission, Draft, User, View
from callcenter.web import build_server, port_of

PROMISE = 25.0
"""KiB of resident memory for each console, at most."""
HEARTBEAT = 5.0
FAN_OUT = 10
"""Events a second to everybody."""


class Room:
    """A desk at which everybody is on a break, and a store without drafts."""

    def __init__(self) -> None:
        self.agents: dict[str, AgentView] = {}

    def now(self) -> float:
        return time.time()

    def view(self) -> View:
        return View(agents=self.agents, queues={}, cards={})

    async def wish(self, event: Event) -> None:
        assert isinstance(event, AgentSignedIn)
        self.agents[event.agent] = AgentView(
            agent=event.agent, name=event.name, device=event.device, state="break",
            since=event.at, reason=None, next_state=None, next_reason=None, call=None, queue=None,
            deadline=None, device_state="idle", calls_today=0,
        )  # fmt: skip

    async def save_draft(self, draft: Draft) -> Draft:
        return draft

    async def drafts(self, agent: str) -> tuple[Draft, ...]:
        return ()

    def redeem(self, ticket: str) -> Admission | None:
        user = User(
            user=f"agent{ticket}", name=f"Agent {ticket}", role="agent", device=f"PJSIP/{ticket}",
            language="en",
        )  # fmt: skip
        return Admission(user=user, session=f"signin-{ticket}", until=time.time() + 43_200)


def resident() -> int:
    """KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS; this needs Linux")


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def settings() -> ConsoleSettings:
    labels = {"en": "A reason", "zh-Hans": "原因", "zh-Hant": "原因"}
    return ConsoleSettings(
        break_reasons=(Choice("lunch", labels), Choice("meeting", labels)),
        reasons=tuple(Choice(f"reason{n}", labels) for n in range(20)),
        outcomes=tuple(Choice(f"outcome{n}", labels) for n in range(8)),
        wrapup_seconds=120.0,
        currency="EUR",
        time_zone="Europe/Berlin",
        demo_phone=False,
    )


async def no_http(scope: object, receive: object, send: object) -> None:
    raise RuntimeError("this benchmark speaks no HTTP")


async def serve(consoles: int, seconds: float) -> None:
    room = Room()
    metrics = Metrics()
    state = ExchangeState(state="up", message="", since=time.time())
    screens = LiveScreens(now=room.now, plain=to_plain, exchange=state, count=metrics.console)
    gateway = Gateway(
        screens=screens, desk=room, drafts=room, redeem=room.redeem, origin_allowed=Origins(),
        plain=to_plain, settings=settings(), count=metrics.console,
        limits=Limits(heartbeat=HEARTBEAT),
    )  # fmt: skip
    server = build_server(Front(no_http, gateway), "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    gc.collect()
    before = resident()
    began = time.perf_counter()
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.idle_consoles", "--client", str(port_of(server)),
        "--consoles", str(consoles), "--seconds", str(seconds * 2 + 4 * HEARTBEAT + 60),
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while len(room.agents) < consoles:
        await asyncio.sleep(0.05)
    opened = time.perf_counter() - began
    await asyncio.sleep(2.5 * HEARTBEAT)  # every console has been asked and has answered
    idle = (resident() - before) / consoles
    share = await share_of_a_core(seconds)
    print(f"{time.strftime('%Y-%m-%d')}  Python {platform.python_version()}  {processor()}, "
          f"{os.cpu_count()} cores")  # fmt: skip
    print(f"  {consoles} consoles opened in {opened:.1f} s")
    print(f"  idle: {idle:.1f} KiB each (at most {PROMISE:g}), {share:.0%} of a core "
          f"with a heartbeat every {HEARTBEAT:g} s")  # fmt: skip
    telling = asyncio.create_task(tell(screens))
    share = await share_of_a_core(seconds)
    telling.cancel()
    after = (resident() - before) / consoles
    print(f"  {FAN_OUT} events a second to each: {share:.0%} of a core, "
          f"{after:.1f} KiB each with {metrics_line(metrics)}")  # fmt: skip
    assert client.stdin is not None
    client.stdin.close()
    await client.wait()
    await gateway.close()
    server.should_exit = True
    await serving
    if idle > PROMISE:
        sys.exit(f"more than {PROMISE:g} KiB each")


def metrics_line(metrics: Metrics) -> str:
    slow = [
        line for line in metrics.render().decode().splitlines() if "console_slow_total{" in line
    ]
    return "nobody too slow" if not slow else "; ".join(slow)


async def share_of_a_core(seconds: float) -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    now = resource.getrusage(resource.RUSAGE_SELF)
    spent = now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime
    return spent / (time.perf_counter() - began)


async def tell(screens: LiveScreens) -> None:
    """Something everybody is told, at the same moment, evenly in time."""
    loop = asyncio.get_running_loop()
    turn = loop.time()
    for number in range(1_000_000):
        screens.exchange_changed(
            ExchangeState(state="up", message=f"change {number}", since=time.time())
        )
        turn += 1 / FAN_OUT
        await asyncio.sleep(max(0.0, turn - loop.time()))


# --- the browsers ----------------------------------------------------------------------------


def masked(text: str) -> bytes:
    data, mask = text.encode(), os.urandom(4)
    assert len(data) < 126
    return (
        bytes((0x81, 0x80 | len(data)))
        + mask
        + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
    )


class Browser(asyncio.Protocol):
    """Says hello, answers heartbeats, reads nothing else out of what comes."""

    def __init__(self, number: int, port: int) -> None:
        self.number = number
        self.port = port
        self.opened = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: cc.v1\r\n"
            f"Sec-WebSocket-Key: {key}\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
            "Accept-Language: en-GB,en;q=0.9,zh;q=0.8\r\nPragma: no-cache\r\n"
            "Accept-Encoding: gzip, deflate, br, zstd\r\nCache-Control: no-cache\r\n"
            f"Cookie: cc={base64.urlsafe_b64encode(os.urandom(32)).decode()}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.opened:
            self.opened = True
            hello = '{"t":"hello","v":1,"ticket":"%d","client":{"name":"bench","version":"1",'
            self.transport.write(masked((hello + '"tab":"t"}}') % self.number))
        elif b'{"t":"hb"' in data:
            self.transport.write(masked('{"t":"ack","seq":0,"visible":true}'))

    def connection_lost(self, error: Exception | None) -> None:
        pass


async def browse(port: int, consoles: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    for number in range(consoles):
        await loop.create_connection(
            lambda number=number: Browser(number, port),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
    # Stay until the server's process has seen enough, and never much longer than planned.
    await asyncio.wait([loop.run_in_executor(None, sys.stdin.read)], timeout=seconds)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--consoles", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if options.client is not None:
        asyncio.run(browse(options.client, options.consoles, options.seconds))
    else:
        asyncio.run(serve(options.consoles, options.seconds))


if __name__ == "__main__":
    main()
