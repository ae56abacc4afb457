"""Starting that fails, and a store that fails later: nothing stays open, and the words are kind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from callcenter import app, minds
from callcenter.api import app as api
from callcenter.api import front
from callcenter.app import AppError, engine
from callcenter.settings import ExchangeSettings, Settings, SettingsError
from callcenter.store import StoreError
from intelligence.checks import KnowledgeError
from tests.product import PASSWORD, product, settings_for


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No thread, file or socket more than before (asyncio's own worker threads stay for reuse)."""

    def threads() -> set[str]:
        kept = ("asyncio_", "PoolThread")
        return {one.name for one in threading.enumerate() if not one.name.startswith(kept)}

    def files() -> set[str]:
        links = Path("/proc/self/fd").glob("*")  # nothing to compare where there is no /proc
        return {str(link.readlink()) for link in links if link.is_symlink()}

    before = threads(), files()
    yield
    gc.collect()  # an unclosed socket warns when it is collected, and warnings are errors
    assert threads() <= before[0]
    assert files() <= before[1]


async def start(settings: Settings, reactor: Any) -> None:
    async with engine(settings, reactor):
        raise AssertionError("it started")


def settings(folder: Path) -> Settings:
    return settings_for(folder, ExchangeSettings(secret="s"))


@pytest.mark.usefixtures("nothing_left")
async def test_settings_that_cannot_work(tmp_path: Path, reactor: Any) -> None:
    """Each mistake is told as what it is, and whatever was opened before it is closed."""
    good = settings(tmp_path)
    with pytest.raises(KnowledgeError, match="poultry"):
        await start(replace(good, centre=replace(good.centre, pack="poultry")), reactor)
    with pytest.raises(StoreError, match="no directory"):
        await start(
            replace(good, store=replace(good.store, url=f"sqlite:///{tmp_path}/no/x.db")), reactor
        )
    exchange = replace(good.exchange, tls=True, tls_ca=str(tmp_path / "no.pem"))
    with pytest.raises(SettingsError, match=r"\[exchange\].*tls_ca"):
        await start(replace(good, exchange=exchange), reactor)
    with pytest.raises(AppError, match=r"Cannot listen on 203\.0\.113\.1"):
        await start(replace(good, http=replace(good.http, host="203.0.113.1")), reactor)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("home", "part"),
    [(minds, "Mind"), (app, "Gateway"), (app, "Dispatch"), (front, "Front"), (api, "build_api")],
)
async def test_a_part_that_cannot_be_built(
    home: ModuleType, part: str, tmp_path: Path, reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far the start got, all of it is taken down again."""

    def broken(*_: object, **__: object) -> None:
        raise AppError(f"no {part} today")

    monkeypatch.setattr(home, part, broken)
    with pytest.raises(AppError, match=f"no {part} today"):
        await start(settings(tmp_path), reactor)


async def test_a_store_in_trouble_answers_503(tmp_path: Path, reactor: Any) -> None:
    """Signing in, tickets and the session say that it is the store, not the password."""
    async with (
        product(tmp_path, reactor) as whole,
        httpx.AsyncClient(base_url=whole.url, headers={"origin": whole.url}, timeout=60) as http,
    ):
        credentials = {"user": "1001", "password": PASSWORD}
        assert (await http.post("/api/v1/session", json=credentials)).status_code == 200
        whole.running.store.close()
        for method, path, body in (
            *(("POST", "/api/v1/session", credentials) for _ in range(8)),
            ("GET", "/api/v1/session", None),
            ("POST", "/api/v1/ws-tickets", {}),
            ("DELETE", "/api/v1/session", None),
        ):
            answer = await http.request(method, path, json=body)
            assert answer.status_code == 503, (method, path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["code"] == "store_unavailable"
            assert "closed" not in answer.text  # what broke is for the log
