"""One browser: hello first, roles, rates, deadlines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent_console.frames import Close
from agent_console.session import (
    ALLOWED,
    Closing,
    Greeted,
    Limits,
    Nothing,
    Refused,
    Renewed,
    Session,
    Wanted,
    duties,
)
from agent_console.wishes import COMMANDS, Ping
from callcenter.floor.control_rules import SUPERVISION
from callcenter.ports import Admission, User

WALL = 1_700_000_000.0
AGENT = User(user="amy", name="Amy", role="agent", device="PJSIP/1", language="en")
SUPERVISOR = User(user="sue", name="Sue", role="supervisor", device=None, language=None)
BOTH = User(user="kim", name="Kim", role="supervisor", device="PJSIP/2", language=None)
LIMITS = Limits()


def hello(**more: Any) -> str:
    client = {"name": "c", "version": "1", "tab": "t"}
    return json.dumps({"t": "hello", "v": 1, "ticket": "x", "client": client} | more)


def cmd(name: str = "ping", id: str = "1", **more: Any) -> str:
    return json.dumps({"t": "cmd", "id": id, "cmd": name, "d": {}} | more)


def signed_in(user: User = AGENT, until: float = WALL + 3600, **more: Any) -> Session:
    session = Session(LIMITS, 0.0)
    step = session.receive(hello(**more), 0.0, WALL)
    assert isinstance(step, Greeted)
    session.admit(Admission(user=user, session="s", until=until), step.hello)
    return session


def test_hello_first() -> None:
    """Nothing but hello is taken before hello, and hello only once."""
    with pytest.raises(Closing) as refused:
        Session(LIMITS, 0.0).receive(cmd(), 0.0, WALL)
    assert refused.value.code is Close.BAD_FRAME
    with pytest.raises(Closing) as again:
        signed_in().receive(hello(), 1.0, WALL)
    assert again.value.code is Close.BAD_FRAME


@pytest.mark.parametrize("user", [AGENT, SUPERVISOR, BOTH])
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_roles(user: User, name: str) -> None:
    """Who has no device gives no command of an agent; who is no supervisor none of theirs."""
    step = signed_in(user).receive(cmd(name), 0.0, WALL)
    code = step.code if isinstance(step, Refused) else ""
    assert (code == "not_allowed") == (user is SUPERVISOR and ALLOWED[name] == "agent")
    assert (code == "forbidden") == (user is AGENT and ALLOWED[name] == "supervisor")


@pytest.mark.parametrize("user", [AGENT, SUPERVISOR, BOTH])
@pytest.mark.parametrize("do", sorted(SUPERVISION))
def test_supervision_needs_the_role_and_a_phone(user: User, do: str) -> None:
    """Listening to somebody's call is for a supervisor who has a phone to listen with."""
    d = {"call": "c", "do": do, "reason": "a complaint"}
    step = signed_in(user).receive(cmd("call.control", d=d), 0.0, WALL)
    code = step.code if isinstance(step, Refused) else None
    assert code == {AGENT.user: "forbidden", SUPERVISOR.user: "not_allowed"}.get(user.user)


@pytest.mark.parametrize(("user", "code"), [(AGENT, "forbidden"), (SUPERVISOR, None), (BOTH, None)])
def test_the_state_of_another_is_a_supervisors_to_choose(user: User, code: str | None) -> None:
    """An agent chooses their own state only, even when the other one is named as themselves."""
    d = {"state": "ready", "agent": user.user}
    step = signed_in(user).receive(cmd("agent.state", d=d), 0.0, WALL)
    assert (step.code if isinstance(step, Refused) else None) == code


def test_a_command_knows_who_gave_it() -> None:
    """The role that counts is the one the user had when the command came."""
    step = signed_in(BOTH).receive(cmd(), 0.0, WALL)
    assert isinstance(step, Wanted)
    assert step.user == BOTH


def test_every_command_has_its_duty() -> None:
    """The table of duties names exactly the commands there are."""
    assert set(ALLOWED) == COMMANDS
    assert duties(BOTH) == {"anyone", "agent", "supervisor"}


def test_command_that_nobody_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command missing in the table is refused to everybody."""
    monkeypatch.setattr("agent_console.session.ALLOWED", {})
    step = signed_in(BOTH).receive(cmd("ping"), 0.0, WALL)
    assert isinstance(step, Refused)
    assert step.code == "not_allowed"


def test_deadline_from_receipt() -> None:
    """In a fresh session a deadline runs from receipt, whatever the browser's clock says."""
    step = signed_in().receive(cmd(deadline_ms=2000, sent=WALL - 999), 5.0, WALL)
    assert step == Wanted("1", Ping(), 7.0, AGENT)


def test_deadline_after_a_resume() -> None:
    """After a resume it runs from when the command was sent; a clock ahead gains nothing."""
    session = signed_in(resume={"epoch": "e", "seq": 1})
    late = session.receive(cmd(deadline_ms=2000, sent=WALL - 10), 5.0, WALL)
    ahead = session.receive(cmd(deadline_ms=2000, sent=WALL + 50), 5.0, WALL)
    assert isinstance(late, Wanted)
    assert late.expires == pytest.approx(-3.0)
    assert ahead == Wanted("1", Ping(), 7.0, AGENT)


def test_rate() -> None:
    """A burst, then the rate; refused commands may be sent again."""
    session = signed_in()
    steps = [session.receive(cmd(), 0.0, WALL) for _ in range(LIMITS.burst + 1)]
    assert sum(isinstance(step, Wanted) for step in steps) == LIMITS.burst - 1  # hello took one
    assert isinstance(steps[-1], Refused)
    assert steps[-1].retry
    assert isinstance(session.receive(cmd(), 0.051, WALL), Wanted)


def test_flood() -> None:
    """Going on and on beyond the rate ends the session; a pause forgives."""
    session = signed_in()
    for _ in range(LIMITS.burst + LIMITS.flood - 1):
        session.receive(cmd(), 0.0, WALL)
    session.receive(cmd(), 60.0, WALL)
    for _ in range(LIMITS.burst + LIMITS.flood - 1):
        session.receive(cmd(), 60.0, WALL)
    with pytest.raises(Closing) as refused:
        session.receive(cmd(), 60.0, WALL)
    assert refused.value.code is Close.FLOOD


def test_flood_of_anything() -> None:
    """Frames that are no commands count as well."""
    session = signed_in()
    guess = '{"t":"auth","ticket":"guess"}'
    for _ in range(LIMITS.burst + LIMITS.flood - 1):
        session.receive(guess, 0.0, WALL)
    with pytest.raises(Closing) as refused:
        session.receive(guess, 0.0, WALL)
    assert refused.value.code is Close.FLOOD


def test_acknowledging() -> None:
    """The acknowledged position never goes back."""
    session = signed_in()
    session.receive('{"t":"ack","seq":7,"visible":false}', 1.0, WALL)
    assert session.receive('{"t":"ack","seq":5}', 2.0, WALL) == Nothing("ack")
    assert (session.acked, session.visible, session.heard) == (7, True, 2.0)


def test_overdue() -> None:
    """No hello, no answer to heartbeats, or the end of the sign-in close the socket."""
    waiting = Session(LIMITS, 0.0)
    assert waiting.overdue(4.9, WALL) is None
    late = waiting.overdue(5.0, WALL)
    assert late is not None
    assert late.code is Close.SIGNED_OUT
    session = signed_in(until=WALL + 100)
    assert session.overdue(37.0, WALL) is None
    silent = session.overdue(38.0, WALL)
    assert silent is not None
    assert silent.code is Close.BROKEN
    session.receive('{"t":"ack","seq":1}', 90.0, WALL)
    ended = session.overdue(100.0, WALL + 100)
    assert ended is not None
    assert ended.code is Close.SIGNED_OUT


def test_renewal() -> None:
    """A warning comes once before the end; a fresh ticket of the same user moves the end."""
    session = signed_in(until=WALL + 600)
    assert session.expiring(WALL + 299) is None
    assert session.expiring(WALL + 300) == WALL + 600
    assert session.expiring(WALL + 301) is None
    assert session.receive('{"t":"auth","ticket":"y"}', 1.0, WALL) == Renewed("y")
    session.renew(Admission(user=AGENT, session="s", until=WALL + 9000))
    assert session.overdue(1.0, WALL + 700) is None
    assert session.expiring(WALL + 8800) == WALL + 9000
    with pytest.raises(Closing):
        session.renew(Admission(user=BOTH, session="s", until=WALL + 9000))
