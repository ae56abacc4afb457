"""Settings in the floor's words, and what accounts and pack show to be wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from callcenter.floor.callback import RETRIES, CallbackRules, LawRules, RetryRule
from callcenter.floor.events import (
    FloorOpened,
    HoursSettings,
    QueueSettings,
    ReasonRule,
    StepSettings,
)
from callcenter.opening import findings, floor_opened, parse_skills, queue_settings
from callcenter.ports import Account
from callcenter.settings import Settings, read_settings

TEXT = """
[centre]
time_zone = "Europe/Berlin"
[queues.service]
threshold = 30
distribution = "engine"
steps = [{ after = 0, want = "cards >= 3" }, { after = 60 }]
credit = 5
ring_seconds = 12
auto_answer = true
sticky_seconds = 20
max_wait = 900
overflow = "support"
when_empty = "overflow"
when_closed = "overflow"
hours = ["fri 08:00-18:00"]
holidays = ["2026-12-25"]
announce_seconds = 45
[queues.service.callback]
offered = true
first = "agent"
preview_seconds = 20
dial_seconds = 25
machine = "message"
message_after = 2
max_attempts = 4
retries = { busy = { minutes = 2, times = 7 } }
caller_id = "+442079460100"
[callbacks]
dial = "PJSIP/{number}@trunk"
[queues.support]
distribution = "engine"
steps = [{ after = 0, want = "loans" }]
[queues.old]
[routing]
skills = ["cards", "loans"]
tiers = { gold = 120, bronze = 1 }
max_credit = 700
sticky_days = 7
retry_seconds = 30
missed_policy = "ready"
occupancy_cap = 0.5
[[routing.reasons]]
reason = "fees"
above = 0.75
queue = "support"
want = "loans > 2"
want_seconds = 25
credit = 15
[supervision]
listening_visible = false
pause_limit = 60
transfer_targets = ["+4420*"]
[engine]
node = "two"
[exchange]
control_members = false
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "callcenter.toml"
    path.write_text(TEXT)
    return read_settings(path, {})


def account(agent: str, *skills: tuple[str, int], **changes: Any) -> Account:
    whole: dict[str, Any] = {
        "agent": agent, "name": agent, "role": "agent", "device": f"PJSIP/{agent}",
        "password_hash": "x", "language": None, "active": True, "skills": skills,
    }  # fmt: skip
    return Account(**(whole | changes))


def test_every_option_reaches_the_floor(settings: Settings) -> None:
    """What the operator wrote is what the floor is opened with, nothing left out."""
    law = (LawRules(region="GB", weekly=((1, 480, 1260),)),)
    opened = floor_opened(
        settings, law=law, at=9.0, midnight=5.0, run="r7", break_reasons=("lunch",),
        reasons=("fees",),
        outcomes=("solved",),
        accounts=[account("b"), account("a"), account("c", active=False),
                  account("d", device=None)],
    )  # fmt: skip
    assert opened == FloorOpened(
        at=9.0, wrapup_seconds=120.0, control_members=False, midnight=5.0,
        queues=queue_settings(settings), break_reasons=("lunch",), reasons=("fees",),
        outcomes=("solved",), devices=("PJSIP/a", "PJSIP/b"), run="r7", node="two",
        skills=("cards", "loans"), tiers=(("bronze", 1.0), ("gold", 120.0)),
        reason_rules=(ReasonRule(reason="fees", above=0.75, queue="support", want="loans > 2",
                                 want_seconds=25.0, credit=15.0),),
        max_credit=700.0, sticky_days=7.0, retry_seconds=30.0, missed_policy="ready",
        occupancy_cap=0.5, pause_limit=60.0, listening_visible=False,
        transfer_targets=("+4420*",), law=law,
    )  # fmt: skip
    usual = FloorOpened(at=0.0)
    same = {
        f.name for f in fields(FloorOpened) if getattr(opened, f.name) == getattr(usual, f.name)
    }
    assert same == set(), "an option that this test does not set"


def test_queues(settings: Settings) -> None:
    """Queues by name; absent limits are none, hours are read in the centre's zone."""
    old, service, support = queue_settings(settings)
    assert service == QueueSettings(
        queue="service", threshold=30.0, distribution="engine",
        steps=(StepSettings(after=0.0, want="cards >= 3"), StepSettings(after=60.0, want="")),
        credit=5.0, ring_seconds=12.0, auto_answer=True, sticky_seconds=20.0, max_wait=900.0,
        overflow="support", when_empty="overflow", when_closed="overflow",
        hours=HoursSettings(zone="Europe/Berlin", weekly=((5, 480, 1080),),
                            holidays=("2026-12-25",)),
        announce_seconds=45.0,
        callback=CallbackRules(
            first="agent", preview_seconds=20.0, dial_seconds=25.0, machine="message",
            message_after=2, max_attempts=4, caller_id="+442079460100",
            retries=(RetryRule(cause="busy", after=120.0, times=7), *RETRIES[1:]),
        ),
    )  # fmt: skip
    assert RETRIES[0].cause == "busy"
    none = CallbackRules()
    same = {
        f.name for f in fields(none) if getattr(service.callback, f.name) == getattr(none, f.name)
    }
    assert same == set(), "an option that this test does not set"
    usual = QueueSettings(queue="q")
    assert all(getattr(service, f.name) != getattr(usual, f.name) for f in fields(QueueSettings))
    assert (old.distribution, old.overflow, old.max_wait) == ("exchange", None, None)
    assert support.steps == (StepSettings(after=0.0, want="loans"),)


def test_nothing_is_wrong(settings: Settings) -> None:
    """Agents who can take every queue's calls: nothing to say."""
    assert findings(settings, [account("a", ("loans", 1))], ["fees"]) == []


def test_what_is_wrong_is_said(settings: Settings) -> None:
    """Unknown reasons, agents without an endpoint, odd skills, queues that nobody can serve."""
    accounts = [
        account("amy", ("loans", 3), device=None),
        account("bo", ("welsh", 2), ("loans", 0)),
        account("cid", ("loans", 5), active=False),
        account("sue", ("loans", 5), role="supervisor"),
    ]
    said = findings(settings, accounts, ["card_lost"])
    assert [line.split(":")[0] for line in said] == [
        "routing.reasons[0].reason",
        "Agent amy has no endpoint, so no call can reach them",
        "Agent bo has a skill 'welsh' that [routing] skills does not list (cards, loans)",
        "Queue support has no agent",
    ]
    assert "satisfies 'loans >= 1'" in said[3]
    assert len(findings(settings, [], ["fees"])) == 2  # members may be anybody, but not nobody


@pytest.mark.parametrize(
    ("texts", "known", "wanted"),
    [
        (["english=5", "cards=0"], (), {"english": 5, "cards": 0}),
        (["cards="], ("english",), {"cards": None}),
        (["客服=3"], (), {"客服": 3}),
        ([], (), {}),
    ],
)
def test_skills_are_read(
    texts: list[str], known: tuple[str, ...], wanted: dict[str, int | None]
) -> None:
    """Level 0 is a level; nothing after the sign takes the skill away, known or not."""
    assert parse_skills(texts, known) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("english", "is no skill with its level; write english=5"),
        ("english=6", "a level is 0 to 5"),
        ("english=-1", "a level is 0 to 5"),
        ("=5", "expected a skill"),
        ("and=5", "expected a skill"),
        ("a b=5", "expected 'and', 'or' or the end"),
        ("not a=5", "is no skill with its level"),
        ("englisch=5", "no skill is called 'englisch', did you mean 'english'"),
    ],
)
def test_wrong_skills_are_refused(text: str, words: str) -> None:
    """In words that say what to write."""
    with pytest.raises(ValueError, match="'") as caught:
        parse_skills([text], ("english", "a", "b") if "engl" in text else ())
    assert words in str(caught.value)
