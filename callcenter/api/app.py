"""The HTTP application, put together from parts that the composition root hands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from callcenter import __version__
from callcenter.metrics import Metrics

from . import problem
from .console import console_router
from .doors import Doors
from .health import Check, health_router
from .origin import Origins
from .session import session_router

DESCRIPTION = """
The HTTP side of the contact-centre engine. Live state goes over the agent channel (`/ws`,
`docs/agent-channel.md`), for which `ws-tickets` gives a ticket.

State-changing requests need an `Origin` of this site (or `Sec-Fetch-Site: same-origin`) and, when
they have a body, `Content-Type: application/json`. Errors are RFC 9457 problems.
"""


def build_api(
    *,
    doors: Doors,
    metrics: Metrics,
    checks: Mapping[str, Check],
    origins: Origins,
    on_sign_out: Callable[[str], None],
    console: Path,
    routers: Sequence[APIRouter] = (),
    store_errors: Sequence[type[Exception]] = (),
) -> FastAPI:
    """``console``: the folder with the built console; ``routers``: further routes.

    ``store_errors``: what accounts and sign-ins raise when the store cannot; answered with 503.
    """
    app = FastAPI(
        title="callcenter",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problem.install(app, store_errors)
    app.include_router(health_router(checks, metrics))
    app.include_router(session_router(doors, origins, on_sign_out))
    for router in routers:
        app.include_router(router)
    app.include_router(console_router(console))

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = problem.SCHEMA
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app
