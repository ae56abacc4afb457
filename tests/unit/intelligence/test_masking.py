"""What is kept of words holds no number, address or name that can be recognised."""

from __future__ import annotations

import pytest

from callcenter.floor.card import Words
from intelligence.masking import LONGEST, masked, words_kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My card 4929 1234 5678 9012 was lost", "My card ▮ was lost"),
        ("call +44 20 7946-0123 or a.b@c.de", "call +▮ or ▮"),
        ("this is John O'Neill-Smith and my card", "this is ▯ and my card"),
        ("my name is john smith", "my name is ▯"),
        ("I have waited 12 days for 300 pounds", "I have waited 12 days for 300 pounds"),
        ("I am still waiting", "I am still waiting"),
        ("the code was one two, three four", "the code was ▮"),
        ("４９２９１ and ٤٩٢٩", "▮ and ▮"),
        ("我叫王小明，卡号六二二八四八", "我叫▯,卡号▮"),
        ("a\x00b\u202ec\nd\ud800e", "abc de"),
        ("<b>4 cards</b>", "<b>4 cards</b>"),
    ],
)
def test_masked(text: str, kept: str) -> None:
    """Short numbers say something about the matter and stay; what looks like data goes."""
    assert masked(text) == kept


def test_names_of_the_person_go_however_they_are_used() -> None:
    """Whole and in parts; "de" is nobody's name and "deal" holds none."""
    names = ["Anna de Vries", "Li Wu", "王小明"]
    assert masked("ANNA said: Vries, a deal, 王小明, Wu but wu", names) == (
        "▯ said: ▯, a deal, ▯, ▯ but wu"
    )
    assert masked("what is Xa+ here", ["Xa+", "", " "]) == "what is Xa+ here"


def test_long_and_nasty_texts_take_no_time() -> None:
    """No pattern goes back and forth over what a stranger wrote."""
    for text in ("1 " * 50_000, "a@" * 50_000, "one " * 25_000, "my name is " * 10_000):
        assert len(masked(text, ["Anna de Vries"])) <= LONGEST


def test_words_worth_keeping() -> None:
    """Keys pressed, one word, and the same again are not."""
    words = [
        Words(source="path", text="2-1 some path"),
        Words(source="ivr", text="yes"),
        Words(source="ivr", text="card lost"),
        Words(source="note", text="card  lost"),
        Words(source="chat", text="卡丢了吗"),
        Words(source="chat", text="卡"),
    ]
    assert words_kept(words) == ("card lost", "卡丢了吗")
