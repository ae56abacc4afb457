"""Who was at work when the engine stopped, and who was wrapping up, so that a restart asks nobody
to sign in again and takes no note from anybody. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf
from types import MappingProxyType
from typing import Final

from .floor import inherited
from .floor.agent import AgentState
from .floor.errors import FloorError
from .floor.events import (
    AgentSignedIn,
    AgentSignedOut,
    Event,
    ExchangeConnected,
    FloorOpened,
    StateChosen,
    WrapUpRestored,
)
from .floor.floor import Floor
from .floor.orders import RecordCall

KINDS: Final = (AgentSignedIn, AgentSignedOut, StateChosen)
"""The events of a run that say so."""

WHOLE: Final = ExchangeConnected
"""A run that has come so far has taken over all that it was to: the exchange comes after it."""

WITHIN: Final = 900.0
"""Seconds between the last event of a run and the next start, beyond which it was no restart:
whoever was at work then has to say so again."""


LOOK_BACK: Final = 3600.0
"""Seconds of the journal that are played again to see who was wrapping up, and no more: a day's
events would keep the engine from starting."""


RECORDED_LATELY: Final = 60.0
"""Seconds before the end of a run: the records of calls that ended then may not be on disk."""


def played(
    opened: FloorOpened, chosen: Iterable[Event], recent: Iterable[Event]
) -> tuple[Floor, list[RecordCall]]:
    """The floor of a run as it was at its end, and what was to be recorded about calls just before.

    ``chosen``: events of ``KINDS`` of the run; ``recent``: all its events of the last
    ``LOOK_BACK`` seconds.
    """
    floor = Floor()
    floor.receive(replace(opened, at=0.0))
    tail = [event for event in recent if not isinstance(event, FloorOpened)]
    records: list[RecordCall] = []
    begins = tail[0].at if tail else inf
    lately = tail[-1].at - RECORDED_LATELY if tail else inf
    for event in (*(one for one in chosen if one.at < begins), *tail):
        try:
            orders = floor.receive(event)
        except FloorError:  # it leans on something older than what is played again
            continue
        if event.at >= lately:
            records += [order for order in orders if isinstance(order, RecordCall)]
    return floor, records


def left_open(floor: Floor, seen: float, at: float, today: bool) -> list[Event]:
    """Facts, dated ``at``, about what the run left when it ended at ``seen``: its counters, if they
    are of ``today``, and the calls that had not ended."""
    facts: list[Event] = []
    if today:
        facts.append(inherited.counted(floor.state, at))
    facts.extend(
        inherited.as_now(call, seen, at)
        for call in floor.live_calls().values()
        if call.on_exchange == "yes"  # what came of an order to dial is asked of the exchange
    )
    return facts


def wrap_ups(floor: Floor, at: float) -> list[Event]:
    """Wishes, dated ``at``, that let agents go on wrapping up what they were wrapping up on the
    floor of the run. The deadlines are what they were: one that has passed ends at once."""
    wishes: list[Event] = []
    for agent in floor.state.agents.values():
        call = floor.state.calls.get(agent.call or "")
        if agent.state is not AgentState.WRAPUP or call is None or call.ended is None:
            continue
        wishes.append(
            WrapUpRestored(
                at=at,
                agent=agent.id,
                call=call.id,
                since=agent.since,
                deadline=agent.deadline,
                direction=call.direction,
                number=call.number,
                name=call.name,
                dialled=call.dialled,
                queue=call.queue,
                arrived=call.arrived,
                answered=call.answered,
                ended=call.ended,
            )
        )
    return wishes


def at_work(
    events: Iterable[Event],
    at: float,
    skills: Mapping[str, tuple[tuple[str, int], ...]] = MappingProxyType({}),
) -> list[Event]:
    """Wishes that bring back the agents of a run as they last chose to be, dated ``at``.

    ``skills``: what their accounts say they can do, which may have changed since they signed in;
    whoever has no account any more keeps what they had.
    """
    signed_in: dict[str, AgentSignedIn] = {}
    chosen: dict[str, StateChosen] = {}
    for event in events:
        if isinstance(event, AgentSignedIn):
            signed_in[event.agent] = event
            chosen.pop(event.agent, None)
        elif isinstance(event, AgentSignedOut):
            signed_in.pop(event.agent, None)
        elif isinstance(event, StateChosen):
            chosen[event.agent] = event
    wishes: list[Event] = []
    for agent, sign_in in signed_in.items():
        wishes.append(replace(sign_in, at=at, skills=skills.get(agent, sign_in.skills)))
        if agent in chosen:
            wishes.append(replace(chosen[agent], at=at))
    return wishes
