"""Knowledge entries for supervisors: see, edit, try out and retire them; and what nobody could
answer.

Texts are checked by what it is given, never here; a change is stored, then takes effect at once.
Everything is a supervisor's, and who changed what is written down.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.card import Phrasing
from callcenter.floor.orders import RecordAudit, RecordMark
from callcenter.ports import (
    Desk,
    History,
    Knowledge,
    KnowledgeEdit,
    Lesson,
    Lessons,
    People,
    PersonRow,
)

from .doors import Doors
from .origin import Origins
from .problem import Problem, answer, documented
from .session import own_pages_only
from .staff import MAX_ID, STORABLE, WHOLE, supervisor

DAY: Final = 86_400.0
MAX_TEXT: Final = 20_000
"""Characters of one entry."""
MARK_DAYS: Final = 90
MOST_DAYS: Final = 92

EntryId = Annotated[str, Path(alias="id", pattern=r"^[a-z][a-z0-9_.]{0,79}$")]
Version = Annotated[int, Field(ge=0, le=1_000_000_000), WHOLE]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=STORABLE)]


class ReadEntry(Protocol):
    """What is known of a knowledge entry that was read."""

    @property
    def id(self) -> str: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def source(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_until(self) -> date | None: ...
    @property
    def phrasings(self) -> tuple[Phrasing, ...]: ...


E = TypeVar("E", bound=ReadEntry)
E_co = TypeVar("E_co", bound=ReadEntry, covariant=True)


class Putting(Protocol[E_co]):
    """Files and edits put together."""

    @property
    def entries(self) -> tuple[E_co, ...]: ...
    @property
    def problems(self) -> Mapping[str, tuple[str, ...]]: ...


class Editor(Protocol[E]):
    """Reads and writes entries. None of it waits."""

    def filed(self) -> Mapping[str, E]: ...
    def read(self, text: str) -> E:
        """Raises ``refused`` of ``knowledge_router``."""

    def text(self, entry: E) -> str: ...
    def merged(self, edits: Sequence[KnowledgeEdit]) -> Putting[E]: ...
    def rendered(self, entry: E, person: PersonRow | None, at: float) -> tuple[Phrasing, ...]: ...


class Refusal(Protocol):
    """A text that is no entry: what is wrong, one line each."""

    @property
    def problems(self) -> tuple[str, ...]: ...


class Shown(BaseModel):
    """One entry. `version` 0: as in its file."""

    id: str
    state: Literal["file", "edited", "retired"]
    version: int
    at: float | None
    """When it was edited, seconds since 1970-01-01 UTC."""
    by: str | None
    reasons: tuple[str, ...]
    source: str
    audience: str
    valid_from: date | None
    valid_until: date | None
    phrasings: tuple[Phrasing, ...]
    problems: tuple[str, ...]
    """Why the edited text is not used: it was good when it was stored."""
    used: int
    """Marks of agents in the last 90 days."""
    wrong: int


class AllEntries(BaseModel):
    entries: list[Shown]
    """By id."""


class OneEntry(BaseModel):
    entry: Shown
    text: str
    """TOML, as in the files."""


class Edited(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: Text
    based_on: Version
    """The version that was edited; 0 for a file's, and for a new entry."""


class Retired(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    based_on: Version


class Tried(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: Text
    person: Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=STORABLE)] | None = None


class Preview(BaseModel):
    phrasings: tuple[Phrasing, ...]
    """As an agent would see them; empty when there are problems."""
    problems: tuple[str, ...]


class QuestionCluster(BaseModel):
    """Questions put alike, which nobody could answer."""

    model_config = ConfigDict(from_attributes=True)

    size: int
    """Calls."""
    this_week: int
    week_before: int
    examples: tuple[str, ...]
    """Without numbers and names, as far as they can be told."""
    reasons: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    whys: tuple[tuple[str, int], ...]


class Questions(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    found: int
    items: int
    """So many of them, the newest, were looked at."""
    clusters: tuple[QuestionCluster, ...]
    """The largest first."""


def knowledge_router(
    desk: Desk,
    history: History,
    doors: Doors,
    origins: Origins,
    *,
    knowledge: Knowledge,
    people: People,
    lessons: Lessons,
    editor: Editor[E],
    refused: type[Exception],
    changed: Callable[[tuple[E, ...]], Awaitable[None]],
    questions: Callable[[Iterable[Lesson], Iterable[RecordMark], float], object],
) -> APIRouter:
    """``refused``: what ``editor.read`` raises, a ``Refusal``. ``changed`` puts entries into use.
    ``questions`` makes the report (as ``Questions`` has it); it is called in a thread."""
    router = APIRouter(prefix="/api/v1", tags=["knowledge"])
    ours = [Depends(own_pages_only(origins))]
    changing = asyncio.Lock()

    async def shown() -> dict[str, tuple[Shown, str]]:
        """All entries, each with its text."""
        edits = {edit.id: edit for edit in await knowledge.edits()}
        now = desk.now()
        marks = await knowledge.marks(now - MARK_DAYS * DAY, now + 1.0)

        def all_of_them() -> dict[str, tuple[Shown, str]]:
            counted: Counter[tuple[str | None, str]] = Counter(
                (mark.answer, mark.mark) for mark in marks
            )
            found = {}
            for one in sorted({*editor.filed(), *edits}):
                entry, text, problems = _as_it_stands(one, edits.get(one))
                found[one] = _shown(one, edits.get(one), entry, problems, counted), text
            return found

        return await asyncio.to_thread(all_of_them)

    def _as_it_stands(id: str, edit: KnowledgeEdit | None) -> tuple[E | None, str, tuple[str, ...]]:
        filed = editor.filed().get(id)
        if edit is None:
            assert filed is not None
            return filed, editor.text(filed), ()
        try:
            return editor.read(edit.entry), edit.entry, ()
        except refused as error:
            return filed, edit.entry, _problems(error)

    async def current(id: str) -> tuple[Shown, str]:
        found = (await shown()).get(id)
        if found is None:
            raise Problem(404, "not_found", f"There is no knowledge entry {id!r}.")
        return found

    async def store(edit: KnowledgeEdit, what: str) -> None:
        """Store, write down and put into use. Raises ``Problem`` when somebody was faster."""
        async with changing:  # two changes at once must not put the older entries into use last
            if not await knowledge.edit(edit):
                raise _faster(edit.id)
            await history.record_audit(
                RecordAudit(
                    at=edit.at, by=edit.by, what="knowledge", agent=None, call=None, reason="",
                    ok=True, detail=f"{edit.id} {what}, version {edit.version}",
                )
            )  # fmt: skip
            put = await asyncio.to_thread(editor.merged, await knowledge.edits())
            await changed(put.entries)

    @router.get("/knowledge", operation_id="knowledge", responses=documented(401, 403, 503))
    async def entries(request: Request) -> AllEntries:
        """All knowledge entries, with what agents said of them."""
        await supervisor(doors, request)
        return AllEntries(entries=[one for one, _ in (await shown()).values()])

    @router.get(
        "/knowledge/{id}",
        operation_id="knowledge_entry",
        responses=documented(401, 403, 404, 422, 503),
    )
    async def entry(id: EntryId, request: Request) -> OneEntry:
        """One entry with its text."""
        await supervisor(doors, request)
        found, text = await current(id)
        return OneEntry(entry=found, text=text)

    @router.put(
        "/knowledge/{id}",
        operation_id="edit_knowledge",
        response_model=OneEntry,
        dependencies=ours,
        responses=documented(400, 401, 403, 409, 413, 415, 422, 503),
    )
    async def edit(id: EntryId, wish: Edited, request: Request) -> Any:
        """Replace an entry, or add one; a retired one comes back. Used from the next call on."""
        user = await supervisor(doors, request)
        try:
            read = editor.read(wish.text)
        except refused as error:
            return _invalid(_problems(error))
        if read.id != id:
            return _invalid((f"id is {read.id!r}; allowed: {id!r}, as in the address",))
        known = (await shown()).get(id)
        if wish.based_on != (known[0].version if known else 0):
            raise _faster(id)
        await store(
            KnowledgeEdit(
                id=id, version=wish.based_on + 1, at=desk.now(), by=user.user, entry=wish.text
            ),
            "edited" if known else "added",
        )
        found, text = await current(id)
        return OneEntry(entry=found, text=text)

    @router.post(
        "/knowledge/{id}/retire",
        operation_id="retire_knowledge",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def retire(id: EntryId, wish: Retired, request: Request) -> OneEntry:
        """Suggest an entry no longer. Its text is kept; editing it brings it back."""
        user = await supervisor(doors, request)
        known, text = await current(id)
        if known.version != wish.based_on:
            raise _faster(id)
        await store(
            KnowledgeEdit(
                id=id, version=wish.based_on + 1, at=desk.now(), by=user.user, entry=text,
                retired=True,
            ),
            "retired",
        )  # fmt: skip
        known, text = await current(id)
        return OneEntry(entry=known, text=text)

    @router.post(
        "/knowledge/preview",
        operation_id="preview_knowledge",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 413, 415, 422, 503),
    )
    async def preview(wish: Tried, request: Request) -> Preview:
        """How agents would see the text, with a person's facts; nothing is stored."""
        await supervisor(doors, request)
        person = None if wish.person is None else await people.person(wish.person)
        if wish.person is not None and person is None:
            raise Problem(404, "not_found", "There is no such person.")
        try:
            read = editor.read(wish.text)
        except refused as error:
            return Preview(phrasings=(), problems=_problems(error))
        return Preview(phrasings=editor.rendered(read, person, desk.now()), problems=())

    @router.get("/questions", operation_id="questions", responses=documented(401, 403, 422, 503))
    async def unanswered(
        request: Request, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30
    ) -> Questions:
        """What customers asked in the last days that nobody could answer, put together."""
        await supervisor(doors, request)
        until = desk.now()
        since = until - days * DAY
        marks = await knowledge.marks(since, until + 1.0)

        def report() -> object:
            return questions(lessons.lessons(since, until + 1.0), marks, until)

        return Questions.model_validate(await asyncio.to_thread(report))

    return router


def _shown(
    id: str,
    edit: KnowledgeEdit | None,
    entry: ReadEntry | None,
    problems: tuple[str, ...],
    marks: Mapping[tuple[str | None, str], int],
) -> Shown:
    """``entry`` is ``None`` for an edited text that cannot be read and has no file."""
    state: Literal["file", "edited", "retired"] = "file"
    if edit is not None:
        state = "retired" if edit.retired else "edited"
    return Shown(
        id=id,
        state=state,
        version=edit.version if edit else 0,
        at=edit.at if edit else None,
        by=edit.by if edit else None,
        reasons=entry.reasons if entry else (),
        source=entry.source if entry else "",
        audience=entry.audience if entry else "",
        valid_from=entry.valid_from if entry else None,
        valid_until=entry.valid_until if entry else None,
        phrasings=entry.phrasings if entry else (),
        problems=problems,
        used=marks.get((id, "used"), 0),
        wrong=marks.get((id, "wrong"), 0),
    )


def _problems(error: Exception) -> tuple[str, ...]:
    found = getattr(error, "problems", None)
    return tuple(found) if found else (str(error),)


def _invalid(problems: Sequence[str]) -> Any:
    """All mistakes of the text at once."""
    errors = [{"pointer": "/text", "detail": one} for one in problems]
    return answer(422, "invalid", "; ".join(problems[:5]), errors=errors)


def _faster(id: str) -> Problem:
    return Problem(
        409, "not_now", f"Somebody else has changed {id!r} meanwhile: look at it as it is now."
    )
