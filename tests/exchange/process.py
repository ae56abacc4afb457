"""The engine as operators run it: ``callcenter run`` in a process of its own, that can be killed.

Agents around it work by themselves: ready again after a missed call, done with wrap-up as soon as
it begins, back on a new socket when the engine was away. What became of a call is read from the
engine's database and, independently, from the exchange.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import WebSocketException

from callcenter.floor.events import Event
from callcenter.store import open_store
from tests.console_kit import Browser
from tests.exchange.ami import ManagerTap
from tests.exchange.asterisk import Exchange
from tests.exchange.whole import console, supervising
from tests.product import PATIENCE, fill

SETTINGS = """
[http]
port = {port}
[store]
url = "sqlite:///{store}"
[exchange]
port = {ami}
user = "{user}"
[centre]
wrapup_seconds = {wrapup}
[queues.service]
distribution = "engine"
ring_seconds = 8
[routing]
retry_seconds = 1
[log]
level = "info"
format = "json"
"""


class Centre:
    """One engine on one exchange. ``ami``: a way to AMI other than the straight one. ``more``:
    tables of settings besides those that every test needs."""

    def __init__(
        self,
        folder: Path,
        exchange: Exchange,
        *,
        ami: int | None = None,
        wrapup: float = 120.0,
        more: str = "",
    ) -> None:
        self.folder, self.exchange = folder, exchange
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._store = folder / "engine.db"
        self._settings = folder / "callcenter.toml"
        self._process: subprocess.Popen[bytes] | None = None
        fill(f"sqlite:///{self._store}")
        self._settings.write_text(
            SETTINGS.format(
                port=self._port,
                store=self._store,
                ami=ami or exchange.ports.ami,
                user=exchange.user,
                wrapup=wrapup,
            )
            + more,
            encoding="utf-8",
        )

    # --- the process --------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it and wait until it is ready for calls."""
        with open(self.folder / "engine.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "callcenter", "run", "--config", str(self._settings)],
                env=os.environ | {"CALLCENTER_EXCHANGE_SECRET": self.exchange.secret},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self.ready()

    async def ready(self) -> None:
        """Wait until ``/readyz`` says so."""
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        async with httpx.AsyncClient(base_url=self.url) as http:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    if (await http.get("/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass  # it does not listen yet
                await asyncio.sleep(0.05)
        raise TimeoutError(f"the engine does not become ready\n{self.log()}")

    async def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait, 10)

    async def stop(self) -> None:
        """As an operator does, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, 20)
            except subprocess.TimeoutExpired:
                await self.kill()

    def log(self) -> str:
        return (self.folder / "engine.log").read_text("utf-8", "replace")[-20000:]

    # --- what it says ---------------------------------------------------------------------------

    async def agents(self) -> dict[str, dict[str, Any]]:
        """Who is signed in, by user."""
        async with supervising(self.url) as http:
            rows = (await http.get("/api/v1/agents")).json()["agents"]
        return {row["agent"]: row for row in rows}

    async def calls(self) -> list[dict[str, Any]]:
        """Calls that wait or are talked."""
        async with supervising(self.url) as http:
            rows: list[dict[str, Any]] = (await http.get("/api/v1/calls")).json()["calls"]
        return rows

    async def queue(self, name: str = "service") -> dict[str, Any]:
        """A queue with its counters, as the supervisor sees it."""
        async with console(self.url, "sue") as sue:
            return sue.board[f"q:{name}"]

    async def metrics(self) -> dict[str, float]:
        """Its gauges and counters without labels."""
        async with httpx.AsyncClient(base_url=self.url) as http:
            text = (await http.get("/metrics")).text
        return {
            sample.name.removeprefix("callcenter_"): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if not sample.labels
        }

    def records(self) -> list[dict[str, Any]]:
        """The calls that were stored, as they are in the database."""
        with closing(sqlite3.connect(self._store)) as base:
            base.row_factory = sqlite3.Row
            rows = base.execute("SELECT * FROM interactions WHERE number LIKE '+4477009%'")
            return [dict(row) for row in rows]

    def live_reservations(self) -> int:
        """Those in the database that are neither over nor completed."""
        with closing(sqlite3.connect(self._store)) as base:
            states = "('pending', 'accepted', 'wrapping')"
            asked = f"SELECT count(*) FROM reservations WHERE state IN {states}"
            return int(base.execute(asked).fetchone()[0])

    def journal(self) -> list[Event]:
        """All events of all runs; while no engine runs."""
        store = open_store(f"sqlite:///{self._store}")
        try:
            return [event for _, event in store.journal.read()]
        finally:
            store.close()


@asynccontextmanager
async def at_work(centre: Centre, users: Iterable[str]) -> AsyncIterator[None]:
    """Agents who take whatever comes, until the end of the block. All are ready when it begins."""
    users = tuple(users)
    tasks = [asyncio.create_task(_works(centre, user)) for user in users]
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _all_ready(centre, users):
                await asyncio.sleep(0.05)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_ready(centre: Centre, users: Iterable[str]) -> bool:
    agents = await centre.agents()
    return all(agents.get(user, {}).get("state") == "ready" for user in users)


async def _works(centre: Centre, user: str) -> None:
    while True:
        try:
            async with console(centre.url, user) as browser:
                await _serves(browser)
        except (OSError, httpx.HTTPError, WebSocketException, TimeoutError):
            await asyncio.sleep(0.1)  # the engine is away


async def _serves(browser: Browser) -> None:
    done: set[tuple[Any, ...]] = set()
    while True:
        view = browser.agent or {}
        if view.get("state") in ("break", "missed", "offline"):
            wish = ("agent.state", view["since"], view["state"])
            if wish not in done:
                done.add(wish)
                await browser.send(
                    t="cmd", id=f"ready-{time.time_ns()}", cmd="agent.state", d={"state": "ready"}
                )
        for call, shown in browser.cards.items():
            if shown["ended"] is not None and not shown["noted"] and ("noted", call) not in done:
                done.add(("noted", call))
                d = {"call": call, "reason": "fees", "outcome": "solved", "notes": ""}
                await browser.send(t="cmd", id=f"noted-{time.time_ns()}", cmd="wrapup.finish", d=d)
        frame = await browser.frame()
        if frame["t"] == "event":
            browser.apply(frame)
        elif frame["t"] == "hb":
            await browser.send(t="cmd", id=f"ping-{time.time_ns()}", cmd="ping", d={})


def channels(tap: ManagerTap) -> dict[str, dict[str, str]]:
    """The exchange's channels now, by Uniqueid, without asking the engine."""
    return {row["Uniqueid"]: row for row in tap.items("CoreShowChannels")}


def stuck(agents: dict[str, dict[str, Any]], live: dict[str, dict[str, str]]) -> set[str]:
    """Agents whose state the exchange contradicts: in a call without a channel, or the reverse."""
    found = set()
    for user, view in agents.items():
        mine = [row for row in live.values() if row["Channel"].startswith(f"PJSIP/{user}-")]
        talks = any(row.get("BridgeId") for row in mine)
        if view["state"] in ("talking", "held") and not talks:
            found.add(f"{user} {view['state']} without a talk on the exchange")
        elif view["state"] in ("reserved", "offered") and not mine:
            found.add(f"{user} {view['state']} and no phone rings")
        elif view["state"] in ("ready", "break", "missed", "wrapup") and talks:
            found.add(f"{user} {view['state']} in a talk on the exchange")
    return found


async def stays_stuck(centre: Centre, looks: int = 4, every: float = 0.4) -> set[str]:
    """What is contradicted in each of several looks: what is only under way is gone by then."""
    found: set[str] | None = None
    with centre.exchange.tap() as tap:
        for _ in range(looks):
            agents = await centre.agents()
            now = stuck(agents, await asyncio.to_thread(channels, tap))
            found = now if found is None else found & now
            if not found:
                return found
            await asyncio.sleep(every)
    return found or set()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
