"""When a number may be called: the window that was promised, the queue's opening hours, the law of
the called party's region on the called party's clock, and how often the number was dialled. Pure.

Where the customer chose a clock that their number cannot have, the law holds by both: nobody can
have a number called at night by naming another zone.

A window is closed at its end (``opens <= at < closes``). A number was dialled ``attempts`` times
"in 24 hours" until 24 hours after the first of them. What cannot be read (a zone nobody knows)
allows nothing: better nobody called than somebody at night.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Final, Literal, TypeAlias

from .callback import Callback, LawRules
from .hours import BadHours, Hours
from .rules import HoursSettings

DAY: Final = 86400.0
ANYWHERE: Final = "*"
"""The region of the rules for numbers that no other rules are for."""
MOST_CHANGES: Final = 2000
"""Openings and closings looked at before it is said that there is no moment: years of them."""

Obstacle: TypeAlias = Literal["window", "hours", "law", "attempts", "switch"]
"""What speaks against calling: the window promised, the queue's opening hours, the hours of the
law, the number of attempts, or that the queue's callbacks are switched off."""


def law_for(law: Sequence[LawRules], region: str | None) -> LawRules | None:
    """The rules for a region; else those for anywhere; ``None``: there are none."""
    anywhere = None
    for rules in law:
        if rules.region == region:
            return rules
        if rules.region == ANYWHERE:
            anywhere = rules
    return anywhere


def obstacle(
    callback: Callback,
    at: float,
    law: Sequence[LawRules],
    hours: HoursSettings,
    serve: bool = True,
) -> Obstacle | None:
    """The first thing that speaks against calling at ``at``; ``None``: nothing does.

    ``hours``: of the queue; ``serve``: whether its callbacks are dialled at all now.
    """
    if not serve:
        return "switch"
    if not callback.opens <= at < callback.closes:
        return "window"
    rules = law_for(law, callback.region)
    try:
        if not _hours(hours).open_at(at):
            return "hours"
        if any(not one.open_at(at) for one in _lawful_hours(callback, rules)):
            return "law"
    except BadHours:
        return "law"
    if rules is not None and _free_again(callback, rules, at) > at:
        return "attempts"
    return None


def may_call(
    callback: Callback,
    at: float,
    law: Sequence[LawRules],
    hours: HoursSettings,
    serve: bool = True,
) -> bool:
    """Whether its number may be dialled at ``at``. See :func:`obstacle`."""
    return obstacle(callback, at, law, hours, serve) is None


def next_moment(
    callback: Callback, at: float, law: Sequence[LawRules], hours: HoursSettings
) -> float | None:
    """The first moment from ``at`` on at which :func:`may_call`; ``None``: none before the window
    closes. All times are seconds since the epoch."""
    if not (isfinite(at) and isfinite(callback.closes)):
        return None
    rules = law_for(law, callback.region)
    try:
        limits = [_hours(hours), *_lawful_hours(callback, rules)]
    except BadHours:
        return None
    moment = max(at, callback.opens)
    for _ in range(MOST_CHANGES):
        if moment >= callback.closes:
            return None
        if rules is not None and (free := _free_again(callback, rules, moment)) > moment:
            moment = free
            continue
        closed = next((one for one in limits if not one.open_at(moment)), None)
        if closed is None:
            return moment
        opens = closed.next_change(moment)
        if opens is None:
            return None
        moment = opens
    return None


def why_none(callback: Callback, at: float, hours: HoursSettings) -> Literal["window_over", "law"]:
    """Why no moment from ``at`` on is left for it: the window is over, or the law."""
    return "window_over" if next_moment(callback, at, (), hours) is None else "law"


def _free_again(callback: Callback, rules: LawRules, at: float) -> float:
    """When the number may be dialled again as far as attempts go: ``at``, or later."""
    if rules.attempts <= 0:
        return callback.closes
    lately = sorted(tried for tried in callback.tried if tried > at - DAY)
    if len(lately) < rules.attempts:
        return at
    return lately[-rules.attempts] + DAY


def _lawful_hours(callback: Callback, rules: LawRules | None) -> tuple[Hours, ...]:
    """Those of the law by the customer's clock, and by their number's where that is another one.
    Raises ``BadHours``."""
    if rules is None:
        return ()
    zones = (callback.zone,) if callback.number_zone is None else (
        callback.zone, callback.number_zone,
    )  # fmt: skip
    return tuple(_hours(_of_law(rules, zone)) for zone in zones)


def _of_law(rules: LawRules, zone: str) -> HoursSettings:
    return HoursSettings(zone=zone, weekly=rules.weekly, holidays=rules.holidays)


@lru_cache(maxsize=512)
def _hours(settings: HoursSettings) -> Hours:
    return Hours(settings)
