"""The composition root: builds every part, joins them, and takes them down in order.

Nothing here decides anything about calls. ``engine`` is an async context manager, so that a test,
the demonstration and the command line run the very same product.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agent_console.gateway import Gateway
from agent_console.screens import LiveScreens
from agent_console.snapshot import Choice, ConsoleSettings, ExchangeState
from intelligence.pack import Choice as PackChoice
from intelligence.pack import Pack, load_pack
from telephony.link import Link
from telephony.numbers import read_number

from . import restart
from .api.doors import Doors
from .api.origin import Origins
from .auth import Passwords
from .callbacks.booking import Booking
from .calling_back import calling_back
from .codec import to_plain
from .dispatch import Dispatch
from .exchange import Exchange
from .floor.callback import LawRules
from .floor.errors import FloorError
from .floor.events import DayBegan, Event
from .floor.floor import Floor
from .floor.inherited import counted
from .garbage import collect_when_quiet, collected_by_hand
from .gauges import export, export_callbacks, export_health, export_mind
from .journal import Journal
from .keepers import Invariants, Keepers, StoreHealth
from .learning import LOOK, Learning, environment_of
from .listener import listen
from .metrics import Metrics
from .minds import minded
from .opening import floor_opened
from .ports import Surroundings
from .settings import Settings, config_folder, zone
from .store import Retention, Store, StoreError, open_store

if TYPE_CHECKING:
    from .api.demo_phone import DeskPhones
    from .web import WebServer

log: Final = logging.getLogger(__name__)

COUNTERS_NOTED_EVERY: Final = 60.0
"""Seconds between two notes of today's counters in the journal; less than ``restart.LOOK_BACK``."""

FIRST_ORDERS: Final = 2.0
"""Seconds at most that the website waits for the first calls after a start."""
ONE_ORDER: Final = 0.25
"""Seconds of these at most for one step of a call: a phone that is dialled may ring for long."""

SWITCH_INTERVAL: Final = 0.0005
"""Seconds a thread may keep the interpreter: the loop must not wait 5 ms for the journal's."""


class AppError(Exception):
    """The engine cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, for whoever started it."""

    settings: Settings
    dispatch: Dispatch
    link: Link
    gateway: Gateway
    store: Store
    journal: Journal
    pack: Pack
    metrics: Metrics
    passwords: Passwords
    surroundings: Surroundings
    """Where other systems tell what happens."""
    booking: Booking
    """Where customers ask to be called back."""
    port: int
    """Where HTTP is served."""


def static_folder() -> Path:
    """Where the built console is."""
    return Path(__file__).resolve().parent.parent / "agent_console" / "static"


@asynccontextmanager
async def engine(
    settings: Settings,
    reactor: Any,
    *,
    clock: Callable[[], float] = time.time,
    seed: int | None = None,
    demo_phone: DeskPhones | None = None,
    console: Path | None = None,
    learning_looks: float = LOOK,
) -> AsyncIterator[Engine]:
    """Run the whole product for the length of the block.

    ``reactor`` is Twisted's, on the running loop (``callcenter.reactor``). ``seed`` makes the
    jitter of reconnects repeatable. ``demo_phone``: the simulated phones, where there are no real
    ones. Raises ``AppError``, ``SettingsError``, ``StoreError`` or ``KnowledgeError`` with words
    for the operator.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    async with AsyncExitStack() as stack:
        pack = load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml")
        store = await stack.enter_async_context(_opened_store(settings))
        journal = Journal(store)
        stack.push_async_callback(asyncio.to_thread, journal.close)

        metrics = Metrics()
        passwords = Passwords()
        stack.callback(passwords.close)
        origins = Origins(settings.http.allowed_origins)
        doors = Doors(
            accounts=store.accounts,
            sign_ins=store.sessions,
            passwords=passwords,
            now=clock,
            count=metrics.sign_in,
        )

        screens = LiveScreens(
            now=clock,
            plain=to_plain,
            exchange=ExchangeState(state="connecting", message="connecting", since=clock()),
            count=metrics.console,
        )
        stack.callback(screens.stop)
        exchange = Exchange(
            settings.exchange,
            reactor,
            clock,
            random.Random(seed),  # noqa: S311  # jitter
            dial=settings.callbacks.dial,
        )
        steps = metrics.durations("step_seconds", "Time spent in each step of a call", "step")
        thinking = await stack.enter_async_context(
            minded(
                settings,
                pack,
                store,
                read_number=lambda raw: read_number(raw, settings.centre.region),
                clock=clock,
                observe=steps.observe,
            )
        )
        requests = metrics.counter(
            "callback_requests", "Callbacks asked for, by what became of it", "result"
        )
        backs = calling_back(
            settings,
            pack,
            store,
            thinking,
            clock=clock,
            count=lambda result: requests.labels(result).inc(),
        )
        dispatch = Dispatch(
            Floor(),
            journal=journal,
            records=store.records,
            skills=store.accounts,
            mind=thinking.mind,
            switch=exchange.switch,
            screens=screens,
            callbacks=store.callbacks,
            requests=backs.booking,
            called_in=backs.called_in,
            callback_over=backs.over,
            clock=clock,
            observe=steps.observe,
        )
        backs.join(dispatch)
        gateway = Gateway(
            screens=screens,
            desk=dispatch,
            drafts=store.records,
            redeem=doors.redeem,
            origin_allowed=origins,
            plain=to_plain,
            settings=_console_settings(settings, pack, demo_phone is not None),
            count=metrics.console,
            skills=lambda agent: _skills(store, agent),
        )
        exchange.join(dispatch, screens)
        export(metrics, dispatch, exchange, journal, gateway)

        await _open_floor(dispatch, store, settings, pack, clock, backs.law)
        keepers = Keepers()
        stack.push_async_callback(keepers.stop)
        keepers.keep(dispatch.keep_time(), "timers")
        keepers.keep(_begin_days(settings, dispatch, clock), "days")
        keepers.keep(_note_counters(dispatch), "counters")
        keepers.keep(exchange.audit(), "audits")
        keepers.keep(thinking.trained.keep(), "models")
        keepers.keep(thinking.conditions.keep(), "conditions")
        keepers.keep(backs.keeper.keep(), "callbacks")
        keepers.keep(backs.tell_planner(), "planner of callbacks")
        keepers.keep(
            backs.tell_exchange(
                exchange.switch.take_callbacks, lambda: exchange.link.state.kind == "up"
            ),
            "offers of callbacks",
        )
        if backs.outbox is not None:
            keepers.keep(backs.outbox.keep(), "hook")
        learning = Learning(
            lessons=store.lessons,
            registry=thinking.trained.registry,
            settings=settings.prediction,
            heads=pack.head_of,
            clock=clock,
            environment=environment_of(settings),
            audit=store.history.record_audit,
            every=learning_looks,
        )
        if settings.prediction.on:
            keepers.keep(learning.watch(), "learning")
        invariants = Invariants(dispatch)
        keepers.keep(invariants.watch(), "invariants")
        health = StoreHealth(store)
        keepers.keep(health.watch(), "store health")

        def gives_calls_out() -> bool:  # what is not stored may not ring
            return not (keepers.trouble or invariants.stuck or health.trouble)

        if dispatch.floor.state.engine:
            keepers.keep(exchange.beat(gives_calls_out), "signs of life")
        export_health(metrics, exchange, invariants)
        export_mind(metrics, thinking, learning)
        export_callbacks(metrics, dispatch, backs)

        def website() -> WebServer:
            """For a thread, while the first calls come: reading FastAPI and making the routes
            takes longer than all that a caller needs of a start."""
            from .api.app import build_api
            from .api.demo_phone import demo_phone_router
            from .api.front import Front
            from .routes import callback_routers, routers_of
            from .web import build_server

            routers = routers_of(
                settings, pack, store, dispatch, doors, origins, metrics, thinking, learning, clock
            )
            routers += callback_routers(
                settings, store, dispatch, doors, origins, backs, clock,
                widget=(console or static_folder()) / "widget" / "cc-callback.js",
            )  # fmt: skip
            if demo_phone:
                routers.append(demo_phone_router(demo_phone, doors, origins))
            api = build_api(
                doors=doors,
                metrics=metrics,
                checks={
                    "exchange": exchange.trouble,
                    "store": lambda: health.trouble,
                    "engine": lambda: keepers.trouble,
                    "floor": lambda: invariants.trouble,
                    "callbacks": lambda: backs.keeper.trouble,
                },
                origins=origins,
                on_sign_out=gateway.revoke,
                console=console or static_folder(),
                routers=routers,
                store_errors=(StoreError,),
            )
            http = settings.http
            return build_server(Front(api, gateway), http.host, http.port, http.trusted_proxies)

        # Taken before the line to the exchange is: without its port the engine does not start.
        # Whoever connects now waits, /readyz included, until the website is there.
        pages = await stack.enter_async_context(AsyncExitStack())
        listener = pages.enter_context(_listener(settings))
        port = int(listener.getsockname()[1])
        stack.push_async_callback(gateway.close)

        exchange.link.start()
        stack.push_async_callback(dispatch.settle, 5.0)
        stack.push_async_callback(exchange.link.stop)
        await _first_orders(exchange, dispatch, backs.keeper.first_looked)
        server = await asyncio.to_thread(website)
        from .web import served

        await pages.enter_async_context(served(server, listener))
        log.info("engine_started", extra={"port": port, "store": store.where, "pack": pack.name})
        stack.enter_context(collected_by_hand())
        keepers.keep(collect_when_quiet(lambda: not dispatch.floor.state.calls), "garbage")
        yield Engine(
            settings=settings,
            dispatch=dispatch,
            link=exchange.link,
            gateway=gateway,
            store=store,
            journal=journal,
            pack=pack,
            metrics=metrics,
            passwords=passwords,
            surroundings=thinking.conditions,
            booking=backs.booking,
            port=port,
        )
        log.info("engine_stopping")


@asynccontextmanager
async def _opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The store, closed at the end; also when nobody waits for the opening any more."""
    opening = asyncio.ensure_future(
        asyncio.to_thread(
            open_store,
            settings.store.url,
            keep=Retention(
                decisions=settings.store.keep_decisions_days,
                told_waits=settings.store.keep_told_waits_days,
                reservations=settings.store.keep_reservations_days,
                audit=settings.store.keep_audit_days,
                predictions=settings.store.keep_predictions_days,
                callbacks=settings.store.keep_callbacks_days,
            ),
        )
    )
    try:
        store = await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(StoreError):
            await asyncio.to_thread((await opening).close)
        raise
    try:
        yield store
    finally:
        await asyncio.to_thread(store.close)


async def _first_orders(exchange: Exchange, dispatch: Dispatch, claimed: asyncio.Event) -> None:
    """Until those who waited for the engine are served: calls that are up, callbacks that are due.
    Reading the website at the same time would make each of these steps several times as long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIRST_ORDERS):
            await exchange.first_seen.wait()
            await claimed.wait()
            for _ in ("who calls", "why", "for which agent", "the phone"):  # each leads to the next
                await dispatch.settle(ONE_ORDER)


def _listener(settings: Settings) -> socket.socket:
    """The one port, taken."""
    http = settings.http
    try:
        return listen(http.host, http.port)
    except OSError as error:
        raise AppError(
            f"Cannot listen on {http.host} port {http.port}: {error.strerror}."
            " Choose another with --port or [http] port."
        ) from None


async def _begin_days(settings: Settings, dispatch: Dispatch, clock: Callable[[], float]) -> None:
    """Tell the floor when the centre's day begins."""
    while True:
        await asyncio.sleep(max(0.0, _midnight(settings, clock(), days=1) - clock()))
        dispatch.post(DayBegan(at=clock()))


async def _note_counters(dispatch: Dispatch) -> None:
    """Keep today's counters in the journal, for the next start."""
    while True:
        await asyncio.sleep(COUNTERS_NOTED_EVERY)
        dispatch.post(counted(dispatch.floor.state, dispatch.now()))


def _midnight(settings: Settings, now: float, days: int = 0) -> float:
    """The centre's last local midnight, or one that many days later (DST included)."""
    today = datetime.fromtimestamp(now, zone(settings)).date() + timedelta(days=days)
    return datetime(today.year, today.month, today.day, tzinfo=zone(settings)).timestamp()


async def _bring_back(dispatch: Dispatch, wishes: Iterable[Event]) -> None:
    """Agents who were at work when the engine stopped are at work again. In the order of
    ``wishes``; all share the way to the disk."""

    async def bring(wish: Event) -> None:
        try:
            await dispatch.wish(wish)
        except FloorError as error:  # a break reason that the pack no longer has
            log.warning(
                "not_brought_back", extra={"wish": type(wish).__name__, "why": error.message}
            )

    await asyncio.gather(*(bring(wish) for wish in wishes))


async def _open_floor(
    dispatch: Dispatch,
    store: Store,
    settings: Settings,
    pack: Pack,
    clock: Callable[[], float],
    law: tuple[LawRules, ...],
) -> None:
    """An empty floor, and on it who was at work when the engine stopped a moment ago."""
    accounts = await store.accounts.everyone()
    last, chosen = await asyncio.to_thread(
        store.journal.last_run, restart.KINDS, restart.WHOLE, restart.WITHIN
    )
    now = clock()
    opened = floor_opened(
        settings,
        at=now,
        midnight=_midnight(settings, now),
        run=f"{int(now * 1000):x}",
        break_reasons=tuple(one.code for one in pack.breaks),
        reasons=pack.reason_codes,
        outcomes=tuple(one.code for one in pack.outcomes),
        accounts=accounts,
        head_of=pack.head_of,
        law=law,
    )
    wishes: list[Event] = []
    facts: list[Event] = []
    if last is not None:
        recent = await asyncio.to_thread(store.journal.end_of_run, restart.LOOK_BACK)
        before, records = await asyncio.to_thread(restart.played, opened, chosen, recent)
        facts = restart.left_open(before, last, now, today=last >= opened.midnight)
        for record in records:  # again, harmlessly: the last ones may not be on disk
            await store.records.record_call(record)
        if now - last <= restart.WITHIN:
            skills = {account.agent: account.skills for account in accounts}
            wishes = [*restart.at_work(chosen, now, skills), *restart.wrap_ups(before, now)]
    left = await store.records.close_reservations(settings.engine.node, now)
    if left:
        log.info("reservations_closed", extra={"count": left})
    dispatch.post(opened)
    for fact in facts:
        dispatch.post(fact)
    await _bring_back(dispatch, wishes)


async def _skills(store: Store, agent: str) -> tuple[tuple[str, int], ...]:
    """What the agent who signs in can do; none for whoever has no account."""
    account = await store.accounts.account(agent)
    return account.skills if account is not None else ()


def _console_settings(settings: Settings, pack: Pack, demo_phone: bool) -> ConsoleSettings:
    def choices(items: Sequence[PackChoice]) -> tuple[Choice, ...]:
        return tuple(Choice(item.code, item.labels, item.head) for item in items)

    return ConsoleSettings(
        break_reasons=choices(pack.breaks),
        reasons=choices(pack.reasons),
        heads=choices(pack.heads),
        happenings=choices(pack.happenings),
        pages=choices(pack.pages),
        conditions=choices(pack.conditions),
        outcomes=choices(pack.outcomes),
        wrapup_seconds=settings.centre.wrapup_seconds or None,
        currency=settings.centre.currency,
        time_zone=settings.centre.time_zone,
        demo_phone=demo_phone,
        callbacks=any(queue.callback.offered for queue in settings.queues.values()),
    )
