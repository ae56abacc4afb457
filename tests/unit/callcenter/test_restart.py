"""Who is brought back after a restart, and as what."""

from __future__ import annotations

from callcenter.floor.events import AgentSignedIn, AgentSignedOut, StateChosen
from callcenter.restart import at_work


def signed_in(agent: str, at: float = 1.0) -> AgentSignedIn:
    return AgentSignedIn(at=at, agent=agent, name=agent.title(), device=f"PJSIP/{agent}")


def test_agents_come_back_as_they_last_chose_to_be() -> None:
    """The last choice since the last sign-in counts; who signed out stays away."""
    events = [
        signed_in("mei"),
        StateChosen(at=2.0, agent="mei", state="break", reason="lunch"),
        StateChosen(at=3.0, agent="mei", state="ready"),
        signed_in("tom"),
        StateChosen(at=4.0, agent="tom", state="ready"),
        AgentSignedOut(at=5.0, agent="tom"),
        signed_in("ann"),
        StateChosen(at=6.0, agent="ann", state="ready"),
        AgentSignedOut(at=7.0, agent="ann"),
        signed_in("ann"),
    ]
    assert at_work(events, 9.0) == [
        signed_in("mei", 9.0),
        StateChosen(at=9.0, agent="mei", state="ready"),
        signed_in("ann", 9.0),
    ]


def test_an_empty_run_brings_nobody_back() -> None:
    """The first start of all."""
    assert at_work([], 9.0) == []
