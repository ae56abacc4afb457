"""What the settings say, in the floor's words. Pure.

Settings are checked when they are read, so nothing here fails; ``findings`` tells what only the
accounts and the pack can show to be wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from .floor.callback import RETRIES, CallbackRules, LawRules, RetryRule
from .floor.events import FloorOpened, QueueSettings, ReasonRule, StepSettings
from .floor.hours import parse_hours
from .floor.skills import BadExpression, Expression, parse
from .ports import Account
from .settings import CallbackOptions, QueueOptions, Settings

LEAST_WANT: Final = "member"
"""What an empty expression means."""


def queue_settings(settings: Settings) -> tuple[QueueSettings, ...]:
    """Queues in the order of their names."""
    zone = settings.centre.time_zone
    return tuple(_queue(name, queue, zone) for name, queue in sorted(settings.queues.items()))


def _queue(name: str, queue: QueueOptions, zone: str) -> QueueSettings:
    return QueueSettings(
        queue=name,
        threshold=queue.threshold,
        distribution=queue.distribution,
        steps=tuple(StepSettings(after=step.after, want=step.want) for step in queue.steps),
        credit=queue.credit,
        ring_seconds=queue.ring_seconds,
        auto_answer=queue.auto_answer,
        sticky_seconds=queue.sticky_seconds,
        max_wait=queue.max_wait or None,
        overflow=queue.overflow or None,
        when_empty=queue.when_empty,
        when_closed=queue.when_closed,
        hours=parse_hours(queue.hours, queue.holidays, zone),
        announce_seconds=queue.announce_seconds,
        callback=callback_rules(queue.callback),
    )


def callback_rules(options: CallbackOptions) -> CallbackRules:
    """Causes that the settings do not name are tried again as is usual."""
    return CallbackRules(
        first=options.first,
        preview_seconds=options.preview_seconds,
        dial_seconds=options.dial_seconds,
        machine=options.machine,
        message_after=options.message_after,
        max_attempts=options.max_attempts,
        retries=tuple(
            RetryRule(cause=usual.cause, after=60.0 * own.minutes, times=own.times)
            if (own := options.retries.get(usual.cause)) is not None
            else usual
            for usual in RETRIES
        ),
        caller_id=options.caller_id,
    )


def reason_rules(settings: Settings, head_of: Mapping[str, str]) -> tuple[ReasonRule, ...]:
    """In the order of the file: the first that fits applies. ``head_of``: of each reason."""
    return tuple(
        ReasonRule(
            reason=rule.reason,
            above=rule.above,
            leaves=tuple(code for code, head in head_of.items() if head == rule.reason),
            queue=rule.queue or None,
            want=rule.want,
            want_seconds=rule.want_seconds,
            credit=rule.credit,
        )
        for rule in settings.routing.reasons
    )


def floor_opened(
    settings: Settings,
    *,
    at: float,
    midnight: float,
    run: str,
    break_reasons: tuple[str, ...],
    reasons: tuple[str, ...],
    outcomes: tuple[str, ...],
    accounts: Iterable[Account],
    head_of: Mapping[str, str] = MappingProxyType({}),
    law: tuple[LawRules, ...] = (),
) -> FloorOpened:
    """The first event of a run named ``run``. ``midnight``: the centre's last, local; ``head_of``:
    the head of each reason, by which rules may name several; ``law``: of the pack for it."""
    routing, supervision = settings.routing, settings.supervision
    return FloorOpened(
        at=at,
        wrapup_seconds=settings.centre.wrapup_seconds or None,
        control_members=settings.exchange.control_members,
        midnight=midnight,
        queues=queue_settings(settings),
        break_reasons=break_reasons,
        reasons=reasons,
        outcomes=outcomes,
        devices=tuple(sorted({one.device for one in accounts if one.active and one.device})),
        run=run,
        node=settings.engine.node,
        skills=routing.skills,
        tiers=tuple(sorted(routing.tiers.items())),
        reason_rules=reason_rules(settings, head_of),
        max_credit=routing.max_credit,
        sticky_days=routing.sticky_days,
        retry_seconds=routing.retry_seconds,
        missed_policy=routing.missed_policy,
        occupancy_cap=routing.occupancy_cap,
        pause_limit=supervision.pause_limit,
        listening_visible=supervision.listening_visible,
        transfer_targets=supervision.transfer_targets,
        law=law,
    )


def findings(
    settings: Settings, accounts: Iterable[Account], reasons: Collection[str]
) -> list[str]:
    """What will not work, in words for the operator; empty when all is well.

    ``reasons``: codes of the pack and their heads. Members of a queue are the exchange's matter and
    may be anybody.
    """
    agents = [one for one in accounts if one.active and one.role == "agent"]
    return [
        *_unknown_reasons(settings, reasons),
        *_unreachable(agents),
        *_odd_skills(settings, agents),
        *_without_agents(settings, agents),
    ]


def _unknown_reasons(settings: Settings, reasons: Collection[str]) -> list[str]:
    return [
        f"routing.reasons[{number}].reason: the pack {settings.centre.pack!r} has no reason"
        f" {rule.reason!r} and no head of that name; near it:"
        f" {', '.join(get_close_matches(rule.reason, sorted(reasons), 5, 0.4)) or 'nothing'}."
        for number, rule in enumerate(settings.routing.reasons)
        if rule.reason not in reasons
    ]


def _unreachable(agents: Sequence[Account]) -> list[str]:
    return [
        f"Agent {one.agent} has no endpoint, so no call can reach them:"
        f" callcenter user add {one.agent} --device PJSIP/1001."
        for one in agents
        if not one.device
    ]


def _odd_skills(settings: Settings, agents: Sequence[Account]) -> list[str]:
    known = settings.routing.skills
    return [
        f"Agent {one.agent} has a skill {skill!r} that [routing] skills does not list"
        f" ({', '.join(known)}): callcenter user skills {one.agent} {skill}="
        for one in agents
        for skill, _ in one.skills
        if known and skill not in known
    ]


def _without_agents(settings: Settings, agents: Sequence[Account]) -> list[str]:
    reachable = [dict(one.skills) for one in agents if one.device]
    found = []
    for name, queue in sorted(settings.queues.items()):
        if queue.distribution != "engine":
            continue
        wants = [_parsed(step.want) for step in queue.steps] or [_parsed("")]
        if not any(want.holds(skills, True) for want in wants for skills in reachable):
            what = " or ".join(repr(str(want)) for want in wants)
            found.append(
                f"Queue {name} has no agent: nobody with an endpoint satisfies {what}."
                " Give somebody the skills (callcenter user skills NAME SKILL=LEVEL) or add a step."
            )
    return found


def _parsed(want: str) -> Expression:
    return parse(want or LEAST_WANT)


def parse_skills(texts: Iterable[str], known: Collection[str]) -> dict[str, int | None]:
    """``["english=5", "cards="]`` as skill to level; ``None``: no longer has it.

    ``known``: skills that exist; empty: any name. Raises ``ValueError`` in words.
    """
    wanted: dict[str, int | None] = {}
    for text in texts:
        skill, equals, level = text.partition("=")
        try:
            named = parse(skill, known if level else ()).skills == {skill}
        except BadExpression as error:
            raise ValueError(f"{text!r}: {error.message}.") from None
        if not equals or not named:
            raise ValueError(f"{text!r} is no skill with its level; write english=5.")
        if level not in ("", "0", "1", "2", "3", "4", "5"):
            raise ValueError(f"{text!r}: a level is 0 to 5, or nothing to take the skill away.")
        wanted[skill] = int(level) if level else None
    return wanted
