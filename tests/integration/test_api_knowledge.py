"""Knowledge over HTTP: who may, what is refused, who was faster, and that it takes effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.api.app import build_api
from callcenter.api.doors import Doors, DoorSettings
from callcenter.api.knowledge import knowledge_router
from callcenter.api.origin import Origins
from callcenter.auth import Passwords
from callcenter.floor.card import AnswerMark, Phrasing, Words
from callcenter.floor.events import CallerSaid, Event
from callcenter.floor.orders import RecordMark
from callcenter.floor.routing import Decision
from callcenter.metrics import Metrics
from callcenter.ports import Account, Lesson, PersonRow, View
from intelligence.checks import KnowledgeError
from intelligence.editing import Editing, as_toml
from intelligence.entry import Entry
from intelligence.knowledge import load_entry
from intelligence.questions import Unanswered, gathered, report
from tests.console_kit import BEN, SUE, MemorySignIns
from tests.fakes import MemoryAccounts, MemoryKnowledge, MemoryRecords

PASSWORD = "of no use outside this test"
SITE = "http://centre.test"
NOW = 1_778_400_000.0


def entry(name: str, title: str = "Block the card", body: str = "I block it now.") -> Entry:
    return Entry(
        id=name, reasons=("card_lost", "pin"), source="Book 1", audience="everyone",
        valid_from=None, valid_until=None, products=(),
        phrasings=tuple(
            Phrasing(language=one, title=title, body=body) for one in ("en", "zh-Hans", "zh-Hant")
        ),
    )  # fmt: skip


class Desk:
    def view(self) -> View:
        return View(agents={}, queues={}, cards={})

    def explain(self, call: str) -> Decision:
        raise AssertionError("nobody asks")

    async def wish(self, event: Event) -> None:
        raise AssertionError("nobody wishes")

    def said(self, event: CallerSaid) -> None:
        raise AssertionError("nobody says anything")

    def now(self) -> float:
        return NOW


class NoPeople:
    async def behind(self, readings: object) -> tuple[PersonRow, ...]:
        return ()

    async def person(self, id: str) -> PersonRow | None:
        return None


class NoLessons:
    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        return iter(())

    def confirmed_since(self, since: float) -> int:
        return 0


@dataclass
class Here:
    api: Any
    records: MemoryRecords
    used: list[tuple[str, ...]] = field(default_factory=list)
    """Ids put into use, change by change."""

    @asynccontextmanager
    async def browser(self, user: str | None) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.api), base_url=f"{SITE}/api/v1/",
            headers={"Origin": SITE},
        ) as http:  # fmt: skip
            if user is not None:
                credentials = {"user": user, "password": PASSWORD}
                (await http.post("session", json=credentials)).raise_for_status()
            yield http


def questions(lessons: Iterable[Lesson], marks: Iterable[RecordMark], until: float) -> Unanswered:
    return report(gathered(lessons, marks), until)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    passwords = Passwords(passes=1, memory_kib=64)
    hashed = passwords.hash(PASSWORD)
    accounts = MemoryAccounts(
        Account(agent=one.user, name=one.name, role=one.role, device=None, password_hash=hashed,
                language=None, active=True)
        for one in (BEN, SUE)
    )  # fmt: skip
    records, origins, metrics, desk = MemoryRecords(), Origins(), Metrics(), Desk()
    doors = Doors(
        accounts=accounts, sign_ins=MemorySignIns(), passwords=passwords, now=desk.now,
        count=metrics.sign_in, settings=DoorSettings(failures=1_000, address_failures=1_000),
    )  # fmt: skip
    used: list[tuple[str, ...]] = []

    async def changed(entries: tuple[Entry, ...]) -> None:
        used.append(tuple(one.id for one in entries))

    router = knowledge_router(
        desk, records, doors, origins, knowledge=MemoryKnowledge(records), people=NoPeople(),
        lessons=NoLessons(), refused=KnowledgeError, changed=changed, questions=questions,
        editor=Editing([entry("block"), entry("pin.new")],
                       lambda text: load_entry(text, {"card_lost", "pin"}), UTC),
    )  # fmt: skip
    api = build_api(
        doors=doors, metrics=metrics, checks={}, origins=origins, on_sign_out=lambda name: None,
        console=tmp_path / "static", routers=[router],
    )  # fmt: skip
    yield Here(api, records, used)
    passwords.close()


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


TEXT = as_toml(entry("block", title="Block it at once"))
ASKED: list[tuple[str, str, Any]] = [
    ("GET", "knowledge", None),
    ("GET", "knowledge/block", None),
    ("PUT", "knowledge/block", {"text": TEXT, "based_on": 0}),
    ("POST", "knowledge/preview", {"text": TEXT}),
    ("POST", "knowledge/block/retire", {"based_on": 0}),
    ("GET", "questions", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_who_may(here: Here, method: str, path: str, body: Any) -> None:
    """Supervisors from our own pages, nobody else."""
    async with here.browser(None) as http:
        assert code(await http.request(method, path, json=body)) == (401, "not_signed_in")
    async with here.browser("ben") as http:
        assert code(await http.request(method, path, json=body)) == (403, "forbidden")
    assert here.used == []
    async with here.browser("sue") as http:
        if method != "GET":
            foreign = {"Origin": "https://evil.example"}
            found = await http.request(method, path, json=body, headers=foreign)
            assert code(found) == (403, "foreign_origin")
        assert (await http.request(method, path, json=body)).status_code == 200


async def test_edit_retire_and_bring_back(here: Here) -> None:
    """Each takes effect at once, counts a version and is written down."""
    async with here.browser("sue") as http:
        found = (await http.get("knowledge/block")).json()
        assert (found["entry"]["state"], found["entry"]["version"]) == ("file", 0)
        assert load_entry(found["text"], {"card_lost", "pin"}) == entry("block")
        edited = (await http.put("knowledge/block", json={"text": TEXT, "based_on": 0})).json()
        assert edited["entry"]["phrasings"][0]["title"] == "Block it at once"
        assert (edited["entry"]["state"], edited["entry"]["by"]) == ("edited", "sue")
        gone = (await http.post("knowledge/block/retire", json={"based_on": 1})).json()
        assert (gone["entry"]["state"], gone["text"]) == ("retired", TEXT)
        back = await http.put("knowledge/block", json={"text": TEXT, "based_on": 2})
        assert back.json()["entry"]["version"] == 3
        new = as_toml(entry("fresh"))
        assert (await http.put("knowledge/fresh", json={"text": new, "based_on": 0})).is_success
        every = (await http.get("knowledge")).json()["entries"]
    assert [(one["id"], one["state"]) for one in every] == [
        ("block", "edited"), ("fresh", "edited"), ("pin.new", "file"),
    ]  # fmt: skip
    assert here.used == [
        ("block", "pin.new"), ("pin.new",), ("block", "pin.new"), ("block", "pin.new", "fresh"),
    ]  # fmt: skip
    assert [(one.what, one.by, one.detail) for one in here.records.audited] == [
        ("knowledge", "sue", "block edited, version 1"),
        ("knowledge", "sue", "block retired, version 2"),
        ("knowledge", "sue", "block edited, version 3"),
        ("knowledge", "sue", "fresh added, version 1"),
    ]


async def test_somebody_else_was_faster(here: Here) -> None:
    """Nothing is overwritten that was not seen."""
    async with here.browser("sue") as http:
        await http.put("knowledge/block", json={"text": TEXT, "based_on": 0})
        for path, method, body in (
            ("knowledge/block", "PUT", {"text": TEXT, "based_on": 0}),
            ("knowledge/block", "PUT", {"text": TEXT, "based_on": 7}),
            ("knowledge/block/retire", "POST", {"based_on": 0}),
        ):
            assert code(await http.request(method, path, json=body)) == (409, "not_now")
    assert len(here.used) == 1


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("card_lost", "weather").replace("I block it now.", "{no.fact}"),
        TEXT.replace('"block"', '"pin.new"'),
        "not toml [",
        "[[entry]]\n" * 2,
        "x" * 20_001,
        "nul \x00",
        '<img src=x onerror="alert(1)">',
    ],
)
async def test_what_is_no_entry_is_refused(here: Here, text: str) -> None:
    """With all that is wrong; the preview says the same and stores nothing."""
    async with here.browser("sue") as http:
        refused = await http.put("knowledge/block", json={"text": text, "based_on": 0})
        assert code(refused) == (422, "invalid")
        assert refused.json()["errors"]
        assert code(await http.get("knowledge/Not-an-id")) == (422, "invalid")
        assert code(await http.get("knowledge/nothing")) == (404, "not_found")
    assert here.used == []
    assert here.records.audited == []


async def test_all_mistakes_at_once(here: Here) -> None:
    """One error for each, in words."""
    bad = TEXT.replace("card_lost", "weather").replace("I block it now.", "{no.fact}")
    async with here.browser("sue") as http:
        refused = await http.put("knowledge/block", json={"text": bad, "based_on": 0})
        details = [one["detail"] for one in refused.json()["errors"]]
        assert sum("weather" in one for one in details) == 1
        assert sum("no.fact" in one for one in details) == 3
        tried = (await http.post("knowledge/preview", json={"text": bad})).json()
        assert tried == {"phrasings": [], "problems": details}


async def test_preview(here: Here) -> None:
    """In three languages, without the sentences whose facts are missing."""
    text = as_toml(entry("block", body="Now. [[Your order {order.title} is late.]]"))
    async with here.browser("sue") as http:
        tried = (await http.post("knowledge/preview", json={"text": text})).json()
        assert [(one["language"], one["body"]) for one in tried["phrasings"]] == [
            ("en", "Now."), ("zh-Hans", "Now."), ("zh-Hant", "Now."),
        ]  # fmt: skip
        unknown = await http.post("knowledge/preview", json={"text": text, "person": "nobody"})
        assert code(unknown) == (404, "not_found")


async def test_marks_and_questions(here: Here) -> None:
    """Counted for each entry; what was missing comes up as a question, masked."""
    said = (Words(source="chat", text="can I pay 123456 with bitcoin", language="en"),)
    marks: list[tuple[str | None, AnswerMark]] = [
        ("block", "used"), ("block", "wrong"), (None, "missing"),
    ]  # fmt: skip
    for call, (answer, mark) in enumerate(marks):
        await here.records.record_mark(
            RecordMark(
                at=NOW - 5, call=str(call), agent="ben", answer=answer, mark=mark, text="",
                reason="pin", words=said,
            )
        )  # fmt: skip
    async with here.browser("sue") as http:
        found = (await http.get("knowledge/block")).json()["entry"]
        asked = (await http.get("questions", params={"days": 7})).json()
        assert code(await http.get("questions", params={"days": 0})) == (422, "invalid")
    assert (found["used"], found["wrong"]) == (1, 1)
    assert asked["found"] == 2
    assert asked["clusters"] == [
        {
            "size": 2, "this_week": 2, "week_before": 0,
            "examples": ["can I pay ▮ with bitcoin"], "reasons": [["pin", 2]],
            "languages": [["en", 2]], "whys": [["missing", 1], ["wrong", 1]],
        }
    ]  # fmt: skip
