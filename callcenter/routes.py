"""The HTTP routes of a running engine: each router with what it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter

from intelligence.checks import KnowledgeError
from intelligence.pack import Pack

from .api.agents import agents_router
from .api.callback_forms import callback_forms_router
from .api.callback_pages import callback_pages_router
from .api.callback_widget import callback_widget_router
from .api.callbacks import callbacks_router
from .api.calls import calls_router
from .api.conditions import conditions_router
from .api.doors import Doors
from .api.history import history_router
from .api.intake import intake_router
from .api.knowledge import knowledge_router
from .api.origin import Origins
from .api.prediction import prediction_router
from .api.prediction_figures import Learns, Training
from .api.public import Asks, PublicSite
from .callbacks.ics import TEXTS as CALENDAR_TEXTS
from .callbacks.ics import calendar
from .calling_back import CallingBack
from .dispatch import Dispatch
from .floor.callback import Callback
from .learning import Learning, Learnt
from .metrics import Metrics
from .minds import Minded
from .settings import Settings, zone
from .store import Store, StoreError


def routers_of(
    settings: Settings,
    pack: Pack,
    store: Store,
    dispatch: Dispatch,
    doors: Doors,
    origins: Origins,
    metrics: Metrics,
    thinking: Minded,
    learning: Learning,
    clock: Callable[[], float],
) -> list[APIRouter]:
    """All but those of the session, of health and of the console's files."""
    intake_refused = metrics.counter("intake_refused", "Intake requests refused", "why")
    return [
        calls_router(dispatch, store.records, doors, origins),
        agents_router(
            dispatch, store.accounts, store.records, doors, origins, settings.routing.skills
        ),
        history_router(dispatch, store.records, doors, zone(settings)),
        prediction_router(
            dispatch,
            store.history,
            doors,
            origins,
            lessons=store.lessons,
            registry=thinking.trained.registry,
            learns=lambda: _learns(learning.state()),
            classes=len(pack.reasons),
            sure=settings.prediction.sure,
            count=store.lessons.calls,
        ),
        conditions_router(
            dispatch, store.history, doors, origins, surroundings=thinking.conditions
        ),
        knowledge_router(
            dispatch,
            store.history,
            doors,
            origins,
            knowledge=store.knowledge,
            people=store.people,
            lessons=store.lessons,
            editor=thinking.shown.editing,
            refused=KnowledgeError,
            changed=thinking.shown.show,
            questions=thinking.questions,
        ),
        intake_router(
            surroundings=thinking.conditions,
            said=dispatch.said,
            live=lambda call: call in dispatch.floor.live_calls(),
            token=settings.intake.token,
            now=clock,
            refused=lambda why: intake_refused.labels(why).inc(),
        ),
    ]


def callback_routers(
    settings: Settings,
    store: Store,
    dispatch: Dispatch,
    doors: Doors,
    origins: Origins,
    backs: CallingBack,
    clock: Callable[[], float],
    widget: Path,
) -> list[APIRouter]:
    """Those of callbacks: for staff, and for the public. ``widget``: the built script."""
    chosen = settings.callbacks
    sites = {
        name: PublicSite(
            name=site.name or name,
            zone=settings.centre.time_zone,
            queue=site.queue,
            origins=site.origins,
            languages=site.languages,
            days=settings.queues[site.queue].callback.days_ahead,
        )
        for name, site in chosen.sites.items()
    }
    asks = Asks(clock)

    def file_of(callback: Callback, language: str, path: str) -> bytes:
        site = sites.get(callback.site or "")
        return calendar(
            callback,
            site.name if site is not None else callback.queue,
            f"{chosen.public_url.rstrip('/')}{path}",
            CALENDAR_TEXTS[language],
            urlsplit(chosen.public_url).hostname or "callbacks",
        )

    return [
        callbacks_router(
            dispatch,
            store.callbacks,
            backs.booking,
            doors,
            origins,
            store.history.record_audit,
            clock,
            settings.centre.time_zone,
            backs.keeper.changed,
            lawful=backs.lawful,
            dry_run=chosen.dry_run,
        ),
        callback_forms_router(
            backs.booking,
            sites,
            slots=backs.booking.slots,
            now=clock,
            store_errors=(StoreError,),
            asks=asks,
        ),
        callback_widget_router(widget, sites, chosen.public_url),
        callback_pages_router(
            backs.booking,
            sites,
            slots=backs.booking.slots,
            calendar=file_of,
            now=clock,
            store_errors=(StoreError,),
            asks=asks,
        ),
    ]


def _learns(state: Learnt) -> Learns:
    """How learning stands, in the words of the API."""
    return Learns(
        training=Training(
            running=state.running,
            progress=state.progress,
            step=state.step,
            last=state.last,
            failed=state.failed,
        ),
        drift=state.watched.drift,
        drift_alarm=state.watched.drift_alarm,
        calibration_alarm=state.watched.calibration_alarm,
    )
