"""The callback form without script, and the pages behind a confirmation's link."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.api.callback_page_texts import LANGUAGES, TEXTS
from callcenter.api.callback_times import clock_text, instant, iso, slot_text, window_text
from callcenter.callback_ports import Switches
from callcenter.floor.callback import Callback, LawRules
from tests.callback_web import E164, MOBILE, NOW, ORIGIN, Web, inputs

PAGE = "/c/main"
EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture
def web() -> Web:
    return Web()


class Reader(HTMLParser):
    """Complains of what is not closed, of ids that come twice and of labels that lead nowhere."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refs: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert set(self.refs) <= set(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"] or "")
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.refs += (found.get(name) or "").split()
        href = found.get("href") or ""
        if href.startswith("#"):
            self.refs.append(href[1:])
        assert "style" not in found
        assert not any(name.startswith("on") for name in found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, name: str) -> dict[str, str | None]:
        return next(attrs for _, attrs in self.tags if attrs.get("id") == name)


def read(response: httpx.Response, status: int = 200) -> str:
    """The page, after looking at what every page has to have."""
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in response.headers
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = response.text
    seen = Reader(page)
    assert [tag for tag, _ in seen.tags].count("h1") == 1
    assert seen.tags[0][1]["lang"] in LANGUAGES
    controls = [a for tag, a in seen.tags if tag in ("input", "select", "textarea")]
    labels = {a.get("for") for tag, a in seen.tags if tag == "label"}
    assert {a["id"] for a in controls if a.get("type") != "hidden"} <= labels
    return page


async def filled(web: Web, page: str = "", **fields: str) -> dict[str, str]:
    """What a visitor sends who fills in this page, ten seconds later."""
    html = page or read(await web.page(f"{PAGE}?lang=en"))
    web.now += 10.0
    return {**inputs(html), "do": "book", **fields}


async def post(web: Web, fields: dict[str, str], status: int) -> str:
    return read(await web.page(PAGE, fields), status)


async def test_the_form_is_booked_without_script(web: Web) -> None:
    fields = await filled(web, number="０７４００ １２３４５６", name="王小明", consent="on")
    assert fields["when"] == "now"
    response = await web.page(PAGE, fields)
    assert response.status_code == 303
    page = read(await web.page(response.headers["location"]))
    (row,) = web.known()
    assert (row.number, row.name, row.state) == (E164, "王小明", "requested")
    assert "Your callback is booked" in page
    assert row.id in page
    assert "24 Nov 2026, 10:00–10:15 (London)" in page
    assert "ending in 456" in page
    assert E164 not in page


async def test_every_language_has_every_text_and_the_page_is_in_it(web: Web) -> None:
    for key, texts in TEXTS.items():
        assert len(texts) == 3, key
        assert all(texts), key
        names = [sorted(re.findall(r"\{(\w+)\}", text)) for text in texts]
        assert names[0] == names[1] == names[2], key
    for language, title in (
        ("en", "We call you back"), ("zh-Hans", "我们给您回电"), ("zh-Hant", "我們給您回電"),
    ):  # fmt: skip
        page = read(await web.page(f"{PAGE}?lang={language}"))
        assert f'<html lang="{language}">' in page
        assert f"<h1>{title}</h1>" in page


async def test_a_slot_in_the_customers_zone(web: Web) -> None:
    fields = await filled(web, number=MOBILE, name=EVIL, zone="Asia/Shanghai")
    page = await post(web, {**fields, "do": "times"}, 200)
    assert "Times are those of Shanghai." in page
    assert '<optgroup label="Tuesday, 24 Nov 2026">' in page
    assert '<option value="2026-11-24T18:45:00+08:00">Tue 24 Nov, 18:45–19:00</option>' in page
    assert inputs(page)["name"] == EVIL  # kept, and not as markup
    assert "<script" not in page
    fields = await filled(web, page, when="2026-11-25T16:30:00+08:00")
    assert fields["zone"] == "Asia/Shanghai"
    response = await web.page(PAGE, fields)
    status = read(await web.page(response.headers["location"]))
    assert "25 Nov 2026, 16:30–16:45 (Shanghai)" in status
    (row,) = web.known()
    assert iso(row.opens, "UTC") == "2026-11-25T08:30:00+00:00"


async def test_the_language_changes_and_what_is_typed_stays(web: Web) -> None:
    fields = await filled(web, number=MOBILE, words="a\nb", consent="on", reason="card")
    page = await post(web, {**fields, "do": "lang-zh-Hans"}, 200)
    assert '<html lang="zh-Hans">' in page
    kept = inputs(page)
    assert (kept["number"], kept["words"], kept["reason"]) == (MOBILE, "a\nb", "card")
    assert kept["consent"] == ""
    assert kept["token"] == fields["token"]
    assert kept["lang"] == "zh-Hans"


async def test_refused_with_everything_kept_and_messages_beside_the_fields(web: Web) -> None:
    fields = await filled(
        web, number="12", name=EVIL, words=f"first\nsecond {EVIL}", when="", reason="card",
        consent="on", zone="Asia/Tokyo",
    )  # fmt: skip
    page = await post(web, fields, 422)
    seen = Reader(page)
    assert seen.of("when")["aria-invalid"] == "true"
    assert seen.of("when")["aria-describedby"] == "when-hint when-wrong"
    assert "autofocus" in next(a for _, a in seen.tags if a.get("class") == "summary")
    assert '<a href="#when">' in page
    page = await post(web, {**fields, "when": "now"}, 422)
    seen = Reader(page)
    assert seen.of("number")["aria-invalid"] == "true"
    assert "number-wrong" in str(seen.of("number")["aria-describedby"])
    assert "aria-invalid" not in seen.of("when")
    kept = inputs(page)
    for name in ("number", "name", "words", "reason", "zone"):
        assert kept[name] == fields[name]
    assert "consent" in kept
    assert "<script" not in page
    assert not web.known()


async def test_hostile_fields_never_break_the_page(web: Web) -> None:
    base = await filled(web, number=MOBILE)
    hostile = [
        EVIL, "\x00\x07\x1b[31m", "\u202egnp.exe", "x" * 3_000, "$name ${x} {number}", "%s%n",
        "]]><!--", "\ufffe\uffff", "\n\n<textarea></textarea>", "1" * 400, "\ud7ff\U0010ffff",
    ]  # fmt: skip
    names = (*base, "code", "salt", "deflection", "asked", "customer", "nobody")
    for text in hostile:
        for name in names:
            response = await web.page(PAGE, {**base, name: text})
            assert response.status_code in (200, 303, 409, 422, 429, 403), (name, text)
            assert "<script" not in response.text, name
            assert "\x00" not in response.text
            assert "\x1b" not in response.text
            if response.status_code != 303:
                Reader(response.text)
        web.now += 700.0
        base = await filled(web, number=MOBILE)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"number=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"number=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(99)), "application/x-www-form-urlencoded", 400),
        (b"words=" + b"x" * 100_000, "application/x-www-form-urlencoded", 413),
        (b"number=1", "text/plain", 415),
        (b"[" * 16_000, "application/json", 400),
        (b'{"when": 3', "application/json", 400),
    ],
)
async def test_hostile_bodies_get_a_page(web: Web, body: bytes, kind: str, status: int) -> None:
    async with web.http(**{"content-type": kind}) as http:
        read(await http.post(PAGE, content=body), status)
        _, path, _ = await web.linked()
        for what in ("cancel", "move"):
            target = path.replace("?k=", f"/{what}?k=")
            read(await http.post(target, content=body), status)
    (row,) = web.known()
    assert row.state == "requested"


async def test_answers_come_first_and_the_form_goes_on_from_there(web: Web) -> None:
    fields = await filled(web, number=MOBILE, words=f"the fee {EVIL}", consent="on", name="Ann")
    page = await post(web, fields, 200)
    assert "Why &lt;b&gt;a fee&lt;/b&gt;?" in page
    assert "Nothing is booked yet" in page
    assert "<bdi>+44 7400123456</bdi>" in page  # as it was understood
    assert not web.known()
    kept = await filled(web, page)
    assert kept["deflection"]
    assert "consent" in kept
    response = await web.page(PAGE, kept)
    assert response.status_code == 303
    (row,) = web.known()
    assert (row.name, row.words) == ("Ann", f"the fee {EVIL}")
    score = await web.store.deflection(NOW - 1.0, NOW + 900.0, NOW)
    assert (score.shown, score.booked) == (1, 1)


async def test_an_answer_was_enough(web: Web) -> None:
    fields = await filled(web, number=MOBILE, reason="fees")
    kept = await filled(web, await post(web, fields, 200), do="solved")
    page = await post(web, kept, 200)
    assert "Nothing was booked" in page
    assert not web.known()
    score = await web.store.deflection(NOW - 1.0, NOW + 900.0, NOW)
    assert (score.solved, score.known) == (1, 1)


async def test_a_number_that_cannot_be_called_is_told_before_answers(web: Web) -> None:
    page = await post(web, await filled(web, number="12", words="a fee"), 422)
    assert Reader(page).of("number")["aria-invalid"] == "true"


async def test_without_work_there_is_a_way_by_waiting() -> None:
    web = Web(pressure=1)
    for _ in range(4):
        await web.page(PAGE, {"number": MOBILE, "when": "now"})
    fields = await filled(web, number=MOBILE, name="Ann", consent="on", code="")
    assert fields["salt"]
    page = await post(web, fields, 403)
    assert 'class="done ready after-30"' in page
    early = await filled(web, page)
    page = await post(web, early, 403)
    web.now += 31.0
    response = await web.page(PAGE, await filled(web, page))
    assert response.status_code == 303
    (row,) = web.known()
    assert (row.number, row.name) == (E164, "Ann")


async def test_a_code_is_asked_for_on_the_page() -> None:
    web = Web(confirm="code")
    page = await post(web, await filled(web, number=MOBILE, name="Ann"), 422)
    assert Reader(page).of("code")["autocomplete"] == "one-time-code"
    sent = web.hook.told[0][1]["code"]
    wrong = await post(web, await filled(web, page, code="999999x"), 422)
    fields = await filled(web, wrong, code=str(sent))
    assert fields["name"] == "Ann"
    assert (await web.page(PAGE, fields)).status_code == 303


async def test_a_form_left_open_is_sent_once_more(web: Web) -> None:
    fields = await filled(web, number=MOBILE)
    web.now += 3600.0
    page = await post(web, fields, 422)
    again = await filled(web, page)
    assert again["token"] != fields["token"]
    assert (await web.page(PAGE, again)).status_code == 303


async def test_the_trap_and_a_missing_token(web: Web) -> None:
    fields = await filled(web, number=MOBILE)
    await post(web, {**fields, "website": "http://spam.example"}, 422)
    del fields["token"]
    page = await post(web, fields, 422)
    assert (await web.page(PAGE, await filled(web, page))).status_code == 303


async def test_switched_off(web: Web) -> None:
    await web.store.set_switches(Switches(queue="support", show=False))
    page = read(await web.page(PAGE))
    assert 'name="number"' not in page
    await web.store.set_switches(Switches(queue="support", accept=False))
    assert "cannot take requests" in read(await web.page(f"{PAGE}?lang=en"))


async def test_no_times_and_no_estimate(web: Web) -> None:
    web.estimate = None
    page = read(await web.page(f"{PAGE}?lang=en"))
    assert "As soon as possible: by 10:15 at the latest" in page
    web.now = NOW + 5 * 3600.0 * 2  # after closing
    page = read(await web.page(f"{PAGE}?lang=en"))
    assert 'value="now"' not in page
    assert inputs(page)["when"] == ""


@pytest.mark.parametrize("half", [True, False])
async def test_a_store_in_trouble_keeps_what_was_typed(web: Web, half: bool) -> None:
    fields = await filled(web, number=MOBILE, name="Ann", consent="on")
    web.store.down, web.store.half = True, half
    response = await web.page(PAGE, fields)
    page = read(response, 503)
    assert "retry-after" in response.headers
    web.store.down = False
    assert (await web.page(PAGE, await filled(web, page))).status_code == 303
    (row,) = web.known()
    assert row.name == "Ann"


async def test_a_store_in_trouble_is_told_on_every_page(web: Web) -> None:
    _, status, _ = await web.linked()
    web.store.down = True
    for path in (PAGE, status):
        response = await web.page(path)
        read(response, 503)
        assert response.headers["retry-after"] == "5"


# The pages behind a link.


async def test_get_and_head_change_nothing(web: Web) -> None:
    ref, _status, key = await web.linked()
    before = web.store.rows[ref]
    async with web.http() as http:
        for path in ("", "/cancel", "/move", "/callback.ics"):
            for method in ("GET", "HEAD"):
                response = await http.request(method, f"/c/r/{ref}{path}?k={key}&when=now&do=x")
                assert response.status_code == 200, path
            if path not in ("/cancel", "/move"):
                assert (await http.post(f"/c/r/{ref}{path}?k={key}")).status_code == 405
    assert web.store.rows[ref] == before


async def test_cancel_asks_and_then_acts(web: Web) -> None:
    ref, _status, key = await web.linked()
    page = read(await web.page(f"/c/r/{ref}/cancel?k={key}&lang=en"))
    assert "Cancel this callback?" in page
    fields = inputs(page)
    response = await web.page(f"/c/r/{ref}/cancel?lang=en", fields)
    assert response.status_code == 303
    assert web.store.rows[ref].state == "cancelled"
    page = read(await web.page(response.headers["location"]))
    assert "Your callback is cancelled" in page
    assert "/cancel?" not in page
    assert "/move?" not in page
    again = await web.page(f"/c/r/{ref}/cancel", fields)
    assert again.status_code == 303


async def test_move_to_another_time(web: Web) -> None:
    ref, _, key = await web.linked()
    path = f"/c/r/{ref}/move"
    page = read(await web.page(f"{path}?k={key}&zone=Asia/Shanghai&lang=en"))
    assert '<option value="2026-11-25T16:30:00+08:00">Wed 25 Nov, 16:30–16:45</option>' in page
    nothing = read(await web.page(f"{path}?lang=en", inputs(page)), 422)
    assert Reader(nothing).of("when")["aria-invalid"] == "true"
    wrong = {"k": key, "when": "2026-11-25T02:00:00+00:00", "zone": "Asia/Shanghai"}
    refused = read(await web.page(f"{path}?lang=en", wrong), 422)
    assert "Times are those of Shanghai." in refused
    response = await web.page(path, {"k": key, "when": "2026-11-25T16:30:00+08:00"})
    assert response.status_code == 303
    row = web.store.rows[ref]
    assert (iso(row.opens, "UTC"), row.state) == ("2026-11-25T08:30:00+00:00", "scheduled")
    assert "new time" in read(await web.page(response.headers["location"]))


async def test_links_that_do_not_work(web: Web) -> None:
    ref, _, key = await web.linked()
    other, _, _ = await web.linked(number="07400 654321")
    forged = [
        f"/c/r/{ref}?k=", f"/c/r/{ref}", f"/c/r/{ref}?k={key[:-2]}xx", f"/c/r/{other}?k={key}",
        f"/c/r/NOPE-NOPE?k={key}", f"/c/r/%00%ff?k={key}", f"/c/r/{ref}?k=%ed%a0%80",
        f"/c/r/{ref}?k={'A' * 5_000}",
    ]  # fmt: skip
    for path in forged:
        for what in ("", "/cancel", "/move", "/callback.ics"):
            where = path.replace("?", f"{what}?") if "?" in path else path + what
            page = read(await web.page(where), 403)
            assert "This link does not work" in page
    for what in ("cancel", "move"):
        read(await web.page(f"/c/r/{ref}/{what}", {"k": "forged", "when": "now"}), 403)
    web.now += 60 * 86_400.0
    assert "This link is over" in read(await web.page(f"/c/r/{ref}?k={key}"), 410)
    told = await web.json(f"/c/r/{ref}?k={key}")
    assert (told.status_code, told.json()["code"]) == (410, "link_over")
    assert web.store.rows[ref].state == "requested"


async def test_wrong_links_of_one_address_are_bounded(web: Web) -> None:
    ref, status, _ = await web.linked()
    codes = {(await web.page(f"/c/r/{ref}?k=x{n}")).status_code for n in range(130)}
    assert codes == {403, 429}
    assert (await web.page(status)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "said", "changing"),
    [
        ({"state": "dialling"}, "We are calling you now", False),
        ({"state": "talking"}, "We are talking to you", False),
        ({"state": "due"}, "your turn soon", True),
        ({"state": "retry"}, "will try again", True),
        ({"state": "done", "why": "talked"}, ">Done<", False),
        ({"state": "done", "why": "called_in"}, "you called us meanwhile", False),
        ({"state": "expired"}, "in the time promised", False),
        ({"state": "refused"}, "We cannot call this number", False),
    ],
)
async def test_states_in_words(
    web: Web, changes: dict[str, Any], said: str, changing: bool
) -> None:
    ref, status, key = await web.linked()
    web.store.rows[ref] = replace(web.store.rows[ref], **changes)
    page = read(await web.page(f"{status}&lang=en"))
    assert said in page
    assert ("/cancel?" in page) is changing
    told = (await web.json(status)).json()
    assert (told["state"], told["can_change"]) == (changes["state"], changing)
    if not changing:
        late = read(await web.page(f"/c/r/{ref}/cancel?k={key}&lang=en"))
        assert 'method="post"' not in late
        refused = await web.page(f"/c/r/{ref}/cancel?lang=en", {"k": key})
        read(refused, 409)
        assert web.store.rows[ref].state == changes["state"]


async def test_the_same_as_json(web: Web) -> None:
    ref, status, key = await web.linked(zone="Asia/Shanghai")
    response = await web.json(f"{status}&lang=zh-Hans", origin=ORIGIN)
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    assert (told["ref"], told["zone"], told["number"]) == (ref, "Asia/Shanghai", "…456")
    assert told["window"] == "2026年11月24日 18:00–18:15（上海）"
    assert told["text"] == "已预约，我们会致电给您"
    free = (await web.json(f"/c/r/{ref}/move?k={key}&zone=Asia/Tokyo")).json()
    assert free["zone"] == "Asia/Tokyo"
    moved = await web.json(f"/c/r/{ref}/move?k={key}", {"when": free["slots"][3]["opens"]})
    assert moved.json()["opens_at"] == free["slots"][3]["opens_at"]
    gone = await web.json(f"/c/r/{ref}/move?k={key}", {"when": "2020-01-01T00:00:00Z"})
    assert (gone.status_code, gone.json()["code"]) == (409, "slot_unknown")
    foreign = await web.json(f"/c/r/{ref}/cancel", {"k": key}, origin="https://evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_origin")
    cancelled = await web.json(f"/c/r/{ref}/cancel", {"k": key}, origin=ORIGIN)
    assert cancelled.json()["state"] == "cancelled"
    late = await web.json(f"/c/r/{ref}/move", {"k": key, "when": free["slots"][4]["opens"]})
    assert (late.status_code, late.json()["code"]) == (409, "ended")


async def test_calendar(web: Web) -> None:
    ref, _, key = await web.linked()
    response = await web.page(f"/c/r/{ref}/callback.ics?k={key}")
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    text = response.text.replace("\r\n ", "")
    assert "DTSTART:20261124T1000" in text
    assert f"https://call.example.org/c/r/{ref}?k={key}" in text


async def test_nothing_is_found_where_nothing_is(web: Web) -> None:
    for path in ("/c/other", "/c/%3Cscript%3E", "/c/other/try", "/c/.."):
        response = await web.page(path)
        assert response.status_code == 404
        assert "<script" not in response.text
    assert (await web.json("/c/other")).json()["code"] == "not_found"
    read(await web.page("/c/other", {"number": "1"}), 404)


# The widget and its page.


async def test_the_widget_is_served_to_other_sites(tmp_path: Path) -> None:
    built = tmp_path / "cc-callback.js"
    built.write_text("customElements.define(1);" * 100, encoding="utf-8")
    web = Web(built)
    async with web.http() as http:
        response = await http.get("/c/widget.js")
        assert response.status_code == 200
        assert response.content == built.read_bytes()
        headers = response.headers
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert headers["content-type"] == "text/javascript; charset=utf-8"
        assert headers["cache-control"] == "public, max-age=3600"
        assert headers["content-encoding"] == "gzip"
        assert headers["x-content-type-options"] == "nosniff"
        same = await http.get("/c/widget.js", headers={"if-none-match": headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        plain = await http.get("/c/widget.js", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        style = await http.get("/c/style.css")
        assert style.headers["content-type"] == "text/css; charset=utf-8"
        assert ".after-30 {" in style.text
        assert "@WAITS@" not in style.text


async def test_without_a_built_widget_the_pages_work(web: Web) -> None:
    read(await web.page("/c/widget.js"), 404)
    assert read(await web.page(PAGE))


async def test_the_page_to_try_it_shows_what_to_copy(web: Web) -> None:
    response = await web.page("/c/main/try?lang=en")
    page = response.text
    assert response.status_code == 200
    assert '<script src="/c/widget.js" defer></script>' in page
    assert '<cc-callback site="main" lang="en">' in page
    assert "&lt;script src=&quot;http://here/c/widget.js&quot; defer&gt;" in page
    assert ORIGIN in page
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


# Times.


def at(text: str) -> float:
    found = instant(text)
    assert found is not None
    return found


def test_times_by_language() -> None:
    opens, closes = at("2026-11-24T14:30:00Z"), at("2026-11-24T14:45:00Z")
    london = "Europe/London"
    assert window_text(opens, closes, london, "en") == "24 Nov 2026, 14:30–14:45 (London)"
    assert window_text(opens, closes, london, "zh-Hans") == "2026年11月24日 14:30–14:45（伦敦）"
    assert window_text(opens, closes, london, "zh-Hant") == "2026年11月24日 14:30–14:45（倫敦）"
    assert slot_text(opens, closes, london, "zh-Hant") == "11月24日週二 14:30–14:45"
    late = at("2026-11-24T15:50:00Z")
    assert window_text(late, late + 900.0, "Asia/Shanghai", "en") == (
        "24 Nov 2026, 23:50 – 25 Nov 2026, 00:05 (Shanghai)"
    )
    assert window_text(opens, closes, "America/Port-au-Prince", "zh-Hans").endswith(
        "（Port-au-Prince）"
    )


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first, second = at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z")
    assert clock_text(first, "Europe/London") == "01:30 UTC+1"
    assert clock_text(second, "Europe/London") == "01:30 UTC+0"
    assert clock_text(second + 3600.0, "Europe/London") == "02:30"
    assert iso(first, "Europe/London") == "2026-10-25T01:30:00+01:00"
    assert iso(second, "Europe/London") == "2026-10-25T01:30:00+00:00"


def test_instants_need_an_offset() -> None:
    assert instant("2026-11-24T14:30:00") is None
    assert instant("yesterday") is None
    assert instant("2026-11-24T14:30:00+08:00") == at("2026-11-24T06:30:00Z")


def test_a_callback_from_the_line_has_pages_too(web: Web) -> None:
    """It has no site: all languages, no name of a centre."""
    from callcenter.api.callback_status_page import status

    row = Callback(
        id="7KQ4-M2PX", version=1, state="requested", origin="queue", queue="support",
        number=E164, zone="Europe/London", made=NOW, place=NOW, opens=NOW, closes=NOW + 900.0,
        due=NOW,
    )  # fmt: skip
    Reader(status(row, "k", "zh-Hant", None))


async def test_times_by_the_law_of_the_number_that_was_typed(web: Web) -> None:
    """10:00 to 12:00 in the queue's country, 18:00 to 20:00 in that of the number."""
    web.law = (
        LawRules(region="GB", weekly=tuple((day, 600, 720) for day in range(1, 6))),
        LawRules(region="CN", weekly=tuple((day, 1080, 1200) for day in range(1, 6))),
    )

    async def shown(**fields: str) -> set[str]:
        html = (await web.page("/c/main", {"do": "times", **fields})).text
        return {when[11:13] for when in re.findall(r'<option value="(20[^"]+)"', html)}

    assert await shown() == {"10", "11"}
    assert await shown(zone="Asia/Shanghai") == set()
    assert await shown(zone="Asia/Shanghai", region="CN") == {"18", "19"}
    assert await shown(zone="Asia/Shanghai", number="+86 138 1234 5678") == {"18", "19"}
    assert await shown(zone="Asia/Shanghai", number="<b>") == set()
