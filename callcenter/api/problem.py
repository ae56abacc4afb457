"""Errors as RFC 9457 ``application/problem+json``, every one with a documented type.

``docs/problems.md`` lists the types. A handler here must never hide a header that the exception
carries (``Allow``, ``Retry-After``), nor tell more about an unexpected error than its existence.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

TITLES: Mapping[str, str] = {
    "bad_request": "The request cannot be read",
    "not_signed_in": "Nobody is signed in",
    "wrong_password": "Name or password is wrong",
    "foreign_origin": "The request comes from another site's page",
    "forbidden": "That is not for you to do",
    "not_found": "There is nothing here",
    "unknown_call": "There is no such call, or it is not yours",
    "unknown_agent": "There is no such agent, or they are not signed in",
    "not_now": "Not possible at the moment",
    "device_taken": "Another agent uses the device",
    "refused": "Not possible",
    "bad_choice": "What was chosen does not exist here",
    "method_not_allowed": "The address does not take this method",
    "too_large": "The request is too large",
    "not_json": "The request's body is not declared as JSON",
    "invalid": "Fields of the request are missing or wrong",
    "too_many_tries": "Too many attempts to sign in",
    "busy": "The engine is too busy for this at the moment",
    "store_unavailable": "The engine's store does not take this at the moment",
    "internal": "Something went wrong inside the engine",
}
_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "not_json",
    500: "internal",
    503: "busy",
}
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "An error, after RFC 9457. `code` is stable; `detail` is for a person.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(TITLES)},
        "detail": {"type": "string"},
        "errors": {
            "description": "What is wrong where, for `invalid`.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901)"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


class Problem(Exception):  # noqa: N818  # the RFC's own word
    """Answer the request with this problem; ``code`` is a key of ``TITLES``."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def answer(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    body: dict[str, object] = {
        "type": f"urn:callcenter:problem:{code}",
        "title": TITLES[code],
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = errors
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides success, for OpenAPI."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def install(app: FastAPI, store_errors: Sequence[type[Exception]] = ()) -> None:
    """Every error of ``app`` becomes a problem. ``store_errors``: raised by a store in trouble."""
    for kind in store_errors:
        app.add_exception_handler(kind, _store)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error.status, error.code, error.detail, error.headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "bad_request")
    if error.status_code == 405:
        allowed = _methods(request)
        detail = f"{request.url.path} takes {allowed}."
        return answer(405, code, detail, {**(error.headers or {}), "Allow": allowed})
    return answer(error.status_code, code, str(error.detail), error.headers)


def _methods(request: Request) -> str:
    """All methods of the address: Starlette names only those of the first route that fits."""
    found = []
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.append(method)
    return ", ".join(found)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = []
    for found in error.errors():
        where = found["loc"][1:] if found["loc"][0] == "body" else found["loc"]
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in where)
        errors.append({"pointer": pointer, "detail": str(found["msg"])})
    detail = "; ".join(f"{e['pointer'] or 'the body'}: {e['detail']}" for e in errors[:5])
    return answer(422, "invalid", detail, errors=errors)


def _store(request: Request, error: Exception) -> Response:
    log.error("request_met_store_error", extra={"path": request.url.path, "why": str(error)})
    detail = "Try again in a moment; the engine's log and /readyz say what is wrong."
    return answer(503, "store_unavailable", detail, {"Retry-After": "5"})


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", exc_info=error, extra={"path": request.url.path})
    return answer(500, "internal", "The engine's log says what happened.")
