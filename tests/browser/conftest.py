"""One headless Chromium for all browser tests, and a site with a real floor behind the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from agent_console import build
from agent_console.session import Limits
from tests.browser.program import find_chromium, missing
from tests.browser.screen import SETTINGS, Stage
from tests.console_kit import site

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium; without it the browser tests are skipped."""
    program = find_chromium()
    if program is None:
        pytest.skip(missing())
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def console_folder() -> Path:
    """The folder above ``static``, with the console as the sources are now."""
    build.build()
    return build.HERE


@pytest_asyncio.fixture(loop_scope="session")
async def stage(
    chromium: Browser, console_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """A site and its browser windows. ``@pytest.mark.parametrize`` it indirectly with ``Limits``.

    At the end no page may have raised an error or violated the content security policy.
    """
    limits = getattr(request, "param", Limits())
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(
            site(console_folder, limits=limits, settings=SETTINGS)
        )
        made = Stage(here, chromium)
        stack.push_async_callback(made.close)
        yield made
    assert made.faults == []
