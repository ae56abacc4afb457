"""What other systems tell over HTTP, in the whole product: it is there when the person calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from callcenter.floor.events import CallerIdentified
from tests.integration.conftest import Taught
from tests.integration.test_engine import card, whole_card
from tests.integration.test_prediction_of_calls import PATIENT, in_use, obrien_calls, reason
from tests.product import OBRIEN, WANG, Product, product

TOKEN = "told by the house"
INTAKE = "/api/v1/intake"


def as_the_house(whole: Product, token: str = TOKEN) -> httpx.AsyncClient:
    """Another system: a token, no cookie, no origin."""
    return httpx.AsyncClient(
        base_url=whole.url, headers={"authorization": f"Bearer {token}".strip()}
    )


def sized(whole: Product, size: int) -> bytes:
    """A good body of exactly so many bytes: a thousand happenings of Wang's with long titles."""
    now = whole.running.dispatch.now()

    def body(title: int) -> bytes:
        told = [
            {"person": WANG.id, "id": f"{n:064}", "at": now - n, "kind": "offer_sent",
             "title": "王" * title, "topic": f"{n:064}"}
            for n in range(1000)
        ]  # fmt: skip
        return json.dumps({"happenings": told}).encode()

    title = next(n for n in range(200, 0, -1) if len(body(n)) <= size)
    return body(title).ljust(size)


async def test_what_was_told_is_known_when_the_person_calls(
    tmp_path: Path, reactor: Any, taught: Taught
) -> None:
    """Happenings and pages become features and causes; words of the live call reach its card."""
    in_use(taught, tmp_path, taught.reasons, taught.words)
    async with (
        product(tmp_path, reactor, prediction=PATIENT, token=TOKEN) as whole,
        whole.browser("1001") as alice,
        as_the_house(whole) as house,
    ):
        await whole.ready(alice)
        now = whole.running.dispatch.now()
        fee = {"person": OBRIEN.id, "id": "f-1", "at": now - 3600, "kind": "fee_charged",
               "title": "Account fee"}  # fmt: skip
        nobody = {**fee, "person": "p-nobody"}
        told = await house.post(f"{INTAKE}/happenings", json={"happenings": [fee, nobody]})
        assert (told.status_code, told.json()) == (200, {"taken": 1, "unknown": ["p-nobody"]})
        page = {"person": OBRIEN.id, "at": now - 600, "page": "fees"}
        told = await house.post(f"{INTAKE}/pages", json={"pages": [page]})
        assert told.json() == {"taken": 1, "unknown": []}
        outage = {"id": "o-1", "kind": "outage", "since": now - 1800, "title": "Online banking"}
        told = await house.post(f"{INTAKE}/conditions", json={"conditions": [outage]})
        assert told.json() == {"taken": 1, "unknown": []}

        call = whole.simulator.place(obrien_calls())
        shown = await whole_card(alice)
        assert shown["reasons"][0]["code"] == "fees"
        assert shown["reasons"][0]["why"][0]["code"] == "happening.fee_charged"
        await whole.running.journal.durable(whole.running.journal.last)
        (found,) = (
            event
            for _, event in whole.running.store.journal.read()
            if isinstance(event, CallerIdentified) and event.call == call
        )
        named = {name for name, _ in found.features}
        assert {"happening.fee_charged|age", "page.fees|age"} <= named
        assert any(name.startswith("condition.outage") for name in named)
        causes = {cause.code for cause in found.causes}
        assert {"happening.fee_charged", "page.fees", "condition.outage"} <= causes

        said = {"call": call, "source": "chat", "text": "I've lost my card", "language": "en"}
        told = await house.post(f"{INTAKE}/words", json=said)
        assert (told.status_code, told.json()) == (202, {"call": call})
        await alice.until(lambda: (reason(card(alice), "card_lost") or {"why": []})["why"] != [])
        shown = card(alice)
        assert [(one["source"], one["text"]) for one in shown["words"]] == [("chat", said["text"])]
        lost = reason(shown, "card_lost")
        assert lost is not None
        assert (lost["why"][0]["code"], lost["why"][0]["value"]) == ("words.chat", said["text"])
        told = await house.post(f"{INTAKE}/words", json={**said, "call": "1.1"})
        assert (told.status_code, told.json()["code"]) == (404, "unknown_call")


async def test_who_may_tell_and_how_much(tmp_path: Path, reactor: Any) -> None:
    """Wrong tokens and no tokens tell nothing; 900 kB are taken through the door and 1.1 MB not."""
    async with product(tmp_path, reactor, token=TOKEN) as whole:
        pages = {"pages": [{"person": WANG.id, "at": whole.running.dispatch.now(), "page": "fees"}]}
        for token in ("told by the mouse", "x" * 5000):
            async with as_the_house(whole, token) as stranger:
                refused = await stranger.post(f"{INTAKE}/pages", json=pages)
                assert refused.status_code == 401
                assert refused.headers["www-authenticate"] == "Bearer"
        async with whole.http("sue") as sue:  # a cookie is no token
            assert (await sue.post(f"{INTAKE}/pages", json=pages)).status_code == 401
            metrics = (await sue.get("/metrics")).text
            assert 'callcenter_intake_refused_total{why="token"} 3.0' in metrics
        async with as_the_house(whole) as house:
            json_body = {"content-type": "application/json"}
            large = await house.post(
                f"{INTAKE}/happenings", content=sized(whole, 900_000), headers=json_body
            )
            assert (large.status_code, large.json()) == (200, {"taken": 1000, "unknown": []})
            row = await whole.running.store.people.person(WANG.id)
            assert row is not None
            assert {one.kind for one in row.happenings} == {"offer_sent"}
            assert row.pages == ()
            larger = await house.post(
                f"{INTAKE}/happenings", content=sized(whole, 1_100_000), headers=json_body
            )
            assert larger.status_code == 413
            assert larger.headers["content-type"] == "application/problem+json"
            # The rest of the house's doors stay as narrow as they were.
            other = await house.post("/api/v1/session", content=b" " * 70_000, headers=json_body)
            assert other.status_code == 413


async def test_intake_is_off_unless_there_is_a_token(tmp_path: Path, reactor: Any) -> None:
    """403 whatever is sent, also with an empty token."""
    async with product(tmp_path, reactor) as whole:
        for token in ("", TOKEN):
            async with as_the_house(whole, token) as house:
                for what in ("happenings", "pages", "conditions", "words"):
                    refused = await house.post(f"{INTAKE}/{what}", json={})
                    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert not await whole.running.surroundings.conditions(0.0)
