"""Callbacks over HTTP for staff: who sees and may change which, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.api.app import build_api
from callcenter.api.callbacks import callbacks_router
from callcenter.api.doors import Doors, DoorSettings
from callcenter.api.origin import Origins
from callcenter.auth import Passwords
from callcenter.callback_ports import CallbackRefused, Deflection, Denial, SlotHold, Switches
from callcenter.callbacks.forms import StaffRequest
from callcenter.floor.callback import Callback
from callcenter.floor.card import Card, Profile, QueueView
from callcenter.metrics import Metrics
from callcenter.ports import Account, View
from callcenter.store import StoreError
from tests.booking_kit import Clock, Kit
from tests.console_kit import AMY, BEN, SUE, MemoryBooking, MemorySignIns, Window, agent_view
from tests.fake_callbacks import MemoryCallbacks
from tests.fake_demand import MemoryDemand
from tests.fakes import MemoryAccounts, MemoryRecords

NOW = 1_767_265_200.0  # 2026-01-01 11:00 UTC
DAY = 86_400.0
PASSWORD = "correct horse"
URL = "http://console.test"
SLOT = NOW + 3 * 3600
LATER = "2026-01-01T14:00:00+00:00"
"""``SLOT``."""
QUEUE = QueueView(
    queue="sales", waiting=0, longest_since=None, offered=0, answered=0, abandoned=0, left=0,
    within_threshold=0, threshold=20.0, wait_total=0.0, ready=1, offered_agents=0, talking=0,
    wrapup=0, on_break=0, signed_in=1, distribution="engine",
)  # fmt: skip
CARD = Card(
    call="c1", rev=1, direction="inbound", state="ended", queue="sales", number="+442079460123",
    caller_name=None, dialled=None, arrived=NOW - 300, offered=NOW - 290, answered=NOW - 280,
    ended=NOW - 5, identity="known", candidates=(),
    profile=Profile(person="p1", name="王小明", language="zh-Hant", tier=None, facts=(),
                    contacts=()),
    reasons_state="known", reasons=(), answers_state="known", answers=(), noted=False,
)  # fmt: skip


def callback(id: str = "AAAA-1111", **changes: Any) -> Callback:
    base = Callback(
        id=id, version=3, state="scheduled", origin="web", queue="sales",
        number=f"+4420794{sum(map(ord, id)):05}", zone="Europe/London", made=NOW - 600,
        place=NOW + 3600, opens=NOW + 3600, closes=NOW + 4500, due=NOW + 3600, name="Ann Lee",
    )  # fmt: skip
    return replace(base, **changes)


@dataclass
class Desk:
    at: float = NOW
    cards: tuple[Card, ...] = (CARD,)
    forbidden: set[str] = field(default_factory=set)
    """Numbers that no law permits to call at any time."""

    def now(self) -> float:
        return self.at

    def view(self) -> View:
        agents = {one.user: agent_view(one.user) for one in (AMY, BEN)}
        return View(
            agents=agents,
            queues={
                QUEUE.queue: QUEUE,
                "service": replace(QUEUE, queue="service", distribution="exchange"),
            },
            cards={"amy": self.cards},
            calls={},
        )


@dataclass
class Here:
    desk: Desk
    store: MemoryCallbacks
    booking: MemoryBooking
    records: MemoryRecords
    changed: list[str]
    api: Any

    @asynccontextmanager
    async def browser(self, user: str | None) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.api, raise_app_exceptions=False),
            base_url=f"{URL}/api/v1/",
            headers={"Origin": URL},
        ) as http:
            if user is not None:
                credentials = {"user": user, "password": PASSWORD}
                (await http.post("session", json=credentials)).raise_for_status()
            yield http

    def put(self, *callbacks: Callback) -> None:
        self.store.rows |= {one.id: one for one in callbacks}

    async def audited(self) -> list[tuple[str, str, str | None, bool]]:
        rows = await self.records.audit(0.0, 1e12)
        return [(row.by, row.what, row.agent, row.ok) for row in rows]


@contextmanager
def served(
    static: Path, desk: Desk, records: MemoryRecords, store: MemoryCallbacks, booking: Any
) -> Iterator[Here]:
    metrics = Metrics()
    changed: list[str] = []
    passwords = Passwords(passes=1, memory_kib=64)
    hashed = passwords.hash(PASSWORD)
    accounts = MemoryAccounts(
        Account(agent=one.user, name=one.name, role=one.role, device=one.device,
                password_hash=hashed, language=None, active=True)
        for one in (AMY, BEN, SUE)
    )  # fmt: skip
    origins = Origins()
    doors = Doors(
        accounts=accounts, sign_ins=MemorySignIns(), passwords=passwords, now=desk.now,
        count=metrics.sign_in, settings=DoorSettings(failures=100_000, address_failures=100_000),
    )  # fmt: skip
    router = callbacks_router(
        desk, store, booking, doors, origins,  # type: ignore[arg-type]
        audit=records.record_audit, now=desk.now, zone="Europe/Berlin", on_change=changed.append,
        lawful=lambda callback, at: callback.number not in desk.forbidden, dry_run=True,
    )  # fmt: skip
    api = build_api(
        doors=doors, metrics=metrics, checks={}, origins=origins, on_sign_out=lambda name: None,
        console=static, store_errors=(StoreError,), routers=[router],
    )  # fmt: skip
    yield Here(desk, store, booking, records, changed, api)
    passwords.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    desk, records = Desk(), MemoryRecords()
    store = MemoryCallbacks(desk.now, records)
    windows = (Window(SLOT, SLOT + 900), Window(SLOT + 900, SLOT + 1800))
    with served(tmp_path, desk, records, store, MemoryBooking(store, windows)) as made:
        yield made


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


def wrong(response: httpx.Response) -> list[tuple[str, str]]:
    """Which fields are refused, and why."""
    assert code(response) == (422, "invalid")
    return [(one["pointer"], one["code"]) for one in response.json()["errors"]]


async def test_supervisors_see_all_and_agents_their_own(here: Here) -> None:
    """Open ones by place, those of the last day newest first; counts are of the open ones."""
    here.put(
        callback("LATE-0001", place=NOW + 9000),
        callback("MINE-0001", agent="amy", place=NOW + 10),
        callback("RISK-0001", state="due", place=NOW - 50, opens=NOW - 800, closes=NOW + 100),
        callback("DIAL-0001", state="dialling", place=NOW - 60, closes=NOW + 100,
                 dialled=NOW - 5, attempts=1),
        callback("DONE-0001", state="done", why="talked", ended=NOW - 60, agent="amy"),
        callback("OLDD-0001", state="expired", why="window_over", ended=NOW - DAY - 1),
    )  # fmt: skip
    async with here.browser("sue") as http:
        found = (await http.get("callbacks")).json()
        ids = [one["id"] for one in found["callbacks"]]
        assert ids == ["DIAL-0001", "RISK-0001", "MINE-0001", "LATE-0001", "DONE-0001"]
        assert found["counts"] == {
            "waiting": 2, "due": 1, "dialling": 1, "talking": 0, "at_risk": 1,
        }  # fmt: skip
        assert found["callbacks"][0]["causes"] == []
        some = (await http.get("callbacks?states=due&states=done&queue=sales")).json()
        assert [one["id"] for one in some["callbacks"]] == ["RISK-0001", "DONE-0001"]
        assert (await http.get("callbacks?queue=other")).json()["callbacks"] == []
        cut = (await http.get("callbacks?limit=2")).json()
        assert (cut["more"], found["more"]) == (True, False)
        assert (await http.get("callbacks?states=nonsense")).status_code == 422
    async with here.browser("amy") as http:
        own = (await http.get("callbacks")).json()
        assert [one["id"] for one in own["callbacks"]] == ["MINE-0001", "DONE-0001"]
        assert own["counts"]["waiting"] == 1
        assert (await http.get("callbacks/MINE-0001")).json()["attempts"] == []
        assert code(await http.get("callbacks/LATE-0001")) == (403, "forbidden")
        assert code(await http.get("callbacks/NOPE")) == (404, "not_found")
    async with here.browser(None) as http:
        assert code(await http.get("callbacks")) == (401, "not_signed_in")


async def test_whoever_gave_no_name_is_listed_by_the_one_we_know(here: Here) -> None:
    """Of callbacks that the viewer sees, and not of those who typed a name themselves; what the
    network calls a caller in line is none."""
    here.put(
        callback("KNOW-0001", name=None, person="p1", agent="amy"),
        callback("KNOW-0002", name=None, person="p2"),
        callback("SAID-0001", name="Ann Lee", person="p3"),
        callback("GONE-0001", name=None, person="p4"),
        callback("LINE-0001", name="WIRELESS CALLER", person="p5", origin="queue"),
        callback("NONE-0001", name=None),
    )
    here.store.people |= {"p1": "王小明", "p2": "Bob Ray", "p3": "Somebody Else", "p5": "Cy Fox"}
    async with here.browser("sue") as http:
        names = (await http.get("callbacks")).json()["names"]
    assert names == {"p1": "王小明", "p2": "Bob Ray", "p5": "Cy Fox"}
    async with here.browser("amy") as http:
        assert (await http.get("callbacks")).json()["names"] == {"p1": "王小明"}


SUPERVISORS = [
    ("GET", "callbacks/switches", None), ("GET", "callbacks/scores", None),
    ("GET", "callbacks/blocked", None), ("GET", "callbacks/dry-runs", None),
    ("GET", "callbacks/deflection", None), ("POST", "callbacks/AAAA-1111/now", {}),
    ("POST", "callbacks/AAAA-1111/assign", {"agent": "amy"}),
    ("PUT", "callbacks/switches",
     {"queue": "sales", "accept": False, "serve": False, "show": False}),
    ("POST", "callbacks/blocked", {"number": "+442079460123", "reason": "asked"}),
    ("DELETE", "callbacks/blocked?number=%2B442079460123", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), SUPERVISORS)
async def test_what_is_for_supervisors_is_refused_to_agents(
    here: Here, method: str, path: str, body: Any
) -> None:
    """Also for a callback that is the agent's own; nothing has changed then."""
    here.put(callback(agent="amy"))
    async with here.browser("amy") as http:
        assert code(await http.request(method, path, json=body)) == (403, "forbidden")
    assert here.store.rows["AAAA-1111"] == callback(agent="amy")
    assert await here.store.switches() == ()
    assert here.changed == []


async def test_the_text_that_was_agreed_to_is_in_the_details(here: Here) -> None:
    """After a change too; null where nobody agreed, or it was not kept."""
    here.put(
        callback(consent="aa en"), callback("LOST-0001", consent="bb en"), callback("NONE-0001")
    )
    here.store.consents["aa en"] = "You may call."
    async with here.browser("sue") as http:
        found = [(await http.get(f"callbacks/{one}")).json()["agreed"] for one in here.store.rows]
        assert found == ["You may call.", None, None]
        gone = await http.post("callbacks/AAAA-1111/cancel", json={})
        assert gone.json()["agreed"] == "You may call."


# --- scheduling ----------------------------------------------------------------------------------

WISH = {
    "call": "c1", "number": " +44 20 7946 0999 ", "when": LATER, "zone": "Asia/Taipei",
    "words": " about the refund ", "reason": "refund", "name": "王小明", "person": "p1",
}  # fmt: skip


async def test_an_agent_in_wrap_up_schedules_one_in_a_window(here: Here) -> None:
    """The queue and the language are those of the call, the end is that of the window."""
    async with here.browser("amy") as http:
        slots = (await http.get("callbacks/slots?queue=sales")).json()["slots"]
        assert slots[0] == {"opens": SLOT, "closes": SLOT + 900}
        made = await http.post("callbacks", json=WISH)
    assert made.status_code == 201
    assert made.json()["callback"]["id"] == "NEWW-0001"
    assert here.booking.asked == [
        StaffRequest(
            origin="agent", queue="sales", number="+44 20 7946 0999", opens=SLOT,
            closes=SLOT + 900, by="amy", name="王小明", person="p1",
            language="zh-Hant", zone="Asia/Taipei", reason="refund", words="about the refund",
            slot=SlotHold(opens=SLOT, capacity=3),
        )
    ]  # fmt: skip
    assert here.changed == ["NEWW-0001"]
    assert await here.audited() == [("amy", "callback", None, True)]


async def test_ones_own_may_be_at_any_time_and_now_needs_no_window(here: Here) -> None:
    """Kept for the agent, who knows their calendar; others may still call when they cannot."""
    async with here.browser("amy") as http:
        own = {**WISH, "when": "2026-01-02T02:34:00+08:00", "mine": True, "case": "k9"}
        assert (await http.post("callbacks", json=own)).status_code == 201
        here.store.rows.clear()
        assert (await http.post("callbacks", json={**WISH, "when": "now"})).status_code == 201
    first, second = here.booking.asked
    at = NOW + 7 * 3600 + 34 * 60
    assert (first.opens, first.closes, first.agent) == (at, at + 3600, "amy")
    assert (first.origin, first.case) == ("case", "k9")
    assert (second.opens, second.closes, second.agent) == (NOW, None, None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"when": "tomorrow"}, ("/when", "when")),
        ({"when": "2026-01-01T14:00:00"}, ("/when", "when")),
        ({"when": "2026-01-01T09:00:00+00:00"}, ("/when", "slot_unknown")),
        ({"when": "2026-03-01T09:00:00+00:00"}, ("/when", "slot_unknown")),
        ({"when": "2026-01-01T14:01:00+00:00"}, ("/when", "slot_taken")),
        ({"person": "somebody-else"}, ("/person", "person")),
    ],
)
async def test_wrong_fields_are_named(
    here: Here, changes: dict[str, Any], where: tuple[str, str]
) -> None:
    """With a code that screens can translate; nobody is asked to book anything."""
    async with here.browser("amy") as http:
        assert wrong(await http.post("callbacks", json={**WISH, **changes})) == [where]
    assert here.booking.asked == []


async def test_agents_schedule_for_calls_they_talked_to_only(here: Here) -> None:
    """Supervisors for anybody, but they have to name the queue."""
    async with here.browser("amy") as http:
        bare = {key: value for key, value in WISH.items() if key != "call"}
        assert code(await http.post("callbacks", json=bare)) == (403, "forbidden")
        other = {**WISH, "call": "c2"}
        assert code(await http.post("callbacks", json=other)) == (404, "unknown_call")
        here.desk.cards = (replace(CARD, answered=None, ended=None),)
        assert code(await http.post("callbacks", json=WISH)) == (409, "not_now")
    async with here.browser("sue") as http:
        bare["person"] = "anybody"
        assert wrong(await http.post("callbacks", json=bare)) == [("/queue", "queue")]
        unknown = {**bare, "queue": "nowhere"}
        assert code(await http.post("callbacks", json=unknown)) == (404, "not_found")
        mine = {**bare, "queue": "sales", "mine": True}
        assert wrong(await http.post("callbacks", json=mine)) == [("/mine", "mine")]
        assert (await http.post("callbacks", json={**bare, "queue": "sales"})).status_code == 201
    assert [one.by for one in here.booking.asked] == ["sue"]


async def test_supervisors_say_which_agent_calls(here: Here) -> None:
    """One who is signed in, in a window with room; agents do not say so of each other."""
    bare = {key: value for key, value in WISH.items() if key not in ("call", "person")}
    wish = {**bare, "queue": "sales", "agent": "ben"}
    async with here.browser("sue") as http:
        gone = {**wish, "agent": "nobody"}
        assert wrong(await http.post("callbacks", json=gone)) == [("/agent", "agent")]
        off = {**wish, "when": "2026-01-01T14:01:00+00:00"}
        assert wrong(await http.post("callbacks", json=off)) == [("/when", "slot_taken")]
        made = await http.post("callbacks", json=wish)
        assert (made.status_code, made.json()["callback"]["agent"]) == (201, "ben")
    async with here.browser("amy") as http:
        theirs = {**WISH, "agent": "ben"}
        assert code(await http.post("callbacks", json=theirs)) == (403, "forbidden")
    (asked,) = here.booking.asked
    assert (asked.agent, asked.by, asked.slot) == ("ben", "sue", SlotHold(opens=SLOT, capacity=3))
    assert ("sue", "callback", "ben", True) in await here.audited()


async def test_the_same_request_sent_again_is_booked_once(here: Here) -> None:
    """Though it fills the window itself; another key is another request."""
    wish = {**WISH, "number": "+442079460999", "key": "k1"}
    async with here.browser("amy") as http:
        first = await http.post("callbacks", json=wish)
        here.booking.windows = ()
        again = await http.post("callbacks", json=wish)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        other = await http.post("callbacks", json={**wish, "key": "k2"})
        assert wrong(other) == [("/when", "slot_taken")]
    assert len(here.booking.asked) == len(here.store.rows) == 1
    assert here.changed == ["NEWW-0001"]


@pytest.mark.parametrize(
    ("why", "field", "where"),
    [
        ("blocked", "", ("/number", "blocked")),
        ("open_one", "number", ("/number", "open_one")),
        ("closed", "", ("/when", "closed")),
        ("spend_cap", "", ("", "spend_cap")),
    ],
)
async def test_what_the_booking_refuses_is_a_field_with_a_code(
    here: Here, why: Denial, field: str, where: tuple[str, str]
) -> None:
    here.booking.refuse = CallbackRefused(why, field, ref="OPEN-0001")
    async with here.browser("amy") as http:
        refused = await http.post("callbacks", json=WISH)
    assert wrong(refused) == [where]
    assert "OPEN-0001" in refused.json()["detail"]
    assert await here.audited() == [("amy", "callback", None, False)]
    assert here.changed == []


async def test_a_store_in_trouble_is_not_the_fields_fault(here: Here) -> None:
    here.booking.refuse = CallbackRefused("store")
    async with here.browser("amy") as http:
        refused = await http.post("callbacks", json=WISH)
    assert code(refused) == (503, "store_unavailable")
    assert refused.headers["retry-after"] == "5"


async def test_the_real_booking_reads_numbers_keeps_slots_and_the_law(tmp_path: Path) -> None:
    """What staff promise is checked as what customers ask for, and stored the same way."""
    clock, desk, records = Clock(NOW), Desk(), MemoryRecords()
    store = MemoryCallbacks(clock, records)
    forbidden = {"+442079460777"}
    kit = Kit(store, MemoryDemand(records), clock,
              lawful=lambda callback, at: callback.number not in forbidden)  # fmt: skip
    with served(tmp_path, desk, records, store, kit.booking) as here:
        async with here.browser("amy") as http:
            slots = (await http.get("callbacks/slots?queue=service")).json()["slots"]
            when = datetime.fromtimestamp(slots[0]["opens"], UTC).isoformat()
            wish = {**WISH, "queue": "service", "when": when, "person": None, "reason": "cards"}

            async def ask(**changes: Any) -> httpx.Response:
                return await http.post("callbacks", json={**wish, **changes})

            assert wrong(await ask(number="12"))[0][1] == "number_bad"
            assert wrong(await ask(number="+1 212 555 0123"))[0] == ("/number", "country")
            assert wrong(await ask(number="020 7946 0777")) == [("/when", "closed")]
            made = (await ask(number="020 7946 0999")).json()["callback"]
            assert (made["number"], made["opens"]) == ("+442079460999", slots[0]["opens"])
            assert (made["closes"], made["origin"]) == (slots[0]["closes"], "agent")
            twice = await ask(number="+44 20 7946 0999")
            assert wrong(twice) == [("/number", "open_one")]
            assert made["id"] in twice.json()["detail"]
            own = (await ask(number="020 7946 0888", mine=True)).json()["callback"]
            assert own["agent"] == "amy"
            assert own["opens"] < own["agent_until"] < own["closes"]
            soon = (await ask(number="020 7946 0666", when="now")).json()["callback"]
            assert (soon["state"], soon["opens"]) == ("requested", NOW)
            listed = (await http.get("callbacks")).json()["callbacks"]
            assert [one["id"] for one in listed] == [own["id"]]
    assert set(store.rows) == {made["id"], own["id"], soon["id"]}


# --- changing ------------------------------------------------------------------------------------


async def test_a_callback_is_cancelled_by_staff_with_a_reason(here: Here) -> None:
    """The fence is raised, so whoever held it drops it; the floor is told."""
    here.put(callback(state="due", node="n1", fence=7))
    async with here.browser("sue") as http:
        done = await http.post("callbacks/AAAA-1111/cancel", json={"why": "wrong number"})
        again = await http.post("callbacks/AAAA-1111/cancel", json={})
    row = here.store.rows["AAAA-1111"]
    assert done.json()["callback"]["state"] == "cancelled"
    assert (row.state, row.why, row.by, row.ended) == ("cancelled", "by_staff", "sue", NOW)
    assert (row.fence, row.version, row.node) == (8, 4, None)
    assert code(again) == (409, "not_now")
    assert here.changed == ["AAAA-1111"]
    assert [row.reason for row in await here.records.audit(0, 1e12)] == ["wrong number"]


@pytest.mark.parametrize("what", ["cancel", "now", "assign", "move"])
async def test_nothing_is_changed_that_somebody_else_changed_or_is_dialling(
    here: Here, what: str
) -> None:
    """The version that was seen decides, and the store has the last word."""
    body: dict[str, Any] = {"assign": {"agent": "amy"}, "move": {"when": LATER}}.get(what, {})
    async with here.browser("sue") as http:
        for state in ("dialling", "talking", "done"):
            here.put(callback(state=state))
            answer = await http.post(f"callbacks/AAAA-1111/{what}", json=body)
            assert code(answer) == (409, "not_now")
        here.put(callback())
        seen = {**body, "version": 2}
        assert code(await http.post(f"callbacks/AAAA-1111/{what}", json=seen)) == (409, "refused")
        quick = here.store.change

        async def slow(after: Callback, expects: int, slot: SlotHold | None = None) -> bool:
            here.put(callback(version=9))  # somebody else, between reading and writing
            return await quick(after, expects, slot)

        here.store.change = slow  # type: ignore[assignment,method-assign]
        late = await http.post(f"callbacks/AAAA-1111/{what}", json=body)
        assert code(late) == (409, "refused")
    assert here.store.rows["AAAA-1111"] == callback(version=9)
    assert here.changed == []
    assert [ok for *_, ok in await here.audited()] == [False]


async def test_a_window_that_fills_while_a_supervisor_chooses(here: Here) -> None:
    """It had room when it was looked at; by the store it has none: nothing is changed."""
    there = [callback(f"FULL-{n:04}", number=f"+44207946{n:04}", opens=SLOT) for n in range(3)]
    here.put(callback(version=3), *there)
    async with here.browser("sue") as http:
        moved = await http.post("callbacks/AAAA-1111/move", json={"when": LATER})
        assert wrong(moved) == [("/when", "slot_taken")]
    assert here.store.rows["AAAA-1111"] == callback(version=3)
    assert here.changed == []


async def test_a_callback_is_moved_into_a_window_with_room(here: Here) -> None:
    """Its place is that of the new window; an agent's own goes to any time, by the agent too."""
    here.put(callback(version=3), callback("MINE-0001", agent="amy", agent_until=NOW + 5400))
    async with here.browser("sue") as http:
        full = await http.post("callbacks/AAAA-1111/move", json={"when": "2026-01-01T14:05:00Z"})
        assert wrong(full) == [("/when", "slot_taken")]
        past = await http.post("callbacks/AAAA-1111/move", json={"when": "2026-01-01T10:00:00Z"})
        assert wrong(past) == [("/when", "slot_unknown")]
        moved = await http.post("callbacks/AAAA-1111/move", json={"when": LATER, "version": 3})
        assert moved.status_code == 200
    async with here.browser("amy") as http:
        not_mine = await http.post("callbacks/AAAA-1111/move", json={"when": LATER})
        assert code(not_mine) == (403, "forbidden")
        own = await http.post("callbacks/MINE-0001/move", json={"when": "2026-01-01T14:05:00Z"})
        assert own.status_code == 200
    row = here.store.rows["AAAA-1111"]
    assert (row.opens, row.closes, row.due, row.place) == (SLOT, SLOT + 900, SLOT, SLOT)
    assert (row.state, row.by) == ("scheduled", "sue")
    mine = here.store.rows["MINE-0001"]
    assert (mine.opens, mine.closes) == (SLOT + 300, SLOT + 3900)
    assert mine.agent_until == SLOT + 2100


@pytest.mark.parametrize(("what", "body"), [("move", {"when": LATER}), ("now", {})])
async def test_no_change_leads_to_a_time_that_the_law_forbids(
    here: Here, what: str, body: dict[str, Any]
) -> None:
    """Cancelling is always permitted."""
    here.put(callback())
    here.desk.forbidden = {callback().number}
    async with here.browser("sue") as http:
        assert code(await http.post(f"callbacks/AAAA-1111/{what}", json=body)) == (409, "not_now")
        assert here.store.rows["AAAA-1111"] == callback()
        done = await http.post("callbacks/AAAA-1111/cancel", json={})
    assert done.status_code == 200


async def test_now_puts_it_into_the_line_at_once(here: Here) -> None:
    """It does not overtake whoever waits; one whose window is over is not dialled any more."""
    here.put(
        callback(), callback("LINE-0001", state="due", opens=NOW - 9),
        callback("OVER-0001", opens=NOW - 900, closes=NOW - 1, due=NOW - 900, place=NOW - 900),
    )  # fmt: skip
    async with here.browser("sue") as http:
        assert (await http.post("callbacks/AAAA-1111/now", json={})).status_code == 200
        assert code(await http.post("callbacks/LINE-0001/now", json={})) == (409, "not_now")
        assert code(await http.post("callbacks/OVER-0001/now", json={})) == (409, "not_now")
    row = here.store.rows["AAAA-1111"]
    assert (row.due, row.place, row.opens, row.closes) == (NOW, NOW, NOW, NOW + 4500)
    assert [one.id for one in await here.store.claim("n1")][:1] == ["OVER-0001"]
    assert here.store.rows["AAAA-1111"].state == "due"


async def test_one_agent_is_named_until_half_of_the_window_is_over(here: Here) -> None:
    """Then anybody may keep the promise; null gives it to anybody at once."""
    here.put(callback(state="retry", causes=("busy",), attempts=1))
    async with here.browser("sue") as http:
        absent = await http.post("callbacks/AAAA-1111/assign", json={"agent": "zoe"})
        assert wrong(absent) == [("/agent", "agent")]
        await http.post("callbacks/AAAA-1111/assign", json={"agent": "ben"})
        row = here.store.rows["AAAA-1111"]
        assert (row.agent, row.agent_until, row.state) == ("ben", NOW + 4050, "retry")
        await http.post("callbacks/AAAA-1111/assign", json={"agent": None})
    row = here.store.rows["AAAA-1111"]
    assert (row.agent, row.agent_until) == (None, None)
    assert (row.due, row.place) == (NOW + 3600, NOW + 3600)


# --- supervisors' rules and figures --------------------------------------------------------------


async def test_switches_say_who_and_whether_offers_stopped_by_themselves(here: Here) -> None:
    """A queue nobody switched does everything; stopped offers go on only when that is said."""
    async with here.browser("sue") as http:
        found = (await http.get("callbacks/switches")).json()["queues"]
        assert found == [
            {"queue": "sales", "accept": True, "serve": True, "show": True, "auto_stopped": None,
             "by": None, "at": None}
        ]  # fmt: skip
        off = {"queue": "sales", "accept": True, "serve": False, "show": True}
        await here.store.set_switches(Switches(queue="sales", auto_stopped=NOW - 99))
        kept = (await http.put("callbacks/switches", json=off)).json()
        assert (kept["serve"], kept["auto_stopped"], kept["by"]) == (False, NOW - 99, "sue")
        again = (await http.put("callbacks/switches", json={**off, "resume": True})).json()
        assert again["auto_stopped"] is None
        nowhere = await http.put("callbacks/switches", json={**off, "queue": "nowhere"})
        assert code(nowhere) == (404, "not_found")
    stored = await here.store.switches()
    assert [(one.serve, one.auto_stopped, one.at) for one in stored] == [(False, None, NOW)]
    assert [what for _, what, _, _ in await here.audited()] == ["callback_switches"] * 2


async def test_the_block_list_is_edited(here: Here) -> None:
    """Numbers and beginnings of numbers; what is neither is refused before it is stored."""
    async with here.browser("sue") as http:
        for number in ("+442079460123", "+4490*"):
            made = await http.post("callbacks/blocked", json={"number": number, "reason": "asked"})
            assert made.status_code == 201
        for bad in ("020", "+", "*", "+44-1", "+442079460123 "):
            body = {"number": bad, "reason": "asked"}
            assert code(await http.post("callbacks/blocked", json=body)) == (422, "invalid")
        over = {"number": "+4477", "reason": "x", "until": NOW - 1}
        assert code(await http.post("callbacks/blocked", json=over)) == (409, "refused")
        listed = (await http.get("callbacks/blocked")).json()["blocked"]
        assert {(one["number"], one["by"]) for one in listed} == {
            ("+442079460123", "sue"), ("+4490*", "sue"),
        }  # fmt: skip
        gone = await http.delete("callbacks/blocked", params={"number": "+4490*"})
        assert gone.status_code == 204
        again = await http.delete("callbacks/blocked", params={"number": "+4490*"})
        assert code(again) == (404, "not_found")
    assert [one.number for one in await here.store.blocked()] == ["+442079460123"]


async def test_figures_are_the_stores(here: Here) -> None:
    """Promises by day in the centre's zone, at once when they are kept; visitors; rules that are
    only tried out."""
    here.put(
        callback("KEPT-0001", state="done", why="talked", opens=NOW - 900, closes=NOW + 600,
                 dialled=NOW - 500, reached=NOW - 490, ended=NOW - 100, attempts=1),
        callback("LOST-0001", state="expired", why="window_over", opens=NOW - DAY,
                 closes=NOW - DAY + 900, ended=NOW - DAY + 900),
        callback("PAST-0001", state="expired", why="window_over", opens=NOW - 3 * DAY,
                 closes=NOW - 3 * DAY + 900, ended=NOW - 3 * DAY + 900),
    )  # fmt: skip
    await here.store.deflected(
        Deflection(id="d1", at=NOW - 60, site="web", answers=("a",), solved=True)
    )
    await here.store.note_dry_run(NOW - 5, "web", "prefix", "+44900")
    async with here.browser("sue") as http:
        scores = (await http.get("callbacks/scores?days=2")).json()["scores"]
        assert [(one["day"], one["promised"], one["kept"]) for one in scores] == [
            ("2026-01-01", 1, 1), ("2025-12-31", 1, 0),
        ]  # fmt: skip
        assert scores[1]["broken"] == [["window_over", 1]]
        found = (await http.get("callbacks/deflection?days=1")).json()["score"]
        assert (found["shown"], found["solved"], found["known"]) == (1, 1, 0)
        dry = {"at": NOW - 5, "site": "web", "why": "prefix", "detail": "+44900"}
        found = (await http.get("callbacks/dry-runs")).json()
        assert found == {"on": True, "more": False, "dry_runs": [dry]}
        await here.store.note_dry_run(NOW - 9, "web", "country", "FR")
        newest = (await http.get("callbacks/dry-runs?limit=1")).json()
        assert newest == {"on": True, "more": True, "dry_runs": [dry]}


async def test_other_sites_pages_change_nothing(here: Here) -> None:
    here.put(callback())
    async with here.browser("sue") as http:
        http.headers["Origin"] = "https://evil.example"
        answer = await http.post("callbacks/AAAA-1111/cancel", json={})
    assert code(answer) == (403, "foreign_origin")
    assert here.store.rows["AAAA-1111"] == callback()
