"""What customers of callbacks are called, by the store's people."""

from __future__ import annotations

from callcenter.store import open_store
from tests.contract.callback_samples import HOSTILE
from tests.contract.samples import person


async def test_names_of_those_who_are_known(address: str) -> None:
    """Those who were asked for and are there; thousands of them at once, too."""
    store = open_store(address)
    known = [person(f"p{n}", name=f"Name {n}") for n in range(4000)]
    with store.bulk() as bulk:
        bulk.people([*known, person(HOSTILE[:40], name=HOSTILE.replace("\x01", ""))])
    names = store.callbacks.names
    assert await names([]) == {}
    assert await names(["p7", "gone", "p1", "p7"]) == {"p1": "Name 1", "p7": "Name 7"}
    assert list((await names([HOSTILE[:40]])).values()) == [HOSTILE.replace("\x01", "")]
    assert len(await names([one.id for one in known])) == 4000
    store.close()
