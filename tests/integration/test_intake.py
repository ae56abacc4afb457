"""Other systems tell of people, of everybody and of live calls: what is taken and what is not."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from callcenter.api import problem
from callcenter.api.intake import MAX_BYTES, WINDOW, intake_router
from callcenter.floor.card import Words
from callcenter.floor.events import CallerSaid
from callcenter.ports import Condition, Happening, PageView
from tests.contract.samples import DAY, NOW, person
from tests.fakes import MemoryPeople, MemorySurroundings

TOKEN = "a long secret of the house"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FEE = {"person": "p1", "id": "h1", "at": NOW - 60.0, "kind": "fee_charged"}


class StoreDownError(Exception):
    pass


class House:
    """The engine's intake with a clock, two people and a live call ``c1``."""

    def __init__(self, token: str = TOKEN, failures: int = 3) -> None:
        self.now = NOW
        self.people = MemoryPeople([person("p1"), person("p2")], now=lambda: self.now)
        self.surroundings = MemorySurroundings(self.people)
        self.said: list[CallerSaid] = []
        self.refused: list[str] = []
        self.app = FastAPI()
        problem.install(self.app, [StoreDownError])
        self.app.include_router(
            intake_router(
                surroundings=self.surroundings, said=self.said.append,
                live=lambda call: call == "c1", token=token, now=lambda: self.now,
                refused=self.refused.append, failures=failures,
            )
        )  # fmt: skip

    def http(self, address: str = "10.0.0.1", **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        return httpx.AsyncClient(
            transport=transport, base_url="http://here", headers=headers or BEARER
        )

    async def tell(self, what: str, body: Any, **headers: str) -> httpx.Response:
        async with self.http(**headers) as http:
            return await http.post(f"/api/v1/intake/{what}", json=body)


@pytest.fixture
def house() -> House:
    return House()


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem, after looking at its form."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail"]
    return response.status_code, body["code"]


def pointers(response: httpx.Response) -> dict[str, str]:
    assert code(response) == (422, "invalid")
    return {one["pointer"]: one["detail"] for one in response.json()["errors"]}


async def test_happenings(house: House) -> None:
    """They are stored with their people; of whom nobody knows is told back."""
    told = [
        {**FEE, "title": "月费 Monthly fee <b>", "topic": "fees"},
        {**FEE, "person": "p2", "id": "h2", "kind": "card.declined"},
        {**FEE, "person": "who?", "id": "h3"},
        {**FEE, "id": "h4", "at": NOW + 0.9 * DAY},
    ]
    for _ in range(2):
        answer = await house.tell("happenings", {"happenings": told})
        assert (answer.status_code, answer.json()) == (200, {"taken": 3, "unknown": ["who?"]})
    one, two = await house.people.person("p1"), await house.people.person("p2")
    assert one is not None
    assert two is not None
    fee = Happening(
        id="h1", at=NOW - 60.0, kind="fee_charged", title="月费 Monthly fee <b>", topic="fees"
    )
    assert [made.id for made in one.happenings] == ["h4", "h1"]
    assert one.happenings[1] == fee
    assert [made.kind for made in two.happenings] == ["card.declined"]


async def test_pages(house: House) -> None:
    """Pages are stored with their people; whole seconds will do."""
    told = [{"person": "p1", "at": int(NOW) - 5, "page": "cards/replace"}]
    answer = await house.tell("pages", {"pages": told})
    assert (answer.status_code, answer.json()) == (200, {"taken": 1, "unknown": []})
    row = await house.people.person("p1")
    assert row is not None
    assert row.pages == (PageView(at=NOW - 5.0, page="cards/replace"),)


async def test_conditions(house: House) -> None:
    """A condition begins, and ends when it is told again with an end."""
    outage = {
        "id": "o1",
        "kind": "outage",
        "since": NOW - 60.0,
        "title": "Cards",
        "product": "card",
    }
    assert (await house.tell("conditions", {"conditions": [outage]})).json()["taken"] == 1
    begun = Condition(
        id="o1", kind="outage", since=NOW - 60.0, until=None, title="Cards", product="card"
    )
    assert await house.surroundings.conditions(NOW) == (begun,)
    over = [{**outage, "until": NOW - 1.0}, {"id": "x", "kind": "campaign", "since": NOW}]
    assert (await house.tell("conditions", {"conditions": over})).json()["taken"] == 2
    assert [one.id for one in await house.surroundings.conditions(NOW)] == ["x"]


async def test_words(house: House) -> None:
    """Words of a live call go to the floor as they are."""
    text = "我的卡丢了\nI lost\tmy card"
    said = {"call": "c1", "source": "ivr", "text": text, "language": "zh-Hans"}
    answer = await house.tell("words", said)
    assert (answer.status_code, answer.json()) == (202, {"call": "c1"})
    keys = {"call": "c1", "source": "path", "text": "2-1"}
    assert (await house.tell("words", keys)).status_code == 202
    assert house.said == [
        CallerSaid(at=NOW, call="c1", words=Words(source="ivr", text=text, language="zh-Hans")),
        CallerSaid(at=NOW, call="c1", words=Words(source="path", text="2-1")),
    ]


async def test_words_that_are_not_taken(house: House) -> None:
    """No such call, no words, too many, an agent's note, keys that are none: nothing is said."""
    said = {"call": "c1", "source": "ivr", "text": "lost"}
    assert code(await house.tell("words", {**said, "call": "c2"})) == (404, "unknown_call")
    for changed, where in (
        ({"text": " \n"}, "/text"), ({"text": ""}, "/text"), ({"text": "x" * 2001}, "/text"),
        ({"text": "a\0b"}, "/text"), ({"text": "a\x1bb"}, "/text"), ({"text": "a\x85b"}, "/text"),
        ({"source": "note"}, "/source"), ({"source": "path", "text": "two"}, "/text"),
        ({"source": "path", "text": "2-1\n"}, "/text"), ({"language": "english"}, "/language"),
        ({"call": "c 1"}, "/call"), ({"more": 1}, "/more"), ({"text": 5}, "/text"),
    ):  # fmt: skip
        assert list(pointers(await house.tell("words", {**said, **changed}))) == [where], changed
    assert house.said == []
    assert (await house.tell("words", {**said, "text": "x" * 2000})).status_code == 202


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"at": NOW - 401 * DAY}, "at"), ({"at": NOW + 1.1 * DAY}, "at"), ({"at": -1.0}, "at"),
        ({"at": "1767261600"}, "at"), ({"at": True}, "at"), ({"at": 10**400}, "at"),
        ({"id": ""}, "id"), ({"id": "a b"}, "id"), ({"id": "x" * 65}, "id"), ({"id": 5}, "id"),
        ({"person": ""}, "person"), ({"person": "a\u3000b"}, "person"),
        ({"person": "a\0"}, "person"), ({"kind": "Fee charged"}, "kind"), ({"kind": ""}, "kind"),
        ({"title": "two\nlines"}, "title"), ({"title": "\u202egnihtemos"}, "title"),
        ({"title": "x" * 201}, "title"), ({"title": None}, "title"), ({"topic": "<b>"}, "topic"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
async def test_wrong_happenings(house: House, changed: dict[str, Any], where: str) -> None:
    """One wrong item, named by its place, and nothing of the request is stored."""
    body = {"happenings": [FEE, {**FEE, "id": "h2", **changed}]}
    found = pointers(await house.tell("happenings", body))
    assert list(found) == [f"/happenings/1/{where}"]
    row = await house.people.person("p1")
    assert row is not None
    assert row.happenings == ()


async def test_wrong_conditions(house: House) -> None:
    """An end before the beginning or out of sight, a beginning in the future."""
    outage = {"id": "o1", "kind": "outage", "since": NOW - 60.0}
    for changed, where in (
        ({"until": NOW - 61.0}, "until"), ({"until": NOW + 500 * DAY}, "until"),
        ({"since": NOW + 2 * DAY}, "since"), ({"product": ""}, "product"),
    ):  # fmt: skip
        answer = await house.tell("conditions", {"conditions": [{**outage, **changed}]})
        assert list(pointers(answer)) == [f"/conditions/0/{where}"]
    assert await house.surroundings.conditions(0.0) == ()


async def test_numbers_json_does_not_know(house: House) -> None:
    """NaN and Infinity, which Python's reader takes for numbers, and text that is no text."""
    async with house.http() as http:
        for at in ("NaN", "Infinity", "1e999"):
            text = json.dumps({"happenings": [FEE]}).replace(str(FEE["at"]), at)
            answer = await http.post(
                "/api/v1/intake/happenings",
                content=text,
                headers={"Content-Type": "application/json"},
            )
            assert list(pointers(answer)) == ["/happenings/0/at"]
        text = '{"call":"c1","source":"ivr","text":"\\ud800"}'
        answer = await http.post(
            "/api/v1/intake/words", content=text, headers={"Content-Type": "application/json"}
        )
        assert list(pointers(answer)) == ["/text"]


async def test_too_much_at_once(house: House) -> None:
    """A thousand items are taken, one more is not, nor a body beyond a megabyte."""
    many = [{**FEE, "id": f"h{n}"} for n in range(1001)]
    assert (await house.tell("happenings", {"happenings": many[:1000]})).json()["taken"] == 1000
    assert list(pointers(await house.tell("happenings", {"happenings": many}))) == ["/happenings"]
    assert list(pointers(await house.tell("pages", {"pages": []}))) == ["/pages"]
    padded = {"pages": [], "x": " " * MAX_BYTES}
    assert code(await house.tell("pages", padded)) == (413, "too_large")


async def test_only_json(house: House) -> None:
    """A form is not taken, nor what only says that it is JSON."""
    async with house.http() as http:
        form = await http.post("/api/v1/intake/pages", data={"pages": "x"})
        assert code(form) == (415, "not_json")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        broken = await http.post("/api/v1/intake/pages", content=b"{", headers=headers)
        assert code(broken)[0] == 422


async def test_only_with_the_token(house: House) -> None:
    """Wrong, missing, of another kind: refused, and nothing of the body is looked at."""
    for headers in (
        {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "}, {"X-Token": TOKEN}, {"Authorization": "Bearer ÿ"},
    ):  # fmt: skip
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        house.refused.clear()
        fresh = House()
        answer = await fresh.tell("words", "nonsense", **raw)  # type: ignore[arg-type]
        assert code(answer) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert fresh.refused == ["token"]
    said = {"call": "c1", "source": "ivr", "text": "lost"}
    answer = await house.tell("words", said, Authorization=f"bearer  {TOKEN}")
    assert answer.status_code == 202
    read_from_a_file = House(token=f"{TOKEN}\n")
    assert (await read_from_a_file.tell("words", said)).status_code == 202


async def test_guessing_is_slowed(house: House) -> None:
    """After some wrong tokens an address waits, whatever it sends; others do not."""
    said = {"call": "c1", "source": "ivr", "text": "lost"}
    for _ in range(5):  # nobody has guessed anything
        assert code(await house.tell("words", said, **{"X-No": "token"})) == (401, "not_signed_in")
    house.refused.clear()
    for _ in range(3):
        answer = await house.tell("words", said, Authorization="Bearer guess")
        assert code(answer) == (401, "not_signed_in")
    answer = await house.tell("words", said)
    assert code(answer) == (429, "too_many_tries")
    assert answer.headers["retry-after"] == str(int(WINDOW))
    async with house.http("10.0.0.2", **BEARER) as http:
        assert (await http.post("/api/v1/intake/words", json=said)).status_code == 202
    house.now += WINDOW
    assert (await house.tell("words", said)).status_code == 202
    assert house.refused == ["token", "token", "token", "throttled"]


async def test_off() -> None:
    """Without a token in the settings nothing is taken, nor where it is blank."""
    house = House(token=" \n")
    for headers in ({"Authorization": "Bearer "}, {"Authorization": "Bearer"}, BEARER):
        answer = await house.tell("happenings", {"happenings": [FEE]}, **headers)
        assert code(answer) == (403, "forbidden")
        assert "intake.token" in answer.json()["detail"]
    assert house.refused == ["off"] * 3


async def test_store_in_trouble(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender is told to come again."""

    async def broken(*_: object) -> bool:
        raise StoreDownError("disk full")

    monkeypatch.setattr(house.surroundings, "happened", broken)
    answer = await house.tell("happenings", {"happenings": [FEE, {**FEE, "person": "p2"}]})
    assert code(answer) == (503, "store_unavailable")
    assert answer.headers["retry-after"]


def test_openapi(house: House) -> None:
    """The document says how to be let in, what may be sent and what may come back."""
    document = house.app.openapi()
    paths = {path for path in document["paths"] if "/intake/" in path}
    assert paths == {
        f"/api/v1/intake/{what}" for what in ("happenings", "pages", "conditions", "words")
    }
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path in paths:
        post = document["paths"][path]["post"]
        assert post["security"] == [{"HTTPBearer": []}]
        assert {"401", "403", "413", "415", "422", "429", "503"} <= set(post["responses"])
    assert "404" in document["paths"]["/api/v1/intake/words"]["post"]["responses"]
    told = document["components"]["schemas"]["Happenings"]["properties"]["happenings"]
    assert (told["minItems"], told["maxItems"]) == (1, 1000)
    assert document["components"]["schemas"]["WordsTold"]["additionalProperties"] is False
