"""Predictions in the whole product: models that are used or refused, words, marks, what is off."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from callcenter import refit
from callcenter.floor.card import Words
from callcenter.ports import Happening, Lesson, PersonRow
from callcenter.store import open_store
from intelligence.predictor import OFF
from intelligence.registry import Registry
from telephony.simulator.arrivals import Arrival
from telephony.simulator.settings import PHONES, SimulatorSettings
from telephony.simulator.simulator import Simulator
from tests.console_kit import Browser
from tests.integration.conftest import Taught
from tests.integration.test_engine import ALICE, SERVICE, card, whole_card
from tests.product import OBRIEN, PEOPLE, Product, fill, product, until

PATIENT = {"deadline": 5.0}
"""A loaded machine may think for longer than a caller would wait."""
ROOT = Path(__file__).resolve().parents[2]


def in_use(taught: Taught, folder: Path, *names: str) -> Registry:
    """A copy of the trained models for an engine in ``folder``, of which these are in use."""
    shutil.copytree(taught.folder, folder / "models")
    registry = Registry(folder / "models")
    for name in names:
        registry.promote(name, "for the test")
    return registry


def obrien_calls(**fields: Any) -> Arrival:
    return Arrival(
        **{"number": "02079460124", "name": "O'Brien", "dialled": SERVICE, "talk": 0.3} | fields
    )


async def declined(whole: Product) -> None:
    """O'Brien's card was declined an hour ago."""
    happened = Happening(id="h1", at=whole.running.dispatch.now() - 3600, kind="card_declined")
    assert await whole.running.surroundings.happened(OBRIEN.id, [happened])


async def wrap_up(whole: Product, alice: Browser, reason: str) -> None:
    """Alice takes the call that rings, and notes what it was for."""
    call = card(alice)["call"]
    assert whole.simulator.pick_up(ALICE)
    await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
    d = {"call": call, "reason": reason, "outcome": "solved", "notes": ""}
    reply = await alice.command(f"w-{call}", "wrapup.finish", d=d)
    assert reply["ok"], reply
    await alice.until(lambda: not alice.cards and (alice.agent or {})["state"] == "ready")


async def next_card(whole: Product, alice: Browser, **fields: Any) -> dict[str, Any]:
    whole.simulator.place(obrien_calls(**fields))
    return await whole_card(alice)


@asynccontextmanager
async def alice_at(whole: Product) -> AsyncIterator[Browser]:
    async with whole.browser("1001") as alice:
        await whole.ready(alice)
        yield alice


async def dispatched(whole: Product) -> None:
    """What was learned before this is learned."""
    pool = whole.running.dispatch._mind.predictor._pool  # type: ignore[attr-defined]
    await asyncio.wrap_future(pool.submit(lambda: None))


def reason(shown: dict[str, Any], code: str) -> dict[str, Any] | None:
    return next((one for one in shown["reasons"] if one["code"] == code), None)


# --- words ------------------------------------------------------------------------------------


async def test_words_of_the_menu_move_the_reasons_on_the_card(
    tmp_path: Path, reactor: Any, taught: Taught
) -> None:
    """What the caller said is on the card, and it is why another reason comes first."""
    in_use(taught, tmp_path, taught.reasons, taught.words)
    said = Words(source="ivr", text="I've lost my card", language="en")
    async with product(tmp_path, reactor, prediction=PATIENT) as whole, alice_at(whole) as alice:
        await declined(whole)
        before = await next_card(whole, alice)
        assert before["words"] == []
        assert before["model"] == taught.reasons
        assert before["reasons"][0]["code"] == "card_declined"
        why = [cause["code"] for cause in before["reasons"][0]["why"]]
        assert why[0] == "happening.card_declined"
        quiet = reason(before, "card_lost")
        await wrap_up(whole, alice, "card_declined")

        shown = await next_card(whole, alice, said=(said,))
        assert [(one["source"], one["text"]) for one in shown["words"]] == [("ivr", said.text)]
        assert shown["model"] == f"{taught.reasons} + {taught.words}"
        lost = reason(shown, "card_lost")
        assert lost is not None
        assert lost["probability"] > (quiet["probability"] if quiet else 0.0) + 0.1
        assert (lost["why"][0]["code"], lost["why"][0]["value"]) == ("words.ivr", said.text)
        declined_still = reason(shown, "card_declined")
        assert declined_still is None or all(
            cause["code"] != "words.ivr" for cause in declined_still["why"]
        )


# --- marks ------------------------------------------------------------------------------------


def stored(folder: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows as any other program may read them while the engine writes."""
    with closing(sqlite3.connect(f"file:{folder / 'engine.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


async def test_a_mark_is_on_disk_when_it_is_acknowledged(tmp_path: Path, reactor: Any) -> None:
    """In the table that answers learn from and, a moment later, with its prediction."""
    async with product(tmp_path, reactor) as whole, alice_at(whole) as alice:
        whole.simulator.place(Arrival(number="02079460123", name="Wang", dialled=SERVICE))
        shown = await whole_card(alice)
        call, answer = shown["call"], shown["answers"][0]["id"]
        reply = await alice.command(
            "m-1", "answer.mark", d={"call": call, "answer": answer, "mark": "used"}
        )
        assert reply["ok"], reply
        marks = stored(tmp_path, "SELECT call, agent, answer, mark, reason FROM marks")
        assert marks == [(call, "1001", answer, "used", shown["reasons"][0]["code"])]
        await until(
            lambda: (
                [json.loads(marks) for (marks,) in stored(tmp_path, LAST_MARKS, call)]
                == [[[answer, "used"]]]
            ),
            "the prediction's row has the mark",
        )
        await alice.until(lambda: card(alice)["marks"] == [[answer, "used"]])
        nothing = await alice.command(
            "m-2", "answer.mark", d={"call": call, "answer": "nobody.has_this", "mark": "used"}
        )
        assert not nothing["ok"]
        assert stored(tmp_path, "SELECT count(*) FROM marks") == [(1,)]


LAST_MARKS = "SELECT marks FROM predictions WHERE call = ? ORDER BY ask DESC LIMIT 1"


# --- knowledge --------------------------------------------------------------------------------


async def test_an_edited_entry_is_on_the_next_card(tmp_path: Path, reactor: Any) -> None:
    """Edited by a supervisor while calls come; retired, it is on none."""
    wang = Arrival(number="02079460123", name="Wang", dialled=SERVICE, talk=0.3)
    async with (
        product(tmp_path, reactor) as whole,
        alice_at(whole) as alice,
        whole.http("sue") as sue,
    ):
        whole.simulator.place(wang)
        first = (await whole_card(alice))["answers"][0]
        english = next(one for one in first["phrasings"] if one["language"] == "en")
        await wrap_up(whole, alice, "fees")
        entry = (await sue.get(f"/api/v1/knowledge/{first['id']}")).json()
        title = "What it costs, in one sentence"
        text = entry["text"].replace(json.dumps(english["title"]), json.dumps(title))
        assert text != entry["text"]
        edited = await sue.put(
            f"/api/v1/knowledge/{first['id']}", json={"text": text, "based_on": 0}
        )
        assert edited.status_code == 200, edited.text

        whole.simulator.place(wang)
        again = next(
            one for one in (await whole_card(alice))["answers"] if one["id"] == first["id"]
        )
        assert title in {one["title"] for one in again["phrasings"]}
        await wrap_up(whole, alice, "fees")
        retired = await sue.post(f"/api/v1/knowledge/{first['id']}/retire", json={"based_on": 1})
        assert retired.status_code == 200, retired.text

        whole.simulator.place(wang)
        assert first["id"] not in {one["id"] for one in (await whole_card(alice))["answers"]}


# --- models -----------------------------------------------------------------------------------


async def test_a_model_that_was_changed_on_disk_is_refused_and_the_rules_go_on(
    tmp_path: Path, reactor: Any, taught: Taught
) -> None:
    """The engine starts, says what is wrong where it is looked for, and predicts by the rules."""
    registry = in_use(taught, tmp_path, taught.reasons, taught.words)
    numbers = next((registry.folder / taught.reasons).glob("*.npz"))
    content = bytearray(numbers.read_bytes())
    content[len(content) // 2] ^= 1
    numbers.write_bytes(content)
    async with (
        product(tmp_path, reactor, prediction=PATIENT) as whole,
        alice_at(whole) as alice,
        whole.http("sue") as sue,
    ):
        found = (await sue.get("/api/v1/prediction/models")).json()
        assert set(found["troubles"]) == {"reasons"}
        assert "its content is not what was written" in found["troubles"]["reasons"]
        metrics = (await sue.get("/metrics")).text
        assert "\ncallcenter_models_refused 1.0\n" in metrics
        assert (await sue.get("/readyz")).status_code == 200
        whole.simulator.place(Arrival(number="02079460123", name="Wang", dialled=SERVICE))
        shown = await whole_card(alice)
        assert shown["model"] == "backoff-1"
        assert shown["reasons"][0]["code"] == "fees"


async def test_promoted_and_rolled_back_over_http(
    tmp_path: Path, reactor: Any, taught: Taught
) -> None:
    """The running engine uses what the supervisor chose, a moment later; it is written down."""
    in_use(taught, tmp_path)
    async with (
        product(tmp_path, reactor, prediction=PATIENT) as whole,
        alice_at(whole) as alice,
        whole.http("sue") as sue,
    ):
        await declined(whole)
        assert (await next_card(whole, alice))["model"] == "backoff-1"
        await wrap_up(whole, alice, "fees")

        why = {"reason": "tried for a week"}
        promote = f"/api/v1/prediction/models/{taught.reasons}/promote"
        promoted = await sue.post(promote, json=why)
        assert promoted.json() == {"kind": "reasons", "name": taught.reasons, "was": None}
        await until(lambda: names(whole)[0] == taught.reasons, "the engine uses it")
        shown = await next_card(whole, alice)
        assert shown["model"] == taught.reasons
        assert shown["reasons"][0]["code"] == "card_declined"
        await wrap_up(whole, alice, "card_declined")

        back = await sue.post("/api/v1/prediction/rollback/reasons", json=why)
        assert back.json() == {"kind": "reasons", "name": None, "was": taught.reasons}
        await until(lambda: names(whole)[0] is None, "the engine uses the rules")
        assert (await next_card(whole, alice))["model"] == "backoff-1"
        audit = (await sue.get("/api/v1/audit")).json()
        done = [(one["by"], one["what"], one["reason"]) for one in rows(audit)]
        for what in ("promote", "rollback"):
            assert ("sue", what, "tried for a week") in done


def names(whole: Product) -> tuple[str | None, str | None]:
    """Of the models that the running engine asks."""
    models = whole.running.dispatch._mind.predictor.models  # type: ignore[attr-defined]
    return models.trees_name, models.texts_name


def rows(page: dict[str, Any]) -> list[dict[str, Any]]:
    (found,) = (value for value in page.values() if isinstance(value, list))
    return found


# --- off --------------------------------------------------------------------------------------

SILENT = replace(OBRIEN, predict=False)


@pytest.mark.parametrize(
    ("people", "settings"),
    [
        (PEOPLE, {"off_queues": ("service",)}),
        ((PEOPLE[0], SILENT), {}),
        (PEOPLE, {"on": False}),
    ],
    ids=["queue", "person", "everywhere"],
)
async def test_where_prediction_is_off_nothing_is_said_and_nothing_learned(
    tmp_path: Path,
    reactor: Any,
    taught: Taught,
    people: Sequence[PersonRow],
    settings: dict[str, Any],
) -> None:
    """Although models are in use, something happened, and the caller said why."""
    in_use(taught, tmp_path, taught.reasons, taught.words)
    said = (Words(source="ivr", text="I've lost my card", language="en"),)
    async with (
        product(tmp_path, reactor, people=people, prediction=PATIENT | settings) as whole,
        alice_at(whole) as alice,
    ):
        await declined(whole)
        known = learned(whole)
        await next_card(whole, alice, said=said)
        await alice.until(
            lambda: card(alice)["model"] == OFF
        )  # the queue is known after the person
        shown = card(alice)
        assert (shown["identity"], shown["reasons_state"]) == ("known", "not_known")
        assert (shown["reasons"], shown["answers"]) == ([], [])
        await wrap_up(whole, alice, "card_lost")
        await dispatched(whole)
        assert learned(whole) == known
    if settings.get("on", True):  # an engine that is switched on later may count what was noted
        async with product(tmp_path, reactor, prediction=PATIENT | settings) as again:
            assert learned(again) == known
            lessons = again.running.store.lessons
            off = again.running.settings.prediction.off_queues
            ours = [one for one in lessons.lessons(1.75e9, 4e9) if one.reason == "card_lost"]
            assert len(ours) == 1
            used = refit.read_lessons(lessons, 1.75e9, 4e9, off)
            assert ours[0].call not in {one.call for one in used}


def learned(whole: Product) -> tuple[int, int, int]:
    """Outcomes that are counted, calls and texts that are remembered."""
    predictor = whole.running.dispatch._mind.predictor  # type: ignore[attr-defined]
    texts = predictor.models.texts
    return predictor.reasons.rules.evidence, len(predictor.reasons.recent()), len(texts.memory)


# --- killed -----------------------------------------------------------------------------------


@contextmanager
def ended(run: subprocess.Popen[str], address: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The process, which is ended with the block if it still runs."""
    try:
        yield address, run
    finally:
        run.kill()
        run.communicate()


def started(folder: Path, simulator: Simulator, port: int) -> Any:
    """``callcenter run`` as an operator starts it, and the address of its console."""
    user = simulator.settings.users[0]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CALLCENTER_")}
    given = {
        "PYTHONPATH": str(ROOT),
        "CALLCENTER_STORE_URL": f"sqlite:///{folder / 'engine.db'}",
        "CALLCENTER_EXCHANGE_HOST": "127.0.0.1",
        "CALLCENTER_EXCHANGE_PORT": str(port),
        "CALLCENTER_EXCHANGE_USER": user.name,
        "CALLCENTER_EXCHANGE_SECRET": user.secret,
        "CALLCENTER_PREDICTION_MODELS": str(folder / "models"),
        "CALLCENTER_PREDICTION_REFIT_CALLS": "0",
        "CALLCENTER_PREDICTION_REFIT_HOURS": "0",
        "CALLCENTER_PREDICTION_DEADLINE": "5",
    }
    run = subprocess.Popen(
        [sys.executable, "-m", "callcenter", "run", "--port", "0"],
        cwd=folder, env=kept | given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    seen = ""
    for line in run.stdout:
        seen += line
        if "console: " in line:
            return ended(run, line.partition("console: ")[2].strip())
    raise AssertionError(f"it ended:\n{seen}")


def on_disk(folder: Path) -> list[Lesson]:
    """What the next engine, or a training, would find."""
    store = open_store(f"sqlite:///{folder / 'engine.db'}")
    try:
        return [one for one in store.lessons.lessons(1.75e9, 4e9) if not one.call.startswith("bef")]
    finally:
        store.close()


async def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path, reactor: Any) -> None:
    """The reason, and the prediction it belongs to; the engine after it knows both."""
    phones = tuple(
        replace(phone, reaction="waits" if phone.device == ALICE else "absent") for phone in PHONES
    )
    simulator = Simulator(SimulatorSettings(phones=phones))
    port = await simulator.start(reactor)
    await asyncio.to_thread(fill, f"sqlite:///{tmp_path / 'engine.db'}")
    try:
        with await asyncio.to_thread(started, tmp_path, simulator, port) as (address, run):
            whole = Product(SimpleNamespace(port=httpx.URL(address).port), simulator)  # type: ignore[arg-type]
            async with whole.browser("1001") as alice:
                await whole.ready(alice)
                shown = await next_card(whole, alice, number="02079460123", name="Wang")
                assert shown["reasons"][0]["code"] == "fees"
                await wrap_up(whole, alice, "fees")
                run.kill()
                await asyncio.to_thread(run.wait)
        (lesson,) = await asyncio.to_thread(on_disk, tmp_path)
        assert (lesson.call, lesson.reason, lesson.outcome) == (shown["call"], "fees", "solved")
        assert lesson.shown[0] == ("fees", shown["reasons"][0]["probability"])
        assert (lesson.model, lesson.queue) == ("backoff-1", "service")
        assert ("case.fees|age" in dict(lesson.features), lesson.context[0]) == (True, "who=known")
    finally:
        await simulator.stop()
    async with product(tmp_path, reactor) as whole, whole.http("sue") as sue:
        found = (await sue.get("/api/v1/prediction")).json()
        assert (found["confirmed"], found["top1"], found["model"]) == (1, 1.0, "backoff-1")
