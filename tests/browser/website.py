"""Somebody's website with the widget on it: another origin than the engine's, a strict policy, and
real booking behind the engine's public pages."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from starlette.responses import HTMLResponse

from tests import callback_web
from tests.callback_web import MOBILE, Web

LISTEN = """
window.heard = [];
window.violations = [];
for (const name of ["ready", "answered", "booked", "refused"])
  addEventListener(`cc-callback:${name}`, (e) => heard.push([name, e.detail]));
addEventListener("securitypolicyviolation",
  (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[int]:
    """The app on a port of its own."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[place]))
        try:
            yield place.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


class Site:
    """A website with the widget, the engine it belongs to, and visitors."""

    def __init__(self, chromium: Browser, web: Web, page: str, engine: str) -> None:
        self.chromium = chromium
        self.web = web
        self.page_url = page
        self.engine = engine
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    async def visit(self, query: str = "", ready: bool = True, **options: Any) -> Page:
        options = {"locale": "en-GB", "timezone_id": "Europe/London", **options}
        context = await self.chromium.new_context(**options)
        self.contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        await page.add_init_script(LISTEN)
        await page.goto(f"{self.page_url}/{query}")
        if ready:
            await expect(page.get_by_role("button", name="Continue")).to_be_visible()
            self.web.now += 10.0  # nobody fills it in faster
        return page


def pages(engine: str) -> FastAPI:
    """Pages of the operator, whose policy allows one script and one address, and no style."""
    app = FastAPI()
    policy = f"default-src 'none'; script-src {engine}; connect-src {engine}; style-src 'none'"

    @app.get("/")
    async def page(lang: str = "en", more: str = "", script: bool = True) -> HTMLResponse:
        source = f"{engine}/c/widget.js" if script else f"{engine}/c/nothing.js"
        body = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bank</title>'
            f'<meta name="viewport" content="width=device-width">'
            f'<script src="{source}" defer></script></head><body><main><h1>Bank</h1>'
            f'<cc-callback site="main" lang="{lang}" {more}>'
            f'<a href="{engine}/c/main">Ask us to call you</a></cc-callback></main></body></html>'
        )
        return HTMLResponse(body, headers={"Content-Security-Policy": policy})

    return app


@asynccontextmanager
async def website(
    chromium: Browser, console_folder: Path, monkeypatch: pytest.MonkeyPatch, **rules: Any
) -> AsyncIterator[Site]:
    """``rules``: of the booking. At the end no page may have raised an error, violated its policy
    or left a cookie."""
    script = console_folder / "static" / "widget" / "cc-callback.js"
    async with AsyncExitStack() as stack:
        app = FastAPI()
        here = f"http://127.0.0.1:{await stack.enter_async_context(listening(app))}"
        main = dataclasses.replace(callback_web.SITES["main"], origins=(here,))
        monkeypatch.setitem(callback_web.SITES, "main", main)
        web = Web(script, **rules)
        engine = f"http://127.0.0.1:{await stack.enter_async_context(listening(web.app))}"
        app.mount("/", pages(engine))
        made = Site(chromium, web, here, engine)
        yield made
        for context in made.contexts:
            for page in context.pages:
                assert await page.evaluate("violations") == []
                assert await page.evaluate("document.cookie") == ""
            assert await context.cookies() == []
            await context.close()
    assert made.faults == []


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def heading(page: Page, text: str) -> None:
    """The step is there, and whoever hears the page is told so: its heading has the focus."""
    await expect(page.get_by_role("heading", name=text, exact=True)).to_be_focused()


async def say_why(page: Page, reason: str = "Cards") -> None:
    await page.get_by_label("Subject").select_option(label=reason)
    await button(page, "Continue").click()


async def say_who(page: Page, number: str = MOBILE) -> None:
    await heading(page, "Whom do we call?")
    await page.get_by_label("Phone number").fill(number)
    await page.get_by_label("Your name").fill("Ana <b>Ng</b>")
    await button(page, "Continue").click()


async def to_the_end(page: Page, number: str = MOBILE) -> None:
    await say_why(page)
    await say_who(page, number)
    await heading(page, "When suits you?")


async def heard(page: Page, name: str) -> list[Any]:
    found: list[Any] = await page.evaluate("(name) => heard.filter((e) => e[0] === name)", name)
    return [detail for _, detail in found]


async def kept(page: Page) -> str:
    return str(await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])"))
