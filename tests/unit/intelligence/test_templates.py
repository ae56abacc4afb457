"""Templates of answers: what they may say, and what they never leave behind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.card import Cause, Fact, FactKind, Profile
from intelligence import spoken
from intelligence.personal import Datum, facts_of
from intelligence.profile import FACT_KEYS
from intelligence.templates import FACTS, FORMATS, check, check_plain, render

LONDON = ZoneInfo("Europe/London")
AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0
LATE = "[[Your order {order.id} was due on {order.due|date}.]] I look for it now."


def test_a_fact_is_put_in_and_a_sentence_without_its_fact_is_left_out() -> None:
    """Whole sentences only, with no blank left where one was."""
    facts = {"order.id": Datum("text", "A-17"), "order.due": Datum("instant", AT)}
    said = render(LATE, facts, "en", LONDON)
    assert said == "Your order A-17 was due on 1 July 2026. I look for it now."
    del facts["order.due"]
    assert render(LATE, facts, "en", LONDON) == "I look for it now."
    assert render("A. [[{order.id}.]] B.", {}, "en", LONDON) == "A. B."
    assert render("您好。[[订单{order.id}。]]请稍等。", facts, "zh-Hans", LONDON) == (
        "您好。订单A-17。请稍等。"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hello {person.name}.", "{person.name} may be missing: its sentence must stand in [[ ]]"),
        ("A. [[{order.idd}]]", "{order.idd} names no fact; allowed: person.name, person.city"),
        ("A. [[{order.due|money}]]", "allowed: {order.due|date} or {order.due|time}"),
        ("A. [[{order.id|date}]]", "{order.id|date} has no such format; allowed: {order.id}"),
        ("A. [[{order.id|}]]", "{order.id|} has no such format; allowed: {order.id}"),
        ("A. [[B.]]", "[[B.]] holds no fact that could be missing"),
        ("[[{order.id}]]", "nothing stands outside of [[ ]]"),
        ("A. {", "'{' outside of [[ ]] has no meaning"),
        ("A. [[{order.id}", "'[' outside of [[ ]] has no meaning"),
        ("A. [[{order.id} [[{case.id}]] B.]]", "'[' in [[ ]] has no meaning"),
        ("A. [[{order.id.__class__}]]", "names no fact"),
        ("A. [[{order[0]}]]", "has no meaning"),
        ("A [1].", "'[' outside of [[ ]] has no meaning"),
    ],
)
def test_what_is_wrong_in_a_template_is_said_and_never_rendered(body: str, said: str) -> None:
    """The same bodies that are refused when read are refused when rendered."""
    problems = check(body)
    assert any(said in one for one in problems), problems
    with pytest.raises(ValueError, match=re.escape(problems[0])):
        render(body, {}, "en", UTC)


def test_good_templates_have_nothing_wrong() -> None:
    """Every name with each of its formats."""
    assert check("Plain.") == []
    for name, kind in FACTS.items():
        assert check(f"A. [[B {{{name}}}.]]") == []
        for form in FORMATS[kind]:
            assert check(f"A. [[B {{{name}|{form}}}.]]") == []
    assert check_plain("A title") == []
    assert check_plain("A {title}") == ["'{' is not for this text; facts stand in bodies only"]


def test_an_unknown_language_is_refused() -> None:
    """Nobody gets a text of mixed languages."""
    with pytest.raises(ValueError, match="no such language"):
        render("A.", {}, "fr", UTC)


@pytest.mark.parametrize("trick", ["{bill.amount}", "[[", "]]", "[[{order.id}]]", "{", "}}", "{0}"])
def test_data_of_strangers_is_never_read_again(trick: str) -> None:
    """A name that looks like a template stays the name it is."""
    facts = {"person.name": Datum("text", trick), "bill.amount": Datum("money", 1, "EUR"),
             "order.id": Datum("text", "A-17")}  # fmt: skip
    body = "[[For {person.name} and {order.id}.]] B."
    assert render(body, facts, "en", UTC) == f"For {trick} and A-17. B."


def test_long_and_hostile_texts_become_one_short_line() -> None:
    """Control and direction marks go, the rest is cut at 80 characters."""
    name = "A\r\nB\u202eC\x00" + "x" * 100
    said = render("[[{person.name}]]!", {"person.name": Datum("text", name)}, "en", UTC)
    assert said == "A B C " + "x" * 73 + "…!"
    for nothing in ("", " \n ", "\u200b"):
        facts = {"person.name": Datum("text", nothing)}
        assert render("[[{person.name}]]!", facts, "en", UTC) == "!"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "form", "en", "hans", "hant"),
    [
        ("instant", AT, None, "date", "1 July 2026", "2026年7月1日", "2026年7月1日"),
        ("instant", AT + 11.5 * 3600, None, "date", "2 July 2026", "2026年7月2日", "2026年7月2日"),
        ("instant", AT, None, "time", "13:00", "13:00", "13:00"),
        ("date", "1999-12-31", None, "date", "31 December 1999", "1999年12月31日",
         "1999年12月31日"),
        ("money", 123456, "GBP", "money", "£1,234.56", "1,234.56 英镑", "1,234.56 英鎊"),
        ("money", 1200, "JPY", "money", "JPY 1,200", "1,200 日元", "1,200 日圓"),
        ("money", -5, "EUR", "money", "-€0.05", "-0.05 欧元", "-0.05 歐元"),
        ("money", 1500, "KWD", "money", "KWD 1.500", "1.500 KWD", "1.500 KWD"),
        ("count", 12345, None, "count", "12,345", "12,345", "12,345"),
        ("duration", 3.9 * DAY, None, "duration", "3 days", "3 天", "3 天"),
        ("duration", 3600.0, None, "duration", "1 hour", "1 小时", "1 小時"),
        ("duration", 125.0, None, "duration", "2 minutes", "2 分钟", "2 分鐘"),
        ("duration", 0.0, None, "duration", "0 seconds", "0 秒", "0 秒"),
    ],
)  # fmt: skip
def test_values_are_put_as_the_language_puts_them(
    kind: FactKind, value: str | float, unit: str | None, form: str, en: str, hans: str, hant: str
) -> None:
    """Dates and clocks in the zone of the centre, money in its own digits."""
    name = next(name for name, one in FACTS.items() if one == kind)
    body = f"[[{{{name}|{form}}}]]."
    facts = {name: Datum(kind, value, unit)}
    said = [render(body, facts, language, LONDON) for language in spoken.LANGUAGES]
    assert said == [f"{en}.", f"{hans}.", f"{hant}."]


@pytest.mark.parametrize(
    ("name", "datum"),
    [
        ("order.due", Datum("instant", float("nan"))),
        ("order.due", Datum("instant", 1e18)),
        ("order.due", Datum("instant", True)),
        ("order.due", Datum("text", "tomorrow")),
        ("person.since", Datum("date", "soon")),
        ("bill.amount", Datum("money", 5, None)),
        ("bill.amount", Datum("money", 5, "pounds")),
        ("bill.amount", Datum("money", 5.5, "GBP")),
        ("orders.open", Datum("count", True)),
        ("overdue_bill.late_by", Datum("duration", -1.0)),
    ],
)
def test_a_fact_that_cannot_be_put_into_words_counts_as_missing(name: str, datum: Datum) -> None:
    """Its sentence goes; nothing is guessed and nothing fails."""
    assert render(f"A. [[B {{{name}}}.]]", {name: datum}, "en", UTC) == "A."


_VALUES = st.one_of(st.text(max_size=120), st.integers(), st.floats(), st.booleans())
_FIELDS = st.sampled_from(sorted(FACTS)).flatmap(
    lambda name: st.sampled_from(("", *(f"|{one}" for one in FORMATS[FACTS[name]]))).map(
        lambda form: f"{{{name}{form}}}"
    )
)
_WORDS = st.text(alphabet="abc. 您。", max_size=8)
_SENTENCES = st.tuples(_WORDS, st.lists(st.tuples(_FIELDS, _WORDS), min_size=1, max_size=3)).map(
    lambda made: "[[" + made[0] + "".join(field + words for field, words in made[1]) + "]]"
)


@given(
    parts=st.lists(st.one_of(_WORDS, _SENTENCES), max_size=5),
    values=st.dictionaries(st.sampled_from(sorted(FACTS)), _VALUES),
    unit=st.sampled_from((None, "EUR", "JPY", "x")),
    language=st.sampled_from(spoken.LANGUAGES),
)
def test_no_hole_brace_or_bracket_is_ever_left(
    parts: list[str], values: dict[str, str | float], unit: str | None, language: str
) -> None:
    """Whatever is known and whatever it holds: what the template says in braces never shows."""
    body = "".join(["A", *parts])
    assert check(body) == []
    marks = {ord(one): None for one in "{}[]"}
    clean = {
        name: Datum(FACTS[name], value.translate(marks) if isinstance(value, str) else value, unit)
        for name, value in values.items()
    }
    said = render(body, clean, language, LONDON)
    assert said.startswith("A")
    assert not set("{}[]") & set(said)
    assert "  " not in said
    assert "None" not in said or any("None" in str(value) for value in values.values())
    # With marks in the data, the rest stays as it is.
    marked = {
        name: replace(datum, value=f"{{{datum.value}]]") if isinstance(datum.value, str) else datum
        for name, datum in clean.items()
    }
    assert render(body, marked, language, LONDON).startswith("A")


def _fact(
    key: str, value: str | float, *, unit: str | None = None, detail: str | None = None
) -> Fact:
    group, kind = next((group, kind) for one, group, kind in FACT_KEYS if one == key)
    return Fact(key=key, group=group, kind=kind, value=value, unit=unit, detail=detail)


def _profile(*facts: Fact) -> Profile:
    return Profile(person="p", name="Ann Lee", language="en", tier=None, facts=facts, contacts=())


def test_the_facts_are_those_of_the_card() -> None:
    """Numbers and titles apart, the day something was due from how late it is."""
    shown = _profile(
        _fact("late_order", 3 * DAY, detail="A-17 Debit card"),
        _fact("next_order", AT + DAY, detail="A-18"),
        _fact("overdue_bill", 4200, unit="GBP", detail="B-1"),
        _fact("overdue_for", 2 * DAY, detail="B-1"),
        _fact("unpaid_bills", 4200, unit="GBP", detail="1"),
        _fact("promise_broken", AT - DAY, detail="Call back"),
    )
    causes = (
        Cause(group="happening.fee", code="happening.fee", kind="instant", value=AT, detail="Fee"),
        Cause(group="happening.x", code="happening.x", kind="instant", value=1.0, detail="Later"),
        Cause(group="condition.outage", code="condition.outage", kind="instant", value=AT),
        Cause(group="words", code="words", kind="text", value="x"),
    )
    facts = facts_of(shown, causes, AT)
    assert set(facts) <= set(FACTS)
    assert all(datum.kind == FACTS[name] for name, datum in facts.items())
    values = {name: datum.value for name, datum in facts.items()}
    assert values["person.name"] == "Ann Lee"
    assert (values["order.id"], values["order.title"]) == ("A-17", "Debit card")
    assert values["order.due"] == values["late_order.due"] == AT - 3 * DAY
    assert values["next_order.id"] == "A-18"
    assert "next_order.title" not in values
    assert (values["bill.id"], values["bill.amount"]) == ("B-1", 4200)
    assert values["bill.due"] == AT - 2 * DAY
    assert facts["bill.amount"].unit == "GBP"
    assert values["bills.unpaid"] == 1
    assert values["broken_promise.text"] == "Call back"
    assert (values["happening.title"], values["happening.at"]) == ("Fee", AT)
    assert values["condition.since"] == AT
    assert "condition.title" not in values


def test_the_amount_of_the_next_bill_is_only_said_when_it_is_certain() -> None:
    """The card knows the sum of all unpaid bills: with two, none of them is known."""
    coming = _fact("next_bill", AT + DAY, detail="B-2")
    one = facts_of(_profile(coming, _fact("unpaid_bills", 99, unit="GBP", detail="1")), (), AT)
    assert (one["bill.amount"].value, one["bill.id"].value) == (99, "B-2")
    two = facts_of(_profile(coming, _fact("unpaid_bills", 99, unit="GBP", detail="2")), (), AT)
    assert "bill.amount" not in two
    assert two["bills.amount"].value == 99


def test_nobody_known_means_no_facts() -> None:
    """An unknown caller gets the plain texts."""
    assert facts_of(None, (), AT) == {}
