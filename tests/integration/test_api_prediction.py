"""The prediction over HTTP: figures, models, promotion and rollback, conditions."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.api.app import build_api
from callcenter.api.conditions import conditions_router
from callcenter.api.doors import Doors, DoorSettings
from callcenter.api.origin import Origins
from callcenter.api.prediction import prediction_router
from callcenter.api.prediction_figures import Learns, Training
from callcenter.auth import Passwords
from callcenter.metrics import Metrics
from callcenter.ports import Account, Lesson, View
from callcenter.store import StoreError
from intelligence.registry import Registry
from tests.console_kit import AMY, SUE, MemorySignIns
from tests.fakes import MemoryAccounts, MemoryPeople, MemoryRecords, MemorySurroundings
from tests.unit.intelligence.lesson_kit import lesson

NOW = 1_767_265_200.0
PASSWORD = "correct horse"
URL = "http://console.test"


@dataclass
class Desk:
    at: float = NOW

    def now(self) -> float:
        return self.at

    def view(self) -> View:
        return View(agents={}, queues={}, cards={}, calls={})


@dataclass
class ListedLessons:
    found: list[Lesson] = field(default_factory=list)
    read: int = 0
    trouble: Exception | None = None

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        self.read += 1
        if self.trouble is not None:
            raise self.trouble
        return iter([one for one in self.found if since <= one.at < until])

    def confirmed_since(self, since: float) -> int:
        return sum(one.at >= since for one in self.found)


class Toy:
    def save(self, folder: Path) -> None:
        (folder / "numbers.json").write_text("[1]", encoding="utf-8")

    def facts(self) -> Mapping[str, object]:
        return {}


@dataclass
class Here:
    desk: Desk
    lessons: ListedLessons
    registry: Registry
    records: MemoryRecords
    surroundings: MemorySurroundings
    api: Any

    @asynccontextmanager
    async def browser(self, user: str | None) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.api, raise_app_exceptions=False),
            base_url=f"{URL}/api/v1/",
            headers={"Origin": URL},
        ) as http:
            if user is not None:
                credentials = {"user": user, "password": PASSWORD}
                (await http.post("session", json=credentials)).raise_for_status()
            yield http

    def add(self, kind: str = "reasons") -> str:
        facts = {"data": {"lessons": 900}, "metrics": {"top1": 0.5, "log_loss": 1.5, "ece": 0.01}}
        return self.registry.add(kind, Toy(), facts).name


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    desk, lessons, records, metrics = Desk(), ListedLessons(), MemoryRecords(), Metrics()
    clock = iter(range(10**6))
    registry = Registry(
        tmp_path / "models",
        {"reasons": lambda folder: Toy(), "words": lambda folder: Toy()},
        lambda: NOW - 1e6 + next(clock),
    )
    surroundings = MemorySurroundings(MemoryPeople(()))
    passwords = Passwords(passes=1, memory_kib=64)
    hashed = passwords.hash(PASSWORD)
    accounts = MemoryAccounts(
        Account(agent=one.user, name=one.name, role=one.role, device=one.device,
                password_hash=hashed, language=None, active=True)
        for one in (AMY, SUE)
    )  # fmt: skip
    origins = Origins()
    doors = Doors(
        accounts=accounts, sign_ins=MemorySignIns(), passwords=passwords, now=desk.now,
        count=metrics.sign_in, settings=DoorSettings(failures=100_000, address_failures=100_000),
    )  # fmt: skip
    learns = Learns(
        training=Training(running=True, progress=0.25, step="trees", last=None, failed=None),
        drift=0.3, drift_alarm=True, calibration_alarm=False,
    )  # fmt: skip
    router = prediction_router(
        desk, records, doors, origins,  # type: ignore[arg-type]
        lessons=lessons, registry=registry, learns=lambda: learns,
        classes=10, sure=0.15, count=lambda since, until: 77,
    )  # fmt: skip
    conditions = conditions_router(
        desk, records, doors, origins, surroundings=surroundings,  # type: ignore[arg-type]
    )  # fmt: skip
    api = build_api(
        doors=doors, metrics=metrics, checks={}, origins=origins, on_sign_out=lambda name: None,
        console=tmp_path / "static", store_errors=(StoreError,), routers=[router, conditions],
    )  # fmt: skip
    yield Here(desk, lessons, registry, records, surroundings, api)
    passwords.close()


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


OUTAGE = {"kind": "outage", "title": "Cards are down", "product": "credit_card"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "prediction", None),
        ("GET", "prediction/models", None),
        ("POST", "prediction/models/nobody/promote", {}),
        ("POST", "prediction/rollback/reasons", {}),
        ("GET", "conditions", None),
        ("PUT", "conditions/o1", OUTAGE),
        ("DELETE", "conditions/o1", None),
    ],
)
async def test_only_supervisors_on_our_own_pages(
    here: Here, method: str, path: str, body: Any
) -> None:
    async with here.browser(None) as http:
        assert code(await http.request(method, path, json=body)) == (401, "not_signed_in")
    async with here.browser("amy") as http:
        assert code(await http.request(method, path, json=body)) == (403, "forbidden")
    async with here.browser("sue") as http:
        if method != "GET":
            foreign = {"Origin": "https://evil.example"}
            refused = await http.request(method, path, json=body, headers=foreign)
            assert code(refused) == (403, "foreign_origin")
    assert here.records.audited == []
    assert here.surroundings.set == {}


async def test_without_calls_there_are_no_numbers(here: Here) -> None:
    async with here.browser("sue") as http:
        found = (await http.get("prediction")).json()
    assert found == {
        "since": NOW - 86_400, "until": NOW, "calls": 77, "predicted": 0, "confirmed": 0,
        "model": None, "top1": None, "top3": None, "coverage": None, "log_loss": None,
        "brier": None, "ece": None, "reliability": [], "drift": 0.3, "drift_alarm": True,
        "calibration_alarm": False, "groups": [],
        "answers": {"suggested": 0, "used": 0, "wrong": 0, "missing": 0}, "models": [],
        "training": {
            "running": True, "progress": 0.25, "step": "trees", "last": None, "failed": None,
        },
        "baselines": {"frequent": None, "usual": None, "last": None, "event": None},
    }  # fmt: skip


def calls(n: int, at: float) -> Sequence[Lesson]:
    return [
        lesson(
            k, "pin" if k % 4 else "loan", at=at + k, shown=(("pin", 0.75), ("loan", 0.2)),
            tier="gold" if k % 2 else None, model="reasons-x",
            answers=("a", "b"), marks=(("a", "used"), ("b", "wrong")) if k == 0 else (),
        )
        for k in range(n)
    ]  # fmt: skip


async def test_figures_of_the_period_that_was_asked_for(here: Here) -> None:
    here.lessons.found = [
        *calls(400, NOW - 5 * 86_400),
        *calls(40, NOW - 3000),
        lesson(1, "pin", at=NOW - 100, model=None),
        lesson(2, "pin", at=NOW - 90, model="off"),
    ]
    async with here.browser("sue") as http:
        found = (await http.get("prediction", params={"hours": 1})).json()
        whole = (await http.get("prediction", params={"hours": 240})).json()
    assert (found["predicted"], found["confirmed"], found["model"]) == (40, 42, "reasons-x")
    assert (found["top1"], found["top3"], found["coverage"]) == (0.75, 1.0, 1.0)
    assert found["ece"] == pytest.approx(0.0)
    assert found["reliability"] == [{"p": 0.75, "share": 0.75, "n": 40}]
    assert found["groups"][0] == {"group": "tier", "value": "gold", "n": 20, "top1": 1.0}
    assert found["answers"] == {"suggested": 80, "used": 1, "wrong": 1, "missing": 0}
    assert found["baselines"]["frequent"] == 0.75
    assert whole["predicted"] == 440


async def test_figures_are_kept_for_ten_seconds_and_trouble_is_not(here: Here) -> None:
    async with here.browser("sue") as http:
        here.lessons.trouble = StoreError("disk")
        assert code(await http.get("prediction")) == (503, "store_unavailable")
        here.lessons.trouble = None
        await http.get("prediction")
        read = here.lessons.read
        await http.get("prediction")
        assert here.lessons.read == read
        here.desk.at += 10
        await http.get("prediction")
        assert here.lessons.read == read + 1


async def test_promotion_and_rollback_are_done_and_written_down(here: Here) -> None:
    first, second = here.add(), here.add()
    async with here.browser("sue") as http:
        listed = (await http.get("prediction/models")).json()["models"]
        assert [(one["name"], one["state"], one["lessons"]) for one in listed] == [
            (second, "challenger", 900), (first, "challenger", 900),
        ]  # fmt: skip
        for name in (first, second):
            done = await http.post(f"prediction/models/{name}/promote", json={"reason": "better"})
            assert done.status_code == 200
        assert done.json() == {"kind": "reasons", "name": second, "was": first}
        listed = (await http.get("prediction/models")).json()["models"]
        assert [one["state"] for one in listed] == ["champion", "before"]
        back = await http.post("prediction/rollback/reasons", json={})
        assert back.json() == {"kind": "reasons", "name": first, "was": second}
        assert (await http.post("prediction/rollback/reasons", json={})).json()["name"] is None
        assert code(await http.post("prediction/rollback/reasons", json={})) == (404, "not_found")
    assert [(one.by, one.what, one.ok) for one in here.records.audited] == [
        ("sue", "promote", True), ("sue", "promote", True), ("sue", "rollback", True),
        ("sue", "rollback", True), ("sue", "rollback", False),
    ]  # fmt: skip
    assert here.records.audited[0].reason == "better"


async def test_what_cannot_be_promoted_is_refused_and_written_down(here: Here) -> None:
    name = here.add()
    (here.registry.folder / name / "numbers.json").write_text("[2]", encoding="utf-8")
    async with here.browser("sue") as http:
        refused = await http.post(f"prediction/models/{name}/promote", json={})
        assert code(refused) == (409, "refused")
        gone = await http.post("prediction/models/nobody/promote", json={})
        assert code(gone) == (404, "not_found")
        assert code(await http.post("prediction/models/..%2f/promote", json={}))[0] in (404, 422)
        assert code(await http.post("prediction/rollback/faces", json={})) == (404, "not_found")
        more = await http.post(f"prediction/models/{name}/promote", json={"force": True})
        assert code(more) == (422, "invalid")
    assert [one.ok for one in here.records.audited] == [False, False]
    assert here.registry.state().champions == {}


async def test_a_model_in_use_that_is_refused_is_told(here: Here) -> None:
    name = here.add()
    here.registry.promote(name, "by hand")
    shutil.rmtree(here.registry.folder / name)
    assert here.registry.open_champion("reasons") is None
    async with here.browser("sue") as http:
        found = (await http.get("prediction/models")).json()
    assert found["models"] == []
    assert "its folder is missing" in found["troubles"]["reasons"]


async def test_a_condition_begins_is_changed_and_ends(here: Here) -> None:
    async with here.browser("sue") as http:
        begun = (await http.put("conditions/o1", json=OUTAGE)).json()
        assert begun == {"id": "o1", "since": NOW, "until": None, **OUTAGE}
        here.desk.at += 60
        changed = (await http.put("conditions/o1", json={**OUTAGE, "title": "Again"})).json()
        assert (changed["since"], changed["title"]) == (NOW, "Again")
        assert (await http.get("conditions")).json()["conditions"] == [changed]
        here.desk.at += 60
        assert (await http.delete("conditions/o1")).status_code == 204
        (ended,) = (await http.get("conditions")).json()["conditions"]
        assert ended["until"] == NOW + 120
        assert code(await http.delete("conditions/o1")) == (404, "not_found")
        anew = (await http.put("conditions/o1", json=OUTAGE)).json()
        assert (anew["since"], anew["until"]) == (NOW + 120, None)
    assert [one.what for one in here.records.audited] == [
        "condition", "condition", "condition_ended", "condition",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {}, {"kind": "Outage!"}, {"kind": "outage", "title": "a\nb"}, {"kind": "outage", "x": 1},
        {"kind": "outage", "until": "tomorrow"},
        {"kind": "outage", "title": "x" * 201}, {"kind": "outage", "product": ""},
    ],
)  # fmt: skip
async def test_a_condition_that_is_none_is_refused(here: Here, body: Any) -> None:
    async with here.browser("sue") as http:
        assert (await http.put("conditions/o1", json=body)).status_code == 422
        over = await http.put("conditions/o1", json={"kind": "outage", "until": NOW - 1})
        assert code(over) == (409, "refused")
    assert here.surroundings.set == {}
