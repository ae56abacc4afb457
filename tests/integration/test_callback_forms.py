"""The callback form as JSON: what the widget reads and sends, with real booking behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from callcenter.api.callback_forms import callback_forms_router
from callcenter.api.public import ASKS, MOST, RESERVED, PublicSite
from callcenter.callback_ports import Blocked, Caps, Switches
from callcenter.callbacks import work
from callcenter.callbacks.work import Challenge
from callcenter.floor.callback import LawRules
from tests.callback_web import E164, MOBILE, NOW, ORIGIN, Web, quoted

FORM = "/c/main/form"
BOOK = "/c/main/callbacks"


@pytest.fixture
def web() -> Web:
    return Web()


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem, after looking at its form."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:callcenter:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return response.status_code, body["code"]


def wrong(response: httpx.Response) -> dict[str, str]:
    """Fields and codes of a refused form."""
    code(response)
    assert all(one["message"] for one in response.json()["errors"])
    return {one["field"]: one["code"] for one in response.json()["errors"]}


async def test_the_form_shows_what_can_be_promised_in_the_zone_asked_for(web: Web) -> None:
    offer = (await web.json(f"{FORM}?zone=Asia/Shanghai&lang=en")).json()
    assert offer["on"] is True
    assert (offer["zone"], offer["centre_zone"]) == ("Asia/Shanghai", "Europe/London")
    assert offer["now"]["opens"] == "2026-11-24T18:00:00+08:00"
    assert offer["now"]["opens_at"] == NOW
    assert (offer["now"]["p50"], offer["now"]["p90"]) == (240, 590)
    assert offer["reasons"] == [
        {"code": "fees", "label": "Fees & <charges>"},
        {"code": "card", "label": "Cards"},
    ]
    assert {"code": "GB", "name": "United Kingdom"} in offer["regions"]
    assert len(offer["regions"]) == 3
    assert offer["work"] is None


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("?lang=zh-Hant", "en", "zh-Hant"),
        ("?lang=zh-TW", "en", "zh-Hant"),
        ("?lang=zh", "en", "zh-Hans"),
        ("?lang=xx", "zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("", "fr,zh-CN;q=0.5,en;q=0.4", "zh-Hans"),
        ("", "zh;q=0,en;q=0.1", "en"),
        ("", "fr;q=x", "en"),
        ("", "", "en"),
    ],
)
async def test_language(web: Web, query: str, accept: str, language: str) -> None:
    response = await web.json(FORM + query, **{"accept-language": accept})
    assert response.json()["language"] == language


async def test_a_site_speaks_its_own_languages_only(web: Web) -> None:
    response = await web.json("/c/small/form?lang=en")
    assert response.json()["language"] == "zh-Hans"


async def test_slots_have_the_offset_of_the_zone_and_the_same_instants(web: Web) -> None:
    london = (await web.json("/c/main/slots?zone=Europe/London&days=2")).json()
    shanghai = (await web.json("/c/main/slots?zone=Asia/Shanghai&days=2")).json()
    assert shanghai["zone"] == "Asia/Shanghai"
    assert len(london["slots"]) > 20
    first = london["slots"][0]
    assert first["opens"] == "2026-11-24T10:30:00+00:00"
    assert shanghai["slots"][0]["opens"] == "2026-11-24T18:30:00+08:00"
    for here, there in zip(london["slots"], shanghai["slots"], strict=True):
        assert here["opens_at"] == there["opens_at"]
        assert datetime.fromisoformat(there["opens"]).timestamp() == there["opens_at"]
        assert datetime.fromisoformat(here["closes"]).timestamp() == here["closes_at"]
        assert here["opens_at"] < NOW + 2 * 86_400.0
    longer = (await web.json("/c/main/slots?days=99999")).json()
    assert longer == (await web.json("/c/main/slots?days=14")).json()
    assert longer == (await web.json("/c/main/slots?days=-1&zone=../../etc/passwd")).json()


async def test_a_number_is_read_or_refused_in_the_language(web: Web) -> None:
    read = await web.json("/c/main/number", {"number": "０７４００ 123456", "region": "GB"})
    assert read.json()["e164"] == E164
    assert read.json()["zone"] is None
    bad = await web.json("/c/main/number?lang=zh-Hans", {"number": "123"})
    assert code(bad) == (422, "number_bad")
    assert bad.headers["content-language"] == "zh-Hans"
    assert "号码" in bad.json()["errors"][0]["message"]
    paris = await web.json("/c/main/number", {"number": "+33612345678"})
    assert wrong(paris) == {"number": "country"}
    premium = await web.json("/c/main/number", {"number": "+449098790000"})
    assert wrong(premium) == {"number": "kind"}


async def test_booked_for_now(web: Web) -> None:
    response = await web.book(
        name="  Ann\tO'Neil ", reason="card", words="It is\nbroken", zone="Asia/Hong_Kong",
        region="GB", language="zh-Hant", consent=True,
    )  # fmt: skip
    assert code_of_tab(response) == {"name": "text"}
    response = await web.book(
        name="  Ann  O'Neil ", reason="card", words="It is\nbroken", zone="Asia/Hong_Kong",
        region="GB", language="zh-Hant", consent=True,
    )  # fmt: skip
    assert response.status_code == 201
    body = response.json()
    row = web.store.rows[body["ref"]]
    assert (row.number, row.name, row.reason, row.words) == (
        E164, "Ann O'Neil", "card", "It is\nbroken",
    )  # fmt: skip
    assert (row.zone, row.language, row.site) == ("Asia/Hong_Kong", "zh-Hant", "main")
    assert body["zone"] == "Asia/Hong_Kong"
    assert body["opens"].endswith("+08:00")
    assert (body["opens_at"], body["closes_at"]) == (row.opens, row.closes)
    assert set(body["links"]) == {"status", "move", "cancel", "ics"}
    status = await web.json(body["links"]["status"])
    assert status.json()["ref"] == body["ref"]


def code_of_tab(response: httpx.Response) -> dict[str, str]:
    """A tab is no character of one line."""
    assert response.status_code == 422
    return wrong(response)


async def test_booked_for_a_slot_in_any_offset(web: Web) -> None:
    slot = (await web.json("/c/main/slots?zone=Asia/Shanghai")).json()["slots"][5]
    body = (await web.book(when=slot["opens"])).json()
    assert body["opens_at"] == slot["opens_at"]
    assert web.store.rows[body["ref"]].opens == slot["opens_at"]


async def test_the_same_form_sent_twice_is_one_callback(web: Web) -> None:
    token = await web.token()
    form = {"token": token, "number": MOBILE, "when": "now"}
    first, second = await web.json(BOOK, form), await web.json(BOOK, form)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["ref"] == second.json()["ref"]
    assert len(web.known()) == 1


async def test_fields_are_checked_each_with_a_message(web: Web) -> None:
    response = await web.json(f"{BOOK}?lang=zh-Hans", {"token": "t", "number": "", "extra": 1})
    assert wrong(response) == {"number": "missing", "when": "when", "extra": "unknown_field"}
    assert response.json()["errors"][0]["message"] == "请填写此项。"
    token = await web.token()
    full = {"token": token, "number": MOBILE, "when": "now"}
    for field, value, why in (
        ("consent", "yes", "wrong"),
        ("words", "x" * 501, "too_long"),
        ("words", "a\x00b", "text"),
        ("name", "a\nb", "text"),
        ("name", "a\u202eb", "text"),
        ("region", "gb", "wrong"),
        ("number", 7, "wrong"),
        ("when", "tomorrow", "when"),
        ("when", "2026-11-25T10:00:00", "when"),
        ("when", "9999-99-99T10:00:00+00:00", "when"),
        ("zone", "Mars/Olympus", "zone"),
        ("zone", "../../etc/passwd", "zone"),
        ("work", {"salt": "zz"}, "wrong"),
    ):
        response = await web.json(BOOK, {**full, field: value})
        assert response.status_code == 422, (field, value)
        found = wrong(response)
        assert found in ({field: why}, {f"{field}.salt": why}), (field, value)
    assert not web.known()


async def test_a_slot_that_is_gone_comes_with_fresh_ones(web: Web) -> None:
    slots = (await web.json("/c/main/slots")).json()["slots"]
    gone = slots[0]
    web.now = gone["opens_at"] - 60.0
    response = await web.book(when=gone["opens"], zone="Asia/Shanghai")
    assert code(response) == (409, "slot_unknown")
    assert wrong(response) == {"when": "slot_unknown"}
    fresh = response.json()
    assert fresh["zone"] == "Asia/Shanghai"
    assert fresh["slots"][0]["opens_at"] > gone["opens_at"]
    assert fresh["slots"][0]["opens"].endswith("+08:00")


async def test_a_form_that_is_over_comes_with_a_token_that_works(web: Web) -> None:
    token = await web.token()
    web.now += 3600.0
    late = await web.json(BOOK, {"token": token, "number": MOBILE, "when": "now"})
    assert code(late) == (403, "form")
    web.now += 10.0
    again = {"token": late.json()["token"], "number": MOBILE, "when": "now"}
    assert (await web.json(BOOK, again)).status_code == 201
    assert code(await web.book(website="http://spam.example")) == (403, "form")


async def test_work_is_asked_for_under_pressure_and_counts_once() -> None:
    web = Web(pressure=1)
    for _ in range(4):
        await web.json(BOOK, {"token": "none", "number": MOBILE, "when": "now"})
    offer = (await web.json(FORM)).json()
    assert offer["work"]["algorithm"] == "PBKDF2-SHA-256"
    web.now += 5.0
    form: dict[str, Any] = {"token": offer["token"], "number": MOBILE, "when": "now"}
    asked = await web.json(BOOK, form)
    assert code(asked) == (403, "work")
    told = asked.json()
    assert asked.headers["retry-after"] == str(told["wait"])
    solved = work.solve(Challenge(**told["work"]))
    form["token"] = told["token"]
    form["work"] = {"salt": solved.salt, "counter": solved.counter}
    assert (await web.json(BOOK, form)).status_code == 201


async def test_who_cannot_work_may_wait() -> None:
    web = Web(pressure=1)
    for _ in range(4):
        await web.json(BOOK, {"token": "none", "number": MOBILE, "when": "now"})
    told = (await web.book()).json()
    form = {
        "token": told["token"], "number": MOBILE, "when": "now",
        "work": {"salt": told["work"]["salt"], "counter": None},
    }  # fmt: skip
    early = await web.json(BOOK, form)
    assert code(early) == (403, "work")
    web.now += told["wait"] + 1.0
    assert (await web.json(BOOK, form)).status_code == 201


async def test_a_code_is_sent_and_asked_for() -> None:
    web = Web(confirm="code")
    asked = await web.book()
    assert code(asked) == (403, "code")
    assert wrong(asked) == {"code": "code"}
    kind, sent = web.hook.told[0]
    assert (kind, sent["number"]) == ("code", E164)
    form = {"token": asked.json()["token"], "number": MOBILE, "when": "now"}
    bad = await web.json(BOOK, {**form, "code": "000000x"})
    assert code(bad) == (422, "code_wrong")
    good = await web.json(BOOK, {**form, "code": f" {sent['code']} "})
    assert good.status_code == 201


async def test_caps_are_429_and_say_nothing_of_others() -> None:
    web = Web(caps=Caps(number_day=1))
    first = (await web.book()).json()
    assert code(await web.book()) == (409, "open_one")
    assert first["ref"] not in (await web.book()).text
    await web.json(first["links"]["cancel"], {})
    web.now += 700.0  # so that no work is asked for
    capped = await web.book()
    assert code(capped) == (429, "number_cap")
    await web.store.block(
        Blocked(number="+447400123457", since=NOW, by="sue", reason="asked us to", until=None)
    )
    blocked = await web.book(number="07400 123457")
    assert blocked.json()["detail"] == capped.json()["detail"]
    assert code(blocked) == code(capped)


async def test_switched_off(web: Web) -> None:
    await web.store.set_switches(Switches(queue="support", accept=False))
    offer = (await web.json(FORM)).json()
    assert (offer["on"], offer["why"], offer["now"]) == (False, "off", None)
    assert code(await web.book()) == (409, "off")


async def test_likely_answers_and_what_became_of_them(web: Web) -> None:
    shown = await web.json("/c/main/answers", {"words": "a fee of <b>10</b>", "language": "en"})
    body = shown.json()
    assert [one["id"] for one in body["answers"]] == ["fees.why"]
    assert body["answers"][0]["title"] == "Why <b>a fee</b>?"
    assert "<b>" not in shown.text  # told as escapes, whoever reads it as HTML
    nothing = await web.json("/c/main/answers", {"words": "weather"})
    assert nothing.json() == {"id": "", "answers": []}
    where = f"/c/main/answers/{quoted(body['id'])}"
    told = await web.json(
        where, {"opened": ["fees.why"], "solved": True, "number": MOBILE, "region": "GB"}
    )
    assert told.status_code == 204
    score = await web.store.deflection(NOW - 1.0, NOW + 1.0, NOW)
    assert (score.shown, score.solved, score.known) == (1, 1, 1)
    assert code(await web.json("/c/main/answers/forged", {"solved": True})) == (404, "not_found")


async def test_unknown_sites_are_not_found_by_any_method(web: Web) -> None:
    for path in ("form", "slots"):
        assert code(await web.json(f"/c/other/{path}")) == (404, "not_found")
    for path in ("number", "answers", "answers/x", "callbacks"):
        assert code(await web.json(f"/c/other/{path}", {})) == (404, "not_found")


async def test_only_pages_of_the_site_may_read_and_send(web: Web) -> None:
    ours = await web.json(FORM, origin=ORIGIN)
    assert ours.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in ours.headers
    assert "Origin" in ours.headers["vary"]
    theirs = await web.json(FORM, origin="https://small.example")
    assert "access-control-allow-origin" not in theirs.headers
    refused = await web.json(
        BOOK, {"token": "x", "number": MOBILE, "when": "now"}, origin="https://evil.example"
    )
    assert code(refused) == (403, "foreign_origin")
    assert code(await web.json("/c/main/number", {"number": "1"}, origin="null")) == (
        403, "foreign_origin",
    )  # fmt: skip
    bad = await web.json("/c/main/number", {"number": "1"}, origin=ORIGIN)
    assert bad.headers["access-control-allow-origin"] == ORIGIN  # its page has to read why
    async with web.http(origin=ORIGIN) as http:
        asked = await http.options(BOOK)
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        assert asked.headers["access-control-allow-headers"] == "Content-Type"
    async with web.http(origin="https://evil.example") as http:
        assert "access-control-allow-origin" not in (await http.options(BOOK)).headers


async def test_answers_are_nobody_elses(web: Web) -> None:
    booked = await web.book()
    for response in (await web.json(FORM), booked, await web.json("/c/main/number", {})):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
        assert "default-src 'none'" in response.headers["content-security-policy"]


HOSTILE: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"null", 422),
    (b"[]", 422),
    (b"[" * 10_000, 400),
    (b'{"number":' * 1_400 + b"1" + b"}" * 1_400, 400),
    (b'{"number":"\xff\xfe"}', 400),
    (b'{"number":"\\ud800"}', 400),
    (b'{"number":"07400\\u0000123456"}', 422),
    (b'{"number":NaN}', 422),
    (b'{"number":1e999}', 422),
    (b'{"number":"' + b"9" * 16_000 + b'"}', 422),
    (b'{"number":"' + b"9" * 100_000 + b'"}', 413),
    (b'{"number":{"a":["b"]}}', 422),
    (b'{"__proto__":{"x":1},"number":"1"}', 422),
    (json.dumps({"number": "<script>alert(1)</script>"}).encode(), 422),
    (json.dumps({"<script>alert(1)</script>": 1}).encode(), 422),
]


@pytest.mark.parametrize(("body", "status"), HOSTILE)
@pytest.mark.parametrize("path", ["number", "answers", "answers/x", "callbacks"])
async def test_hostile_bodies_are_refused_and_not_repeated(
    web: Web, path: str, body: bytes, status: int
) -> None:
    async with web.http(**{"content-type": "application/json"}) as http:
        response = await http.post(f"/c/main/{path}", content=body)
    if path.startswith("answers") and status == 422:
        assert response.status_code in (422, 404)
    else:
        assert response.status_code == status
    code(response)
    assert "<script" not in response.text
    assert len(response.content) < 8_000


async def test_other_bodies_than_json_are_refused(web: Web) -> None:
    async with web.http() as http:
        response = await http.post("/c/main/number", data={"number": MOBILE})
        assert code(response) == (415, "not_json")

        async def endless() -> Any:
            for _ in range(MOST):
                yield b"x" * 1_000
            raise AssertionError("read to the end")

        headers = {"content-type": "application/json"}
        response = await http.post("/c/main/number", content=endless(), headers=headers)
        assert code(response) == (413, "too_large")


async def test_who_asks_too_much_waits_and_a_neighbour_does_not(web: Web) -> None:
    async def ask(address: str) -> httpx.Response:
        async with web.http(address) as http:
            return await http.post("/c/main/number", json={"number": MOBILE})

    for _ in range(ASKS):
        assert (await ask("2001:db8::1")).status_code == 200
    refused = await ask("2001:db8::2")  # the same /64
    assert code(refused) == (429, "too_many_tries")
    assert int(refused.headers["retry-after"]) <= 61
    assert (await ask("2001:db8:0:1::1")).status_code == 200
    web.now += 61.0
    assert (await ask("2001:db8::1")).status_code == 200


async def test_a_store_in_trouble_is_told_and_nothing_is_lost(web: Web) -> None:
    token = await web.token()
    web.store.down = True
    response = await web.json(BOOK, {"token": token, "number": MOBILE, "when": "now"})
    assert code(response) == (503, "store")
    assert "retry-after" in response.headers
    web.store.down = False
    again = await web.json(BOOK, {"token": token, "number": MOBILE, "when": "now"})
    assert again.status_code == 201


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_site_cannot_have_an_address_of_ours(web: Web, name: str) -> None:
    site = PublicSite(name="x", zone="UTC", queue="support")
    build: Callable[..., Any] = callback_forms_router
    with pytest.raises(ValueError, match=name):
        build(web.booking, {name: site}, slots=None, now=lambda: NOW)


# --- the law ------------------------------------------------------------------------------------


LAW = (
    LawRules(region="GB", weekly=tuple((day, 600, 720) for day in range(1, 6))),
    LawRules(region="CN", weekly=tuple((day, 1080, 1200) for day in range(1, 6))),
)


async def test_times_by_the_law_of_the_country(web: Web) -> None:
    """Narrower than the queue's hours. A number of another country than was chosen is told so, with
    the times that its law has."""
    web.law = LAW

    async def hours(query: str) -> set[int]:
        found = (await web.json(f"/c/main/slots?days=3&{query}")).json()["slots"]
        return {datetime.fromisoformat(one["opens"]).hour for one in found}

    assert await hours("zone=Europe/London&region=GB") == {10, 11}
    assert await hours("zone=Asia/Shanghai&region=CN") == {18, 19}
    assert await hours("zone=Europe/London&region=%3Cb%3E") == {10, 11}
    assert await hours("zone=nonsense") == {10, 11}
    when = datetime(2026, 11, 25, 14, tzinfo=UTC).isoformat()
    here = {"zone": "Asia/Shanghai", "when": when, "region": "GB"}
    refused = await web.book(number="+86 138 1234 5678", **here)
    assert (refused.status_code, refused.json()["code"]) == (422, "closed")
    left = {datetime.fromisoformat(one["opens"]).hour for one in refused.json()["slots"]}
    assert left == {18, 19}
    assert refused.json()["errors"][0]["field"] == "when"
    (first, *_) = refused.json()["slots"]
    here["when"] = first["opens"]
    booked = await web.book(number="+86 138 1234 5678", **here)
    assert booked.status_code == 201
    found = (await web.json(booked.json()["links"]["move"])).json()["slots"]
    assert {datetime.fromisoformat(one["opens"]).hour for one in found} == {18, 19}
