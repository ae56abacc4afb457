"""The real engine on the real Asterisk: consoles, phones and callers around it.

What sipp and the exchange's console do takes its time, so it runs in threads: the engine is on this
loop and must go on meanwhile. Nothing here looks into Asterisk through the engine: what the
exchange believes is asked over a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
from websockets.asyncio.client import connect

from callcenter.app import Engine, engine
from callcenter.floor.events import Event
from callcenter.floor.invariants import broken
from callcenter.settings import CallbacksSettings, ExchangeSettings, HttpSettings, QueueOptions
from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.parties import Call, Phone
from tests.exchange.phones import NEVER_ANSWERS, Behaviour, Phones
from tests.product import PASSWORD, PATIENCE, fill, settings_for, until

SERVICE, SALES, SUPPORT = "+442079460100", "+442079460101", "+442079460102"
SHORT, DESK, REMOTE = "+442079460103", "+442079460104", "+442079460105"
LINE = "+442079460106"
"""Into the line whose agents the engine chooses, of the queue service."""
LINE_1001 = "+442079461001"
WANG_CALLS = "+442079460123"
OBRIEN_CALLS = "+442079460124"
STRANGER = "+447700900160"

One = TypeVar("One", bound=Event)


@dataclass(slots=True)
class Whole:
    """Engine and exchange, running."""

    running: Engine
    exchange: Exchange
    phones: Phones

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.port}"

    # --- people -----------------------------------------------------------------------------

    @asynccontextmanager
    async def console(self, user: str) -> AsyncIterator[Browser]:
        """Somebody signed in: password, cookie, ticket, socket."""
        async with console(self.url, user) as browser:
            yield browser

    @asynccontextmanager
    async def agent(self, user: str) -> AsyncIterator[Browser]:
        """An agent who is ready: signed in, and no longer paused on the exchange."""
        async with self.console(user) as browser:
            reply = await browser.command("ready", "agent.state", d={"state": "ready"})
            assert reply["ok"], reply
            await sees(browser, lambda: state(browser) == "ready")
            await self.paused(device(browser), False)
            yield browser

    async def phone(self, extension: str, behaviour: Behaviour = NEVER_ANSWERS) -> Phone:
        """A phone signed in; unless told otherwise it rings and talks until told what next."""
        return await asyncio.to_thread(self.phones.phone, extension, behaviour)

    async def call(self, did: str, number: str, name: str | bytes = "") -> Call:
        """A call from outside. It lasts until the caller is told to hang up."""
        return await asyncio.to_thread(self.phones.call, did, number, name)

    # --- what is so -------------------------------------------------------------------------

    def calls(self) -> list[str]:
        """Calls that live, as the floor believes."""
        known = self.running.dispatch.floor.state.calls
        return [call.id for call in known.values() if call.ended is None]

    def events(self, kind: type[One]) -> list[One]:
        """What the journal on disk has of one kind."""
        return [e for _, e in self.running.store.journal.read() if isinstance(e, kind)]

    async def noted(self, kind: type[One], count: int = 1) -> list[One]:
        """Wait until the journal on disk has so many of one kind."""
        await until(lambda: len(self.events(kind)) >= count, f"{count} {kind.__name__} came")
        return self.events(kind)

    async def paused(self, member: str, paused: bool) -> None:
        """Wait until the exchange has it paused, or not paused, in all its queues.

        ``member``: its interface, or the phone behind that.
        """
        found: list[str] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while set(found) != {"1" if paused else "0"}:
                    await asyncio.sleep(0.02)
                    found = await asyncio.to_thread(self._pauses, member)
        except TimeoutError:
            raise AssertionError(f"{member} is paused {found}, not {paused}") from None

    def _pauses(self, member: str) -> list[str]:
        with self.exchange.tap() as tap:
            items = tap.items("QueueStatus")
        names = ("Location", "StateInterface")
        return [item["Paused"] for item in items if member in map(item.get, names)]

    async def at_rest(self, *, may_fail: tuple[str, ...] = ()) -> None:
        """Wait until no call is left anywhere; then nobody may be stuck and nothing odd.

        ``may_fail``: orders that the exchange could not carry out while it was broken.
        """
        await until(lambda: not self.calls(), "the last call ended")
        channels = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while "0 active channels" not in channels:
                    await asyncio.sleep(0.02)
                    channels = await asyncio.to_thread(self.exchange.cli, "core show channels")
        except TimeoutError:
            raise AssertionError(f"channels are left on the exchange: {channels}") from None
        dispatch = self.running.dispatch
        for queue in dispatch.view().queues.values():
            assert (queue.waiting, queue.offered_agents, queue.talking) == (0, 0, 0), queue
        for agent in dispatch.view().agents.values():
            assert agent.state in ("ready", "break", "wrapup", "missed"), agent
        assert broken(dispatch.floor.state, dispatch.now()) == []
        assert not dispatch.floor.unexpected, dispatch.floor.unexpected
        assert not dispatch.poisoned
        assert set(dispatch.failed) <= set(may_fail), dispatch.failed
        assert self.running.link.counts["poison"] == 0
        assert self.running.link.counts["malformed"] == 0


@asynccontextmanager
async def console(url: str, user: str) -> AsyncIterator[Browser]:
    """Somebody signed in at the engine with this address: password, cookie, ticket, socket."""
    async with httpx.AsyncClient(base_url=url, headers={"origin": url}) as http:
        answer = await http.post("/api/v1/session", json={"user": user, "password": PASSWORD})
        answer.raise_for_status()
        ticket = (await http.post("/api/v1/ws-tickets", json={})).json()["ticket"]
    async with connect(
        f"{url.replace('http', 'ws', 1)}/ws",
        subprotocols=["cc.v1"],  # type: ignore[list-item]
        origin=url,  # type: ignore[arg-type]
        compression=None,
    ) as socket:
        browser = Browser(socket)
        await browser.hello(ticket)
        browser.welcomed(await browser.read("welcome"))
        yield browser


@asynccontextmanager
async def supervising(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP as the supervisor."""
    async with httpx.AsyncClient(base_url=url, headers={"origin": url}) as http:
        answer = await http.post("/api/v1/session", json={"user": "sue", "password": PASSWORD})
        answer.raise_for_status()
        yield http


@asynccontextmanager
async def whole_product(
    folder: Path,
    reactor: Any,
    exchange: Exchange,
    phones: Phones,
    *,
    port: int | None = None,
    queues: dict[str, QueueOptions] | None = None,
    callbacks: CallbacksSettings | None = None,
    http: int = 0,
) -> AsyncIterator[Whole]:
    """The engine, running, with its store in ``folder``; made if it is not there.

    ``port``: a way to AMI other than the straight one. ``queues``: those of the settings; the
    exchange distributes all others.
    """
    settings = settings_for(
        folder,
        ExchangeSettings(
            port=port or exchange.ports.ami, user=exchange.user, secret=exchange.secret
        ),
    )
    settings = replace(
        settings,
        queues=queues or {},
        callbacks=callbacks or CallbacksSettings(),
        http=HttpSettings(port=http),
    )
    if not (folder / "engine.db").exists():
        await asyncio.to_thread(fill, settings.store.url)
    async with engine(settings, reactor, seed=1) as running:
        await until(lambda: running.link.state.kind == "up", "the exchange is up")
        yield Whole(running, exchange, phones)


@contextmanager
def phones_for_a_while(exchange: Exchange, folder: Path) -> Iterator[Phones]:
    """Phones and callers around an exchange that others use afterwards.

    At the end no call is left, the phones are signed out and no member is paused. A phone that is
    gone but registered would be rung until the queue gives it up.
    """
    with Phones(exchange.ports, folder, exchange.cli) as phones:
        try:
            yield phones
        finally:
            exchange.cli("channel request hangup all")
            for extension in phones.signed_in:
                phones.sign_out(extension)
            with exchange.tap() as tap:
                items = tap.items("QueueStatus")
                for interface in {m["Location"] for m in items if m.get("Paused") == "1"}:
                    tap.ask("QueuePause", Interface=interface, Paused="false")


# --- consoles ---------------------------------------------------------------------------------


async def sees(browser: Browser, true: Callable[[], bool]) -> None:
    """Wait until it is so on this console."""
    try:
        async with asyncio.timeout(PATIENCE):
            await browser.until(true)
    except TimeoutError:
        raise AssertionError(
            f"it never came; agent {browser.agent}, exchange {browser.exchange}, "
            f"cards {list(browser.cards.values())}"
        ) from None


def state(browser: Browser) -> str:
    return str((browser.agent or {}).get("state"))


def device(browser: Browser) -> str:
    return str((browser.agent or {})["device"])


def card(browser: Browser) -> dict[str, Any]:
    """The only card on this console."""
    (only,) = browser.cards.values()
    return only


async def whole_card(browser: Browser) -> dict[str, Any]:
    """Wait for a card with all that will be known about its caller."""

    def complete() -> bool:
        shown = list(browser.cards.values())
        parts = ("identity", "reasons_state", "answers_state")
        return bool(shown) and all(shown[-1][part] != "pending" for part in parts)

    await sees(browser, complete)
    return list(browser.cards.values())[-1]


async def wrap_up(browser: Browser, call: str, notes: str = "") -> None:
    """Note reason and outcome and be ready again."""
    reply = await browser.command(
        f"finish-{call}",
        "wrapup.finish",
        d={"call": call, "reason": "fees", "outcome": "solved", "notes": notes},
    )
    assert reply["ok"], reply
    await sees(browser, lambda: call not in browser.cards)
