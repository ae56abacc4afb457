"""The API does what its OpenAPI document says, whatever is sent to it (schemathesis)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from callcenter.api.doors import DoorSettings
from tests.console_kit import Site, site


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    lenient = DoorSettings(failures=100_000, address_failures=100_000)
    async with site(tmp_path, door_settings=lenient) as found:
        yield found


async def test_every_operation_answers_as_documented(here: Site, tmp_path: Path) -> None:
    """Valid and invalid requests to every operation: no undocumented answer, no server error."""
    async with httpx.AsyncClient(base_url=here.url, headers={"Origin": here.url}) as http:
        credentials = {"user": "amy", "password": "correct horse"}
        (await http.post("/api/v1/session", json=credentials)).raise_for_status()
        cookie = http.cookies["cc"]
    explorer = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "run", f"{here.url}/api/openapi.json",
        "--checks", "all", "--max-examples", "15", "--seed", "1", "--no-color",
        "--phases", "examples,coverage,fuzzing",
        "-H", f"Origin: {here.url}", "-H", f"Cookie: cc={cookie}",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    report, _ = await explorer.communicate()
    assert explorer.returncode == 0, report.decode()
    assert "10 selected / 10 total" in report.decode().replace("Operations:", "")
