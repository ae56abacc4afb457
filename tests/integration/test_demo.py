"""The demonstration: visitors book, callers ask by the key, colleagues call them back."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from callcenter.demo import DemoSettings, run_demo, with_lines
from callcenter.demo_people import PASSWORD
from callcenter.settings import (
    CallbackOptions,
    CallbacksSettings,
    ExchangeSettings,
    QueueOptions,
    SiteOptions,
)
from tests.calling_centre import eventually
from tests.product import settings_for

DEMO = DemoSettings(
    people=600, calls_per_hour=60.0, visits_per_hour=600.0, speed=10.0
)  # fmt: skip


@asynccontextmanager
async def demonstration(folder: Path, reactor: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Running, and looked at by its supervisor."""
    said = io.StringIO()
    settings = settings_for(folder, ExchangeSettings())
    quick = replace(settings.callbacks, least_fill_seconds=0.1, pressure=1000)
    settings = replace(settings, callbacks=quick)
    running = asyncio.create_task(run_demo(settings, DEMO, Console(file=said, width=200), reactor))
    try:

        async def greeted() -> bool:
            if running.done():
                running.result()
            return "website" in said.getvalue()

        await eventually(greeted, "the demonstration runs")
        found = re.search(r"http://127\.0\.0\.1:\d+", said.getvalue())
        assert found is not None
        assert f"{found[0]}/c/main/try" in said.getvalue()
        async with httpx.AsyncClient(base_url=found[0], headers={"origin": found[0]}) as http:
            signed = {"user": "sam", "password": PASSWORD}
            (await http.post("/api/v1/session", json=signed)).raise_for_status()
            yield http
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_visitors_book_and_colleagues_call_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reactor: Any
) -> None:
    """By agents first and by customers first; the supervisor sees them done."""
    monkeypatch.setattr("callcenter.demo_visitors.NOW", 1.0)
    async with demonstration(tmp_path, reactor) as http:
        seen: list[dict[str, Any]] = []

        async def called_back() -> bool:
            seen[:] = (await http.get("/api/v1/callbacks?states=done")).json()["callbacks"]
            called = {one["queue"] for one in seen if one["attempts"]}
            return "service" in called and len(called) > 1

        await eventually(called_back, "visitors of two pages were called back")
        assert {one["state"] for one in seen} == {"done"}
        assert all(one["attempts"] or one["why"] == "called_in" for one in seen)
        for site in ("main", "sales", "support"):
            form = (await http.get(f"/c/{site}/form")).raise_for_status().json()
            assert form["on"], site
        slots = (await http.get("/c/main/slots")).json()["slots"]
        assert slots


def test_what_the_operator_chose_stays() -> None:
    """The demonstration only adds; where the queue of a page calls nobody back, it has no page."""
    plain = with_lines(settings_for(Path(), ExchangeSettings()))
    assert {one.callback.first for one in plain.queues.values()} == {"agent", "customer"}
    assert [one.callback.preview_seconds for one in plain.queues.values()].count(20.0) == 1
    assert set(plain.callbacks.sites) == {"main", "sales", "support"}
    chosen = with_lines(
        replace(
            plain,
            queues={"sales": QueueOptions(distribution="engine")},
            callbacks=CallbacksSettings(sites={"mine": SiteOptions(queue="service", name="Mine")}),
        )
    )
    assert set(chosen.callbacks.sites) == {"main", "support", "mine"}
    assert chosen.queues["sales"].callback == CallbackOptions()
    own = replace(plain.callbacks, dial="PJSIP/{digits}@own", sites={})
    assert with_lines(replace(plain, callbacks=own)).callbacks == own
