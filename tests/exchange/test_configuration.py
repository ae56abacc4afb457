"""The shipped config/asterisk/ keeps its promises. No Asterisk is needed for these."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.exchange.configuration import SHIPPED, set_option

Section = tuple[str, str, list[tuple[str, str]]]

DIALPLAN = ("extensions.conf", "callcenter.conf", "callcenter-control.conf")

# Each of these lets whoever has the secret run programs or change files on the machine.
DANGEROUS = {"system", "command", "config", "dialplan", "all", "security"}


def sections(name: str) -> list[Section]:
    """(name, what stands in brackets after it, options) of every section, in order."""
    found: list[Section] = []
    for line in (SHIPPED / name).read_text(encoding="utf-8").splitlines():
        text = line.split(";", 1)[0].strip()
        if header := re.match(r"\[([^]]+)\](?:\(([^)]*)\))?", text):
            found.append((header[1], header[2] or "", []))
        elif "=" in text:
            key, value = text.split("=", 1)
            found[-1][2].append((key.strip(), value.lstrip("> ").strip()))
    return found


def users() -> dict[str, list[tuple[str, str]]]:
    return {name: options for name, _, options in sections("manager.conf") if name != "general"}


def values(options: list[tuple[str, str]], key: str) -> list[str]:
    return [value for each, value in options if each == key]


def test_manager_users_may_not_take_the_machine_over() -> None:
    """No manager user has a write class that runs commands or changes configuration."""
    assert users()
    for name, options in users().items():
        (write,) = values(options, "write")
        assert not DANGEROUS & set(write.split(",")), name


def test_manager_users_are_denied_from_everywhere_else() -> None:
    """Every user denies all addresses, IPv4 and IPv6, before it permits loopback."""
    for name, options in users().items():
        keys = [key for key, _ in options]
        assert values(options, "deny") == ["0.0.0.0/0.0.0.0", "::/0"], name
        assert values(options, "permit") == ["127.0.0.1/255.255.255.255"], name
        assert keys.index("permit") > keys.index("deny"), name


def test_manager_users_are_told_all_that_the_engine_needs() -> None:
    """A class that is missing looks like silence."""
    needed = {"call", "agent", "user", "reporting", "system", "dialplan"}
    for name, options in users().items():
        assert set(values(options, "read")[0].split(",")) == needed, name


def test_events_carry_their_time_and_nothing_listens_outside() -> None:
    """timestampevents is on; every address that is bound is loopback."""
    general = dict(sections("manager.conf")[0][2])
    assert general["timestampevents"] == "yes"
    assert general["webenabled"] == "no"
    bound = [
        value
        for file in SHIPPED.glob("*.conf")
        for _, _, options in sections(file.name)
        for key, value in options
        if key in ("bind", "bindaddr", "tlsbindaddr", "match", "contact")
    ]
    assert bound
    assert [each for each in bound if "127.0.0.1" not in each] == []


def test_secrets_are_placeholders() -> None:
    """Nothing that looks like a real secret is shipped, and no two agents share one."""
    passwords = [
        value
        for _, _, options in sections("pjsip.conf")
        for key, value in options
        if key == "password"
    ]
    assert len(set(passwords)) == len(passwords) == 8
    secrets = [values(options, "secret")[0] for options in users().values()]
    for each in passwords + secrets:
        assert each.startswith("change-"), each


def test_callers_from_outside_cannot_reach_the_trunk() -> None:
    """Following every Goto and include from [from-trunk], no context leads out again."""
    leads: dict[str, set[str]] = {}
    dials: dict[str, str] = {}
    dialplan = [each for name in DIALPLAN for each in sections(name)]
    for context, _, options in dialplan:
        text = "\n".join(value for _, value in options)
        leads[context] = set(re.findall(r"Goto(?:If)?\(([a-z-]+),", text))
        leads[context] |= set(values(options, "include"))
        dials[context] = " ".join(re.findall(r"Dial\(([^,)]*)", text))
    reached, left = set(), ["from-trunk"]
    while left:
        context = left.pop()
        reached.add(context)
        left += (leads[context] - reached) & leads.keys()  # others are for the operator to make
    assert {"queue", "queue-short", "cc-wait", "agent-direct", "closing"} <= reached
    assert [context for context in reached if "trunk" in dials[context]] == []


def test_no_caller_can_transfer_with_keys() -> None:
    """Options of Dial() and Queue() give transfer keys to the called agent only (t), never to the
    calling side (T), which may be a stranger whom an agent sent on."""
    options = []
    for name in DIALPLAN:
        text = (SHIPPED / name).read_text(encoding="utf-8")
        options += re.findall(r"\bDial\([^,)]*,[^,)]*,([^,)]*)", text)
        options += re.findall(r"\bQueue\([^,)]*,([^,)]*)", text)
    assert "t" in options
    assert [each for each in options if re.search("[TKHWX]", re.sub(r"\([^)]*", "", each))] == []


def test_what_a_caller_sends_never_chooses_what_runs() -> None:
    """The dialplan mentions no caller id inside an application that evaluates or dials."""
    for context, _, options in sections("extensions.conf"):
        for key, value in options:
            if "CALLERID" in value:
                assert value.split(",", 2)[-1].startswith("Set(CALLERID("), (context, key)


def test_every_queue_member_has_a_phone() -> None:
    """A member's state device is an endpoint of pjsip.conf, so its state is known."""
    endpoints = {
        f"PJSIP/{name}" for name, template, _ in sections("pjsip.conf") if template == "agent"
    }
    members = [
        value.split(",")
        for _, _, options in sections("queues.conf")
        for key, value in options
        if key == "member"
    ]
    assert len(endpoints) == 8
    assert {member[3] for member in members} <= endpoints


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.conf")), ids=lambda path: path.name)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    """The first line names the file and its purpose."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(rf"; {re.escape(path.name)}: \w.{{10,}}", first)


def test_an_option_that_is_gone_is_noticed() -> None:
    """Setting an option that the shipped file has not, or has twice, is an error."""
    text = "[a]\nport = 1\n[b]\nport = 2\n[c]\nx = 1\nx = 2\n"
    assert set_option(text, "b", "port", "9") == text.replace("port = 2", "port = 9")
    with pytest.raises(ValueError, match=r"\[a\] bind is set 0 times"):
        set_option(text, "a", "bind", "9")
    with pytest.raises(ValueError, match=r"\[c\] x is set 2 times"):
        set_option(text, "c", "x", "9")
