"""The prediction for supervisors: how good it is, its models, and what concerns everybody now.

Figures are of calls whose reason was confirmed. Reading lessons and the registry's folder happens
in a thread, and what was read is kept for some seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal, TypeVar, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.orders import RecordAudit
from callcenter.ports import Condition, Desk, History, Lesson, Lessons, Surroundings
from intelligence.baselines import NAMES, accuracies
from intelligence.evaluation import Report, as_it_was, replay, report
from intelligence.locks import Busy
from intelligence.manifest import ModelRefused, Version
from intelligence.registry import Registry, UnknownVersion

from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import own_pages_only
from .staff import STORABLE, supervisor

T = TypeVar("T")

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
FRESH: Final = 10.0
"""Seconds that figures are kept."""
MOST_HOURS: Final = 24 * 31
MOST_LESSONS: Final = 50_000
"""The latest of a period; more would keep a thread busy for long and say the same."""
PAST: Final = 28 * DAY
"""From which the simple rules know what is frequent."""
MOST_GROUPS: Final = 60
ENDED: Final = DAY
"""Conditions that ended so lately are still listed."""

Figure = float | None
ModelName = Annotated[str, Path(alias="name", pattern=r"^[A-Za-z0-9-]{1,80}$")]
Kind = Annotated[str, Path(alias="kind", pattern=r"^[a-z]{1,20}$")]
ConditionId = Annotated[str, Path(alias="id", pattern=r"^[!-~]{1,64}$")]


class Training(BaseModel):
    """The training that runs, or how the last one went."""

    running: bool
    progress: Figure
    """0 to 1, while it runs."""
    step: str | None
    last: Figure
    """When one ended well, of this run of the engine."""
    failed: str | None
    """Why the last one did not end well."""


class Learns(BaseModel):
    """What the engine's own watching says: of the training, drift and calibration."""

    training: Training
    drift: Figure
    drift_alarm: bool
    calibration_alarm: bool


class ReliabilityBin(BaseModel):
    p: float
    """Mean probability of the first reason."""
    share: float
    """Share of calls in which it was the one."""
    n: int


class GroupFigure(BaseModel):
    group: Literal["tier", "language", "queue"]
    value: str
    n: int
    top1: float


class AnswerFigures(BaseModel):
    suggested: int
    """Answers shown."""
    used: int
    wrong: int
    missing: int
    """Calls in which the agent said that none fitted."""


class ModelFigure(BaseModel):
    name: str
    kind: str
    state: Literal["champion", "challenger", "before", "kept"]
    """``before``: a rollback leads there."""
    made: float
    lessons: int | None
    top1: Figure
    log_loss: Figure
    ece: Figure
    """On calls it had not seen when it was trained."""


class BaselineFigures(BaseModel):
    """Share of calls that a simple rule names right: the most frequent reason, the person's usual
    one, their last one, the usual one after the latest event."""

    frequent: Figure
    usual: Figure
    last: Figure
    event: Figure


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


class ConditionWish(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    kind: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")] = ""
    product: Annotated[str, Field(min_length=1, max_length=64, pattern=STORABLE)] | None = None
    """It concerns only people with this product."""
    until: Annotated[float, Field(ge=0, le=253_402_300_799.0, allow_inf_nan=False)] | None = None
    """Seconds since the epoch, UTC; left out: until it is ended."""


class Conditions(BaseModel):
    conditions: list[Condition]
    """Those that go on, and those that ended within a day; the oldest first."""


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
    surroundings: Surroundings,
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

        def work() -> tuple[float, float, _Figures, list[ModelFigure]]:
            since = until - hours * HOUR
            figures = _figures(lessons, count, since, until, classes, sure)
            return since, until, figures, _models(registry)

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
        found = await kept.get("models", lambda: _models(registry))
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

    @router.get("/conditions", operation_id="conditions", responses=documented(401, 403, 503))
    async def conditions(request: Request) -> Conditions:
        """What concerns everybody now: outages, campaigns. For supervisors."""
        await supervisor(doors, request)
        return Conditions(conditions=list(await surroundings.conditions(desk.now() - ENDED)))

    async def known(id: str) -> Condition | None:
        """One that has not ended."""
        now = desk.now()
        found = await surroundings.conditions(now)
        return next((c for c in found if c.id == id and (c.until is None or c.until > now)), None)

    @router.put(
        "/conditions/{id}",
        operation_id="set_condition",
        dependencies=ours,
        responses=documented(400, 401, 403, 409, 413, 415, 422, 503),
    )
    async def set_condition(id: ConditionId, wish: ConditionWish, request: Request) -> Condition:
        """Begin a condition, or change one that goes on (its beginning stays). For supervisors."""
        user = await supervisor(doors, request)
        now, before = desk.now(), await known(id)
        if wish.until is not None and wish.until <= now:
            raise Problem(409, "refused", "until is over; DELETE ends a condition.")
        condition = Condition(
            id=id, kind=wish.kind, since=before.since if before else now, until=wish.until,
            title=wish.title.strip(), product=wish.product,
        )  # fmt: skip
        await surroundings.set_condition(condition)
        await note(user.user, "condition", condition)
        return condition

    @router.delete(
        "/conditions/{id}",
        operation_id="end_condition",
        status_code=204,
        dependencies=ours,
        responses=documented(401, 403, 404, 413, 415, 422, 503),
    )
    async def end_condition(id: ConditionId, request: Request) -> Response:
        """It is over. For supervisors."""
        user = await supervisor(doors, request)
        before = await known(id)
        if before is None:
            raise Problem(404, "not_found", f"No condition {id} goes on.")
        ended = Condition(
            id=id, kind=before.kind, since=before.since, until=desk.now(), title=before.title,
            product=before.product,
        )  # fmt: skip
        await surroundings.set_condition(ended)
        await note(user.user, "condition_ended", ended)
        return Response(status_code=204)

    async def note(by: str, what: str, condition: Condition) -> None:
        await history.record_audit(
            RecordAudit(
                at=desk.now(), by=by, what=what, agent=None, call=None, reason=condition.title,
                ok=True, detail=f"{condition.kind} {condition.id}",
            )
        )  # fmt: skip

    return router


class _Figures(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    calls: int | None
    confirmed: int
    model: str | None
    report: Report
    groups: list[GroupFigure]
    answers: AnswerFigures
    baselines: BaselineFigures


def _figures(
    lessons: Lessons,
    count: Callable[[float, float], int] | None,
    since: float,
    until: float,
    classes: int,
    sure: float,
) -> _Figures:
    """Reads lessons: off the loop."""
    found = list(lessons.lessons(since, until))[-MOST_LESSONS:]
    said, asked = replay(as_it_was, found)
    measured = report("shown", said, asked, classes, sure)
    past = list(lessons.lessons(since - PAST, since))[-MOST_LESSONS:] if asked else []
    rules = accuracies(past, asked)
    return _Figures(
        calls=None if count is None else count(since, until),
        confirmed=len(found),
        model=asked[-1].model if asked else None,
        report=measured,
        groups=[
            GroupFigure(group=one.group, value=one.value, n=one.n, top1=one.top1)  # type: ignore[arg-type]
            for one in measured.groups[:MOST_GROUPS]
        ],
        answers=_answers(found),
        baselines=BaselineFigures(**{name: rules[name] for name in NAMES}),
    )


def _answers(lessons: Sequence[Lesson]) -> AnswerFigures:
    marks = [mark for one in lessons for _, mark in one.marks]
    return AnswerFigures(
        suggested=sum(len(one.answers) for one in lessons),
        used=marks.count("used"),
        wrong=marks.count("wrong"),
        missing=marks.count("missing"),
    )


def _models(registry: Registry) -> list[ModelFigure]:
    """Reads the registry's folder: off the loop. Notes in ``troubles`` what is refused."""
    try:
        state = registry.state()
    except ModelRefused as error:
        registry.troubles.update(dict.fromkeys(registry.kinds, str(error)))
        return []
    champions = set(state.champions.values())
    tried = {name for names in state.challengers.values() for name in names}
    before = {name for names in state.before.values() for name in names[-1:]}

    def standing(name: str) -> Literal["champion", "challenger", "before", "kept"]:
        if name in champions:
            return "champion"
        return "challenger" if name in tried else "before" if name in before else "kept"

    return [_model(one, standing(one.name)) for one in registry.versions()]


def _model(one: Version, state: Literal["champion", "challenger", "before", "kept"]) -> ModelFigure:
    lessons = one.data.get("lessons")
    return ModelFigure(
        name=one.name,
        kind=one.kind,
        state=state,
        made=one.made,
        lessons=lessons if isinstance(lessons, int) else None,
        top1=_number(one.metrics.get("top1")),
        log_loss=_number(one.metrics.get("log_loss")),
        ece=_number(one.metrics.get("ece")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) else None
