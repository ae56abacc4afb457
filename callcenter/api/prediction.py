"""The prediction for supervisors: how good it is, and which models are in use.

Reading lessons and the registry's folder happens in a thread, and what was read is kept for some
seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Final, TypeVar, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.orders import RecordAudit
from callcenter.ports import Desk, History, Lessons
from intelligence.locks import Busy
from intelligence.manifest import ModelRefused
from intelligence.registry import Registry, UnknownVersion

from .doors import Doors
from .origin import Origins
from .prediction_figures import (
    AnswerFigures,
    BaselineFigures,
    Figure,
    Figures,
    GroupFigure,
    Learns,
    ModelFigure,
    ReliabilityBin,
    Training,
    figures_of,
    models_of,
)
from .problem import Problem, documented
from .session import own_pages_only
from .staff import STORABLE, supervisor

T = TypeVar("T")

HOUR: Final = 3600.0
FRESH: Final = 10.0
"""Seconds that figures are kept."""
MOST_HOURS: Final = 24 * 31

ModelName = Annotated[str, Path(alias="name", pattern=r"^[A-Za-z0-9-]{1,80}$")]
Kind = Annotated[str, Path(alias="kind", pattern=r"^[a-z]{1,20}$")]


class Outlook(BaseModel):
    """Shares are 0 to 1; numbers are null where there were no calls to count."""

    since: float
    until: float
    calls: int | None
    """All calls of the period; null where they are not counted."""
    predicted: int
    """Confirmed calls of which something was predicted, or silence was chosen: the figures' n."""
    confirmed: int
    """Calls whose reason was confirmed."""
    model: str | None
    """Which was asked in the latest of them."""
    top1: Figure
    top3: Figure
    coverage: Figure
    log_loss: Figure
    brier: Figure
    ece: Figure
    reliability: list[ReliabilityBin]
    drift: Figure
    drift_alarm: bool
    calibration_alarm: bool
    groups: list[GroupFigure]
    answers: AnswerFigures
    models: list[ModelFigure]
    training: Training
    baselines: BaselineFigures


class Models(BaseModel):
    models: list[ModelFigure]
    """The newest first."""
    troubles: dict[str, str]
    """Kinds whose model in use is refused, with the reason: the rules go on."""


class Changed(BaseModel):
    kind: str
    name: str | None
    """In use now; null: the rules."""
    was: str | None


class Promotion(BaseModel):
    """Why, in the supervisor's words; it is written down."""

    model_config = ConfigDict(strict=True, extra="forbid")

    reason: Annotated[str, Field(max_length=500, pattern=STORABLE)] = ""


class _Kept:
    """The last answer to each question for some seconds; who asks meanwhile waits for the same."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._found: dict[object, tuple[float, asyncio.Future[object]]] = {}

    async def get(self, key: object, work: Callable[[], T]) -> T:
        now = self._now()
        self._found = {k: v for k, v in self._found.items() if 0 <= now - v[0] < FRESH}
        if key not in self._found:
            task: asyncio.Future[object] = asyncio.ensure_future(asyncio.to_thread(work))
            self._found[key] = (now, task)
        task = self._found[key][1]
        try:
            return cast(T, await asyncio.shield(task))
        except Exception:
            self._found.pop(key, None)  # trouble is not kept
            raise

    def forget(self) -> None:
        self._found.clear()


def prediction_router(
    desk: Desk,
    history: History,
    doors: Doors,
    origins: Origins,
    *,
    lessons: Lessons,
    registry: Registry,
    learns: Callable[[], Learns],
    classes: int,
    sure: float,
    count: Callable[[float, float], int] | None = None,
) -> APIRouter:
    """``classes``: how many reasons there are; ``sure``: below it nothing is said; ``learns``: how
    learning stands (``Learning.state``, put into ``Learns``); ``count``: all calls of a period,
    asked in a thread."""
    router = APIRouter(prefix="/api/v1", tags=["prediction"])
    ours = [Depends(own_pages_only(origins))]
    kept = _Kept(desk.now)

    @router.get("/prediction", operation_id="prediction", responses=documented(401, 403, 422, 503))
    async def prediction(
        request: Request, hours: Annotated[int, Query(ge=1, le=MOST_HOURS)] = 24
    ) -> Outlook:
        """How good predictions were in the last hours, and how learning stands."""
        await supervisor(doors, request)
        until = desk.now()

        def work() -> tuple[float, float, Figures, list[ModelFigure]]:
            since = until - hours * HOUR
            figures = figures_of(lessons, count, since, until, classes, sure)
            return since, until, figures, models_of(registry)

        since, until, found, models = await kept.get(("prediction", hours), work)
        state = learns()
        return Outlook(
            since=since,
            until=until,
            calls=found.calls,
            predicted=found.report.n,
            confirmed=found.confirmed,
            model=found.model,
            top1=found.report.top1,
            top3=found.report.top3,
            coverage=found.report.coverage,
            log_loss=found.report.log_loss,
            brier=found.report.brier,
            ece=found.report.ece,
            reliability=[ReliabilityBin(p=b.p, share=b.share, n=b.n) for b in found.report.bins],
            drift=state.drift,
            drift_alarm=state.drift_alarm,
            calibration_alarm=state.calibration_alarm,
            groups=found.groups,
            answers=found.answers,
            models=models,
            training=state.training,
            baselines=found.baselines,
        )

    @router.get(
        "/prediction/models",
        operation_id="prediction_models",
        responses=documented(401, 403, 503),
    )
    async def models(request: Request) -> Models:
        """All trained models, and which are in use. For supervisors."""
        await supervisor(doors, request)
        found = await kept.get("models", lambda: models_of(registry))
        return Models(models=found, troubles=dict(registry.troubles))

    async def change(
        by: str, what: str, aim: str, why: str, work: Callable[[], Changed]
    ) -> Changed:
        """Do it, and write down who did it, also when it was refused."""
        ok, detail = False, aim
        try:
            changed = await asyncio.to_thread(work)
            ok, detail = (
                True,
                f"{aim}: {changed.name or 'rules'} in place of {changed.was or 'rules'}",
            )
            return changed
        except UnknownVersion as error:
            detail = str(error.args[0])
            raise Problem(404, "not_found", f"There is no such model: {aim}.") from None
        except ModelRefused as error:
            detail = error.what
            raise Problem(409, "refused", f"The model is refused: {error.what}.") from None
        except Busy as error:
            detail = str(error)
            raise Problem(
                503, "busy", "Models are being written just now.", {"Retry-After": "5"}
            ) from None
        finally:
            kept.forget()
            await history.record_audit(
                RecordAudit(
                    at=desk.now(), by=by, what=what, agent=None, call=None, reason=why, ok=ok,
                    detail=detail[:500],
                )
            )  # fmt: skip

    @router.post(
        "/prediction/models/{name}/promote",
        operation_id="promote_model",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def promote(name: ModelName, wish: Promotion, request: Request) -> Changed:
        """Have a model used from now on, whatever the gate says of it. For supervisors."""
        user = await supervisor(doors, request)

        def work() -> Changed:
            done = registry.promote(name, f"by {user.user}: {wish.reason}")
            return Changed(kind=done.kind, name=done.name, was=done.was)

        return await change(user.user, "promote", name, wish.reason, work)

    @router.post(
        "/prediction/rollback/{kind}",
        operation_id="rollback_model",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def rollback(kind: Kind, wish: Promotion, request: Request) -> Changed:
        """Go back to the model in use before, or to the rules. For supervisors."""
        user = await supervisor(doors, request)
        if kind not in registry.kinds:
            raise Problem(404, "not_found", f"There are no models of kind {kind}.")

        def work() -> Changed:
            done = registry.rollback(kind, f"by {user.user}: {wish.reason}")
            return Changed(kind=done.kind, name=done.name, was=done.was)

        return await change(user.user, "rollback", kind, wish.reason, work)

    return router
