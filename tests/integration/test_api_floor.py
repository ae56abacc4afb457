"""Calls, agents and history over HTTP: who may ask for what, and how refusals are told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from callcenter.api.agents import agents_router
from callcenter.api.app import build_api
from callcenter.api.calls import calls_router
from callcenter.api.doors import Doors, DoorSettings
from callcenter.api.front import Front
from callcenter.api.history import history_router
from callcenter.api.origin import Origins
from callcenter.auth import Passwords
from callcenter.floor import errors
from callcenter.floor import events as e
from callcenter.floor.card import CallView
from callcenter.floor.routing import Decision
from callcenter.metrics import Metrics
from callcenter.ports import Account, View
from callcenter.store import StoreError
from callcenter.web import build_server, port_of
from tests.console_kit import AMY, BEN, SUE, MemorySignIns, agent_view
from tests.contract.samples import audited, decision, reservation, told
from tests.fakes import MemoryAccounts, MemoryRecords

NOW = 1_767_265_200.0
"""2026-01-01 12:00 in Berlin."""
PASSWORD = "correct horse"


@dataclass
class FakeDesk:
    """``Desk`` with a floor that takes every wish, unless ``refuses`` is set."""

    seen: View
    wishes: list[e.Event] = field(default_factory=list)
    refuses: Exception | None = None

    def view(self) -> View:
        return self.seen

    def explain(self, call: str) -> Decision:
        if call not in self.seen.calls:
            raise errors.UnknownCall(f"There is no call {call}.")
        return decision(call, trigger="dry_run")

    async def wish(self, event: e.Event) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.wishes.append(event)

    def now(self) -> float:
        return NOW


def call_view(call: str, **fields: Any) -> CallView:
    whole: dict[str, Any] = {
        "call": call, "direction": "inbound", "state": "queued", "queue": "service",
        "number": "+442079460123", "caller_name": "<b>O'Brien</b>", "arrived": NOW - 30,
        "waiting_since": NOW - 20, "answered": None, "agents": (), "distribution": "engine",
        "reservation": None, "parked": None, "recording": "off", "transfers": 0,
    }  # fmt: skip
    return CallView(**(whole | fields))


@dataclass
class Here:
    desk: FakeDesk
    records: MemoryRecords
    accounts: MemoryAccounts
    url: str

    @asynccontextmanager
    async def browser(self, user: str | None) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            base_url=f"{self.url}/api/v1/", headers={"Origin": self.url}, timeout=60
        ) as http:
            if user is not None:
                credentials = {"user": user, "password": PASSWORD}
                (await http.post("session", json=credentials)).raise_for_status()
            yield http


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    calls = [call_view("talk", arrived=NOW - 9, agents=("amy",)), call_view("wait")]
    desk = FakeDesk(
        View(
            agents={name: agent_view(name) for name in ("ben", "amy")},
            queues={}, cards={}, calls={call.call: call for call in calls},
        )
    )  # fmt: skip
    passwords = Passwords(passes=1, memory_kib=64)
    hashed = passwords.hash(PASSWORD)
    accounts = MemoryAccounts(
        Account(agent=one.user, name=one.name, role=one.role, device=one.device,
                password_hash=hashed, language=None, active=True)
        for one in (AMY, BEN, SUE)
    )  # fmt: skip
    records, origins, metrics = MemoryRecords(), Origins(), Metrics()
    doors = Doors(
        accounts=accounts, sign_ins=MemorySignIns(), passwords=passwords, now=desk.now,
        count=metrics.sign_in, settings=DoorSettings(failures=100_000, address_failures=100_000),
    )  # fmt: skip
    api = build_api(
        doors=doors, metrics=metrics, checks={}, origins=origins, on_sign_out=lambda name: None,
        console=tmp_path / "static", store_errors=(StoreError,),
        routers=[
            calls_router(desk, records, doors, origins),
            agents_router(desk, accounts, records, doors, origins, ("english", "cards")),
            history_router(desk, records, doors, ZoneInfo("Europe/Berlin")),
        ],
    )  # fmt: skip

    async def no_channel(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody opens the channel here")

    server = build_server(Front(api, no_channel), "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started:
                await asyncio.sleep(0.01)
        yield Here(desk, records, accounts, f"http://127.0.0.1:{port_of(server)}")
    finally:
        server.should_exit = True
        await serving
        passwords.close()


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


LISTEN = {"id": "1", "do": "listen", "reason": "coaching"}
FOR_SUPERVISORS: list[tuple[str, str, Any]] = [
    ("GET", "calls", None),
    ("GET", "calls/wait/routing", None),
    ("GET", "calls/wait/decisions", None),
    ("POST", "calls/wait/controls", LISTEN),
    ("GET", "agents", None),
    ("POST", "agents/amy/state", {"state": "ready"}),
    ("DELETE", "agents/amy/sign-in", None),
    ("PUT", "agents/amy/skills", {"skills": {}}),
    ("DELETE", "agents/amy/help", None),
    ("GET", "agents/amy/reservations", None),
    ("GET", "promises", None),
    ("GET", "audit", None),
]


@pytest.mark.parametrize(("method", "path", "body"), FOR_SUPERVISORS)
async def test_who_may_ask(here: Here, method: str, path: str, body: Any) -> None:
    """Nobody without a sign-in, no other agent, no other site's page; a supervisor may."""
    async with here.browser(None) as http:
        assert code(await http.request(method, path, json=body)) == (401, "not_signed_in")
    async with here.browser("ben") as http:
        assert code(await http.request(method, path, json=body)) == (403, "forbidden")
    assert here.desk.wishes == []
    async with here.browser("sue") as http:
        if method != "GET":
            foreign = {"Origin": "https://evil.example"}
            refused = await http.request(method, path, json=body, headers=foreign)
            assert code(refused) == (403, "foreign_origin")
            assert here.desk.wishes == []
        assert (await http.request(method, path, json=body)).is_success


async def test_live_calls(here: Here) -> None:
    """All live calls, the oldest first, hostile names as they are."""
    async with here.browser("sue") as http:
        calls = (await http.get("calls")).json()["calls"]
    assert [call["call"] for call in calls] == ["wait", "talk"]
    assert (calls[0]["caller_name"], calls[1]["agents"]) == ("<b>O'Brien</b>", ["amy"])


async def test_why_a_call_goes_where(here: Here) -> None:
    """A dry run of a waiting call, and the decisions made about one that is over."""
    here.records.decided = [decision("old"), decision("other"), decision("old", agent=None)]
    async with here.browser("sue") as http:
        dry = (await http.get("calls/wait/routing")).json()
        assert (dry["trigger"], dry["agent"], dry["counts"][0]) == ("dry_run", "mei", ["chosen", 1])
        assert dry["considered"][1] == {
            "agent": "bo", "verdict": "not_skilled", "detail": "cards >= 3",
        }  # fmt: skip
        assert code(await http.get("calls/gone/routing")) == (404, "unknown_call")
        made = (await http.get("calls/old/decisions")).json()["decisions"]
        assert [one["agent"] for one in made] == ["mei", None]
        assert (await http.get("calls/never/decisions")).json() == {"decisions": []}


async def test_control_of_a_call(here: Here) -> None:
    """What is asked reaches the floor as it was asked, with who asks and from which phone."""
    async with here.browser("amy") as http:
        wish = {"id": "a-1", "do": "consult", "target": "+442079460999"}
        answer = await http.post("calls/talk/controls", json=wish)
        assert (answer.status_code, answer.json()) == (
            202, {"id": "a-1", "call": "talk", "do": "consult"},
        )  # fmt: skip
    async with here.browser("sue") as http:
        await http.post("calls/talk/controls", json=LISTEN | {"reason": "  coaching "})
    assert here.desk.wishes == [
        e.ControlAsked(at=NOW, id="a-1", agent="amy", role="agent", call="talk", do="consult",
                       device="PJSIP/1001", target="+442079460999"),
        e.ControlAsked(at=NOW, id="1", agent="sue", role="supervisor", call="talk", do="listen",
                       reason="coaching"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ({"do": "explode"}, "invalid"),
        ({"do": "consult"}, "bad_choice"),
        ({"do": "blind_transfer", "target": "1001\r\nAction: Command"}, "invalid"),
        ({"do": "blind_transfer", "target": "1001,s,1"}, "invalid"),
        ({"do": "dtmf"}, "bad_choice"),
        ({"do": "dtmf", "digits": "12;"}, "invalid"),
        ({"do": "listen"}, "bad_choice"),
        ({"do": "barge", "reason": "  "}, "bad_choice"),
        ({"do": "barge", "reason": "a\0b"}, "invalid"),
        ({"do": "hold", "id": ""}, "invalid"),
        ({"do": "hold", "id": "\u738b"}, "invalid"),
        ({"do": "hold", "leg": "x"}, "invalid"),
        ({"do": "hold", "reason": "\ud800"}, "invalid"),
    ],
)
async def test_control_that_cannot_be(here: Here, wish: dict[str, str], wrong: str) -> None:
    """Unknown actions, missing targets and texts that are none are refused; nothing is asked."""
    async with here.browser("sue") as http:
        body = json.dumps({"id": "1"} | wish)
        answer = await http.post(
            "calls/talk/controls", content=body, headers={"Content-Type": "application/json"}
        )
    assert code(answer) == (422, wrong)
    assert here.desk.wishes == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UnknownCall("no"), 404), (errors.UnknownAgent("no"), 404),
        (errors.NotNow("no"), 409), (errors.DeviceTaken("no"), 409), (errors.FloorError("no"), 409),
        (errors.BadChoice("no"), 422), (errors.Forbidden("no"), 403),
    ],
)  # fmt: skip
async def test_the_floor_refuses(here: Here, error: errors.FloorError, status: int) -> None:
    """Each refusal of the floor has its status, its code and the floor's own words."""
    here.desk.refuses = error
    async with here.browser("amy") as http:
        answer = await http.post("calls/talk/controls", json={"id": "1", "do": "hold"})
    assert code(answer) == (status, error.code)
    assert answer.json()["detail"] == "no"


async def test_the_store_is_in_trouble(here: Here) -> None:
    """A wish that could not be stored is no success."""
    here.desk.refuses = StoreError("disk full", passing=True)
    async with here.browser("amy") as http:
        answer = await http.post("calls/talk/controls", json={"id": "1", "do": "hold"})
    assert code(answer) == (503, "store_unavailable")


async def test_states_of_agents(here: Here) -> None:
    """An agent chooses their own state, a supervisor anybody's, and it is known who it was."""
    async with here.browser("amy") as http:
        answer = await http.post("agents/amy/state", json={"state": "ready"})
        assert answer.json()["agent"]["agent"] == "amy"
    async with here.browser("sue") as http:
        await http.post("agents/amy/state", json={"state": "break", "reason": "lunch"})
        assert (await http.delete("agents/ben/sign-in")).status_code == 204
        gone = await http.post("agents/eve/state", json={"state": "ready"})
        assert code(gone) == (404, "unknown_agent")
        listed = (await http.get("agents")).json()["agents"]
        assert [view["agent"] for view in listed] == ["amy", "ben"]
    assert here.desk.wishes == [
        e.StateChosen(at=NOW, agent="amy", state="ready"),
        e.StateChosen(at=NOW, agent="amy", state="break", reason="lunch", by="sue"),
        e.AgentSignedOut(at=NOW, agent="ben", by="sue"),
    ]


async def test_help(here: Here) -> None:
    """An agent asks for help about a call, a supervisor takes notice; nobody asks for others."""
    async with here.browser("amy") as http:
        await http.post("agents/amy/help", json={"call": "talk", "text": " come "})
        assert code(await http.post("agents/ben/help", json={})) == (403, "forbidden")
    async with here.browser("sue") as http:
        await http.delete("agents/amy/help")
    assert here.desk.wishes == [
        e.HelpAsked(at=NOW, agent="amy", call="talk", text="come"),
        e.HelpGiven(at=NOW, agent="amy", by="sue"),
    ]


async def test_skills_of_one_at_work(here: Here) -> None:
    """The floor is told, and has them stored and written down; what it refuses is told."""
    async with here.browser("sue") as http:
        answer = await http.put("agents/amy/skills", json={"skills": {"english": 5, "cards": 0}})
        assert answer.json() == {"skills": {"cards": 0, "english": 5}}
        here.desk.refuses = errors.BadChoice("no")
        refused = await http.put("agents/amy/skills", json={"skills": {}})
        assert code(refused) == (422, "bad_choice")
    skills = (("cards", 0), ("english", 5))
    assert here.desk.wishes == [e.SkillsChanged(at=NOW, agent="amy", skills=skills, by="sue")]
    assert here.records.audited == []


async def test_skills_of_one_at_home(here: Here) -> None:
    """They are kept with the account, and it is written down who did it."""
    async with here.browser("sue") as http:
        answer = await http.put("agents/sue/skills", json={"skills": {"cards": 3}})
        assert answer.status_code == 200
        nobody = await http.put("agents/eve/skills", json={"skills": {}})
        assert code(nobody) == (404, "unknown_agent")
    assert here.desk.wishes == []
    (row,) = here.records.audited
    assert (row.by, row.what, row.agent, row.detail) == ("sue", "skills", "sue", "cards=3")


@pytest.mark.parametrize(
    ("skills", "wrong"),
    [
        ({"englisch": 5}, "bad_choice"), ({"and": 1}, "bad_choice"), ({"english": 6}, "invalid"),
        ({"english": True}, "invalid"), ({"english": 1.5}, "invalid"), ({"": 1}, "invalid"),
        (["english"], "invalid"),
    ],
)  # fmt: skip
async def test_skills_that_cannot_be(here: Here, skills: Any, wrong: str) -> None:
    """Unknown names and levels beyond 5 are refused, and nothing is changed."""
    async with here.browser("sue") as http:
        answer = await http.put("agents/amy/skills", json={"skills": skills})
    assert code(answer) == (422, wrong)
    assert here.desk.wishes == []


async def test_reservations(here: Here) -> None:
    """What an agent was asked to take, newest first: for themselves too."""
    for one in (reservation("r1", state="refused"), reservation("r2", made=200.0)):
        await here.records.keep_reservation(one)
    async with here.browser("sue") as http:
        found = (await http.get("agents/mei/reservations")).json()["reservations"]
        assert [(one["id"], one["state"]) for one in found] == [
            ("r2", "pending"),
            ("r1", "refused"),
        ]
        few = await http.get("agents/mei/reservations", params={"limit": 1})
        assert len(few.json()["reservations"]) == 1
    async with here.browser("amy") as http:
        assert (await http.get("agents/amy/reservations")).json() == {"reservations": []}


async def test_promises_and_audit(here: Here) -> None:
    """A week without dates, or the span asked for, at most so long."""
    await here.records.record_promise(told("new", told=NOW - 60, waited=30.0, answered=True))
    await here.records.record_promise(told("old", told=NOW - 9 * 86400, waited=9.0, answered=True))
    here.records.audited = [audited(NOW - 9 * 86400), audited(NOW, agent="bo", call="c2")]
    async with here.browser("sue") as http:
        (score,) = (await http.get("promises")).json()["scores"]
        assert (score["day"], score["n"], score["kept"], score["error"]) == ("2026-01-01", 1, 1, 0)
        long_ago = {"since": NOW - 20 * 86400}
        assert len((await http.get("promises", params={"days": 20})).json()["scores"]) == 2
        assert (await http.get("promises", params={"until": NOW - 86400})).json() == {"scores": []}
        assert code(await http.get("promises", params={"days": 93})) == (422, "invalid")
        assert code(await http.get("promises", params={"until": "nan"})) == (422, "invalid")
        (row,) = (await http.get("audit")).json()["rows"]
        assert (row["by"], row["agent"], row["what"]) == ("sue", "bo", "listen")
        assert len((await http.get("audit", params=long_ago)).json()["rows"]) == 2
        none = await http.get("audit", params=long_ago | {"agent": "bo", "call": "c1"})
        assert none.json() == {"rows": []}


async def test_every_operation_answers_as_documented(here: Here, tmp_path: Path) -> None:
    """Valid and invalid requests to every operation: no undocumented answer, no server error."""
    async with here.browser("sue") as http:
        cookie = http.cookies["cc"]
    explorer = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "run", f"{here.url}/api/openapi.json",
        # Rules between fields (dtmf needs digits) cannot be said in the schema.
        "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        "--max-examples", "10", "--seed", "1", "--no-color",
        "--include-path-regex", "^/api/v1/(calls|agents|promises|audit)",
        "--phases", "examples,coverage,fuzzing",
        "-H", f"Origin: {here.url}", "-H", f"Cookie: cc={cookie}",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    report, _ = await explorer.communicate()
    assert explorer.returncode == 0, report.decode()
    assert "13 selected" in report.decode()
