"""Callbacks for staff: the list, scheduling one, changing one.

Every change goes to the store with the version it was made from, and is refused when somebody else
was faster, or when the customer is being dialled or talked to. The floor hears of it by
``on_change``: it drops what it held.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from callcenter.callback_ports import CallbackRefused, Callbacks, Denial, SlotHold
from callcenter.callbacks.forms import StaffRequest
from callcenter.callbacks.house import Opening
from callcenter.callbacks.plans import anybody_from
from callcenter.floor.callback import OPEN, Callback, CallbackState
from callcenter.floor.card import Card
from callcenter.floor.orders import RecordAudit
from callcenter.ports import Desk, User

from .callback_bodies import (
    Assign,
    Cancel,
    Listed,
    Move,
    Now,
    Schedule,
    Slot,
    Slots,
    StaffBooking,
    Whole,
    count,
    moment,
)
from .callback_oversight import oversight_router
from .doors import Doors
from .origin import Origins
from .problem import Problem, answer, documented
from .session import current_user, own_pages_only
from .staff import MAX_ID, STORABLE, forbidden, supervisor

DAY: Final = 86_400.0
AHEAD: Final = 31 * DAY
"""Seconds; nothing is promised later than this."""
ALONE: Final = 3600.0
"""Seconds: the window of a callback at a time that an agent chose in their own calendar; long
enough for a colleague to call when they do not."""
NO_ROOM: Final = "There is no window at that time with room."
OVER: Final[frozenset[CallbackState]] = frozenset({"done", "expired", "cancelled", "refused"})
FIELDS: Final[dict[Denial, str]] = {
    "number_bad": "/number",
    "number_withheld": "/number",
    "country": "/number",
    "kind": "/number",
    "prefix": "/number",
    "blocked": "/number",
    "open_one": "/number",
    "number_cap": "/number",
    "prefix_cap": "/number",
    "slot_taken": "/when",
    "slot_unknown": "/when",
    "closed": "/when",
    "off": "/queue",
    "text": "/words",
}
"""What has to be changed, where the booking does not say it."""

CallbackId = Annotated[str, Path(alias="id", min_length=1, max_length=MAX_ID, pattern=STORABLE)]
Queue = Annotated[str, Query(min_length=1, max_length=MAX_ID, pattern=STORABLE)]


def callbacks_router(
    desk: Desk,
    store: Callbacks,
    booking: StaffBooking,
    doors: Doors,
    origins: Origins,
    audit: Callable[[RecordAudit], Awaitable[None]],
    now: Callable[[], float],
    zone: str,
    on_change: Callable[[str], None],
    lawful: Callable[[Callback, float], bool] = lambda callback, at: True,
    dry_run: bool = False,
) -> APIRouter:
    """``zone``: IANA name of the centre's own; ``on_change``: told the id of each callback that was
    changed from outside the floor; ``lawful``: whether a callback's window has a moment at which
    its number may be called, from then on; ``dry_run``: rules against abuse are only tried out."""
    router = APIRouter(prefix="/api/v1/callbacks", tags=["callbacks"])
    router.include_router(oversight_router(desk, store, doors, origins, audit, now, zone, dry_run))
    ours = [Depends(own_pages_only(origins))]
    changing = documented(400, 401, 403, 404, 409, 413, 415, 422, 503)

    async def note(
        by: str, what: str, detail: str, reason: str = "", agent: str | None = None, ok: bool = True
    ) -> None:
        await audit(
            RecordAudit(
                at=now(), by=by, what=what, agent=agent, call=None, reason=reason, ok=ok,
                detail=detail[:500],
            )
        )  # fmt: skip

    def known(queue: str) -> None:
        if queue not in desk.view().queues:
            raise Problem(404, "not_found", f"There is no queue {queue}.")

    # --- looking ------------------------------------------------------------------------------

    @router.get("", operation_id="callbacks", responses=documented(401, 403, 422, 503))
    async def callbacks(
        request: Request,
        queue: Queue | None = None,
        states: Annotated[list[CallbackState] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=2000)] = 500,
    ) -> Listed:
        """Open callbacks and those that ended within a day; agents see those kept for them, whose
        cards say who it is."""
        user = await current_user(doors, request)
        wanted: frozenset[CallbackState] = OPEN | OVER if states is None else frozenset(states)
        at = now()
        found: list[Callback] = []
        more = False
        for part in (wanted & OPEN, wanted & OVER):
            if not part:
                continue
            rows = await store.listed(part, queue, limit + 1)
            more = more or len(rows) > limit
            found += rows[:limit]
        seen = [
            one
            for one in found
            if (one.ended is None or one.ended > at - DAY)
            and (user.role == "supervisor" or one.agent == user.user)
        ]
        unnamed = {
            one.person
            for one in seen
            if one.person is not None and (not one.name or one.origin == "queue")
        }
        return Listed(
            now=at, callbacks=seen, counts=count(seen, at), more=more,
            names=await store.names(unnamed) if unnamed else {},
        )  # fmt: skip

    @router.get(
        "/slots", operation_id="free_callback_slots", responses=documented(401, 404, 422, 503)
    )
    async def slots(
        request: Request, queue: Queue, days: Annotated[int, Query(ge=1, le=31)] = 7
    ) -> Slots:
        """Windows that can still be promised to customers of a queue."""
        await current_user(doors, request)
        known(queue)
        at = now()
        return Slots(
            slots=[
                Slot(opens=one.opens, closes=one.closes)
                for one in await booking.slots(queue, at, at + days * DAY)
            ]
        )

    @router.get("/{id}", operation_id="callback", responses=documented(401, 403, 404, 422, 503))
    async def whole(id: CallbackId, request: Request) -> Whole:
        """One callback with all its attempts."""
        user = await current_user(doors, request)
        return await whole_of(await one(id, user))

    async def whole_of(callback: Callback) -> Whole:
        return Whole(
            callback=callback,
            attempts=list(await store.attempts(callback.id)),
            agreed=await store.agreed(callback.consent) if callback.consent else None,
        )

    async def window(queue: str, at: float, opens: float) -> Opening | None:
        """That opens then; ``None``: there is none with room."""
        found = await booking.slots(queue, at, opens + 1.0)
        return next((one for one in found if one.opens == opens), None)

    # --- one more -----------------------------------------------------------------------------

    @router.post(
        "",
        operation_id="schedule_callback",
        status_code=201,
        response_model=Whole,
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 413, 415, 422, 503),
    )
    async def schedule(wish: Schedule, request: Request) -> Any:
        """Promise a customer a call: a supervisor, or the agent who talked to them."""
        user = await current_user(doors, request)
        card = _own_card(desk, user, wish.call)
        if card is None and user.role != "supervisor":
            raise forbidden("Agents schedule callbacks for calls of their own only.")
        if wish.mine and user.device is None:
            return wrong("/mine", "mine", "You have no phone to call from.")
        if wish.agent is not None:
            if user.role != "supervisor":
                raise forbidden("Agents schedule callbacks for themselves or for anybody.")
            if wish.mine or wish.agent not in desk.view().agents:
                return wrong("/agent", "agent", f"Agent {wish.agent} is not signed in.")
        if user.role != "supervisor" and card and wish.person not in (None, *_persons(card)):
            return wrong("/person", "person", "That person is not on the card of the call.")
        queue = wish.queue or (card.queue if card else None)
        if queue is None:
            return wrong("/queue", "queue", "Say which queue is to call.")
        known(queue)
        again = await booking.asked_before(user.user, wish.key or "", wish.number.strip())
        if again is not None:
            return await whole_of(again)
        at, when = now(), moment(wish.when)
        if when is None:
            return wrong("/when", "when", "Send `now`, or ISO 8601 with an offset.")
        opens = at if when == "now" else when
        closes: float | None = None
        slot: SlotHold | None = None
        if when != "now":
            if not at - 60.0 <= opens <= at + AHEAD:
                return wrong("/when", "slot_unknown", "That is over, or more than 31 days ahead.")
            closes = opens + ALONE
            if not wish.mine:
                found = await window(queue, at, opens)
                if found is None:
                    return wrong("/when", "slot_taken", NO_ROOM)
                closes, slot = found.closes, SlotHold(opens=opens, capacity=found.capacity)
        asked = StaffRequest(
            origin="agent" if wish.case is None else "case", queue=queue,
            number=wish.number.strip(), opens=opens, closes=closes, by=user.user,
            agent=user.user if wish.mine else wish.agent, key=wish.key or "",
            name=(wish.name or "").strip(), person=wish.person,
            language=(card.profile.language or "") if card and card.profile else "",
            zone=wish.zone, reason=wish.reason or "", words=wish.words.strip(), case=wish.case,
            slot=slot,
        )  # fmt: skip
        try:
            made = await booking.by_staff(asked, at)
        except CallbackRefused as refused:
            await note(user.user, "callback", f"not booked: {refused.why}", ok=False)
            if refused.why == "store":
                raise Problem(
                    503, "store_unavailable", "It could not be stored; try again in a moment.",
                    {"Retry-After": "5"},
                ) from None  # fmt: skip
            pointer = f"/{refused.field}" if refused.field else FIELDS.get(refused.why, "")
            said = refused.detail or refused.why
            return wrong(pointer, refused.why, f"{said} ({refused.ref})" if refused.ref else said)
        await note(user.user, "callback", f"{made.id} in {queue}", agent=made.agent)
        on_change(made.id)
        return Whole(callback=made, attempts=[])

    # --- changes ------------------------------------------------------------------------------

    async def one(id: str, user: User) -> Callback:
        callback = await store.one(id)
        if callback is None:
            raise Problem(404, "not_found", f"There is no callback {id}.")
        if user.role != "supervisor" and callback.agent != user.user:
            raise forbidden("It is not kept for you.")
        return callback

    async def changeable(id: str, user: User, version: int | None) -> Callback:
        """Raises ``Problem``; a row that changes after this is refused by the store."""
        callback = await one(id, user)
        if callback.state not in OPEN:
            raise Problem(409, "not_now", f"Callback {id} is over: {callback.state}.")
        if callback.state in ("dialling", "talking"):
            raise Problem(409, "not_now", f"Callback {id} is being dialled or talked to.")
        if version is not None and version != callback.version:
            raise _changed(id)
        return callback

    async def change(
        before: Callback, user: User, what: str, reason: str, detail: str,
        slot: SlotHold | None = None, **fields: Any,
    ) -> Whole:  # fmt: skip
        """Raises ``Problem``, and ``CallbackRefused`` when others fill the slot."""
        after = replace(before, version=before.version + 1, by=user.user, node=None, **fields)
        if "opens" in fields and not lawful(after, now()):
            raise Problem(409, "not_now", "The law has no moment for this number in that window.")
        done = await store.change(after, before.version, slot)
        await note(user.user, what, f"{before.id} {detail}".strip(), reason, after.agent, done)
        if not done:
            raise _changed(before.id)
        on_change(before.id)
        return await whole_now(after)

    async def whole_now(after: Callback) -> Whole:
        return await whole_of(await store.one(after.id) or after)

    @router.post(
        "/{id}/cancel", operation_id="cancel_callback", dependencies=ours, responses=changing
    )
    async def cancel(id: CallbackId, wish: Cancel, request: Request) -> Whole:
        """It is not to be: by a supervisor, or by the agent it is kept for."""
        user = await current_user(doors, request)
        before = await changeable(id, user, wish.version)
        return await change(
            before, user, "callback_cancel", wish.why.strip(), "",
            state="cancelled", ended=now(), why="by_staff",
        )  # fmt: skip

    @router.post(
        "/{id}/move",
        operation_id="move_callback",
        response_model=Whole,
        dependencies=ours,
        responses=changing,
    )
    async def move(id: CallbackId, wish: Move, request: Request) -> Any:
        """To another window that has room; one kept for an agent to any time."""
        user = await current_user(doors, request)
        before = await changeable(id, user, wish.version)
        at, when = now(), moment(wish.when)
        if when is None or when == "now":
            return wrong("/when", "when", "Send ISO 8601 with an offset.")
        if not at <= when <= at + AHEAD:
            return wrong("/when", "slot_unknown", "That time is over, or more than 31 days ahead.")
        closes = when + ALONE
        slot: SlotHold | None = None
        if before.agent is None:
            fitting = await window(before.queue, at, when)
            if fitting is None:
                return wrong("/when", "slot_taken", NO_ROOM)
            closes, slot = fitting.closes, SlotHold(opens=when, capacity=fitting.capacity)
        until = None if before.agent_until is None else anybody_from(when, closes)
        try:
            return await change(
                before, user, "callback_move", wish.why.strip(), f"to {wish.when}", slot,
                state="scheduled", opens=when, closes=closes, due=when, place=when,
                agent_until=until,
            )  # fmt: skip
        except CallbackRefused as full:
            return wrong("/when", full.why, NO_ROOM)

    @router.post("/{id}/now", operation_id="hurry_callback", dependencies=ours, responses=changing)
    async def hurry(id: CallbackId, wish: Now, request: Request) -> Whole:
        """Into the line at once, before its window opens. For supervisors."""
        user = await supervisor(doors, request)
        before = await changeable(id, user, wish.version)
        at = now()
        if before.state in ("due", "reserved"):
            raise Problem(409, "not_now", f"Callback {id} is in line already.")
        if before.closes <= at:
            raise Problem(409, "not_now", f"The window of callback {id} is over.")
        return await change(
            before, user, "callback_now", wish.why.strip(), "",
            state="scheduled", opens=min(before.opens, at), due=at, place=min(before.place, at),
        )  # fmt: skip

    @router.post(
        "/{id}/assign",
        operation_id="assign_callback",
        response_model=Whole,
        dependencies=ours,
        responses=changing,
    )
    async def assign(id: CallbackId, wish: Assign, request: Request) -> Any:
        """Have one agent call, with the others behind them; or anybody. For supervisors."""
        user = await supervisor(doors, request)
        before = await changeable(id, user, wish.version)
        if wish.agent is not None and wish.agent not in desk.view().agents:
            return wrong("/agent", "agent", f"Agent {wish.agent} is not signed in.")
        begins = max(now(), before.opens)
        until = None if wish.agent is None else anybody_from(begins, before.closes)
        return await change(
            before, user, "callback_assign", wish.why.strip(), f"to {wish.agent or 'anybody'}",
            state="retry" if before.state == "retry" else "scheduled",
            agent=wish.agent, agent_until=until,
        )  # fmt: skip

    return router


def wrong(pointer: str, code: str, detail: str) -> Response:
    """A refused field; ``code`` is stable, so that screens can put it into their language."""
    return answer(
        422, "invalid", detail, errors=[{"pointer": pointer, "code": code, "detail": detail}]
    )


def _changed(id: str) -> Problem:
    return Problem(409, "refused", f"Callback {id} changed meanwhile; look at it again.")


def _own_card(desk: Desk, user: User, call: str | None) -> Card | None:
    """The card of a call that this user has or had. Raises ``Problem``."""
    if call is None:
        return None
    cards = desk.view().cards.get(user.user, ())
    card = next((one for one in cards if one.call == call), None)
    if card is None:
        if user.role == "supervisor":
            return None
        raise Problem(404, "unknown_call", f"There is no call {call} on your screen.")
    if card.answered is None and user.role != "supervisor":
        raise Problem(409, "not_now", "Nobody has talked to the customer yet.")
    return card


def _persons(card: Card) -> tuple[str, ...]:
    own = () if card.profile is None else (card.profile.person,)
    return own + tuple(candidate.person for candidate in card.candidates)
