"""Who was at work when the engine stopped, so that a restart asks nobody to sign in again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from .floor.events import AgentSignedIn, AgentSignedOut, Event, StateChosen

KINDS: Final = (AgentSignedIn, AgentSignedOut, StateChosen)
"""The events of a run that say so."""

WITHIN: Final = 900.0
"""Seconds between the last event of a run and the next start, beyond which it was no restart:
whoever was at work then has to say so again."""


def at_work(events: Iterable[Event], at: float) -> list[Event]:
    """Wishes that bring back the agents of a run as they last chose to be, dated ``at``."""
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
        wishes.append(replace(sign_in, at=at))
        if agent in chosen:
            wishes.append(replace(chosen[agent], at=at))
    return wishes
