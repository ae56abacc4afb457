"""What comes after an attempt that reached nobody: another one, or the end of the callback. Pure.

A callback whose attempts are used up is ``expired``: it stays on the supervisor's list, for a
person to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .callback import Callback, CallbackEnd, CallbackRules, DialEnd, LawRules, RetryRule
from .calling_times import next_moment, why_none
from .rules import HoursSettings

OURS: Final[frozenset[DialEnd]] = frozenset({"agent_gone", "unknown"})
"""Ends that are not the customer's doing."""


def rule_for(rules: CallbackRules, cause: DialEnd) -> RetryRule | None:
    return next((one for one in rules.retries if one.cause == cause), None)


def after(
    callback: Callback,
    how: DialEnd,
    rules: CallbackRules,
    law: Sequence[LawRules],
    hours: HoursSettings,
    at: float,
) -> Callback:
    """The next version, once the present attempt of ``callback`` ended so at ``at``: ``retry`` with
    its ``due``, or ``expired`` and why.

    Tried again is only where the cause has a rule that is not used up, fewer than
    ``max_attempts`` were made, and there is a moment for it within the window.
    """
    causes = (*callback.causes, how)
    failed = replace(callback, version=callback.version + 1, causes=causes, by=None)
    rule = rule_for(rules, how)
    if how == "invalid":
        return _expired(failed, "number_invalid", at)
    if rule is None or callback.attempts >= rules.max_attempts or causes.count(how) > rule.times:
        return _expired(failed, "attempts_used", at)
    due = next_moment(failed, at + rule.after, law, hours)
    if due is not None:
        return replace(failed, state="retry", due=due)
    why: CallbackEnd = why_none(failed, at + rule.after, hours)
    if why == "window_over" and how not in OURS:
        why = "attempts_used"  # all that fitted into the window were made
    return _expired(failed, why, at)


def is_last(
    callback: Callback,
    rules: CallbackRules,
    law: Sequence[LawRules],
    hours: HoursSettings,
    at: float,
) -> bool:
    """Whether nothing would come after the present attempt of ``callback`` if a machine answers."""
    return after(callback, "machine", rules, law, hours, at).state != "retry"


def leaves_message(
    callback: Callback,
    rules: CallbackRules,
    law: Sequence[LawRules],
    hours: HoursSettings,
    at: float,
) -> bool:
    """Whether the present attempt of ``callback`` leaves our message where a machine answers."""
    if rules.machine != "message":
        return False
    if rules.message_after > 0 and callback.attempts >= rules.message_after:
        return True
    return is_last(callback, rules, law, hours, at)


def _expired(callback: Callback, why: CallbackEnd, at: float) -> Callback:
    return replace(callback, state="expired", why=why, ended=at)
