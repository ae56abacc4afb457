"""Puts callbacks together from settings, pack, store and mind.

Like ``minds``: it builds parts and joins them; it decides nothing about a callback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from intelligence.pack import Pack
from telephony.numbers import read_number, spelled, zones_of

from .callback_ports import Caps
from .callbacks.booking import Booking
from .callbacks.deflection import AnswerSource
from .callbacks.hooks import Outbox, WebHook
from .callbacks.house import House, told
from .callbacks.keeper import CallbackKeeper
from .callbacks.law import BadLaw, load_law
from .callbacks.planner import Planner, QueuePlan
from .callbacks.plans import BookingRules, GuardRules, Lawful, QueueTerms, SitePlan
from .callbacks.staffing import BadStaff
from .dispatch import Dispatch, begun
from .floor.callback import Callback, LawRules
from .floor.calling_times import next_moment
from .floor.events import CallerIdentified
from .floor.waits import Estimate
from .minds import Minded
from .opening import queue_settings
from .ports import SwitchError
from .settings import QueueOptions, Settings, SettingsError, config_folder
from .store import Store, StoreError

log: Final = logging.getLogger(__name__)

TOLD_AGAIN: Final = 1.0
"""Seconds between two looks at whether the exchange has to be told."""
TOLD_AT_LEAST: Final = 60.0
"""Seconds after which the planner is told again what has not changed."""
TOLD_EVERY: Final = 2.0
"""Seconds between two looks at who is signed in, for the planner."""


class CallingBack:
    """The parts of callbacks, joined."""

    def __init__(
        self,
        *,
        booking: Booking,
        keeper: CallbackKeeper,
        planner: Planner,
        outbox: Outbox | None,
        law: tuple[LawRules, ...],
        lawful: Lawful,
        queues: Collection[str],
        region: str,
        desk: list[Dispatch],
    ) -> None:
        """``queues``: those that call back; ``desk``: gets the one dispatch."""
        self.booking = booking
        self.keeper = keeper
        self.planner = planner
        self.outbox = outbox
        self.law = law
        self.lawful = lawful
        self._queues = queues
        self._region = region
        self._desk = desk
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, dispatch: Dispatch) -> None:
        """To be done before the floor is opened."""
        self._desk.append(dispatch)

    def called_in(self, found: CallerIdentified) -> None:
        """Somebody calls: what they have open here comes to the floor."""
        call = self._desk[0].floor.state.calls.get(found.call)
        if call is None or call.ended is not None or call.direction != "inbound":
            return
        person = found.profile.person if found.profile is not None else None
        readings = read_number(call.number, self._region).readings
        work = self._open_of(found.call, readings[0] if readings else None, person)
        task = begun(work)
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open_of(self, call: str, number: str | None, person: str | None) -> None:
        try:
            await self.keeper.called_in(number, person)
        except StoreError as error:
            log.warning("open_callback_not_found", extra={"call": call, "why": str(error)})

    async def tell_exchange(
        self, take: Callable[[bool], Awaitable[None]], up: Callable[[], bool]
    ) -> None:
        """Whether callers in line may ask to be called back: after each connection, and when it
        changes. Runs until cancelled."""
        told: bool | None = None
        while True:
            wanted = any(self._offers(queue) for queue in self._queues)
            if not up():
                told = None
            elif wanted is not told:
                try:
                    await take(wanted)
                    told = wanted
                except SwitchError as error:
                    log.warning("exchange_not_told", extra={"why": str(error)})
            await asyncio.sleep(TOLD_AGAIN)

    def _offers(self, queue: str) -> bool:
        now = self.keeper.switches(queue)
        return now.accept and now.show and now.auto_stopped is None

    def over(self, callback: Callback) -> None:
        """One that nobody was reached by is somebody's task: the house is told."""
        if self.outbox is not None and callback.state == "expired":
            self.outbox.put("last_attempt", {**told(callback), "why": callback.why})

    async def tell_planner(self) -> None:
        """Who is signed in, and who waits: for the next half hour that says more than any plan.
        Runs until cancelled."""
        told: dict[str, tuple[int, int, int]] = {}
        while True:
            desk, now = self._desk[0], self._desk[0].now()
            for queue in self._queues:
                view = desk.view().queues[queue]
                agents = view.signed_in - view.on_break
                is_so = agents, view.waiting, int(now // TOLD_AT_LEAST)
                if told.get(queue) != is_so:
                    told[queue] = is_so
                    self.planner.told(queue, agents, view.waiting, now)
            await asyncio.sleep(TOLD_EVERY)


def law_of(settings: Settings) -> tuple[LawRules, ...]:
    """Raises ``SettingsError``."""
    if not settings.callbacks.law:
        return ()
    path = config_folder() / "law" / f"{settings.callbacks.law}.toml"
    try:
        return load_law(path)
    except BadLaw as error:
        raise SettingsError(f"[callbacks] law: {error}.") from None


def calling_back(
    settings: Settings,
    pack: Pack,
    store: Store,
    thinking: Minded,
    *,
    clock: Callable[[], float],
    count: Callable[[str], None] = lambda _: None,
) -> CallingBack:
    """``count`` is told what became of each request. Raises ``SettingsError`` with words for the
    operator."""
    chosen, centre = settings.callbacks, settings.centre
    law = law_of(settings)
    desk: list[Dispatch] = []
    hours = {one.queue: one.hours for one in queue_settings(settings)}
    offering = {name: one for name, one in settings.queues.items() if one.callback.offered}
    try:
        planner = Planner(
            store.callbacks,
            store.demand,
            {name: _plan(settings, name, queue) for name, queue in offering.items()},
            centre.time_zone,
        )
    except BadStaff as error:
        raise SettingsError(f"[queues] callback.staff: {error}.") from None
    keeper = CallbackKeeper(
        store=store.callbacks,
        node=settings.engine.node,
        post=lambda event: desk[0].post(event),
        held=lambda: desk[0].floor.callbacks(),
        clock=clock,
        poor_below={name: queue.callback.poor_below for name, queue in offering.items()},
    )
    hook = WebHook(chosen.hook, chosen.hook_secret.encode(), clock) if chosen.hook else None
    outbox = Outbox(hook) if hook is not None else None

    def estimate(queue: str, at: float) -> Estimate | None:
        state = desk[0].floor.state
        one = state.queues.get(queue)
        if one is None:
            return None
        line = len(state.router.waiting(queue))
        return state.waits.estimate(queue, line + 1, state.router.ready_for(queue), at)

    def lawful(callback: Callback, at: float) -> bool:
        return next_moment(callback, at, law, hours[callback.queue]) is not None

    async def who(readings: Sequence[str]) -> str | None:
        found = await store.people.behind(readings)
        return found[0].id if len(found) == 1 else None

    house = House(
        store=store.callbacks,
        promises=planner,
        read=read_number,
        clock=clock,
        store_errors=(StoreError,),
        zones=zones_of,
        shown=spelled,
        who=who,
        estimate=estimate,
        surroundings=thinking.conditions,
        reasons=(*pack.reason_codes, *(head.code for head in pack.heads)),
        label=_labels(pack),
        lawful=lambda callback, at: (
            next_moment(callback, at, law, hours[callback.queue]) is not None
        ),
        hook=hook,
        outbox=outbox,
        answers=AnswerSource(
            found=thinking.mind.suggested,
            public=lambda: frozenset(
                entry.id
                for entry in thinking.mind.suggested.entries
                if entry.audience == "everyone"
            ),
            reasons_of=_reasons_of(pack),
        ),
        booked=keeper.wake,
        changed=keeper.changed,
        count=count,
    )
    return CallingBack(
        booking=Booking(
            house,
            _rules(settings),
            {name: _site(settings, pack, name) for name in chosen.sites},
            {
                name: QueueTerms(longest_wait=60.0 * queue.callback.longest_wait_minutes)
                for name, queue in offering.items()
            },
        ),
        keeper=keeper,
        planner=planner,
        outbox=outbox,
        law=law,
        lawful=lawful,
        queues=tuple(offering) if chosen.dial else (),
        region=centre.region,
        desk=desk,
    )


def _plan(settings: Settings, name: str, queue: QueueOptions) -> QueuePlan:
    options = queue.callback
    (hours,) = (one.hours for one in queue_settings(settings) if one.queue == name)
    return QueuePlan(
        hours=hours,
        threshold=queue.threshold,
        service_level=options.service_level,
        notice=60.0 * options.notice_minutes,
        days_ahead=options.days_ahead,
        slot_minutes=options.slot_minutes,
        staff=options.staff,
        handle_seconds=options.handle_seconds,
        patience_seconds=options.patience_seconds,
        most_waiting=options.most_waiting,
        longest_wait=60.0 * options.longest_wait_minutes,
    )


def _rules(settings: Settings) -> BookingRules:
    chosen, centre = settings.callbacks, settings.centre
    return BookingRules(
        region=centre.region,
        zone=centre.time_zone,
        guard=GuardRules(
            countries=frozenset(chosen.countries or (centre.region,)),
            kinds=frozenset(chosen.kinds),
            blocked_prefixes=chosen.blocked_prefixes,
            own=frozenset(
                reading
                for queue in settings.queues.values()
                for reading in read_number(queue.callback.caller_id, centre.region).readings
            ),
        ),
        caps=Caps(
            number_day=chosen.per_number_day,
            address_hour=chosen.per_address_hour,
            prefix_hour=chosen.per_prefix_hour,
            site_hour=chosen.per_site_hour,
            spend_hour=chosen.spend_hour,
        ),
        least_fill=chosen.least_fill_seconds,
        pressure=chosen.pressure,
        confirm=chosen.confirm,
        person_secret=chosen.hook_secret.encode(),
        dry_run=chosen.dry_run,
        link_days=chosen.link_days,
        public_url=chosen.public_url,
    )


def _site(settings: Settings, pack: Pack, name: str) -> SitePlan:
    site = settings.callbacks.sites[name]
    known = {*pack.reason_codes, *(head.code for head in pack.heads)}
    for code in site.reasons:
        if code not in known:
            raise SettingsError(
                f"[callbacks.sites.{name}] reasons: the pack {settings.centre.pack!r} has no reason"
                f" {code!r} and no head of that name."
            )
    return SitePlan(
        queue=site.queue,
        name=site.name or name,
        languages=site.languages,
        reasons=site.reasons or tuple(head.code for head in pack.heads),
        answers=site.answers,
        contact=site.contact,
        consent=site.consent,
    )


def _labels(pack: Pack) -> Callable[[str, str], str]:
    labels = {one.code: one.labels for one in (*pack.heads, *pack.reasons)}

    def label(code: str, language: str) -> str:
        return labels[code].get(language) or labels[code].get("en") or code

    return label


def _reasons_of(pack: Pack) -> Mapping[str, tuple[str, ...]]:
    leaves: dict[str, list[str]] = {}
    for code, head in pack.head_of.items():
        leaves.setdefault(head, []).append(code)
    single = {code: (code,) for code in pack.reason_codes}
    return {**single, **{head: tuple(codes) for head, codes in leaves.items()}}
