"""The HTTP routes of a running engine: each router with what it is given."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from intelligence.checks import KnowledgeError
from intelligence.pack import Pack

from .api.agents import agents_router
from .api.calls import calls_router
from .api.doors import Doors
from .api.history import history_router
from .api.intake import intake_router
from .api.knowledge import knowledge_router
from .api.origin import Origins
from .api.prediction import Learns, Training, prediction_router
from .dispatch import Dispatch
from .learning import Learning, Learnt
from .metrics import Metrics
from .minds import Minded
from .settings import Settings, zone
from .store import Store


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
            surroundings=thinking.conditions,
            registry=thinking.trained.registry,
            learns=lambda: _learns(learning.state()),
            classes=len(pack.reasons),
            sure=settings.prediction.sure,
            count=store.lessons.calls,
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
