"""The console's files: exactly what the build's manifest lists, unchanged since the build.

Everything is read and checked once, at the start, and served from memory. It must not look at the
disk for a request, so no path in a request can name another file.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import mimetypes
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

log = logging.getLogger(__name__)

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_SMALL = 1_024
"""Bytes below which packing gains nothing."""

NOT_BUILT = (
    "The console has not been built. Run “make console” in the source tree, or install the wheel, "
    "which brings it."
)


class ConsoleDamaged(Exception):  # noqa: N818  # reads as what is the matter
    """The files are not what the manifest says; the message names the file."""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    packed: bytes | None
    media_type: str
    etag: str
    cache: str


def read_console(folder: Path) -> dict[str, _File]:
    """The files by path. Raises ``ConsoleDamaged``, or ``FileNotFoundError`` without a build."""
    manifest: Any = json.loads((folder / "manifest.json").read_text("utf-8"))
    if not isinstance(manifest, dict):
        raise ConsoleDamaged("manifest.json is not an object of file names and checksums")
    files = {}
    for name, expected in manifest.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ConsoleDamaged(f"manifest.json names {name}, outside its folder")
        if not path.is_file():
            raise ConsoleDamaged(f"{name} is missing")
        content = path.read_bytes()
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        if expected != f"sha384-{digest}":
            raise ConsoleDamaged(f"{name} is not the file that was built")
        files[name] = _file(name, content, digest)
    if "index.html" not in files:
        raise ConsoleDamaged("index.html is not in manifest.json")
    return files


def _file(name: str, content: bytes, digest: str) -> _File:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or media_type.endswith("javascript"):
        media_type += "; charset=utf-8"
    packed = gzip.compress(content, 9, mtime=0) if len(content) > _SMALL else None
    return _File(
        content=content,
        packed=packed if packed is not None and len(packed) < len(content) else None,
        media_type=media_type,
        etag=f'"{digest[:32]}"',
        # The build puts a hash of the content into the name of everything under assets/.
        cache=FOREVER if name.startswith("assets/") else ASK_AGAIN,
    )


def console_router(folder: Path) -> APIRouter:
    """``/`` and the files. Without a sound build, ``/`` says what is the matter."""
    router = APIRouter(include_in_schema=False)
    try:
        files = read_console(folder)
    except FileNotFoundError:
        log.warning("console_not_built")
        _add(router, "/", _Sorry(NOT_BUILT))
        return router
    except (ConsoleDamaged, json.JSONDecodeError) as error:
        log.error("console_damaged", extra={"why": str(error)})
        _add(router, "/", _Sorry(f"The console's files are damaged: {error}. Build it again."))
        return router
    for name, file in files.items():
        _add(router, f"/{name}", _Served(file))
    _add(router, "/", _Served(files["index.html"]))
    return router


def _add(router: APIRouter, path: str, respond: _Served | _Sorry) -> None:
    router.add_api_route(path, respond.answer, methods=["GET", "HEAD"])


@dataclass(frozen=True, slots=True)
class _Served:
    file: _File

    async def answer(self, request: Request) -> Response:
        file = self.file
        headers = {
            "Cache-Control": file.cache,
            "ETag": file.etag,
            "Vary": "Accept-Encoding",
        }
        asked = request.headers.get("if-none-match", "")
        if file.etag in (tag.strip().removeprefix("W/") for tag in asked.split(",")):
            return Response(status_code=304, headers=headers)
        content = file.content
        if file.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            content = file.packed
            headers["Content-Encoding"] = "gzip"
            headers["ETag"] = f"W/{file.etag}"
        return Response(content, headers=headers, media_type=file.media_type)


@dataclass(frozen=True, slots=True)
class _Sorry:
    why: str

    async def answer(self) -> Response:
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Callcenter</title>'
            f"<h1>No console</h1><p>{escape(self.why)}</p></html>"
        )
        return Response(page, 503, media_type="text/html; charset=utf-8")


def _takes_gzip(accept: str) -> bool:
    for part in accept.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
