"""Answers that the form shows, what came of them, and what became of requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from callcenter.callback_ports import Blocked, CallbackRefused
from callcenter.callbacks.deflection import AnswerSource
from callcenter.callbacks.forms import StaffRequest
from callcenter.floor.card import Answer, Phrasing
from intelligence.answers import Answers, Audience, Entry, Policy
from tests.booking_kit import NOW, NUMBER, Make, asked


class Shelf:
    """Finds the same three answers always, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, Any]] = []

    def find(
        self, reasons: Any, profile: Any, words: Any, *_: Any,
        only: Collection[str], most: int, **__: Any,
    ) -> tuple[Answer, ...]:  # fmt: skip
        assert profile is None
        self.asked.append((reasons, words))
        return tuple(
            Answer(
                id=one, reason="cards", source="s", score=0.5,
                phrasings=(Phrasing(language="en", title=f"{one}!", body="b"),
                           Phrasing(language="zh-Hant", title=f"{one}！", body="b")),
            )
            for one in ("lost-card", "for-agents", "new-card")
            if one in only
        )[:most]  # fmt: skip


AUDIENCES: tuple[tuple[Audience, int], ...] = (("agents", 9), ("everyone", 4))


async def test_answers_for_agents_take_no_place_of_others(make: Make) -> None:
    """The real ranking, where most of what is as likely is for agents alone."""
    entries = [
        Entry(
            id=f"{audience}-{n}", reasons=("cards",), source="s", audience=audience, products=(),
            valid_from=None, valid_until=None, asks={"en": ("my card is gone",)},
            phrasings=(Phrasing(language="en", title=f"Lost card {n}", body="b"),),
        )
        for audience, count in AUDIENCES
        for n in range(count)
    ]  # fmt: skip
    public = {one.id for one in entries if one.audience == "everyone"}
    for policy in (Policy(), Policy(answers="best")):
        found = Answers(entries, policy=policy)
        source = AnswerSource(found=found, public=lambda: public, reasons_of={"cards": ("cards",)})
        kit = make(answers=source)
        shown = await kit.booking.answers("bank", "my card is gone", "cards", "en", NOW)
        assert len(shown.answers) == 3
        assert {one.id for one in shown.answers} <= public


async def test_answers_and_what_came_of_them(make: Make) -> None:
    shelf = Shelf()
    source = AnswerSource(
        found=shelf,
        public=lambda: {"lost-card", "new-card"},
        reasons_of={"cards": ("card_lost", "card_new")},
    )
    kit = make(answers=source)
    shown = await kit.booking.answers("bank", "my card is gone", "cards", "zh-Hant", NOW)
    assert [one.id for one in shown.answers] == ["lost-card", "new-card"]
    assert shown.answers[0].title == "lost-card！"
    ((reasons, words),) = shelf.asked
    assert [one.code for one in reasons] == ["card_lost", "card_new"]
    assert [one.text for one in words] == ["my card is gone"]
    assert await kit.booking.answered(shown.id, ["lost-card", "forged"], True, "", NOW + 5.0)
    assert not await kit.booking.answered(shown.id + "0", [], True, "", NOW + 5.0)
    assert not await kit.booking.answered(shown.id, [], True, "", NOW + 2 * 86_400.0)
    await kit.book(deflection=shown.id)
    score = await kit.store.deflection(NOW - 1.0, NOW + 60.0, NOW + 60.0)
    assert (score.shown, score.solved, score.booked, score.known) == (1, 1, 1, 1)
    assert not (await kit.booking.answers("bank", "", "", "en", NOW)).answers
    assert not (await make().booking.answers("bank", "my card is gone", "", "en", NOW)).answers


async def test_what_became_of_requests_is_counted(make: Make) -> None:
    """Once each, whoever asked; what people never learn of as well."""
    kit = make()
    form = await kit.form()
    await kit.booking.book(form, kit.clock())
    await kit.booking.book(form, kit.clock())
    await kit.store.block(Blocked(number="+442079460999", since=NOW, by="sue", reason=""))
    await kit.refused(number="020 7946 0999", address="10.0.0.1")
    await kit.refused(number="nonsense", address="10.0.1.1")
    await kit.refused(website="x", address="10.0.2.1")
    await kit.booking.from_queue(asked("anonymous"), NOW)
    await kit.booking.from_queue(asked("+441314960123"), NOW)
    wish = StaffRequest(origin="agent", queue="service", number=NUMBER, opens=NOW, by="amy")
    with pytest.raises(CallbackRefused, match="open_one"):
        await kit.booking.by_staff(wish, NOW)
    await kit.booking.by_staff(replace(wish, number="0117 496 0123"), NOW)
    assert kit.counted == {
        "booked": 3, "again": 1, "blocked": 1, "number_bad": 1, "form": 1, "number_withheld": 1,
        "open_one": 1,
    }  # fmt: skip
