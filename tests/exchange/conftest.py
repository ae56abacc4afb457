"""A real Asterisk with phones for tests. Give your test the marker `exchange`.

    def test_x(exchange, phones):
        phones.phone("1001", Answers(ring=1.0))
        call = phones.call("+442079460100", "+8613912345678", "王小明")
        with exchange.tap() as tap: ...

`exchange` is one for the whole session; `own_exchange` is the test's own, to stop and to kill.
`whole` is the product on an exchange that only such tests share, because the engine pauses members
and their phones sign out again:

    async def test_y(whole):
        phone = await whole.phone("1001")
        async with whole.agent("1001") as alice: ...

Where a real exchange cannot run the tests are skipped with the reason; with
CALLCENTER_REQUIRE_EXCHANGE=1 they fail instead, so that a build server cannot skip them unseen.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.exchange.asterisk import Exchange
from tests.exchange.installation import (
    ExchangeUnavailableError,
    ensure,
    ensure_sipp,
    missing,
)
from tests.exchange.phones import Phones
from tests.exchange.process import Centre
from tests.exchange.whole import Whole, phones_for_a_while, whole_product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test may have to install Asterisk, which takes a minute or several."""
    for item in items:
        if item.get_closest_marker("exchange"):
            item.add_marker(pytest.mark.timeout(900))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what Asterisk and sipp have to say about a test that failed."""
    report: Any = yield
    funcargs: dict[str, object] = getattr(item, "funcargs", {})
    if report.failed:
        for value in funcargs.values():
            if isinstance(value, Exchange):
                report.sections.append(("asterisk", value.log()))
            elif isinstance(value, Phones):
                report.sections.append(("sipp", value.traces()))
            elif isinstance(value, Centre):
                report.sections.append(("engine", value.log()))
    return report


@pytest.fixture(scope="session")
def exchange_installed() -> None:
    """Asterisk and sipp are on this machine, or the test is skipped."""
    reason = missing()
    if reason is None:
        try:
            ensure()
            ensure_sipp()
            return
        except ExchangeUnavailableError as error:
            reason = str(error)
    if os.environ.get("CALLCENTER_REQUIRE_EXCHANGE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def exchange(exchange_installed: None) -> Iterator[Exchange]:
    """The session's Asterisk, up and answering on AMI."""
    with Exchange() as running:
        yield running


@pytest.fixture
def own_exchange(exchange_installed: None) -> Iterator[Exchange]:
    """An Asterisk for one test alone."""
    with Exchange() as running:
        yield running


@pytest.fixture
def phones(exchange: Exchange, tmp_path: Path) -> Iterator[Phones]:
    """Phones and callers around `exchange`; all are gone after the test."""
    with Phones(exchange.ports, tmp_path / "phones", exchange.cli) as around:
        yield around


@pytest.fixture
def own_phones(own_exchange: Exchange, tmp_path: Path) -> Iterator[Phones]:
    """Phones and callers around `own_exchange`."""
    with Phones(own_exchange.ports, tmp_path / "phones", own_exchange.cli) as around:
        yield around


@pytest.fixture(scope="session")
def centre_exchange(exchange_installed: None) -> Iterator[Exchange]:
    """The Asterisk of the tests with the whole product."""
    with Exchange() as running:
        yield running


@pytest.fixture
def centre_phones(centre_exchange: Exchange, tmp_path: Path) -> Iterator[Phones]:
    """Phones and callers around `centre_exchange`, which is as it was after the test."""
    with phones_for_a_while(centre_exchange, tmp_path / "phones") as around:
        yield around


@pytest_asyncio.fixture(loop_scope="session")
async def whole(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> AsyncIterator[Whole]:
    """The engine on `centre_exchange`, with a store of its own and no phone signed in yet."""
    async with whole_product(tmp_path, reactor, centre_exchange, centre_phones) as product:
        yield product
