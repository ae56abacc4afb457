"""The API does what its OpenAPI document says, whatever is sent to it (schemathesis).

An agent's requests go to the kit's floor, a supervisor's to the whole product with all its routes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.api.doors import DoorSettings
from tests.calling_centre import centre
from tests.console_kit import Site, site
from tests.product import PASSWORD, product

# What JSON Schema cannot say, and is therefore told with 422 although the schema allows it.
WHAT_NO_SCHEMA_SAYS = """
[parameters]
"path.site" = "main"

# The text is TOML; digits go with dtmf; a skill's name can stand in an expression. Callbacks: a
# text may be no number that is called, no time that is offered, and nobody's phone.
[[operations]]
include-operation-id = [
  "edit_knowledge", "control_call", "set_skills",
  "schedule_callback", "move_callback", "assign_callback", "callback_number", "book_callback",
]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429, "5xx"]

# /knowledge/preview is also the address of an entry of that name, which can be read and written.
[[operations]]
include-operation-id = "preview_knowledge"
[operations.checks.allow_header_conformance]
enabled = false

# Whoever has no token is told that intake is off, when it is; test_intake.py looks at the 401.
[[operations]]
include-tag = "intake"
[operations.checks.missing_required_header]
enabled = false
"""


async def explored(folder: Path, http: httpx.AsyncClient, *more: str) -> str:
    """What schemathesis reports after everything went well; its report is the failure's message.

    ``http`` is signed in.
    """
    config = folder / "schemathesis.toml"
    config.write_text(WHAT_NO_SCHEMA_SAYS, encoding="utf-8")
    url = str(http.base_url).rstrip("/")
    explorer = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run",
        f"{url}/api/openapi.json", "--seed", "1", "--no-color",
        "--phases", "examples,coverage,fuzzing",
        "-H", f"Origin: {url}", "-H", f"Cookie: cc={http.cookies['cc']}", *more,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    report, _ = await explorer.communicate()
    assert explorer.returncode == 0, report.decode()
    return report.decode()


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
        report = await explored(tmp_path, http, "--max-examples", "15")
    assert "10 selected / 10 total" in report


async def test_every_operation_of_the_product_answers_a_supervisor_as_documented(
    tmp_path: Path, reactor: Any
) -> None:
    """With real stores and models; intake is off. The session, which the kit's test explores, is
    left alone: signing out would make all that follows 401."""
    async with product(tmp_path, reactor) as whole:
        async with whole.http("sue") as http:
            report = await explored(
                tmp_path, http, "--max-examples", "3", "--exclude-tag", "session"
            )
            assert (await http.get("/api/v1/session")).status_code == 200
            document = (await http.get("/api/openapi.json")).json()
        assert not whole.running.dispatch.poisoned
    tags = {
        tag for path in document["paths"].values() for one in path.values() for tag in one["tags"]
    }
    assert tags >= {
        "agents", "callback form", "callbacks", "calls", "health", "history", "intake", "knowledge",
        "prediction",
    }  # fmt: skip
    assert "54 selected / 58 total" in report


async def test_every_operation_of_callbacks_answers_as_documented(
    tmp_path: Path, reactor: Any
) -> None:
    """Of a site that offers callbacks, by anybody, and of its callbacks, by a supervisor."""
    async with centre(tmp_path, reactor, agents=()) as running:
        url = f"http://127.0.0.1:{running.running.port}"
        async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as http:
            credentials = {"user": "sue", "password": PASSWORD}
            (await http.post("/api/v1/session", json=credentials)).raise_for_status()
            report = await explored(
                tmp_path, http, "--max-examples", "8",
                "--include-tag", "callback form", "--include-tag", "callbacks",
            )  # fmt: skip
            form = (await http.get("/c/main/form")).raise_for_status()
        assert form.json()["site"] == "main"
        assert not running.running.dispatch.poisoned
    assert "22 selected / 58 total" in report
