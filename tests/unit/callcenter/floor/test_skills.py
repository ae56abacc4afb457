"""Expressions over skills: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.skills import (
    COMPARE,
    DEEPEST,
    LONGEST,
    WORDS,
    BadExpression,
    Expression,
    Joined,
    Level,
    Not,
    Term,
    Word,
    parse,
)

names = st.one_of(
    st.sampled_from(["loans", "español", "कर्ज़", "貸款", "1st-line", "v2.0", "a_b"]),
    st.text("abcü9_-.", min_size=1, max_size=6),
).filter(lambda name: name.lower() not in WORDS and any(map(str.isalpha, name)))
leaves: st.SearchStrategy[Term] = st.one_of(
    st.builds(Level, names, st.sampled_from(sorted(COMPARE)), st.integers(0, 5)),
    st.sampled_from([Word("member"), Word("any")]),
)


def joined(terms: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    """``and`` and ``or`` as the parser makes them: never one directly within its like."""

    def flat(word: str, parts: list[Term]) -> Term:
        inner: list[Term] = []
        for part in parts:
            same = isinstance(part, Joined) and part.word == word
            inner.extend(part.terms if same else (part,))  # type: ignore[union-attr]
        return Joined(word, tuple(inner))

    lists = st.lists(terms, min_size=2, max_size=3)
    return st.builds(Not, terms) | st.builds(flat, st.sampled_from(["and", "or"]), lists)


expressions = st.recursive(leaves, joined, max_leaves=12).map(Expression)
levels = st.dictionaries(names, st.integers(0, 5), max_size=4)


@dataclass
class Sets:
    """Agents as bits, built the slow way."""

    skills: list[dict[str, int]]
    everyone: int = field(init=False)

    def __post_init__(self) -> None:
        self.everyone = (1 << len(self.skills)) - 1

    def at_least(self, skill: str, level: int) -> int:
        return sum(1 << n for n, has in enumerate(self.skills) if has.get(skill, -1) >= level)


@given(expressions)
def test_canonical_text_parses_back(expression: Expression) -> None:
    """``str`` of an expression says the same, and nothing shorter is lost."""
    assert parse(str(expression)) == expression
    assert str(parse(str(expression))) == str(expression)


@given(expressions, st.lists(st.tuples(levels, st.booleans()), min_size=1, max_size=5), st.data())
def test_one_agent_at_a_time_or_all_at_once(
    expression: Expression, agents: list[tuple[dict[str, int], bool]], data: st.DataObject
) -> None:
    """The set that satisfies an expression is made of those agents for whom it holds."""
    for skill in sorted(expression.skills):  # else hardly anybody has one that is asked for
        skills, _ = data.draw(st.sampled_from(agents))
        skills[skill] = data.draw(st.integers(0, 5))
    members = sum(1 << n for n, (_, member) in enumerate(agents) if member)
    mask = expression.mask(Sets([skills for skills, _ in agents]), members)
    holds = [expression.holds(skills, member) for skills, member in agents]
    assert [bool(mask >> n & 1) for n in range(len(agents))] == holds
    assert mask < 1 << len(agents)
    missing = [expression.missing(skills, member) for skills, member in agents]
    assert [not text for text in missing] == holds


@given(st.text("ab>=<!() 3andor\tMnot", max_size=40))
def test_any_text_parses_or_says_where(text: str) -> None:
    """Nothing else is ever raised, and the position lies in the text."""
    position = 0
    try:
        parse(text)
    except BadExpression as error:
        position = error.position
    assert 0 <= position <= len(text)


@pytest.mark.parametrize(
    ("text", "skills", "member", "holds"),
    [
        ("loans >= 3 and (english >= 2 or not member)", {"loans": 3, "english": 2}, True, True),
        ("loans >= 3 and (english >= 2 or not member)", {"loans": 3, "english": 1}, True, False),
        ("loans >= 3 and (english >= 2 or not member)", {"loans": 3}, False, True),
        ("loans", {"loans": 1}, False, True),
        ("loans", {"loans": 0}, False, False),
        ("loans < 3", {}, False, False),  # undefined, not 0
        ("loans != 3", {}, False, False),
        ("loans >= 0", {}, False, False),
        ("loans >= 0", {"loans": 0}, False, True),
        ("not loans < 3", {}, False, True),
        ("a or b and c", {"a": 1}, False, True),  # and binds closer
        ("NOT a AND b", {"b": 1}, False, True),  # not binds closest
        ("any", {}, False, True),
        ("Member", {}, False, False),
    ],
)
def test_meaning(text: str, skills: dict[str, int], member: bool, holds: bool) -> None:
    """Precedence, undefined skills, bare skills and words."""
    assert parse(text).holds(skills, member) is holds


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "expected a skill, 'member', 'any', 'not' or '(', found the end"),
        ("loans and", 9, "expected a skill"),
        ("loans >= 6", 9, "expected a level from 0 to 5, found '6'"),
        ("loans >= -1", 9, "found '-1'"),
        ("loans >=", 8, "found the end"),
        ("loans = 3", 6, "expected one of >= <= == != > <, found '='"),
        ("(loans", 6, "expected ')', 'and' or 'or', found the end"),
        ("loans english", 6, "expected 'and', 'or' or the end, found 'english'"),
        ("loans)", 5, "expected 'and', 'or' or the end, found ')'"),
        ("3 >= loans", 0, "expected a skill"),
        ("member >= 2", 7, "expected 'and', 'or' or the end, found '>='"),
        ("loans & member", 6, "'&' has no meaning here"),
        ("loans >= ３", 9, "expected a level"),
    ],
)
def test_errors_name_the_place(text: str, position: int, message: str) -> None:
    """Where it went wrong, what was expected and what was found."""
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert caught.value.position == position
    assert message in caught.value.message
    assert f"at character {position + 1} of" in str(caught.value)


def test_unknown_skills_name_near_ones() -> None:
    """Only where the skills that exist are given."""
    with pytest.raises(BadExpression, match="no skill is called 'enlish', did you mean 'english'"):
        parse("loans and enlish", ("english", "loans"))
    with pytest.raises(BadExpression, match="did you mean 'VIP'"):
        parse("vip", ("VIP",))
    with pytest.raises(BadExpression, match=r"no skill is called 'zzz' \("):
        parse("zzz", ("english",))
    assert parse("enlish").skills == {"enlish"}


def test_hostile_size_is_refused() -> None:
    """Neither length nor depth can exhaust the parser."""
    with pytest.raises(BadExpression, match="longer than"):
        parse("a" * (LONGEST + 1))
    for text in ("(" * 1000 + "a" + ")" * 999, "not " * 400 + "a"):
        with pytest.raises(BadExpression, match=f"more than {DEEPEST}"):
            parse(text)
    assert str(parse("(" * 40 + "a" + ")" * 40)) == "a >= 1"


def test_both_of_two() -> None:
    """A further wish is joined without changing what either says."""
    both = parse("a or b") & parse("c and member")
    assert str(both) == "(a >= 1 or b >= 1) and c >= 1 and member"
    assert both.words == {"member"}
    assert both.skills == {"a", "b", "c"}


def test_what_is_missing() -> None:
    """The first part that fails, with the level they have."""
    expression = parse("a and b >= 3 and member")
    assert expression.missing({"a": 1}, True) == "needs b >= 3, has none"
    assert expression.missing({"a": 1, "b": 2}, True) == "needs b >= 3, has 2"
    assert expression.missing({"a": 1, "b": 3}, False) == "not a member of the queue"
    assert parse("a or b").missing({}, False) == "needs a >= 1 or b >= 1"
