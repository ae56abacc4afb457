"""What nobody could answer, put together by how it was asked."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from callcenter.floor.card import AnswerMark, Words
from callcenter.floor.orders import RecordMark
from callcenter.ports import Lesson
from intelligence.questions import MOST_ITEMS, WEEK, Item, gathered, report

NOW = 1_778_400_000.0


def item(text: str, call: str, age: float = 0.0, reason: str | None = None) -> Item:
    return Item(at=NOW - age, call=call, text=text, why="unsure", language="en", reason=reason)


def mark(call: str, answer: str | None, what: AnswerMark, text: str = "", *, at: float = NOW,
         words: str = "can I pay with crypto coins") -> RecordMark:  # fmt: skip
    said = (Words(source="ivr", text=words, language="en"),) if words else ()
    return RecordMark(
        at=at, call=call, agent="1001", answer=answer, mark=what, text=text, reason="fees",
        words=said,
    )  # fmt: skip


def lesson(call: str, sure: float | None, words: str) -> Lesson:
    return Lesson(
        call=call, at=NOW, person=None, tier=None, language=None, queue=None, context=(),
        features=(), words=(Words(source="chat", text=words, language="en"),), reason="other",
        outcome="solved", notes="", model="m",
        shown=() if sure is None else (("fees", sure),), challengers=(),
    )  # fmt: skip


CRYPTO = [f"can I buy {coin} with my account" for coin in ("bitcoin", "a bitcoin", "bitcoins")]
PENSION = [f"how do I move my {what} to you" for what in ("pension", "old pension", "pensions")]


def test_questions_put_alike_are_one_cluster() -> None:
    """The larger cluster first, each with its trend, reasons and examples."""
    items = [item(text, f"c{n}", n * WEEK, "invest") for n, text in enumerate(CRYPTO * 2)]
    items += [item(text, f"p{n}", reason="service") for n, text in enumerate(PENSION)]
    found = report(items, NOW)
    assert (found.found, found.items) == (9, 9)
    first, second = found.clusters
    assert (first.size, first.this_week, first.week_before) == (6, 1, 1)
    assert set(first.examples) == set(CRYPTO)
    assert first.reasons == (("invest", 6),)
    assert (second.size, second.this_week, second.week_before) == (3, 3, 0)
    assert second.languages == (("en", 3),)
    assert set(second.examples) == set(PENSION)


def test_the_same_whatever_the_order() -> None:
    """A report that changes when nothing changed cannot be compared with last week's."""
    items = [item(text, f"c{n}") for n, text in enumerate((CRYPTO + PENSION) * 5)]
    shuffled = list(items)
    Random(3).shuffle(shuffled)
    assert report(items, NOW) == report(shuffled, NOW)


def test_what_counts_as_unanswered() -> None:
    """Unsure predictions, missing answers, and calls whose marks are all wrong."""
    lessons = [
        lesson("sure", 0.9, "please block my card"),
        lesson("unsure", 0.2, "what of my 12345 thing"),
        lesson("silent", None, "tell me about gold bars"),
    ]
    marks = [
        mark("m", None, "missing", "customer asks for 55512 crypto", words=""),
        mark("w", "a", "wrong"), mark("w", "b", "wrong"),
        mark("ok", "a", "wrong"), mark("ok", "b", "used"),
        mark("back", "a", "wrong"), mark("back", "a", "used", at=NOW + 1),
    ]  # fmt: skip
    found = {(one.call, one.why): one.text for one in gathered(lessons, marks)}
    assert found == {
        ("unsure", "unsure"): "what of my ▮ thing",
        ("silent", "unsure"): "tell me about gold bars",
        ("m", "missing"): "customer asks for ▮ crypto",
        ("w", "wrong"): "can I pay with crypto coins",
    }


def test_an_agents_word_weighs_more_than_a_models() -> None:
    """The same text of the same call is one item."""
    (only,) = gathered([lesson("m", 0.1, "gold bars, please")],
                       [mark("m", None, "missing", words="gold bars, please")])  # fmt: skip
    assert only.why == "missing"


def test_nothing_and_nonsense() -> None:
    """No items, texts without letters, hostile ones."""
    assert report([], NOW).clusters == ()
    odd = [item(text, str(n)) for n, text in enumerate(["?!", "", "💳💳", "<script>x</script>"])]
    found = report(odd, NOW)
    assert sum(one.size for one in found.clusters) == 4


def test_only_the_newest_are_looked_at() -> None:
    """The report says how many there were."""
    old = [replace(item("an old question of mine", f"o{n}"), at=1.0) for n in range(5)]
    new = [item(f"new {'abc'[n % 3]} question", f"n{n}") for n in range(MOST_ITEMS)]
    found = report(old + new, NOW)
    assert (found.found, found.items) == (MOST_ITEMS + 5, MOST_ITEMS)
    assert all("old" not in text for one in found.clusters for text in one.examples)
