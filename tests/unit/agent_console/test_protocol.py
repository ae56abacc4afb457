"""What a browser may say: frames and commands, and what is said about wrong ones."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_console.fields import MAX_NOTES, BadField
from agent_console.frames import Close
from agent_console.protocol import Ack, Auth, Command, Hello, NotAFrame, Unknown, parse
from agent_console.wishes import (
    COMMANDS,
    Accept,
    AskHelp,
    ChoosePerson,
    ChooseState,
    ControlCall,
    Explain,
    Extend,
    Finish,
    GiveHelp,
    Leave,
    MarkAnswer,
    Ping,
    Refuse,
    SaveDraft,
    SetSkills,
    SignOutAgent,
    SnoozeCallback,
    wish_of,
)
from callcenter.floor.card import AnswerMark

CLIENT = {"name": "console", "version": "0.1", "tab": "t1"}
HELLO: dict[str, Any] = {"t": "hello", "v": 1, "ticket": "abc", "client": CLIENT}


def command(cmd: str, d: dict[str, Any]) -> Command:
    frame = parse(json.dumps({"t": "cmd", "id": "1", "cmd": cmd, "d": d}))
    assert isinstance(frame, Command)
    return frame


def control(do: Any, **fields: str) -> ControlCall:
    """What ``call.control`` of the call ``c`` asks for."""
    given = {"target": None, "digits": None, "reason": None} | fields
    return ControlCall(id="1", call="c", do=do, **given)  # type: ignore[arg-type]


def test_frames() -> None:
    """Each kind of frame is read with its defaults; unknown fields are ignored."""
    assert parse(json.dumps(HELLO)) == Hello("abc", "t1", "console 0.1", None)
    resuming = {**HELLO, "resume": {"epoch": "9f", "seq": 1841}, "later": 1}
    assert parse(json.dumps(resuming)) == Hello("abc", "t1", "console 0.1", ("9f", 1841))
    assert parse('{"t":"auth","ticket":"x"}') == Auth("x")
    assert parse('{"t":"ack","seq":4}') == Ack(4, True)
    assert parse('{"t":"ack","seq":4,"visible":false}') == Ack(4, False)
    assert parse('{"t":"later","x":[1]}') == Unknown("later")
    assert parse('{"t":"cmd","id":"1","cmd":"ping"}') == Command("1", "ping", {}, 10.0, None)
    timed = parse('{"t":"cmd","id":"1","cmd":"ping","d":{},"deadline_ms":500,"sent":7}')
    assert timed == Command("1", "ping", {}, 0.5, 7.0)


def test_deadlines_are_bounded() -> None:
    """A deadline longer than replies are remembered is cut, a negative one is over at once."""
    long = parse('{"t":"cmd","id":"1","cmd":"ping","deadline_ms":1e12}')
    past = parse('{"t":"cmd","id":"1","cmd":"ping","deadline_ms":-5}')
    assert isinstance(long, Command)
    assert isinstance(past, Command)
    assert (long.deadline, past.deadline) == (600.0, 0.0)


def marked(answer: str | None, mark: AnswerMark, text: str = "") -> MarkAnswer:
    return MarkAnswer("c", answer, mark, text)


@pytest.mark.parametrize(
    ("cmd", "d", "wish"),
    [
        ("ping", {}, Ping()),
        ("agent.state", {"state": "ready", "reason": "ignored"}, ChooseState("ready", None)),
        ("agent.state", {"state": "break", "reason": "lunch"}, ChooseState("break", "lunch")),
        ("agent.state", {"state": "break"}, ChooseState("break", None)),
        ("agent.leave", {}, Leave()),
        ("card.person", {"call": "c", "person": "p"}, ChoosePerson("c", "p")),
        ("card.person", {"call": "c", "person": None}, ChoosePerson("c", None)),
        (
            "wrapup.draft",
            {"call": "c", "rev": 0, "reason": None, "notes": ""},
            SaveDraft("c", 0, None, None, ""),
        ),
        (
            "wrapup.finish",
            {"call": "c", "reason": "r", "outcome": "o", "notes": "王小明"},
            Finish("c", "r", "o", "王小明"),
        ),
        ("agent.state", {"state": "ready", "agent": "ben"}, ChooseState("ready", None, "ben")),
        ("agent.sign_out", {"agent": "ben"}, SignOutAgent("ben")),
        (
            "agent.skills",
            {"agent": "ben", "skills": {"sales": 5, "billing": 0}},
            SetSkills("ben", (("billing", 0), ("sales", 5))),
        ),
        ("offer.accept", {"reservation": "r"}, Accept("r")),
        ("offer.refuse", {"reservation": "r", "reason": " technical "}, Refuse("r", "technical")),
        ("snooze_callback", {"reservation": "r", "minutes": 5}, SnoozeCallback("r", 300.0)),
        ("wrapup.extend", {"seconds": 60}, Extend(60.0)),
        ("call.control", {"call": "c", "do": "hold", "target": "\r\n"}, control("hold")),
        (
            "call.control",
            {"call": "c", "do": "blind_transfer", "target": "+44.20"},
            control("blind_transfer", target="+44.20"),
        ),
        ("call.control", {"call": "c", "do": "dtmf", "digits": "1#"}, control("dtmf", digits="1#")),
        (
            "call.control",
            {"call": "c", "do": "whisper", "reason": "new colleague", "target": "PJSIP/1001"},
            control("whisper", reason="new colleague", target="PJSIP/1001"),
        ),
        ("answer.mark", {"call": "c", "answer": "a", "mark": "used"}, marked("a", "used")),
        (
            "answer.mark",
            {"call": "c", "answer": "a", "mark": "wrong", "text": " "},
            marked("a", "wrong"),
        ),
        (
            "answer.mark",
            {"call": "c", "mark": "missing", "text": " 薩摩亞？ "},
            marked(None, "missing", "薩摩亞？"),
        ),
        ("help.ask", {"call": "c", "text": "angry"}, AskHelp("c", "angry")),
        ("help.ask", {}, AskHelp(None, "")),
        ("help.give", {"agent": "ben"}, GiveHelp("ben")),
        ("routing.explain", {"call": "c"}, Explain("c")),
    ],
)
def test_commands(cmd: str, d: dict[str, Any], wish: object) -> None:
    """Each command becomes a wish."""
    assert wish_of(command(cmd, d)) == wish


@pytest.mark.parametrize(
    ("cmd", "d", "words"),
    [
        ("agent.state", {}, '`state` must be "ready" or "break"'),
        ("agent.state", {"state": ["ready"]}, "`state` must be"),
        ("agent.state", {"state": "break", "reason": 3}, "`reason` must be a text"),
        ("card.person", {"call": "c"}, "`person` must be an id, or null"),
        ("card.person", {"call": "", "person": None}, "`call` must be a text that is not empty"),
        ("card.person", {"call": "c" * 201, "person": None}, "`call` is longer than 200"),
        ("card.person", {"call": "a\0b", "person": None}, "cannot be stored"),
        ("card.person", {"call": "a\ud800", "person": None}, "cannot be stored"),
        ("wrapup.draft", {"call": "c", "rev": 1.5, "notes": ""}, "`rev` must be a whole number"),
        ("wrapup.draft", {"call": "c", "rev": True, "notes": ""}, "`rev` must be a whole number"),
        ("wrapup.draft", {"call": "c", "rev": 2**60, "notes": ""}, "`rev` must be a whole number"),
        ("wrapup.draft", {"call": "c", "rev": 1}, "`notes` must be a text"),
        ("wrapup.draft", {"call": "c", "rev": 1, "notes": "x" * 8001}, "`notes` is longer"),
        ("wrapup.finish", {"call": "c", "outcome": "o", "notes": ""}, "`reason` must be a text"),
        ("agent.state", {"state": "ready", "agent": ""}, "`agent` must be a text"),
        ("agent.skills", {"agent": "b", "skills": {"x": 6}}, "the level of x must be a whole"),
        ("agent.skills", {"agent": "b", "skills": {"": 1}}, "'' is no name of a skill"),
        ("agent.skills", {"agent": "b", "skills": 3}, "`skills` must be an object"),
        ("snooze_callback", {"reservation": "r"}, "`minutes` must be a number above 0"),
        ("snooze_callback", {"reservation": "r", "minutes": 0}, "`minutes` must be a number above"),
        ("snooze_callback", {"reservation": "r", "minutes": 61}, "at most 60"),
        ("snooze_callback", {"minutes": 5}, "`reservation` must be a text"),
        ("offer.refuse", {"reservation": "r", "reason": " "}, "`reason` must be a text that is"),
        ("offer.refuse", {"reservation": "r", "reason": "x" * 501}, "`reason` is longer than 500"),
        ("wrapup.extend", {"seconds": 1e9}, "`seconds` must be a number above 0, at most 3600"),
        ("wrapup.extend", {}, "`seconds` must be a number above 0"),
        ("call.control", {"call": "c", "do": "juggle"}, "`do` must be one of answer, hold"),
        ("call.control", {"call": "c", "do": "consult"}, "`target` must be a text"),
        (
            "call.control",
            {"call": "c", "do": "consult", "target": "1\r\nAction: Originate"},
            "`target` must be a number or an extension",
        ),
        ("call.control", {"call": "c", "do": "consult", "target": "1&2"}, "`target` must be a num"),
        ("call.control", {"call": "c", "do": "consult", "target": "\u0661"}, "`target` must be"),
        ("call.control", {"call": "c", "do": "dtmf", "digits": "1,2"}, "`digits` must be keys"),
        ("call.control", {"call": "c", "do": "listen"}, "`reason` must be a text that is not"),
        ("call.control", {"call": "c", "do": "listen", "reason": 3}, "`reason` must be a text"),
        ("answer.mark", {"call": "c", "answer": "a", "mark": "ok"}, "`mark` must be one of used"),
        ("answer.mark", {"call": "c", "mark": "used"}, "`answer` must be an id, and null with"),
        ("answer.mark", {"call": "c", "answer": "a", "mark": "missing"}, "`answer` must be an id"),
        ("answer.mark", {"call": "c", "mark": "missing", "text": "x" * 501}, "`text` is longer"),
        ("answer.mark", {"call": "c", "mark": "missing", "text": "\0"}, "cannot be stored"),
        ("answer.mark", {"call": "c", "answer": "a", "mark": "used", "text": "x"}, '"missing"'),
        ("help.ask", {"text": "a\0"}, "cannot be stored"),
        ("routing.explain", {}, "`call` must be a text"),
    ],
)
def test_wrong_fields(cmd: str, d: dict[str, Any], words: str) -> None:
    """A wrong field is named, with what is allowed."""
    with pytest.raises(BadField) as refused:
        wish_of(command(cmd, d))
    assert words in str(refused.value)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_notes_can_always_be_stored(notes: str) -> None:
    """Whatever was pasted into the notes, what is kept is text any database takes."""
    wish = wish_of(command("wrapup.draft", {"call": "c", "rev": 1, "notes": notes}))
    assert isinstance(wish, SaveDraft)
    assert "\0" not in wish.notes
    assert len(wish.notes.encode()) <= MAX_NOTES * 4


def test_version() -> None:
    """Another version is told to load the page again, not that its frame is broken."""
    with pytest.raises(NotAFrame) as refused:
        parse(json.dumps({**HELLO, "v": 2}))
    assert refused.value.close is Close.VERSION
    assert "load the page again" in refused.value.reason


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=20,
)


@given(
    st.text(max_size=300)
    | ANYTHING.map(json.dumps)
    | st.fixed_dictionaries(
        {"t": st.sampled_from(["hello", "cmd", "ack", "auth", "x"])},
        optional=dict.fromkeys(
            ("v", "ticket", "client", "resume", "id", "cmd", "d", "seq", "sent"), ANYTHING
        ),
    ).map(json.dumps)
)
def test_nothing_else_is_raised(text: str) -> None:
    """Whatever comes, it is a frame or it is refused with a reason; nothing else happens."""
    try:
        frame = parse(text)
    except NotAFrame as refused:
        said = refused.reason
    else:
        said = type(frame).__name__
        if isinstance(frame, Command) and frame.cmd in COMMANDS:
            with contextlib.suppress(BadField):
                wish_of(frame)
    assert said


@pytest.mark.parametrize(
    "text",
    [
        "1" * 60_000,
        '{"t":"ack","seq":' + "9" * 5_000 + "}",
        '{"t":"ack","seq":1e999}',
        "[" * 60_000,
        '{"a":' * 12_000,
        "x" * 65_537,
        '{"t":"cmd","id":"1","cmd":"ping","sent":1e999}',
        '{"t":"cmd","id":"1","cmd":"ping","sent":Infinity}',
    ],
)
def test_extremes(text: str) -> None:
    """Huge numbers, deep nesting and long frames are refused."""
    with pytest.raises(NotAFrame):
        parse(text)


FIELDS = (
    "agent", "call", "digits", "do", "minutes", "notes", "outcome", "person", "reason",
    "reservation", "rev", "seconds", "skills", "state", "target", "text",
)  # fmt: skip


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.dictionaries(
        st.sampled_from(FIELDS),
        ANYTHING | st.sampled_from(["ready", "break", "hold", "consult", "dtmf", "listen", "12"]),
    ),
)
def test_any_fields_make_a_wish_or_are_refused_in_words(cmd: str, d: dict[str, Any]) -> None:
    """Whatever is in the fields of whatever command, nothing but ``BadField`` is raised."""
    try:
        said = f"`{wish_of(Command('1', cmd, d, 10.0, None))}`"
    except BadField as refused:
        said = str(refused)
    assert "`" in said  # a refusal names the field
