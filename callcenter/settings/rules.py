"""What the types of the settings cannot say: ranges, names, and what refers to what. Pure."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any
from zoneinfo import available_timezones

from callcenter.floor.hours import BadHours, parse_hours
from callcenter.floor.skills import BadExpression, parse

from .callback_rules import check_callbacks
from .places import Places
from .tree import QueueOptions, Settings

LONGEST_RING = 600.0
"""Seconds."""


def check(settings: Settings, places: Places) -> None:
    """Raises ``SettingsError`` for the first mistake."""
    _check_centre(settings, places)
    _check_routing(settings, places)
    for name, queue in settings.queues.items():
        _check_queue(settings, name, queue, places)
    _check_overflow(settings, places)
    _check_prediction(settings, places)
    check_callbacks(settings, places)


def _need(good: bool, places: Places, name: str, value: Any, allowed: str) -> None:
    if not good:
        raise places.wrong(name, value, allowed)


def _check_centre(settings: Settings, places: Places) -> None:
    def need(good: bool, name: str, value: Any, allowed: str) -> None:
        _need(good, places, name, value, allowed)

    for name, port in (("http", settings.http.port), ("exchange", settings.exchange.port)):
        need(0 <= port <= 65535, f"{name}.port", port, "a port from 0 to 65535")
    centre = settings.centre
    need(
        bool(re.fullmatch(r"[A-Z]{2}", centre.region)),
        "centre.region", centre.region, "two capital letters such as 'GB' (ISO 3166-1)",
    )  # fmt: skip
    need(
        bool(re.fullmatch(r"[A-Z]{3}", centre.currency)),
        "centre.currency", centre.currency, "three capital letters such as 'EUR' (ISO 4217)",
    )  # fmt: skip
    need(
        centre.time_zone in available_timezones(),
        "centre.time_zone", centre.time_zone, "an IANA zone such as 'Europe/Berlin'",
    )  # fmt: skip
    need(
        centre.wrapup_seconds is None or centre.wrapup_seconds >= 0,
        "centre.wrapup_seconds", centre.wrapup_seconds, "0 or more",
    )  # fmt: skip
    for what in ("decisions", "told_waits", "reservations", "audit", "predictions", "callbacks"):
        name = f"keep_{what}_days"
        days = getattr(settings.store, name)
        need(days > 0, f"store.{name}", days, "above 0")
    limit = settings.supervision.pause_limit
    need(limit > 0, "supervision.pause_limit", limit, "above 0")
    node = settings.engine.node
    need(
        bool(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", node)),
        "engine.node", node, "1 to 32 letters, digits, '-' or '_'",
    )  # fmt: skip


def _check_routing(settings: Settings, places: Places) -> None:
    routing = settings.routing

    def need(good: bool, name: str, value: Any, allowed: str) -> None:
        _need(good, places, f"routing.{name}", value, allowed)

    for skill in routing.skills:
        need(
            _is_skill(skill), "skills", skill,
            "names of letters, digits, '-', '_' and '.', none of them and, or, not, member, any",
        )  # fmt: skip
    for tier, seconds in routing.tiers.items():
        need(seconds >= 0, f"tiers.{tier}", seconds, "0 or more seconds")
    need(routing.max_credit >= 0, "max_credit", routing.max_credit, "0 or more")
    need(routing.sticky_days >= 0, "sticky_days", routing.sticky_days, "0 or more")
    need(routing.retry_seconds >= 0, "retry_seconds", routing.retry_seconds, "0 or more")
    need(0 < routing.occupancy_cap <= 1, "occupancy_cap", routing.occupancy_cap, "above 0, up to 1")
    for number, rule in enumerate(routing.reasons):
        at = f"reasons[{number}]"
        need(0 <= rule.above < 1, f"{at}.above", rule.above, "a probability from 0 to below 1")
        need(rule.want_seconds > 0, f"{at}.want_seconds", rule.want_seconds, "above 0")
        need(rule.credit >= 0, f"{at}.credit", rule.credit, "0 or more")
        if rule.want:
            _check_want(settings, f"routing.{at}.want", rule.want, places)
        if rule.queue:
            _check_engine_queue(settings, f"routing.{at}.queue", rule.queue, places)
        if not (rule.queue or rule.want or rule.credit):
            raise places.error(
                f"routing.{at}", f"changes nothing for {rule.reason!r}: give queue, want or credit."
            )


def _check_queue(settings: Settings, name: str, queue: QueueOptions, places: Places) -> None:
    at = f"queues.{name}"

    def need(good: bool, option: str, value: Any, allowed: str) -> None:
        _need(good, places, f"{at}.{option}", value, allowed)

    need(queue.threshold > 0, "threshold", queue.threshold, "above 0")
    plain = QueueOptions()
    if queue.distribution == "exchange":
        for one in fields(QueueOptions):
            if one.name != "threshold" and getattr(queue, one.name) != getattr(plain, one.name):
                raise places.error(
                    f"{at}.{one.name}",
                    "has an effect only where the engine distributes: set"
                    f" distribution = 'engine' in [{at}], or leave it out.",
                )
        return
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}", name):
        raise places.error(
            at, "cannot be a queue of the engine: it becomes an extension of the dialplan, 2 to 64"
            " letters, digits, '-' and '_', beginning with a letter or digit.",
        )  # fmt: skip
    for number, step in enumerate(queue.steps):
        before = queue.steps[number - 1].after if number else None
        after = f"steps[{number}].after"
        need(number > 0 or step.after == 0, after, step.after, "0, because it is the first step")
        need(
            before is None or step.after > before, after, step.after,
            f"above {before}, the step before it",
        )  # fmt: skip
        if step.want:
            _check_want(settings, f"{at}.steps[{number}].want", step.want, places)
    ring = queue.ring_seconds
    need(1 <= ring <= LONGEST_RING, "ring_seconds", ring, f"1 to {LONGEST_RING:.0f}")
    need(queue.credit >= 0, "credit", queue.credit, "0 or more")
    need(queue.sticky_seconds >= 0, "sticky_seconds", queue.sticky_seconds, "0 or more")
    need(queue.max_wait >= 0, "max_wait", queue.max_wait, "0 (never) or more")
    told = queue.announce_seconds
    need(told == 0 or told >= 5, "announce_seconds", told, "0 (never), or 5 or more")
    try:
        parse_hours(queue.hours, zone=settings.centre.time_zone)
    except BadHours as error:
        raise places.error(f"{at}.hours", f"cannot be read: {error}.") from None
    try:
        parse_hours((), queue.holidays, settings.centre.time_zone)
    except BadHours as error:
        raise places.error(f"{at}.holidays", f"cannot be read: {error}.") from None
    for option in ("when_empty", "when_closed"):
        value = getattr(queue, option)
        need(
            value != "overflow" or bool(queue.overflow), option, value,
            "something else while no overflow is set",
        )  # fmt: skip
    if queue.overflow:
        _check_engine_queue(settings, f"{at}.overflow", queue.overflow, places)


def _check_overflow(settings: Settings, places: Places) -> None:
    """A call that is sent on must not come back where it was."""
    for first in settings.queues:
        way = [first]
        while (following := settings.queues[way[-1]].overflow) and following not in way:
            way.append(following)
        if following == first:
            raise places.error(
                f"queues.{first}.overflow", f"leads in a circle: {' -> '.join([*way, first])}."
            )


def _check_engine_queue(settings: Settings, name: str, queue: str, places: Places) -> None:
    known = sorted(n for n, one in settings.queues.items() if one.distribution == "engine")
    if queue not in known:
        raise places.wrong(
            name, queue,
            f"a queue with distribution = 'engine' ({', '.join(known) or 'there is none'})",
        )  # fmt: skip


def _check_want(settings: Settings, name: str, want: str, places: Places) -> None:
    try:
        parse(want, settings.routing.skills)
    except BadExpression as error:
        hint = " ([routing] skills lists them)" if settings.routing.skills else ""
        raise places.error(name, f"cannot be read: {error}{hint}.") from None


def _is_skill(name: str) -> bool:
    try:
        return name == name.strip() and parse(name).skills == {name}
    except BadExpression:
        return False


def _check_prediction(settings: Settings, places: Places) -> None:
    prediction = settings.prediction
    for name in ("sure", "automatic_above"):
        share = getattr(prediction, name)
        _need(0 <= share <= 1, places, f"prediction.{name}", share, "from 0 to 1")
    _need(
        0 < prediction.deadline <= 5, places, "prediction.deadline", prediction.deadline,
        "seconds above 0, at most 5",
    )  # fmt: skip
    for name in ("refit_calls", "refit_hours"):
        number = getattr(prediction, name)
        _need(number >= 0, places, f"prediction.{name}", number, "0 or more")
    _need(
        prediction.train_days > 0, places, "prediction.train_days", prediction.train_days, "above 0"
    )
    token = settings.intake.token
    _need(
        token == "" or len(token) >= 16,
        places,
        "intake.token",
        "(secret)",
        "at least 16 characters",
    )
