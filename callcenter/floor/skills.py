"""Expressions over agents' skills: ``loans >= 3 and (english >= 2 or not member)``. Pure.

    expression = conjunction { "or" conjunction }
    conjunction = term { "and" term }
    term = "not" term | "(" expression ")" | "member" | "any" | skill [ operator level ]

The operators are ``>= <= > < == !=``, a level is 0 to 5, a skill alone means level 1 or more.
``member`` is a member of the call's queue on the exchange, ``any`` everybody who is signed in.
A skill that an agent does not have is undefined, not 0: every comparison with it is false,
``!=`` too. This module knows nothing of agents and calls; it parses, evaluates and explains.
"""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Protocol, TypeAlias

TOP: Final = 5
"""The highest level."""
LONGEST: Final = 2000
"""Characters an expression may have."""
DEEPEST: Final = 50
"""Parentheses and ``not`` within one another that an expression may have."""

COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, "<": operator.lt,
}  # fmt: skip
WORDS: Final = frozenset({"and", "or", "not", "member", "any"})
LEVELS: Final = frozenset(str(level) for level in range(TOP + 1))


class BadExpression(ValueError):  # noqa: N818  # reads as the reason it is
    """``text`` is not an expression; ``position`` counts characters from 0."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1} of {text[:200]!r})")
        self.message = message
        self.text = text
        self.position = position


class SkillSets(Protocol):
    """Sets of agents as bits of one integer, so that a whole floor is asked at once."""

    everyone: int

    def at_least(self, skill: str, level: int) -> int:
        """Those who have ``skill`` at ``level`` or above; level 0: who have it at all."""
        ...


@dataclass(frozen=True, slots=True)
class Level:
    """A comparison with the level of one skill."""

    skill: str
    compare: str
    level: int

    def __str__(self) -> str:
        return f"{self.skill} {self.compare} {self.level}"


@dataclass(frozen=True, slots=True)
class Word:
    """``member`` or ``any``."""

    word: str

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Not:
    term: Term

    def __str__(self) -> str:
        return f"not ({self.term})" if isinstance(self.term, Joined) else f"not {self.term}"


@dataclass(frozen=True, slots=True)
class Joined:
    """Two terms or more joined by ``and``, or by ``or``."""

    word: str
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(
            f"({term})" if isinstance(term, Joined) else str(term) for term in self.terms
        )


Term: TypeAlias = Level | Word | Not | Joined


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; ``str()`` of it is canonical and parses to the same."""

    root: Term

    def __str__(self) -> str:
        return str(self.root)

    def holds(self, skills: Mapping[str, int], member: bool) -> bool:
        """Whether an agent with these levels satisfies it."""
        return _holds(self.root, skills, member)

    def mask(self, sets: SkillSets, members: int) -> int:
        """Those of ``sets.everyone`` who satisfy it; ``members`` are the queue's."""
        return _mask(self.root, sets, members)

    def missing(self, skills: Mapping[str, int], member: bool) -> str:
        """What an agent lacks, in words: the first part that fails; "" when it holds."""
        return _missing(self.root, skills, member)

    def __and__(self, other: Expression) -> Expression:
        """Both of them."""
        return Expression(_joined("and", [self.root, other.root]))

    @property
    def skills(self) -> frozenset[str]:
        """The skills it names."""
        return frozenset(name for name in _names(self.root) if name not in WORDS)

    @property
    def words(self) -> frozenset[str]:
        """The words ``member``, ``any`` and ``not`` that it uses."""
        return frozenset(name for name in _names(self.root) if name in WORDS)


MEMBER: Final = Expression(Word("member"))
"""Members of the queue: what applies where no expression is given."""


def parse(text: str, known: Collection[str] = ()) -> Expression:
    """The expression that ``text`` says; :class:`BadExpression` when it says none.

    ``known``: skills that exist here; empty: any name.
    """
    return _Parser(text, known).whole()


def _holds(term: Term, skills: Mapping[str, int], member: bool) -> bool:
    match term:
        case Level():
            level = skills.get(term.skill)
            return level is not None and COMPARE[term.compare](level, term.level)
        case Word():
            return member or term.word == "any"
        case Not():
            return not _holds(term.term, skills, member)
        case Joined(word="and"):
            return all(_holds(each, skills, member) for each in term.terms)
        case _:
            return any(_holds(each, skills, member) for each in term.terms)


def _mask(term: Term, sets: SkillSets, members: int) -> int:
    match term:
        case Level():
            return _level_mask(term, sets)
        case Word():
            return members if term.word == "member" else sets.everyone
        case Not():
            return sets.everyone & ~_mask(term.term, sets, members)
        case Joined(word="and"):
            both = sets.everyone
            for each in term.terms:
                both &= _mask(each, sets, members)
            return both
        case _:
            either = 0
            for each in term.terms:
                either |= _mask(each, sets, members)
            return either


def _level_mask(term: Level, sets: SkillSets) -> int:
    has, level = sets.at_least(term.skill, 0), term.level
    match term.compare:
        case ">=":
            return sets.at_least(term.skill, level)
        case ">":
            return sets.at_least(term.skill, level + 1)
        case "<":
            return has & ~sets.at_least(term.skill, level)
        case "<=":
            return has & ~sets.at_least(term.skill, level + 1)
    same = sets.at_least(term.skill, level) & ~sets.at_least(term.skill, level + 1)
    return same if term.compare == "==" else has & ~same


def _missing(term: Term, skills: Mapping[str, int], member: bool) -> str:
    if _holds(term, skills, member):
        return ""
    match term:
        case Level():
            level = skills.get(term.skill)
            return f"needs {term}, has {'none' if level is None else level}"
        case Word():
            return "not a member of the queue"
        case Joined(word="and"):
            return next(filter(None, (_missing(each, skills, member) for each in term.terms)))
        case _:
            return f"needs {term}"


def _names(term: Term) -> Iterator[str]:
    match term:
        case Level():
            yield term.skill
        case Word():
            yield term.word
        case Not():
            yield "not"
            yield from _names(term.term)
        case _:
            for each in term.terms:
                yield from _names(each)


def _joined(word: str, terms: list[Term]) -> Term:
    """``a and (b and c)`` is ``a and b and c``."""
    flat: list[Term] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Joined) and term.word == word else (term,))
    return flat[0] if len(flat) == 1 else Joined(word, tuple(flat))


def _in_name(char: str) -> bool:
    # Marks belong to the letters of many scripts (Devanagari vowels, decomposed accents).
    return char.isalnum() or char in "_-." or unicodedata.category(char).startswith("M")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    position: int

    @property
    def word(self) -> str:
        """The reserved word it is, or ""."""
        lower = self.text.lower()
        return lower if lower in WORDS else ""


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = at + 1
        if text[at] in "<>=!":
            end = at + 2 if text[at : at + 2] in COMPARE else end
            if text[at:end] not in COMPARE:
                message = f"expected one of {' '.join(COMPARE)}, found {text[at:end]!r}"
                raise BadExpression(message, text, at)
        elif _in_name(text[at]):
            while end < len(text) and _in_name(text[end]):
                end += 1
        elif text[at] not in "()":
            raise BadExpression(f"{text[at]!r} has no meaning here", text, at)
        tokens.append(_Token(text[at:end], at))
        at = end
    tokens.append(_Token("", len(text)))
    return tokens


class _Parser:
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        if len(text) > LONGEST:
            raise BadExpression(f"longer than {LONGEST} characters", text, LONGEST)
        self.text = text
        self.known = known
        self.tokens = _tokens(text)
        self.next = 0
        self.depth = 0

    def whole(self) -> Expression:
        root = self.joined("or")
        if self.token.text:
            raise self.expected("'and', 'or' or the end")
        return Expression(root)

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def take(self) -> _Token:
        token = self.token
        self.next += 1
        return token

    def expected(self, what: str) -> BadExpression:
        found = repr(self.token.text) if self.token.text else "the end"
        return BadExpression(f"expected {what}, found {found}", self.text, self.token.position)

    def joined(self, word: str) -> Term:
        def part() -> Term:
            return self.joined("and") if word == "or" else self.term()

        terms = [part()]
        while self.token.word == word:
            self.take()
            terms.append(part())
        return _joined(word, terms)

    def term(self) -> Term:
        if self.depth > DEEPEST:
            message = f"more than {DEEPEST} parentheses and 'not' within one another"
            raise BadExpression(message, self.text, self.token.position)
        token = self.token
        self.depth += 1
        try:
            if token.word == "not":
                self.take()
                return Not(self.term())
            if token.text == "(":
                self.take()
                inner = self.joined("or")
                if self.token.text != ")":
                    raise self.expected("')', 'and' or 'or'")
                self.take()
                return inner
        finally:
            self.depth -= 1
        if token.word in ("member", "any"):
            return Word(self.take().word)
        return self.level()

    def level(self) -> Level:
        token = self.token
        if token.word or not any(map(str.isalpha, token.text)):
            raise self.expected("a skill, 'member', 'any', 'not' or '('")
        if self.known and token.text not in self.known:
            near = get_close_matches(token.text, sorted(self.known), n=3, cutoff=0.6)
            near = near or [x for x in sorted(self.known) if x.lower() == token.text.lower()]
            hint = f", did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise BadExpression(
                f"no skill is called {token.text!r}{hint}", self.text, token.position
            )
        self.take()
        if self.token.text not in COMPARE:
            return Level(token.text, ">=", 1)
        compare = self.take().text
        if self.token.text not in LEVELS:
            raise self.expected(f"a level from 0 to {TOP}")
        return Level(token.text, compare, int(self.take().text))
