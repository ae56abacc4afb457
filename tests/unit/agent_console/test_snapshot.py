"""What a console is told of the centre."""

from __future__ import annotations

from dataclasses import replace

from agent_console.snapshot import Choice, ConsoleSettings

FEES = Choice("fees", {"en": "Fees", "zh-Hans": "费用"}, head="service")
LUNCH = Choice("lunch", {"en": "Lunch"})
SETTINGS = ConsoleSettings(
    break_reasons=(LUNCH,),
    reasons=(FEES,),
    outcomes=(),
    wrapup_seconds=None,
    currency="EUR",
    time_zone="UTC",
    demo_phone=False,
)


def test_reasons_carry_their_head_and_other_choices_none() -> None:
    """A head is named only where there is one; an older browser does not stumble over it."""
    plain = SETTINGS.plain()
    assert plain["reasons"] == [
        {"code": "fees", "labels": {"en": "Fees", "zh-Hans": "费用"}, "head": "service"}
    ]
    assert plain["break_reasons"] == [{"code": "lunch", "labels": {"en": "Lunch"}}]
    assert (plain["heads"], plain["happenings"]) == ([], [])


def test_words_for_causes_are_sent() -> None:
    """Heads, happenings, pages and conditions by code."""
    some = (Choice("x", {"en": "X"}),)
    plain = replace(SETTINGS, heads=some, happenings=some, pages=some, conditions=some).plain()
    for key in ("heads", "happenings", "pages", "conditions"):
        assert plain[key] == [{"code": "x", "labels": {"en": "X"}}]
