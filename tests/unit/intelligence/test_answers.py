"""Which answers are suggested, how sure they are, and what agents' marks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date

import pytest

from callcenter.floor.card import AnswerMark, Cause, Fact, Phrasing, Profile, Reason, Words
from callcenter.floor.orders import RecordMark
from intelligence.answers import MOST, Answers, Entry, Policy
from intelligence.shelf import MOST_CONFIRMED

DAY = date(2026, 5, 10)
AT = 1_778_400_000.0


def entry(
    name: str, *reasons: str, title: str = "", body: str = "Say it.", asks: Sequence[str] = (),
    products: tuple[str, ...] = (),
) -> Entry:  # fmt: skip
    return Entry(
        id=name, reasons=reasons, source="Book 1", audience="everyone", valid_from=None,
        valid_until=None, products=products, asks={"en": tuple(asks)},
        phrasings=(Phrasing(language="en", title=title or name, body=body),),
    )  # fmt: skip


CARDS = (
    entry("block", "card_lost", title="Block the card", asks=["I lost my card"]),
    entry("fee", "fees", title="Explain a charge", asks=["why was I charged for this transfer"]),
    entry("pin", "pin", title="Send a new PIN", asks=["I forgot my PIN number"]),
)


def reasons(**shares: float) -> list[Reason]:
    return [Reason(code=code, probability=share) for code, share in shares.items()]


def said(*texts: str) -> tuple[Words, ...]:
    return tuple(Words(source="ivr", text=text, language="en") for text in texts)


def person(*facts: Fact, name: str = "Anna Smith") -> Profile:
    return Profile(person="p", name=name, language="en", tier=None, facts=facts, contacts=())


def owning(products: str) -> Profile:
    return person(Fact(key="products", group="who", kind="text", value=products))


def find(
    answers: Answers,
    likely: Sequence[Reason],
    words: Sequence[Words] = (),
    *,
    profile: Profile | None = None,
    marks: Sequence[tuple[str, AnswerMark]] = (),
    at: float = AT,
) -> dict[str, float]:
    """Id to score, in the order shown."""
    found = answers.find(likely, profile, words, marks, DAY, UTC, at)
    return {one.id: one.score for one in found}


def mark(
    answer: str | None, what: AnswerMark, *texts: str, call: str = "c", reason: str | None = None,
    at: float = AT,
) -> RecordMark:  # fmt: skip
    return RecordMark(
        at=at, call=call, agent="1001", answer=answer, mark=what, text="", reason=reason,
        words=said(*texts),
    )  # fmt: skip


def test_by_reason_then_as_written() -> None:
    """Probability decides between reasons, the writer's order within one; what only also names the
    reason comes after what is made for it."""
    answers = Answers([
        entry("also", "pin", "fees"), entry("b", "fees"), entry("c", "fees"),
    ])  # fmt: skip
    found = answers.find(reasons(pin=0.1, fees=0.8), None, (), (), DAY, UTC, AT)
    assert [one.id for one in found] == ["b", "c", "also"]
    assert {one.id: one.reason for one in found} == {"b": "fees", "c": "fees", "also": "pin"}


def test_scores_are_probabilities() -> None:
    """They sum to less than the reason has, since none of its entries may be right."""
    found = find(Answers([entry("b", "fees"), entry("c", "fees")]), reasons(fees=0.6))
    assert 0.5 < sum(found.values()) < 0.6
    assert find(Answers([entry("b", "fees")]), reasons(pin=0.9)) == {}
    assert find(Answers([]), reasons(pin=0.9), said("I lost my card")) == {}
    assert find(Answers(CARDS), []) == {}


def test_words_choose_and_reach_beyond_the_likely_reasons() -> None:
    """What was said finds the answer of a reason that nobody predicted, and without words the
    likely reason's stands."""
    answers = Answers(CARDS)
    assert next(iter(find(answers, reasons(fees=0.4)))) == "fee"
    heard = find(answers, reasons(fees=0.4), said("hello, I have lost my card"))
    assert next(iter(heard)) == "block"
    assert heard["block"] > 0.8
    # Keys pressed are no words.
    assert find(answers, reasons(fees=0.4), [Words(source="path", text="I lost my card")]) == (
        find(answers, reasons(fees=0.4))
    )


def test_words_that_moved_the_reasons_do_not_count_twice() -> None:
    """A reason that rests on words keeps its probability; the words only choose within it."""
    answers = Answers([*CARDS, entry("other", "fees", title="Close the account")])
    because = Cause(group="words", code="words.ivr")
    heard = [Reason(code="fees", probability=0.5, why=(because,))]
    words = said("why was I charged for this transfer")
    found = find(answers, heard, words)
    assert found["fee"] == pytest.approx(0.5, abs=0.03)
    assert found["fee"] > 10 * found.get("other", 0.0)
    assert find(answers, reasons(fees=0.5), words)["fee"] > 0.9


def test_near_duplicates_leave_room() -> None:
    """Entries that say the same do not take all places."""
    same = "We give the money back within three days; you need do nothing."
    copies = [entry(f"copy{n}", "fees", title="Money back", body=same) for n in range(7)]
    other = entry("other", "fees", title="Ask a lawyer", body="Disputes go to the ombudsman.")
    found = find(Answers([*copies, other]), reasons(fees=0.9))
    assert "other" in found
    assert len(found) == MOST
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_only_for_those_who_have_the_product() -> None:
    """Known products filter; unknown products keep nothing back."""
    answers = Answers([entry("a", "fees", products=("Loan",)), entry("b", "fees")])
    assert set(find(answers, reasons(fees=1.0), profile=owning("savings"))) == {"b"}
    assert set(find(answers, reasons(fees=1.0), profile=owning("loan, savings"))) == {"a", "b"}
    assert set(find(answers, reasons(fees=1.0))) == {"a", "b"}


def test_from_their_first_to_their_last_day() -> None:
    """Both days are included."""
    plain = entry("a", "fees")
    for first, last, shown in (
        (DAY, DAY, True),
        (date(2026, 5, 11), None, False),
        (None, date(2026, 5, 9), False),
        (date(2026, 1, 1), date(2026, 12, 31), True),
    ):
        dated = replace(plain, valid_from=first, valid_until=last)
        assert (set(find(Answers([dated]), reasons(fees=1.0))) == {"a"}) is shown


def test_a_wrong_answer_does_not_come_again_in_the_call() -> None:
    """Its probability goes to the others."""
    answers = Answers([entry("a", "fees"), entry("b", "fees")])
    before = find(answers, reasons(fees=0.8))
    after = find(answers, reasons(fees=0.8), marks=[("a", "wrong"), ("b", "used")])
    assert list(after) == ["b"]
    assert after["b"] > before["b"]


def test_one_answer_or_a_choice_and_when_it_opens_by_itself() -> None:
    """Only the first, and only when it is surer than the settings ask."""
    words = said("I lost my card")
    best = Answers(CARDS, policy=Policy(answers="best", automatic_above=0.85))
    (only,) = best.find(reasons(card_lost=0.6), None, words, (), DAY, UTC, AT)
    assert only.automatic
    never = Answers(CARDS, policy=Policy(automatic_above=1.0))
    several = never.find(reasons(card_lost=0.5, pin=0.4), None, (), (), DAY, UTC, AT)
    assert [one.automatic for one in several] == [False, False]
    low = Answers(CARDS, policy=Policy(automatic_above=0.2))
    several = low.find(reasons(card_lost=0.5, pin=0.4), None, (), (), DAY, UTC, AT)
    assert [one.automatic for one in several] == [True, False]


def test_the_persons_own_facts_are_put_in() -> None:
    """A fact that is missing takes its sentence with it; a broken entry only itself."""
    body = "I see. [[Your order {late_order.title} is late.]] I shall ask."
    answers = Answers([entry("late", "order", body=body), entry("bad", "order", body="{no.fact}")])
    late = Fact(
        key="late_order", group="matters", kind="duration", value=9e4, detail="A-1 Blue {lamp}"
    )
    (with_fact,) = answers.find(reasons(order=0.9), person(late), (), (), DAY, UTC, AT)
    assert with_fact.phrasings[0].body == "I see. Your order Blue {lamp} is late. I shall ask."
    (without,) = answers.find(reasons(order=0.9), person(), (), (), DAY, UTC, AT)
    assert without.phrasings[0].body == "I see. I shall ask."
    assert "no.fact" in answers.unusable["bad"]


def test_confirmed_words_find_the_entry_in_the_next_call() -> None:
    """A slang word nobody wrote down is known after one call, until the mark is taken back."""
    answers = Answers(CARDS)
    slang = "my plastic has gone walkies"
    before = find(answers, reasons(fees=0.4), said(slang)).get("block", 0.0)
    answers.mark(mark("block", "used", slang))
    after = find(answers, reasons(fees=0.4), said(slang))
    assert next(iter(after)) == "block"
    assert after["block"] > before + 0.3
    answers.mark(mark("block", "wrong", slang))
    assert answers.confirmed == ()
    assert find(answers, reasons(fees=0.4), said(slang)).get("block", 0.0) <= before + 1e-9


def test_confirmed_words_hold_no_personal_data() -> None:
    """Numbers, addresses and the names of the person, known or told, are masked."""
    answers = Answers(CARDS)
    text = "it's Wu, my card 4929 1234 is gone, write to wu.li@example.com"
    find(answers, reasons(card_lost=0.9), said(text), profile=person(name="Li Wu"))
    answers.mark(mark("block", "used", text), names=["Somebody Gone"])
    ((_, kept),) = answers.confirmed
    assert kept == "it's ▯, my card ▮ is ▯, write to ▮"


def test_confirmed_words_are_bounded_and_each_is_kept_once() -> None:
    """The newest stay; too short ones say nothing."""
    answers = Answers(CARDS)
    for n in range(MOST_CONFIRMED + 9):
        answers.mark(mark("block", "used", f"wording {'abcdefgh'[n % 8]}{n} of it", call=f"c{n}"))
    answers.mark(mark("block", "used", "wording a16 of it", call="again"))
    answers.mark(mark("block", "used", "yes", call="short"))
    kept = [text for _, text in answers.confirmed]
    assert len(kept) == len(set(kept)) == MOST_CONFIRMED
    assert kept[-1] == "wording a16 of it"
    assert kept[0] == "wording b9 of it"


def test_marks_move_the_answers_to_a_reason() -> None:
    """Used ones rise, wrong ones fall, missing ones lower all; the same mark twice counts once,
    and after years they are forgotten."""
    answers = Answers([entry("a", "fees"), entry("b", "fees")])
    start = find(answers, reasons(fees=0.8))
    for n in range(8):
        answers.mark(mark("b", "used", call=f"c{n}", reason="fees"))
        answers.mark(mark("b", "used", call=f"c{n}", reason="fees"))
        answers.mark(mark("a", "wrong", call=f"c{n}", reason="fees"))
    moved = find(answers, reasons(fees=0.8))
    assert list(start) == ["a", "b"]
    assert list(moved) == ["b", "a"]
    for n in range(30):
        answers.mark(mark(None, "missing", call=f"m{n}", reason="fees"))
    missed = find(answers, reasons(fees=0.8))
    assert sum(missed.values()) < 0.6 * sum(moved.values())
    later = find(answers, reasons(fees=0.8), at=AT + 10 * 365 * 86_400.0)
    assert later == pytest.approx(start, abs=1e-3)


def test_loading_is_as_if_every_mark_had_just_come() -> None:
    """A restart forgets nothing, and what was taken back stays so."""
    marks = [
        mark("block", "used", "my plastic has gone walkies", call="1", reason="card_lost"),
        mark("pin", "used", "the secret numbers left my head", call="2"),
        mark("pin", "wrong", "the secret numbers left my head", call="2"),
        mark("gone", "used", "something else entirely", call="3"),
        mark(None, "missing", "do you sell bicycles", call="4", reason="fees"),
    ]
    one, other = Answers(CARDS), Answers(CARDS)
    for order in marks:
        one.mark(order)
    other.load(marks)
    assert one.confirmed == other.confirmed == (("block", "my plastic has gone walkies"),)
    likely = reasons(fees=0.3, pin=0.3, card_lost=0.3)
    for words in ((), said("gone walkies with my plastic")):
        assert find(one, likely, words) == pytest.approx(find(other, likely, words), abs=0.02)


def test_entries_are_replaced_while_running() -> None:
    """A retired one is gone, its marks harm nothing, and confirmed words wait for nobody."""
    answers = Answers(CARDS)
    answers.mark(mark("block", "used", "my plastic has gone walkies"))
    answers.mark(mark("pin", "used", "the secret numbers left my head"))
    made = answers.prepared([*CARDS[1:], entry("new", "fees", title="Waive the fee")])
    answers.mark(mark("pin", "used", "what opens my account at the machine", call="meanwhile"))
    answers.take(made)
    answers.mark(mark("block", "used", "again a retired one", call="late"))
    assert [text for _, text in answers.confirmed] == [
        "the secret numbers left my head", "what opens my account at the machine",
    ]  # fmt: skip
    assert "block" not in find(answers, reasons(card_lost=0.9), said("I lost my card"))
    found = find(answers, reasons(fees=0.4), said("what opens my account at the machine"))
    assert next(iter(found)) == "pin"
    answers.use([])
    assert find(answers, reasons(fees=0.9), said("anything")) == {}


def test_two_entries_of_one_id_are_refused() -> None:
    """Marks would go to either."""
    with pytest.raises(ValueError, match="same id"):
        Answers([CARDS[0], CARDS[0]])


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "<script>alert(1)</script> {bill.amount} [[x]]",
        "我的卡丢了 lost 卡 ΚΆΡΤΑ карта \u202e\x00\ud800",
        "💳" * 500,
        "𝕴 𝖑𝖔𝖘𝖙 𝖒𝖞 𝖈𝖆𝖗𝖉",
    ],
)
def test_whatever_is_said(text: str) -> None:
    """Answers come, are probabilities, and the text can be confirmed and found again."""
    answers = Answers(CARDS)
    for _ in range(2):
        found = find(answers, reasons(card_lost=0.5), said(text))
        assert all(0.0 <= score <= 1.0 for score in found.values())
        answers.mark(mark("block", "used", text))
    assert all(len(kept) <= 300 and kept.isprintable() for _, kept in answers.confirmed)


def test_only_what_may_be_shown_and_so_many() -> None:
    """Whatever else is likelier takes no place; what is shown is not surer for that."""
    answers = Answers([*(entry(f"a{n}", "fees") for n in range(8)), entry("b", "fees")])
    all_of_them = answers.find(reasons(fees=0.9), None, (), (), DAY, UTC, AT, most=9)
    assert [one.id for one in all_of_them] == [*(f"a{n}" for n in range(8)), "b"]
    found = answers.find(reasons(fees=0.9), None, (), (), DAY, UTC, AT, only={"b", "a7", "x"})
    assert [(one.id, one.score) for one in found] == [
        (one.id, one.score) for one in all_of_them if one.id in ("a7", "b")
    ]
    best = Answers(answers.entries, policy=Policy(answers="best"))
    two = best.find(reasons(fees=0.9), None, (), (), DAY, UTC, AT, most=2)
    assert len(two) == 2
    assert len(best.find(reasons(fees=0.9), None, (), (), DAY, UTC, AT)) == 1
