"""The AsyncAPI description of the agent channel, made from the classes that travel on it.

``python -m tests.asyncapi`` writes ``docs/asyncapi.yaml``; a test compares the two, and every frame
that a browser of the tests receives is checked against it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from agent_console.fields import (
    DIGITS,
    MAX_DIGITS,
    MAX_ID,
    MAX_NOTES,
    MAX_SKILL,
    MAX_SKILLS,
    MAX_TARGET,
    MAX_WORDS,
    TARGET,
)
from agent_console.frames import ERROR_STATUS, SUBPROTOCOL, Close
from agent_console.snapshot import ConsoleSettings, ExchangeState
from agent_console.wishes import CONTROLS, MAX_EXTENSION, MAX_SNOOZE
from callcenter.floor.card import AgentView, Card, QueueView
from callcenter.floor.control_rules import AIMED, EXPLAINED
from callcenter.floor.orders import ShowControl, ShowHelp
from callcenter.floor.routing import Decision
from callcenter.ports import Draft, User

FILE = Path(__file__).resolve().parent.parent / "docs" / "asyncapi.yaml"

NUMBER = {"type": "number"}
TEXT = {"type": "string"}
POSITION = {"type": "integer", "minimum": 0}
ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
NOTES = {"type": "string", "maxLength": MAX_NOTES}
WORDS = {"type": "string", "maxLength": MAX_WORDS}
REASON = {**WORDS, "pattern": r"\S"}
CONTROL_ID = {"type": "string", "pattern": "^[!-~]{1,64}$"}
SKILLS = {
    "type": "object",
    "maxProperties": MAX_SKILLS,
    "propertyNames": {"minLength": 1, "maxLength": MAX_SKILL, "pattern": r"^\S(.*\S)?$"},
    "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 5},
}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def one(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def word(text: str) -> dict[str, Any]:
    return {"const": text}


def payloads() -> dict[str, Any]:
    """Schemas of the classes that travel, with all they are made of."""
    adapters: list[tuple[str, Any, Any]] = [
        (cls.__name__, "serialization", TypeAdapter(cls))
        for cls in (
            AgentView, Card, QueueView, Draft, User, ExchangeState, ConsoleSettings,
            ShowControl, ShowHelp, Decision,
        )
    ]  # fmt: skip
    _, whole = TypeAdapter.json_schemas(
        adapters,
        ref_template="#/components/schemas/{model}",
    )
    found: dict[str, Any] = _bare(whole["$defs"])
    return found


def _bare(schema: Any) -> Any:
    """Without titles and docstrings, which change without the frames changing."""
    if isinstance(schema, list):
        return [_bare(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(inner) for name, inner in value.items()}
        if key == "properties"
        else _bare(value)
        for key, value in schema.items()
        if key not in ("title", "description")
    }


def events() -> list[dict[str, Any]]:
    """Frames of the user stream, with ``seq``, and those outside it."""

    def event(ev: str, d: dict[str, Any], seq: bool) -> dict[str, Any]:
        head = {"t": word("event"), "ts": NUMBER, "ev": word(ev), "d": d}
        return one({**head, "seq": POSITION} if seq else head)

    return [
        event("agent.updated", or_null(ref("AgentView")), True),
        event("card.shown", ref("Card"), True),
        event("card.updated", ref("Card"), True),
        event("card.closed", one({"call": TEXT}), True),
        event("draft.saved", ref("Draft"), True),
        event("exchange.changed", ref("ExchangeState"), True),
        event("control", ref("ShowControl"), True),
        event("auth.expiring", one({"at": NUMBER}), False),
        event("board.agent", one({"view": ref("AgentView"), "gone": {"type": "boolean"}}), False),
        event("board.queue", ref("QueueView"), False),
        event("help", ref("ShowHelp"), False),
    ]


def commands() -> list[dict[str, Any]]:
    choice = or_null(ID)

    def command(cmd: str, d: dict[str, Any], id: dict[str, Any] = ID) -> dict[str, Any]:
        return one(
            {"t": word("cmd"), "id": id, "cmd": word(cmd), "d": d},
            {"deadline_ms": NUMBER, "sent": NUMBER},
        )

    def control(which: set[str], **more: dict[str, Any]) -> dict[str, Any]:
        head = {"call": ID, "do": {"enum": sorted(which)}}
        optional = {"target": choice} if "reason" in more else {"reason": or_null(WORDS)}
        return command("call.control", one({**head, **more}, optional), CONTROL_ID)

    target = {"type": "string", "pattern": f"^{TARGET}$", "maxLength": MAX_TARGET}
    digits = {"type": "string", "pattern": f"^{DIGITS}$", "maxLength": MAX_DIGITS}
    plainly = set(CONTROLS) - AIMED - EXPLAINED - {"dtmf"}
    return [
        command("ping", one({})),
        command(
            "agent.state",
            one({"state": {"enum": ["ready", "break"]}}, {"reason": choice, "agent": choice}),
        ),
        command("agent.leave", one({})),
        command("agent.sign_out", one({"agent": ID})),
        command("agent.skills", one({"agent": ID, "skills": SKILLS})),
        command("offer.accept", one({"reservation": ID})),
        command("offer.refuse", one({"reservation": ID, "reason": REASON})),
        command(
            "snooze_callback",
            one(
                {
                    "reservation": ID,
                    "minutes": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SNOOZE},
                }
            ),
        ),
        command(
            "answer.mark",
            one(
                {"call": ID, "answer": ID, "mark": {"enum": ["used", "wrong"]}},
                {"text": {"enum": ["", None]}},
            ),
        ),
        command(
            "answer.mark",
            one(
                {"call": ID, "mark": word("missing")},
                {"answer": {"type": "null"}, "text": or_null(WORDS)},
            ),
        ),
        command("card.person", one({"call": ID, "person": choice})),
        command(
            "wrapup.draft",
            one(
                {"call": ID, "rev": POSITION, "notes": NOTES}, {"reason": choice, "outcome": choice}
            ),
        ),
        command(
            "wrapup.extend",
            one({"seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_EXTENSION}}),
        ),
        command("wrapup.finish", one({"call": ID, "reason": ID, "outcome": ID, "notes": NOTES})),
        control(plainly),
        control(set(AIMED), target=target),
        control({"dtmf"}, digits=digits),
        control(set(EXPLAINED), reason=REASON),
        command("help.ask", one({}, {"call": choice, "text": or_null(WORDS)})),
        command("help.give", one({"agent": ID})),
        command("routing.explain", one({"call": ID})),
    ]


def frames() -> dict[str, Any]:
    limits = one({"frame": POSITION, "commands_per_second": NUMBER, "burst": POSITION})
    welcome = {
        "t": word("welcome"), "session": TEXT, "epoch": TEXT, "seq": POSITION, "now": NUMBER,
        "heartbeat": NUMBER, "limits": limits,
    }  # fmt: skip
    client = one({"name": ID, "version": ID, "tab": ID})
    problem = one(
        {
            "type": {"type": "string", "format": "uri"}, "title": TEXT,
            "status": {"enum": sorted(set(ERROR_STATUS.values()))},
            "code": {"enum": sorted(ERROR_STATUS)}, "detail": TEXT,
        }
    )  # fmt: skip
    return {
        "Snapshot": one(
            {
                "user": ref("User"),
                "agent": or_null(ref("AgentView")),
                "cards": {"type": "array", "items": ref("Card")},
                "drafts": {"type": "array", "items": ref("Draft")},
                "board": or_null(
                    one(
                        {
                            "agents": {"type": "array", "items": ref("AgentView")},
                            "queues": {"type": "array", "items": ref("QueueView")},
                            "help": {"type": "array", "items": ref("ShowHelp")},
                        }
                    )
                ),
                "exchange": ref("ExchangeState"),
                "settings": ref("ConsoleSettings"),
            }
        ),
        "Problem": problem,
        "Welcome": {
            "oneOf": [
                one({**welcome, "resumed": {"const": True}}),
                one({**welcome, "resumed": {"const": False}, "snapshot": ref("Snapshot")}),
            ]
        },
        "Event": {"oneOf": events()},
        "Reply": {
            "oneOf": [
                one(
                    {"t": word("reply"), "id": TEXT, "ok": {"const": True}, "seq": POSITION,
                     "d": {"type": "object"}},
                    {"dup": {"const": True}},
                ),
                one(
                    {"t": word("reply"), "id": TEXT, "ok": {"const": False},
                     "error": ref("Problem"), "retry": {"type": "boolean"}},
                    {"dup": {"const": True}},
                ),
            ]
        },
        "Heartbeat": one({"t": word("hb"), "now": NUMBER, "seq": POSITION}),
        "Bye": one(
            {"t": word("bye"), "code": {"enum": [int(code) for code in Close]}, "detail": TEXT},
            {"retry_after_ms": POSITION},
        ),
        "Hello": one(
            {"t": word("hello"), "v": {"const": 1}, "ticket": ID, "client": client},
            {"resume": or_null(one({"epoch": ID, "seq": POSITION}))},
        ),
        "Auth": one({"t": word("auth"), "ticket": ID}),
        "Ack": one({"t": word("ack"), "seq": POSITION}, {"visible": {"type": "boolean"}}),
        "Command": {"oneOf": commands()},
    }  # fmt: skip


FROM_SERVER = ("Welcome", "Event", "Reply", "Heartbeat", "Bye")
FROM_BROWSER = ("Hello", "Auth", "Ack", "Command")


def document() -> dict[str, Any]:
    def messages(names: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/agent/messages/{name}"} for name in names]

    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "The agent channel",
            "version": SUBPROTOCOL,
            "description": "Made by tests/asyncapi.py; docs/agent-channel.md tells what it means.",
            "license": {"name": "Apache-2.0"},
        },
        "channels": {
            "agent": {
                "address": "/ws",
                "bindings": {"ws": {"method": "GET"}},
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"}
                    for name in FROM_SERVER + FROM_BROWSER
                },
            }
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/agent"},
                "messages": messages(FROM_SERVER),
            },
            "hear": {
                "action": "receive",
                "channel": {"$ref": "#/channels/agent"},
                "messages": messages(FROM_BROWSER),
            },
        },
        "components": {
            "messages": {
                name: {"contentType": "application/json", "payload": ref(name)}
                for name in FROM_SERVER + FROM_BROWSER
            },
            "schemas": {**frames(), **payloads()},
        },
    }


@cache
def _checkers(names: tuple[str, ...]) -> dict[str, Any]:
    """By frame type, so that an error names the part of the one schema that matters."""
    whole = document()
    kinds = {"Heartbeat": "hb", "Command": "cmd"}
    return {
        kinds.get(name, name.lower()): Draft202012Validator({**whole, **ref(name)})
        for name in names
    }


def check(frame: dict[str, Any], names: tuple[str, ...] = FROM_SERVER) -> None:
    """Raises ``jsonschema.ValidationError`` when the frame is not as described."""
    _checkers(names)[frame["t"]].validate(frame)


def main() -> None:
    text = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=100)
    FILE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
