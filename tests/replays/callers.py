"""Scenarios: what callers say they are called, from honest to hostile."""

from __future__ import annotations

from tests.exchange.ami import ManagerTap
from tests.exchange.parties import Call
from tests.exchange.phones import Answers
from tests.replays.stage import Stage, Truth, pause, scenario

SERVICE = "+442079460100"
ANONYMOUS = ("Privacy: id",)

# Each has a purpose: to forge a header where a reader splits lines at more than CR LF, to break
# out of quotes, to run in a page, to be evaluated as a dialplan expression, to reorder the text
# around it, to be very long, to be cut in the middle of a character, to be invisible, to look like
# Asterisk's own word for "none". Second: what Asterisk makes of it (after unescaping), where that
# differs: SIP's own backslashes stay, and a name ends after 79 bytes.
HOSTILE_NAMES: tuple[tuple[str, str | None], ...] = (
    ("Bob\u2028Uniqueid: 9.9\u2028CallerIDNum: 1001",) * 2,
    ("Eve\u0085Event: Hangup\x0bCause: 16",) * 2,
    ('Say "hi" \\ <sip:1001@127.0.0.1>', 'Say \\"hi\\" \\\\ <sip:1001@127.0.0.1>'),
    ("<img src=x onerror=alert(1)>",) * 2,
    ("'; DROP TABLE person; --",) * 2,
    ("${SHELL(id)}",) * 2,
    ("\u202egnp.exe\u202c",) * 2,
    ("x" * 200, "x" * 79),
    ("王" * 40, "王" * 26 + "\ufffd"),
    ("\u200b",) * 2,
    ("<unknown>", None),
)
# What may stand in the user part of a SIP address, escaped as SIP wants it, and what it means.
HOSTILE_NUMBERS = (
    ("%24%7BEXTEN%7D", "${EXTEN}"),
    ("500&PJSIP%2f1002", "500&PJSIP/1002"),
    ("%27%20OR%201%3d1", "' OR 1=1"),
    ("0" * 64, "0" * 64),
)


def _answered(number: str | None, name: str | None) -> Truth:
    return Truth(
        direction="inbound",
        number=number,
        name=name,
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )


def _abandoned(number: str | None, name: str | None) -> Truth:
    return Truth(
        direction="inbound",
        number=number,
        name=name,
        dialled=SERVICE,
        queues=(("service", "abandoned"),),
        end="abandoned",
    )


def _talks(stage: Stage, number: str, name: str | bytes, headers: tuple[str, ...] = ()) -> None:
    stage.phones.phone("1001", Answers(ring=0.4))
    tap = stage.record()
    call = stage.phones.call(SERVICE, number, name, headers=headers)
    tap.wait_event("AgentConnect")
    pause(0.6)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


def _gives_up(stage: Stage, tap: ManagerTap, call: Call, since: int) -> None:
    tap.wait_event("QueueCallerJoin", since)
    call.hang_up()
    tap.wait_event("QueueCallerAbandon", since)
    stage.finish(tap)


@scenario(_answered("+8613912345678", "王小明"))
def caller_chinese(stage: Stage) -> None:
    """王小明 calls `service`; 1001 answers; the caller hangs up."""
    _talks(stage, "+8613912345678", "王小明")


@scenario(_answered("+353209175555", "Seán O'Brien"))
def caller_obrien(stage: Stage) -> None:
    """Seán O'Brien calls `service`; 1001 answers. Asterisk writes the name C-escaped."""
    _talks(stage, "+353209175555", "Seán O'Brien")


@scenario(_answered(None, None))
def caller_anonymous(stage: Stage) -> None:
    """A caller who withholds the number (From: Anonymous, Privacy: id) is answered by 1001."""
    _talks(stage, "anonymous", "Anonymous", ANONYMOUS)


@scenario(_answered("+34910507001", "Jos\ufffd"))
def caller_latin1(stage: Stage) -> None:
    """A caller whose provider sends the name José in ISO 8859-1, which is not UTF-8."""
    _talks(stage, "+34910507001", "José".encode("latin-1"))


@scenario(*(_abandoned(f"+4416329602{n:02}", name) for n, (_, name) in enumerate(HOSTILE_NAMES)))
def caller_hostile(stage: Stage) -> None:
    """Eleven callers with hostile names, one after the other; each joins `service`, where nobody is
    signed in, and gives up."""
    tap = stage.record()
    for n, (name, _) in enumerate(HOSTILE_NAMES):
        since = len(tap.received)
        call = stage.phones.call(SERVICE, f"+4416329602{n:02}", name)
        _gives_up(stage, tap, call, since)


@scenario(*(_abandoned(number, "Mallory") for _, number in HOSTILE_NUMBERS))
def caller_hostile_number(stage: Stage) -> None:
    """Four callers with hostile numbers, one after the other; each joins `service`, where nobody
    is signed in, and gives up."""
    tap = stage.record()
    for escaped, _ in HOSTILE_NUMBERS:
        since = len(tap.received)
        call = stage.phones.call(SERVICE, escaped, "Mallory")
        _gives_up(stage, tap, call, since)
