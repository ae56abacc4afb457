"""Signed tokens of forms, and of who is signed in at a website."""

from __future__ import annotations

import random

import pytest

from callcenter.callbacks import tokens
from callcenter.callbacks.tokens import LIFE, TokenRefused

KEY = b"k" * 32
AT = 1_800_000_000.25


def _token(site: str = "bank", at: float = AT, nonce: int = 1, **what: object) -> str:
    return tokens.make(KEY, site, at, bytes([nonce]) * tokens.NONCE, **what)  # type: ignore[arg-type]


def _why(token: str, site: str = "bank", at: float = AT + 5.0, key: bytes = KEY) -> str:
    try:
        tokens.read(key, token, site, at, 2.0)
    except TokenRefused as error:
        return error.why
    return "good"


def test_a_token_tells_what_was_done_for_it() -> None:
    read = tokens.read(KEY, _token(), "bank", AT + 5.0, 2.0)
    assert (read.made, read.again, read.worked, read.coded) == (AT, False, False, b"")
    mark = tokens.mark(KEY, "+447700900123")
    full = _token(again=True, worked=True, coded=mark, proven=True)
    read = tokens.read(KEY, full, "bank", AT, 2.0)
    assert (read.again, read.worked, read.coded, read.proven) == (True, True, mark, True)
    assert tokens.mark(KEY, "+447700900124") != mark


def test_times() -> None:
    """Too fast for a person, and too old; one that came back with a refusal has no least time."""
    assert _why(_token(), at=AT + 1.9) == "early"
    assert _why(_token(), at=AT + 2.1) == "good"
    assert _why(_token(again=True), at=AT) == "good"
    assert _why(_token(), at=AT + LIFE - 0.1) == "good"
    assert _why(_token(), at=AT + LIFE + 0.1) == "over"
    assert _why(_token(at=AT + 60.0), at=AT) == "early"  # made by an engine whose clock is ahead


def test_another_sites_token_and_another_key_are_refused() -> None:
    assert _why(_token("other")) == "wrong"
    assert _why(_token(), key=b"x" * 32) == "wrong"
    assert tokens.purpose(KEY, "form") != tokens.purpose(KEY, "link")


def test_every_change_of_a_character_is_noticed() -> None:
    token = _token()
    chance = random.Random(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(token) - 1):  # the last has two bits that are nobody's
        other = chance.choice([one for one in alphabet if one != token[place]])
        assert _why(token[:place] + other + token[place + 1 :]) == "wrong"


@pytest.mark.parametrize(
    "junk", ["", "a", "é" * 60, "=" * 60, "A" * 10_000, "\x00", "\ud800", "a b"]
)
def test_junk_is_no_token(junk: str) -> None:
    assert _why(junk) == "wrong"


def test_who_is_signed_in() -> None:
    token = tokens.person_token(b"house", "a.person.7", AT + 60.0)
    assert tokens.read_person(b"house", token, AT) == "a.person.7"
    assert tokens.read_person(b"house", token, AT + 61.0) is None
    assert tokens.read_person(b"other", token, AT) is None
    assert tokens.read_person(b"", tokens.person_token(b"", "p", AT + 60.0), AT) is None
    assert tokens.read_person(b"house", token.replace("person.7", "person.8"), AT) is None
    until = str(int(AT + 60.0))
    assert tokens.read_person(b"house", token.replace(until, str(int(AT + 999.0))), AT) is None


@pytest.mark.parametrize(
    "junk", ["", "p", "p.1", ".1.2", "p.x.y", "p.9e9.z", "\ud800.1.2", "p.1.é"]
)
def test_junk_is_nobody(junk: str) -> None:
    assert tokens.read_person(b"house", junk, AT) is None
