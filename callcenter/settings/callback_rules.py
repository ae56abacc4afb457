"""What the types of the callback settings cannot say. Pure."""

from __future__ import annotations

import re
from typing import Any, get_args
from urllib.parse import urlsplit

from callcenter.callback_ports import NEVER_CALLED
from callcenter.floor.callback import RETRIES
from callcenter.ports import NumberKind

from .places import Places
from .tree import CallbackOptions, CallbacksSettings, Settings

LONGEST_DIALLING = 120.0
MOST_DAYS = 90
LANGUAGES = ("en", "zh-Hans", "zh-Hant")
SLOTS = (5, 10, 15, 20, 30, 60)
"""Minutes: an hour is a whole number of slots."""


def check_callbacks(settings: Settings, places: Places) -> None:
    """Raises ``SettingsError`` for the first mistake."""
    _check_all(settings.callbacks, places)
    offering = [name for name, queue in settings.queues.items() if queue.callback.offered]
    if offering and not settings.callbacks.dial:
        raise places.error(
            f"queues.{offering[0]}.callback.offered",
            "needs a way outside: set dial in [callbacks], such as 'PJSIP/{number}@trunk'.",
        )
    for name, queue in settings.queues.items():
        _check_queue(f"queues.{name}.callback", queue.callback, places)
    for name, site in settings.callbacks.sites.items():
        at = f"callbacks.sites.{name}"
        _need(
            bool(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name)) and name != "r", places, at, name,
            "a name of 1 to 32 small letters, digits and '-', and not 'r': it is part of addresses",
        )  # fmt: skip
        _need(
            site.queue in offering, places, f"{at}.queue", site.queue,
            "a queue with callback.offered = true"
            f" ({', '.join(sorted(offering)) or 'there is none'})",
        )  # fmt: skip
        for origin in site.origins:
            _need(
                _is_origin(origin), places, f"{at}.origins", origin,
                "such as 'https://www.example.org', without a path",
            )  # fmt: skip
        _need(
            bool(site.languages) and set(site.languages) <= set(LANGUAGES),
            places, f"{at}.languages", site.languages, f"one or more of {', '.join(LANGUAGES)}",
        )  # fmt: skip


def _need(good: bool, places: Places, name: str, value: Any, allowed: str) -> None:
    if not good:
        raise places.wrong(name, value, allowed)


def _check_all(callbacks: CallbacksSettings, places: Places) -> None:
    def need(good: bool, name: str, value: Any, allowed: str) -> None:
        _need(good, places, f"callbacks.{name}", value, allowed)

    dial = callbacks.dial
    need(
        not dial
        or (bool(re.fullmatch(r"[A-Za-z0-9]+/[A-Za-z0-9{}@./:_+-]+", dial))
        and (dial.count("{number}") + dial.count("{digits}") == 1)),
        "dial", dial, "a channel with {number} or {digits} once, such as 'PJSIP/{number}@trunk'",
    )  # fmt: skip
    for country in callbacks.countries:
        need(
            bool(re.fullmatch(r"[A-Z]{2}", country)), "countries", country,
            "two capital letters such as 'GB' (ISO 3166-1)",
        )  # fmt: skip
    callable_kinds = sorted(set(get_args(NumberKind)) - NEVER_CALLED)
    for kind in callbacks.kinds:
        need(kind in callable_kinds, "kinds", kind, f"one of {', '.join(callable_kinds)}")
    for prefix in callbacks.blocked_prefixes:
        need(
            bool(re.fullmatch(r"\+[0-9]{1,15}", prefix)), "blocked_prefixes", prefix,
            "such as '+44871'",
        )  # fmt: skip
    for name in (
        "per_number_day", "per_prefix_hour", "per_address_hour", "per_site_hour", "spend_hour",
        "least_fill_seconds",
    ):  # fmt: skip
        need(getattr(callbacks, name) >= 0, name, getattr(callbacks, name), "0 or more")
    need(callbacks.pressure >= 1, "pressure", callbacks.pressure, "1 or more")
    need(callbacks.link_days > 0, "link_days", callbacks.link_days, "above 0")
    for name in ("public_url", "hook"):
        url = getattr(callbacks, name)
        need(
            not url or (urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)),
            name, url, "such as 'https://call.example.org'",
        )  # fmt: skip
    need(
        callbacks.confirm == "none" or bool(callbacks.hook), "confirm", callbacks.confirm,
        "'none' while there is no hook that could send a code",
    )  # fmt: skip
    need(
        not callbacks.hook or len(callbacks.hook_secret) >= 16, "hook_secret", "(secret)",
        "at least 16 characters while there is a hook",
    )  # fmt: skip
    need(
        bool(re.fullmatch(r"[a-z0-9_]{0,32}", callbacks.law)), "law", callbacks.law,
        "the name of a file of config/law, such as 'europe'",
    )  # fmt: skip


def _check_queue(at: str, options: CallbackOptions, places: Places) -> None:
    def need(good: bool, name: str, value: Any, allowed: str) -> None:
        _need(good, places, f"{at}.{name}", value, allowed)

    preview, dial = options.preview_seconds, options.dial_seconds
    need(0 <= preview <= 600, "preview_seconds", preview, "0 (none) to 600")
    need(5 <= dial <= LONGEST_DIALLING, "dial_seconds", dial, f"5 to {LONGEST_DIALLING:.0f}")
    need(options.message_after >= 0, "message_after", options.message_after, "0 or more")
    need(1 <= options.max_attempts <= 20, "max_attempts", options.max_attempts, "1 to 20")
    causes = sorted(rule.cause for rule in RETRIES)
    for cause, rule in options.retries.items():
        where = f"retries.{cause}"
        need(cause in causes, where, cause, f"one of {', '.join(causes)}")
        need(rule.minutes >= 0, f"{where}.minutes", rule.minutes, "0 or more")
        need(0 <= rule.times <= 20, f"{where}.times", rule.times, "0 to 20")
    need(
        not options.caller_id or bool(re.fullmatch(r"\+?[0-9]{3,15}", options.caller_id)),
        "caller_id", options.caller_id, "digits, with a + where it is E.164",
    )  # fmt: skip
    need(options.notice_minutes >= 0, "notice_minutes", options.notice_minutes, "0 or more")
    need(
        1 <= options.days_ahead <= MOST_DAYS, "days_ahead", options.days_ahead, f"1 to {MOST_DAYS}"
    )
    minutes = options.slot_minutes
    need(minutes in SLOTS, "slot_minutes", minutes, f"one of {', '.join(map(str, SLOTS))}")
    for name in ("handle_seconds", "patience_seconds"):
        need(getattr(options, name) >= 0, name, getattr(options, name), "0 (as measured) or more")
    need(0 < options.service_level < 1, "service_level", options.service_level, "between 0 and 1")
    need(options.most_waiting >= 1, "most_waiting", options.most_waiting, "1 or more")
    longest = options.longest_wait_minutes
    need(longest >= 5, "longest_wait_minutes", longest, "5 or more")
    need(0 <= options.poor_below < 1, "poor_below", options.poor_below, "from 0 to below 1")


def _is_origin(text: str) -> bool:
    url = urlsplit(text)
    return (
        url.scheme in ("http", "https")
        and bool(url.hostname)
        and text == (f"{url.scheme}://{url.netloc}")
    )
