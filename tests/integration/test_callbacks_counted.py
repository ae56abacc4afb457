"""What became of requests for callbacks, as Prometheus reads it from the running engine."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from callcenter.calling_back import CallingBack
from tests.calling_centre import centre


@pytest.fixture(autouse=True)
def staff_is_as_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planner is not told who is signed in, which is nobody for a moment."""

    async def never_told(self: CallingBack) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(CallingBack, "tell_planner", never_told)


async def test_requests_are_counted_by_what_became_of_them(tmp_path: Path, reactor: Any) -> None:
    """Booked, and refused before and by the store."""
    async with centre(tmp_path, reactor) as running:
        await running.book()
        async with running.visitor() as http:
            token = (await http.get("/c/main/form")).json()["token"]
            form = {"token": token, "number": "nonsense", "when": "now"}
            assert (await http.post("/c/main/callbacks", json=form)).status_code == 422
            text = (await http.get("/metrics")).text
    counted = re.findall(
        r'^callcenter_callback_requests_total\{result="(\w+)"\} (\S+)$', text, re.M
    )
    assert dict(counted) == {"booked": "1.0", "number_bad": "1.0"}
