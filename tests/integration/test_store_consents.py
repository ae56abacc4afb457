"""Texts of consents on the real store: how long they are kept, and stores that had none."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from callcenter.callback_ports import Source
from callcenter.store import Retention, open_store, retention
from tests.contract.callback_samples import NO_CAPS, booked, stepped, wanted

DAY = 86_400.0


async def test_texts_go_with_the_last_callback_that_names_them(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However old the text is; one that somebody agreed to whose callback is open stays."""
    monkeypatch.setattr(retention, "SWEEP_EVERY", 1)
    clock = [0.0]
    store = open_store(address, keep=Retention(callbacks=5), callback_clock=lambda: clock[0])
    back = store.callbacks
    for n, consent in enumerate(("aa en", "bb en", "bb zh-Hans")):
        await back.book(wanted(n, consent=consent), Source(), NO_CAPS, agreed=f"text {n}")
    over = stepped(wanted(1, consent="bb en"), state="cancelled", ended=0.0, why="by_staff")
    assert await back.change(over, 1)
    for day in (4, 6, 99):
        clock[0] = day * DAY
        await booked(back, wanted(day))
        kept = [await back.agreed(one) for one in ("aa en", "bb en", "bb zh-Hans")]
        assert kept == ["text 0", "text 1" if day < 5 else None, "text 2"]
    await back.book(wanted(7, consent="bb en"), Source(), NO_CAPS, agreed="text 1")
    assert await back.agreed("bb en") == "text 1"
    store.close()


async def test_a_store_of_before(address: str) -> None:
    """One of schema 0005 keeps its callbacks; texts are kept from then on."""
    store = open_store(address)
    await booked(store.callbacks, wanted(1, consent="aa en"))
    store.close()
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE callback_consents"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    engine.dispose()
    store = open_store(address)
    assert await store.callbacks.one("R001") == wanted(1, consent="aa en")
    assert await store.callbacks.agreed("aa en") is None
    again = wanted(2, consent="aa en")
    await store.callbacks.book(again, Source(), NO_CAPS, agreed="You may call.")
    assert await store.callbacks.agreed("aa en") == "You may call."
    store.close()
