"""The encoder: exactly one action on the wire, or a refusal that says why."""

import random

import pytest
from asterisk.ami import Action, LoginAction, LogoffAction, SimpleAction
from hypothesis import given
from hypothesis import strategies as st

from telephony.wire import ACTIONS, Decoder, WireError, encode

FIELDS = sorted(
    (action, header)
    for action, headers in ACTIONS.items()
    for header in headers
    if header != "Variable"
)
# Text as an attacker writes it: line ends of every kind, commas, brackets, other scripts.
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text(st.sampled_from("\r\n\0\x0b\x0c\x1c\x85\u2028:,=\\\"'()[]{}$& aZ王"), max_size=40),
    st.sampled_from(["Bob\r\nAction: Command", "x\r\n\r\nAction: Hangup", "a\nb", "\r", "\ud800"]),
    st.text("x", min_size=990, max_size=1030),
)


def test_actions_of_the_library_are_written_as_it_writes_them() -> None:
    """A clean action has the bytes that asterisk-ami gives it, and its empty line."""
    for action in (
        SimpleAction("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="lunch"),
        LoginAction("engine", "s3cret"),
        LogoffAction(),
    ):
        assert encode(action).decode() == str(action) + "\r\n"


def test_the_action_id_is_set_on_the_wire_only() -> None:
    """The caller's action object stays as it was."""
    action = SimpleAction("Ping")
    assert encode(action, "7") == b"Action: Ping\r\nActionID: 7\r\n\r\n"
    assert action.keys == {}


def check_one_or_none(name: str, header: str, value: str) -> bool:
    """Encode one header; True when it went on the wire, which then has exactly that action."""
    refusal: WireError | None = None
    try:
        data = encode(Action(name, {header: value}))
    except WireError as caught:
        refusal = caught
    if refusal is not None:
        assert (refusal.action, refusal.header) == (name, header)
        assert len(value) < 8 or value not in str(refusal)
        return False
    assert data.count(b"\r\n\r\n") == 1
    assert data.count(b"\n") == data.count(b"\r") == 3
    packets = Decoder().feed(data)
    assert [(p.get("Action"), p.get(header)) for p in packets] == [(name, value)]
    return True


@given(st.sampled_from(FIELDS), HOSTILE)
def test_one_action_or_none(field: tuple[str, str], value: str) -> None:
    """A hostile value in any header gives one action with that value, or nothing at all."""
    check_one_or_none(*field, value)


@pytest.mark.parametrize(("name", "header"), FIELDS)
def test_a_thousand_hostile_values_for_each_header(name: str, header: str) -> None:
    """No control character gets through any header, and everything else does."""
    rng = random.Random(f"{name} {header}")
    alphabet = "\r\n\0\x0b\x0c\x1c\x7f\x85\u2028:,=\\\"'()[]{}$& aZ王" + "abcdefgh" * 6
    for _ in range(1_000):
        value = "".join(rng.choices(alphabet, k=rng.randrange(1, 16)))
        hostile = any(char < " " or char == "\x7f" for char in value)
        if hostile:
            with pytest.raises(WireError):
                encode(Action(name, {header: value}))
        else:
            assert check_one_or_none(name, header, value)


@given(HOSTILE)
def test_a_variable_stays_one_variable(value: str) -> None:
    """A value with commas and quotes cannot become a second variable."""
    try:
        data = encode(Action("Originate", {}, {"NAME": value}))
    except WireError:
        return
    (packet,) = Decoder().feed(data)
    assert [separate(text) for text in packet.all("Variable")] == [[f"NAME={value}"]]


def separate(text: str) -> list[str]:
    """Take a Variable header apart as __ast_app_separate_args of main/app.c does."""
    parts, part, i = [], "", 0
    paren = bracket = 0
    quote = False
    while i < len(text):
        char = text[i]
        if char == "(":
            paren += 1
        elif char == ")" and paren:
            paren -= 1
        elif char == "[":
            bracket += 1
        elif char == "]" and bracket:
            bracket -= 1
        if char == '"':
            quote = not quote
        elif char == "\\":
            i += 1
            part += text[i : i + 1]
        elif char == "," and not (paren or bracket or quote):
            parts.append(part)
            part = ""
        else:
            part += char
        i += 1
    return [*parts, part]


REFUSED = [
    (Action("Command", {"Command": "core stop now"}), "Action"),
    (Action("Ping\r\nAction: Hangup"), "Action"),
    (SimpleAction("Originate", Application="System", Data="rm"), "'Application'"),
    (SimpleAction("Ping", **{"X\r\nAction": "y"}), "'X\\r\\nAction'"),
    (Action("Originate", {"Variable": "A=1,B=2"}), "'Variable'"),
    (Action("Ping", {}, {"A": "1"}), "Variable"),
    (Action("Originate", {}, {"CALLERID(num)": "1"}), "Variable"),
    (Action("Originate", {}, {"A=1,B": "1"}), "Variable"),
    (Action("Originate", {}, {f"V{i}": "1" for i in range(128)}), "Variable"),
    (Action("Setvar", {"Variable": "SHELL(id)", "Value": "1"}), "Variable"),
    (Action("Setvar", {"Variable": "PJSIP_HEADER(add,Call-Info)", "Value": "1"}), "Variable"),
    (Action("Originate", {}, {"PJSIP_HEADER(add,Contact)": "1"}), "Variable"),
    (SimpleAction("Hangup", Channel=None), "Channel"),
    (SimpleAction("Hangup", Channel=["a"]), "Channel"),
    (SimpleAction("Originate", Async=True), "Async"),
    (SimpleAction("Hangup", Channel="a\x7f"), "Channel"),
    (SimpleAction("Hangup", Channel="x" * 1014), "Channel"),
]


# The ids are ours: pytest asks a value for its __name__, and an Action raises KeyError for it.
@pytest.mark.parametrize(("action", "header"), REFUSED, ids=[str(i) for i in range(len(REFUSED))])
def test_refusals_name_the_header(action: Action, header: str) -> None:
    """What is not on the list is refused, with its place."""
    with pytest.raises(WireError) as caught:
        encode(action)
    assert caught.value.header == header


def test_the_longest_line_is_allowed() -> None:
    """Asterisk reads lines up to 1024 bytes with their end."""
    assert len(encode(SimpleAction("Hangup", Channel="x" * 1013)).split(b"\r\n")[1]) == 1022


def test_numbers_are_written_and_secrets_are_not_told() -> None:
    """Whole numbers are values; a refused secret is not in the message."""
    assert b"Priority: 1\r\n" in encode(SimpleAction("Redirect", Channel="a", Priority=1))
    with pytest.raises(WireError) as caught:
        encode(LoginAction("engine", "hunter2\n"))
    assert "hunter2" not in str(caught.value)
    assert "control character '\\n' at position 7" in str(caught.value)


def test_a_variable_is_set_by_name_only() -> None:
    """A plain name; of all functions only the two headers that ask a phone to answer, and those
    only where a call begins."""
    assert encode(Action("Setvar", {"Variable": "CC_BEAT", "Value": "1"})) == (
        b"Action: Setvar\r\nVariable: CC_BEAT\r\nValue: 1\r\n\r\n"
    )
    header = "PJSIP_HEADER(add,Alert-Info)"
    assert b"Variable: PJSIP_HEADER(add,Alert-Info)=x\r\n" in encode(
        Action("Originate", {}, {header: "x"})
    )
