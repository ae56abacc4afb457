"""The description of the channel is true: equal to the code, and browsers' frames fit both."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from agent_console.fields import BadField
from agent_console.protocol import Command, NotAFrame, parse
from agent_console.wishes import COMMANDS, wish_of
from callcenter.floor import errors
from tests import asyncapi

CLIENT = {"name": "console", "version": "1", "tab": "t"}


def test_file_is_up_to_date() -> None:
    """docs/asyncapi.yaml is what the code says; `python -m tests.asyncapi` writes it again."""
    assert yaml.safe_load(asyncapi.FILE.read_text("utf-8")) == asyncapi.document()


def test_schemas_are_schemas() -> None:
    """Every schema is valid JSON Schema, and every reference leads somewhere."""
    document = asyncapi.document()
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        text = json.dumps(schema)
        for part in text.split("#/components/schemas/")[1:]:
            assert part.partition('"')[0] in schemas, name


def test_every_command_is_described() -> None:
    """The commands described are those there are."""
    described = {c["properties"]["cmd"]["const"] for c in asyncapi.commands()}
    assert described == COMMANDS


def test_every_refusal_of_the_floor_is_described() -> None:
    """Each code the floor refuses with is among those described."""
    codes = {error.code for error in errors.FloorError.__subclasses__()}
    described = asyncapi.frames()["Problem"]["properties"]["code"]["enum"]
    assert codes <= set(described)


def taken(frame: dict[str, Any]) -> bool:
    """Whether the server takes it."""
    try:
        read = parse(json.dumps(frame))
        if isinstance(read, Command):
            wish_of(read)
    except (NotAFrame, BadField):
        return False
    return True


def described(frame: dict[str, Any]) -> bool:
    try:
        asyncapi.check(frame, asyncapi.FROM_BROWSER)
    except ValidationError:
        return False
    return True


def command(cmd: str, **d: Any) -> dict[str, Any]:
    return {"t": "cmd", "id": "1", "cmd": cmd, "d": d}


@pytest.mark.parametrize(
    ("frame", "good"),
    [
        ({"t": "hello", "v": 1, "ticket": "x", "client": CLIENT}, True),
        ({"t": "hello", "v": 1, "ticket": "x", "client": CLIENT, "resume": None}, True),
        ({"t": "hello", "v": 1, "ticket": "", "client": CLIENT}, False),
        ({"t": "hello", "v": 1, "ticket": "x", "client": CLIENT, "resume": {"seq": 1}}, False),
        ({"t": "ack", "seq": 3, "visible": False}, True),
        ({"t": "ack", "seq": -3}, False),
        ({"t": "auth", "ticket": "x"}, True),
        ({"t": "auth"}, False),
        (command("ping"), True),
        ({**command("ping"), "sent": "now"}, False),
        (command("agent.state", state="ready"), True),
        (command("agent.state", state="break", reason=None), True),
        (command("agent.state", state="lunch"), False),
        (command("card.person", call="c", person=None), True),
        (command("card.person", call="c"), False),
        (command("answer.mark", call="c", answer="a", mark="used"), True),
        (command("answer.mark", call="c", answer="a", mark="wrong", text=""), True),
        (command("answer.mark", call="c", answer="a", mark="wrong", text="why"), False),
        (command("answer.mark", call="c", answer=None, mark="used"), False),
        (command("answer.mark", call="c", mark="missing", text="Samoa?"), True),
        (command("answer.mark", call="c", answer=None, mark="missing"), True),
        (command("answer.mark", call="c", answer="a", mark="missing"), False),
        (command("answer.mark", call="c", mark="missing", text="x" * 501), False),
        (command("answer.mark", call="c", answer="a", mark="liked"), False),
        (command("wrapup.draft", call="c", rev=1, notes="n", outcome="o"), True),
        (command("wrapup.draft", call="c", rev="1", notes="n"), False),
        (command("wrapup.finish", call="c", reason="r", outcome="o", notes=""), True),
        (command("wrapup.finish", call="c", reason=None, outcome="o", notes=""), False),
        (command("agent.state", state="ready", agent="ben"), True),
        (command("agent.state", state="ready", agent=3), False),
        (command("agent.sign_out", agent="ben"), True),
        (command("agent.sign_out"), False),
        (command("agent.skills", agent="ben", skills={"billing": 5, "中文": 0}), True),
        (command("agent.skills", agent="ben", skills={}), True),
        (command("agent.skills", agent="ben", skills={"billing": 6}), False),
        (command("agent.skills", agent="ben", skills={"billing": True}), False),
        (command("agent.skills", agent="ben", skills={" ": 1}), False),
        (command("agent.skills", agent="ben", skills=[["billing", 1]]), False),
        (command("offer.accept", reservation="r1"), True),
        (command("offer.refuse", reservation="r1", reason="technical"), True),
        (command("offer.refuse", reservation="r1", reason="  "), False),
        (command("offer.refuse", reservation="r1"), False),
        (command("snooze_callback", reservation="r1", minutes=15), True),
        (command("snooze_callback", reservation="r1", minutes=61), False),
        (command("snooze_callback", reservation="r1"), False),
        (command("wrapup.extend", seconds=60), True),
        (command("wrapup.extend", seconds=0), False),
        (command("wrapup.extend", seconds=3601), False),
        (command("wrapup.extend", seconds="60"), False),
        (command("call.control", call="c", do="hold"), True),
        (command("call.control", call="c", do="hold", reason=None), True),
        (command("call.control", call="c", do="juggle"), False),
        (command("call.control", call="c", do=["hold"]), False),
        (command("call.control", call="c", do="consult", target="+442079460123"), True),
        (command("call.control", call="c", do="consult", target="*55"), True),
        (command("call.control", call="c", do="consult"), False),
        (command("call.control", call="c", do="blind_transfer", target="1\r\nAction: x"), False),
        (command("call.control", call="c", do="blind_transfer", target="1,2"), False),
        (command("call.control", call="c", do="blind_transfer", target="1" * 65), False),
        (command("call.control", call="c", do="dtmf", digits="12#*D"), True),
        (command("call.control", call="c", do="dtmf", digits="12 "), False),
        (command("call.control", call="c", do="dtmf"), False),
        (command("call.control", call="c", do="listen", reason="new colleague"), True),
        (command("call.control", call="c", do="listen"), False),
        (command("call.control", call="c", do="stop_listening"), True),
        ({**command("call.control", call="c", do="hold"), "id": "a b"}, False),
        (command("help.ask", call="c", text="angry"), True),
        (command("help.ask"), True),
        (command("help.ask", text="x" * 501), False),
        (command("help.give", agent="ben"), True),
        (command("help.give"), False),
        (command("routing.explain", call="c"), True),
        (command("routing.explain"), False),
    ],
)
def test_code_and_description_agree(frame: dict[str, Any], good: bool) -> None:
    """What is described is taken, what is not described is refused."""
    assert (taken(frame), described(frame)) == (good, good)
