"""Is the engine alive, is it ready, and its numbers.

Alive means the loop turns; ready means the exchange and the store answer. A load balancer asks the
second; a process supervisor must ask only the first, or an exchange that is down would have the
engine restarted for nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeAlias

from fastapi import APIRouter, Response
from pydantic import BaseModel

from callcenter.metrics import CONTENT_TYPE, Metrics

log = logging.getLogger(__name__)

Check: TypeAlias = Callable[[], str | None]
"""``None`` when ready, else why not, in words for an operator. Never waits."""


class Alive(BaseModel):
    alive: bool


class Part(BaseModel):
    ready: bool
    why: str | None


class Ready(BaseModel):
    ready: bool
    parts: dict[str, Part]


def health_router(checks: Mapping[str, Check], metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", operation_id="healthz")
    async def healthz() -> Alive:
        """Alive: always 200 while the engine's loop turns."""
        return Alive(alive=True)

    @router.get(
        "/readyz",
        operation_id="readyz",
        responses={503: {"model": Ready, "description": "Some part is not ready"}},
    )
    async def readyz(response: Response) -> Ready:
        """Ready for calls: 503 and the parts that are not, with the reason."""
        parts = {name: _ask(name, check) for name, check in checks.items()}
        ready = all(part.ready for part in parts.values())
        if not ready:
            response.status_code = 503
        return Ready(ready=ready, parts=parts)

    @router.get("/metrics", include_in_schema=False)
    async def metrics_text() -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    return router


def _ask(name: str, check: Check) -> Part:
    try:
        why = check()
    except Exception as error:  # a check that fails is an answer: not ready
        log.exception("check_failed", extra={"part": name})
        why = f"The check itself failed: {type(error).__name__}."
    return Part(ready=why is None, why=why)
