"""A site with real booking and planning behind its public pages; store, clock and answers are kept
in memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, tzinfo
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import FastAPI

from callcenter.api import problem
from callcenter.api.callback_forms import callback_forms_router
from callcenter.api.callback_pages import callback_pages_router
from callcenter.api.callback_widget import callback_widget_router
from callcenter.api.public import PublicSite
from callcenter.callback_ports import Caps, Switches
from callcenter.callbacks import ics
from callcenter.callbacks.booking import Booking
from callcenter.callbacks.deflection import AnswerSource
from callcenter.callbacks.hooks import Body, HookKind
from callcenter.callbacks.house import House
from callcenter.callbacks.planner import Planner, QueuePlan
from callcenter.callbacks.plans import BookingRules, GuardRules, QueueTerms, SitePlan
from callcenter.floor.callback import Callback, LawRules
from callcenter.floor.calling_times import next_moment
from callcenter.floor.card import Answer, AnswerMark, Phrasing, Profile, Reason, Words
from callcenter.floor.events import HoursSettings
from callcenter.floor.waits import Estimate
from telephony.numbers import read_number
from tests.fake_callbacks import MemoryCallbacks
from tests.fake_demand import MemoryDemand
from tests.fakes import MemoryRecords

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC).timestamp()
"""A Tuesday, in London."""
ORIGIN = "https://www.example.org"
MOBILE = "07400 123456"
E164 = "+447400123456"
DAYS = tuple((day, 8 * 60, 18 * 60) for day in range(1, 6))
SITES = {
    "main": PublicSite(name="Example Bank", zone="Europe/London", queue="support",
                       origins=(ORIGIN,)),
    "small": PublicSite(name="Small", zone="Europe/London", queue="support", languages=("zh-Hans",),
                        origins=("https://small.example",)),
}  # fmt: skip


class StoreDownError(Exception):
    pass


class Store(MemoryCallbacks):
    """Goes down when told to: for what a form is checked by (``half``), or for everything."""

    down = False
    half = False

    async def switches(self) -> tuple[Switches, ...]:
        if self.down and not self.half:
            raise StoreDownError("disk full")
        return await super().switches()

    async def one(self, id: str) -> Callback | None:
        if self.down:
            raise StoreDownError("disk full")
        return await super().one(id)

    async def use_token(self, token: str, until: float) -> bool:
        if self.down:
            raise StoreDownError("disk full")
        return await super().use_token(token, until)


class Entries:
    """One answer, found by the word "fee" or the reason for fees."""

    answer = Answer(
        id="fees.why", reason="fees", source="list",
        phrasings=(
            Phrasing(language="en", title="Why <b>a fee</b>?", body="Because & so.\nRead on."),
            Phrasing(language="zh-Hans", title="为什么收费？", body="因为。"),
        ),
    )  # fmt: skip

    def find(
        self,
        reasons: Sequence[Reason],
        profile: Profile | None,
        words: Sequence[Words],
        marks: Sequence[tuple[str, AnswerMark]],
        day: date,
        zone: tzinfo,
        at: float,
        *,
        reasons_read_words: bool | None = None,
        only: Collection[str] | None = None,
        most: int | None = None,
    ) -> tuple[Answer, ...]:
        said = any("fee" in one.text for one in words)
        return (self.answer,) if said or any(one.code == "fees" for one in reasons) else ()


class Told:
    """The house's hook."""

    def __init__(self) -> None:
        self.told: list[tuple[HookKind, Body]] = []

    async def tell(self, kind: HookKind, body: Body) -> None:
        self.told.append((kind, body))


class Web:
    """``settings``: of ``BookingRules``."""

    def __init__(self, widget: Path = Path("/nonexistent/cc-callback.js"), **rules: Any) -> None:
        self.now = NOW
        self.store = Store(lambda: self.now)
        self.hook = Told()
        self.law: tuple[LawRules, ...] = ()
        self.estimate: Estimate | None = Estimate(p50=240.0, p90=590.0, gaps=50)
        planner = Planner(
            self.store,
            MemoryDemand(MemoryRecords()),
            {
                "support": QueuePlan(
                    hours=HoursSettings(zone="Europe/London", weekly=DAYS),
                    staff=("mon-fri 08:00-18:00 20",),
                )
            },
            "Europe/London",
        )
        plain = SitePlan(
            queue="support", name="Example Bank", reasons=("fees", "card"),
            contact="privacy@example.org", consent="I agree to <i>recording</i>.",
        )  # fmt: skip
        guard = GuardRules(countries=frozenset({"GB", "CN", "HK"}))
        self.booking = Booking(
            House(
                store=self.store, promises=planner, read=read_number, clock=lambda: self.now,
                store_errors=(StoreDownError,), shown=lambda number: f"{number[:3]} {number[3:]}",
                estimate=lambda _queue, _at: self.estimate, reasons=("fees", "card"),
                label=lambda code, _: {"fees": "Fees & <charges>", "card": "Cards"}[code],
                hook=self.hook, lawful=self._lawful,
                answers=AnswerSource(
                    found=Entries(), public=lambda: {"fees.why"}, reasons_of={"fees": ("fees",)}
                ),
            ),
            BookingRules(
                region="GB", zone="Europe/London", guard=guard,
                **{"caps": Caps(number_day=50, address_hour=50), **rules},
            ),
            {"main": plain, "small": SitePlan(queue="support", languages=("zh-Hans",))},
            {"support": QueueTerms()},
        )  # fmt: skip
        self.app = FastAPI()
        problem.install(self.app, [StoreDownError])
        shared: dict[str, Any] = {
            "slots": self.booking.slots, "now": lambda: self.now, "store_errors": [StoreDownError],
        }  # fmt: skip
        self.app.include_router(callback_forms_router(self.booking, SITES, **shared))
        self.app.include_router(callback_widget_router(widget, SITES))
        self.app.include_router(
            callback_pages_router(
                self.booking, SITES, calendar=lambda callback, _, path: ics.calendar(
                    callback, "Example Bank", f"https://call.example.org{path}"
                ), **shared,
            )
        )  # fmt: skip

    def _lawful(self, callback: Callback, at: float) -> bool:
        return next_moment(callback, at, self.law, HoursSettings()) is not None

    def http(self, address: str = "10.0.0.1", **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers)

    async def json(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        async with self.http(accept="application/json", **headers) as http:
            return await (http.get(path) if body is None else http.post(path, json=body))

    async def page(self, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        """As a browser without script."""
        async with self.http(accept="text/html,*/*;q=0.8") as http:
            return await (http.get(path) if fields is None else http.post(path, data=fields))

    async def token(self, site: str = "main") -> str:
        """Of a form that was opened ten seconds ago."""
        offer = (await self.json(f"/c/{site}/form")).json()
        self.now += 10.0
        return str(offer["token"])

    async def book(self, number: str = MOBILE, **fields: Any) -> httpx.Response:
        whole = {"token": await self.token(), "number": number, "when": "now", **fields}
        return await self.json("/c/main/callbacks", whole)

    async def linked(self, **fields: Any) -> tuple[str, str, str]:
        """A booked one: its id, its status path, its key."""
        booked = (await self.book(**fields)).json()
        status = booked["links"]["status"]
        return booked["ref"], status, status.partition("?k=")[2]

    def known(self) -> Collection[Callback]:
        return self.store.rows.values()


def inputs(html: str) -> dict[str, str]:
    """What a browser would send of a page's POST form when its main button is pressed."""
    form = html.partition('method="post"')[2]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, inside in re.findall(r'<select[^>]* name="([^"]*)".*?>(.*?)</select>', form, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', inside)
        chosen = [value for value, selected in values if selected]
        found[name] = unescape((chosen or [values[0][0] if values else ""])[0])
    for name, text in re.findall(
        r'<textarea[^>]* name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        found[name] = unescape(text)
    return found


def quoted(text: str) -> str:
    return quote(text, safe="")
