"""Why somebody calls, on the floor: questions asked, rows kept, words heard, answers marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Answer, Cause, Fact, Phrasing, Reason, Scored, Words
from callcenter.floor.errors import BadChoice, UnknownCall
from callcenter.floor.floor import Floor
from callcenter.floor.orders import (
    FindAnswers,
    Order,
    Predict,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    ShowCard,
)

from .test_floor import CANDIDATES, WANG, answer, arrive, end, offer, one, only, opened, sign_in

FEES = (Reason(code="fees", probability=0.7), Reason(code="balance", probability=0.2))
LATE = Cause(group="order_late", code="order_late", kind="duration", value=3600.0, detail="O1")
FEATURES = (("order_late|hours", 1.0),)
SAID = Words(source="ivr", text="what are these fees", language="en")


def fees_entry(id: str = "fees.monthly") -> Answer:
    words = Phrasing(language="en", title="Fees", body="They are monthly.")
    return Answer(id=id, reason="fees", source="price list", phrasings=(words,))


def identified(floor: Floor, ask: int = 1) -> list[Order]:
    return floor.receive(
        e.CallerIdentified(
            at=10.2, call="c1", identity="known", candidates=CANDIDATES, profile=WANG,
            context=("who=known",), features=FEATURES, causes=(LATE,), ask=ask,
        )
    )  # fmt: skip


def predicted(
    floor: Floor, ask: int = 1, reasons: tuple[Reason, ...] = FEES, late: bool = False,
    model: str = "trees-1",
) -> list[Order]:  # fmt: skip
    return floor.receive(
        e.ReasonsPredicted(
            at=10.3, call="c1", reasons=reasons, model=model, ask=ask, late=late,
            challengers=(Scored(model="trees-2", reasons=(("fees", 0.9),)),),
        )
    )  # fmt: skip


def found(floor: Floor, *answers: Answer, ask: int = 1) -> list[Order]:
    return floor.receive(e.AnswersFound(at=10.4, call="c1", answers=answers, ask=ask))


def rings() -> Floor:
    """A known caller rings at Mei's phone; one answer is on her card."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    identified(floor)
    predicted(floor)
    found(floor, fees_entry())
    offer(floor)
    return floor


def mark(
    floor: Floor, mark: str, answer: str | None = "fees.monthly", text: str = ""
) -> list[Order]:
    return floor.receive(
        e.AnswerMarked(at=20.0, agent="mei", call="c1", answer=answer, mark=mark, text=text)  # type: ignore[arg-type]
    )


def test_the_question_carries_what_is_known() -> None:
    floor = opened()
    arrive(floor)
    asked = one(identified(floor), Predict)
    assert (asked.features, asked.causes, asked.words) == (FEATURES, (LATE,), ())


def test_each_prediction_is_a_row_that_becomes_fuller() -> None:
    """Stored when it is made; again with the answers; at the end with who saw it."""
    floor = opened()
    sign_in(floor)
    arrive(floor)
    identified(floor)
    first = one(predicted(floor), RecordPrediction)
    assert (first.version, first.ask, first.model, first.reasons) == (1, 1, "trees-1", FEES)
    assert (first.person, first.tier, first.language) == ("p1", "gold", "zh-Hans")
    assert first.features == FEATURES
    assert first.challengers[0].model == "trees-2"
    second = one(found(floor, fees_entry()), RecordPrediction)
    assert (second.version, second.answers, second.seen) == (2, ("fees.monthly",), None)
    offer(floor, at=12.0)
    answer(floor)
    last = one(end(floor), RecordPrediction)
    assert (last.version, last.agent, last.seen) == (3, "mei", 12.0)


def test_a_row_that_is_stored_as_it_is_is_not_stored_again() -> None:
    floor = opened()
    arrive(floor)
    identified(floor)
    predicted(floor)
    assert only(end(floor, why="abandoned"), RecordPrediction) == []


def test_a_late_prediction_patches_the_card() -> None:
    """The same question answered twice: the better one wins, and is the same row."""
    floor = rings()
    sure = (Reason(code="balance", probability=0.9, why=(LATE,)),)
    orders = predicted(floor, reasons=sure, late=True, model="trees-3")
    row = one(orders, RecordPrediction)
    assert (row.ask, row.version, row.model) == (1, 3, "trees-3")
    card = one(orders, ShowCard).card
    assert (card.reasons, card.model) == (sure, "trees-3")
    assert one(orders, FindAnswers).reasons == sure


def test_answers_hold_nothing_of_somebody_who_may_not_be_calling() -> None:
    """Of candidates the products choose the answers; no name, no order, no bill goes into one."""
    products = Fact(key="products", group="who", kind="text", value="loan")
    owed = Fact(key="unpaid_bills", group="matters", kind="money", value=100, unit="GBP")
    bo = replace(WANG, facts=(products, owed))
    heard = Cause(group="words", code="words.ivr", kind="text", value="fees")
    for identity, name, kept in (("known", WANG.name, (LATE, heard)), ("candidates", "", (heard,))):
        floor = opened()
        arrive(floor)
        floor.receive(
            e.CallerIdentified(
                at=10.2,
                call="c1",
                identity=identity,
                candidates=CANDIDATES,
                profile=bo,
                ask=1,  # type: ignore[arg-type]
            )
        )
        why = (replace(FEES[0], why=(LATE, heard)),)
        asked = one(predicted(floor, reasons=why), FindAnswers)
        assert asked.profile is not None
        assert asked.profile.name == name
        assert asked.reasons[0].why == kept
        assert products in asked.profile.facts
        assert (owed in asked.profile.facts) is (identity == "known")


def test_words_are_asked_about_and_shown() -> None:
    floor = rings()
    orders = floor.receive(e.CallerSaid(at=13.0, call="c1", words=SAID))
    asked = one(orders, Predict)
    assert (asked.words, asked.ask) == ((SAID,), 2)
    assert one(orders, ShowCard).card.words == (SAID,)
    assert only(floor.receive(e.CallerSaid(at=13.1, call="c1", words=SAID)), Predict) == []
    assert one(predicted(floor, ask=2), FindAnswers).words == (SAID,)


def test_words_that_come_before_the_identification_wait_for_it() -> None:
    floor = opened()
    arrive(floor)
    assert only(floor.receive(e.CallerSaid(at=10.1, call="c1", words=SAID)), Predict) == []
    assert one(identified(floor), Predict).words == (SAID,)


def test_a_note_replaces_the_note_before() -> None:
    floor = rings()
    for text in ("asks about", "asks about fees of the card"):
        note = Words(source="note", text=text)
        orders = floor.receive(e.CallerSaid(at=14.0, call="c1", words=note))
    assert [words.text for words in one(orders, Predict).words] == ["asks about fees of the card"]


def test_many_words_are_cut_to_the_newest() -> None:
    floor = rings()
    for count in range(9):
        chat = Words(source="chat", text=f"{count} " + "x" * 5000)
        orders = floor.receive(e.CallerSaid(at=14.0, call="c1", words=chat))
    kept = one(orders, Predict).words
    assert [words.text[0] for words in kept] == ["4", "5", "6", "7", "8"]
    assert all(len(words.text) == 2000 for words in kept)


def test_words_of_a_call_that_is_over_change_nothing() -> None:
    floor = rings()
    answer(floor)
    end(floor)
    orders = floor.receive(e.CallerSaid(at=120.0, call="c1", words=SAID))
    assert only(orders, Predict) == []
    assert floor.receive(e.CallerSaid(at=121.0, call="c9", words=SAID)) == []


def test_a_marked_answer_is_kept_and_shown() -> None:
    floor = rings()
    orders = mark(floor, "used")
    stored = one(orders, RecordMark)
    assert (stored.answer, stored.mark, stored.reason) == ("fees.monthly", "used", "fees")
    assert one(orders, RecordPrediction).marks == (("fees.monthly", "used"),)
    assert one(orders, ShowCard).card.marks == (("fees.monthly", "used"),)
    assert only(orders, FindAnswers) == []


def test_when_all_answers_are_wrong_others_are_looked_for() -> None:
    floor = rings()
    asked = one(mark(floor, "wrong"), FindAnswers)
    assert asked.marks == (("fees.monthly", "wrong"),)
    shown = one(found(floor, fees_entry("fees.card"), ask=asked.ask), ShowCard).card
    assert [one.id for one in shown.answers] == ["fees.card"]


def test_a_missing_answer_is_told_in_words() -> None:
    stored = one(mark(rings(), "missing", answer=None, text=" crypto wallets "), RecordMark)
    assert (stored.answer, stored.text) == (None, "crypto wallets")


@pytest.mark.parametrize(
    ("kind", "answer", "text"),
    [
        ("used", "nobody.knows", ""),
        ("used", None, ""),
        ("missing", "fees.monthly", ""),
        ("missing", None, "x" * 501),
    ],
)
def test_marks_that_make_no_sense_are_refused(kind: str, answer: str | None, text: str) -> None:
    with pytest.raises(BadChoice):
        mark(rings(), kind, answer, text)


def test_only_a_card_on_the_screen_can_be_marked() -> None:
    floor = rings()
    with pytest.raises(UnknownCall):
        floor.receive(
            e.AnswerMarked(at=20.0, agent="mei", call="c2", answer=None, mark="missing", text="?")
        )


def test_what_is_learned_from_goes_with_the_outcome() -> None:
    floor = rings()
    answer(floor)
    floor.receive(e.CallerSaid(at=16.0, call="c1", words=SAID))
    noted = floor.receive(
        e.OutcomeNoted(at=20.0, agent="mei", call="c1", reason="fees", outcome="solved", notes="")
    )
    outcome = one(noted, RecordOutcome)
    assert (outcome.features, outcome.words) == (FEATURES, (SAID,))
