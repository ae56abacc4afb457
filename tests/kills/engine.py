"""``callcenter run`` in a process of its own, with its database on disk, to be killed at will."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from callcenter.callback_ports import Caps, Source
from callcenter.floor.callback import Callback
from callcenter.ports import Account
from callcenter.store import open_store
from telephony.simulator.settings import USERS
from tests.exchange.whole import console
from tests.kills.exchange import AGENTS
from tests.product import HASH, PATIENCE

SETTINGS = """
[http]
port = {port}
[store]
url = "sqlite:///{base}"
[exchange]
port = {ami}
user = "{user}"
[centre]
wrapup_seconds = 1
[prediction]
models = "{models}"
[callbacks]
dial = "PJSIP/{{number}}@trunk"
[queues.service]
distribution = "engine"
ring_seconds = 8
[queues.service.callback]
offered = true
dial_seconds = 5
max_attempts = 20
[queues.service.callback.retries]
busy = {{ minutes = 0.1, times = 1 }}
no_answer = {{ minutes = 0.1, times = 1 }}
declined = {{ minutes = 0.1, times = 1 }}
congestion = {{ minutes = 0.05, times = 20 }}
abandoned = {{ minutes = 0.05, times = 20 }}
agent_gone = {{ minutes = 0.05, times = 20 }}
unknown = {{ minutes = 0.05, times = 20 }}
[routing]
retry_seconds = 1
missed_policy = "ready"
[log]
level = "info"
format = "json"
"""
NO_CAPS = Caps(
    number_day=None, address_hour=None, prefix_hour=None, site_hour=None, spend_hour=None
)


def number_of(turn: int) -> str:
    return f"+44770090{turn:04}"


async def fill_with_callbacks(base: Path, count: int, hours: float) -> None:
    """A store with agents and so many callbacks that are all due now, until ``hours`` later."""
    store = await asyncio.to_thread(open_store, f"sqlite:///{base}")
    now = time.time()
    try:
        with store.bulk() as bulk:
            bulk.accounts(
                Account(
                    agent=number, name=f"Agent {number}", role="agent", device=f"PJSIP/{number}",
                    password_hash=HASH, language="en", active=True,
                )
                for number in AGENTS
            )  # fmt: skip
        for turn in range(count):
            callback = Callback(
                id=f"CB{turn:04}", version=1, state="requested", origin="web", queue="service",
                number=number_of(turn), zone="Europe/London", made=now, place=now + turn / 1000,
                opens=now, closes=now + 3600 * hours, due=now, region="GB",
            )  # fmt: skip
            await store.callbacks.book(callback, Source(), NO_CAPS)
    finally:
        await asyncio.to_thread(store.close)


class MortalEngine:
    """One engine after the other, all with the same database and the same exchange."""

    def __init__(self, folder: Path, base: Path, ami: int) -> None:
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log = folder / "engine.log"
        self._settings = folder / "callcenter.toml"
        self._process: subprocess.Popen[bytes] | None = None
        self.began = 0.0
        """When the present process was started, seconds since the epoch."""
        self._settings.write_text(
            SETTINGS.format(
                port=self._port, base=base, ami=ami, user=USERS[0].name, models=folder / "models"
            ),
            encoding="utf-8",
        )

    def start(self) -> None:
        with open(self._log, "ab") as log:
            self.began = time.time()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "callcenter", "run", "--config", str(self._settings)],
                env=os.environ | {"CALLCENTER_EXCHANGE_SECRET": USERS[0].secret},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def cpu(self) -> float:
        """Seconds of processor time that the present process has had (Linux)."""
        if self._process is None:
            raise RuntimeError("no engine was started")
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def ready(self) -> float:
        """Wait until ``/readyz`` says so; seconds since the start."""
        deadline = time.monotonic() + PATIENCE
        async with httpx.AsyncClient(base_url=self.url) as http:
            while time.monotonic() < deadline and self.alive:
                if await _answers(http):
                    return time.time() - self.began
                await asyncio.sleep(0.05)
        raise TimeoutError(f"the engine does not become ready\n{self.log()}")

    async def sign_in(self) -> None:
        """All agents, each by password, cookie, ticket and socket; they are ready from then on,
        and never touch their consoles again."""
        for agent in AGENTS:
            async with console(self.url, agent) as browser:
                reply = await browser.command("ready", "agent.state", d={"state": "ready"})
                if not reply["ok"]:
                    raise RuntimeError(f"{agent} cannot be ready: {reply}")

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        """As an operator does, if it still runs."""
        if self._process is None or not self.alive:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")[-20_000:]


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.HTTPError:
        return False  # it does not listen yet


def _free_port() -> int:
    """Not one that the system may give to some connection while no engine is there."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
