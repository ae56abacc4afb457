"""Agents over HTTP: their states, skills, calls for help and reservations.

A supervisor's changes carry who made them, and the floor writes them down.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.card import AgentView
from callcenter.floor.events import (
    AgentSignedOut,
    HelpAsked,
    HelpGiven,
    SkillsChanged,
    StateChosen,
)
from callcenter.floor.orders import KeepReservation, RecordAudit
from callcenter.floor.skills import BadExpression, parse
from callcenter.ports import Accounts, Desk, History

from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import current_user, own_pages_only
from .staff import (
    MAX_ID,
    MAX_WORDS,
    STORABLE,
    WHOLE,
    AgentId,
    forbidden,
    grant,
    supervisor,
    supervisor_or,
)

MAX_SKILLS: Final = 200
MAX_SKILL: Final = 60
"""Characters."""

Level = Annotated[int, Field(ge=0, le=5), WHOLE]
SkillName = Annotated[str, Field(min_length=1, max_length=MAX_SKILL)]


class Agents(BaseModel):
    agents: list[AgentView]
    """Those who are signed in, by name of the user."""


class Shown(BaseModel):
    agent: AgentView
    """As they are now."""


class ChosenState(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    state: Literal["ready", "break"]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=STORABLE)] | None = None
    """Of a break: a code from the pack."""


class Skills(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    skills: Annotated[dict[SkillName, Level], Field(max_length=MAX_SKILLS)]
    """Skill to level, 0 to 5: all that the agent has; those not named are taken away."""


class HelpWish(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    call: Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=STORABLE)] | None = None
    text: Annotated[str, Field(max_length=MAX_WORDS, pattern=STORABLE)] = ""


class Reservations(BaseModel):
    reservations: list[KeepReservation]
    """The newest first."""


def agents_router(
    desk: Desk,
    accounts: Accounts,
    history: History,
    doors: Doors,
    origins: Origins,
    known_skills: Collection[str] = (),
) -> APIRouter:
    """``known_skills``: those that exist here; empty: any name is one."""
    router = APIRouter(prefix="/api/v1/agents", tags=["agents"])
    ours = [Depends(own_pages_only(origins))]

    def shown(agent: str) -> Shown:
        view = desk.view().agents.get(agent)
        if view is None:
            raise Problem(404, "unknown_agent", f"Agent {agent} is not signed in.")
        return Shown(agent=view)

    @router.get("", operation_id="agents", responses=documented(401, 403, 503))
    async def agents(request: Request) -> Agents:
        """Agents who are signed in, with their state. For supervisors."""
        await supervisor(doors, request)
        return Agents(agents=sorted(desk.view().agents.values(), key=lambda view: view.agent))

    @router.post(
        "/{agent}/state",
        operation_id="choose_state",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def choose_state(agent: AgentId, wish: ChosenState, request: Request) -> Shown:
        """Have an agent ready or on break, now or after the call; of others for supervisors."""
        user = await supervisor_or(agent, doors, request)
        shown(agent)
        by = None if user.user == agent else user.user
        await grant(
            desk,
            StateChosen(at=desk.now(), agent=agent, state=wish.state, reason=wish.reason, by=by),
        )
        return shown(agent)

    @router.delete(
        "/{agent}/sign-in",
        operation_id="sign_agent_out",
        status_code=204,
        dependencies=ours,
        responses=documented(401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def sign_agent_out(agent: AgentId, request: Request) -> Response:
        """Sign an agent out of the floor, who left without doing so. For supervisors."""
        user = await supervisor(doors, request)
        await grant(desk, AgentSignedOut(at=desk.now(), agent=agent, by=user.user))
        return Response(status_code=204)

    @router.put(
        "/{agent}/skills",
        operation_id="set_skills",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def set_skills(agent: AgentId, wish: Skills, request: Request) -> Skills:
        """Replace an agent's skills, from their next call on. For supervisors."""
        user = await supervisor(doors, request)
        for skill in wish.skills:
            _check_skill(skill, known_skills)
        if await accounts.account(agent) is None:
            raise Problem(404, "unknown_agent", f"There is no account {agent!r}.")
        skills = tuple(sorted(wish.skills.items()))
        at = desk.now()
        if agent in desk.view().agents:
            # What the floor refuses is not stored; it has the rest stored, and who did it.
            await grant(desk, SkillsChanged(at=at, agent=agent, skills=skills, by=user.user))
        else:
            await history.record_audit(
                RecordAudit(
                    at=at, by=user.user, what="skills", agent=agent, call=None, reason="", ok=True,
                    detail=", ".join(f"{skill}={level}" for skill, level in skills),
                )
            )  # fmt: skip
            await accounts.set_skills(agent, skills)
        return Skills(skills=dict(skills))

    @router.post(
        "/{agent}/help",
        operation_id="ask_help",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def ask_help(agent: AgentId, wish: HelpWish, request: Request) -> Shown:
        """Ask the supervisors for help. For the agent themselves."""
        user = await current_user(doors, request)
        if user.user != agent:
            raise forbidden("Only the agent themselves may ask for help.")
        await grant(
            desk, HelpAsked(at=desk.now(), agent=agent, call=wish.call, text=wish.text.strip())
        )
        return shown(agent)

    @router.delete(
        "/{agent}/help",
        operation_id="give_help",
        dependencies=ours,
        responses=documented(401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def give_help(agent: AgentId, request: Request) -> Shown:
        """Take notice of an agent's call for help. For supervisors."""
        user = await supervisor(doors, request)
        await grant(desk, HelpGiven(at=desk.now(), agent=agent, by=user.user))
        return shown(agent)

    @router.get(
        "/{agent}/reservations",
        operation_id="reservations_of_agent",
        responses=documented(401, 403, 422, 503),
    )
    async def reservations(
        agent: AgentId,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Reservations:
        """What an agent was asked to take, and what came of it; of others for supervisors."""
        await supervisor_or(agent, doors, request)
        return Reservations(reservations=list(await history.reservations(agent, limit)))

    return router


def _check_skill(skill: str, known: Collection[str]) -> None:
    """Raises ``Problem`` when no expression could name it."""
    try:
        good = parse(skill, known).skills == {skill}
    except BadExpression as error:
        raise Problem(422, "bad_choice", f"{skill!r}: {error.message}.") from None
    if not good:
        raise Problem(422, "bad_choice", f"{skill!r} is no name of a skill.")
