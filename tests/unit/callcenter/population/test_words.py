"""What callers say: about their reason, in their language, as badly heard as such words are."""

from __future__ import annotations

from collections import Counter

import pytest

from callcenter.population import Population, generate
from callcenter.population.catalogue import USUAL
from callcenter.population.words import SPOKEN

UNTIL = 1_763_769_600.0
PHRASES = {
    leaf.code: {
        "en": [f"I have a question about {leaf.code.replace('_', ' ')}, please!"],
        "zh-Hans": [f"我想问关于{leaf.code}的事情。"],
        "zh-Hant": [f"我想問關於{leaf.code}的事情。"],
    }
    for leaf in USUAL
}
OUTSIDE = {"en": ["who won the match"], "zh-Hans": ["昨晚谁赢了"], "zh-Hant": ["昨晚誰贏了"]}


@pytest.fixture(scope="module")
def bank() -> Population:
    return generate(9, 300, UNTIL, weeks=3, phrases=PHRASES, outside=OUTSIDE)


def test_words_change_nothing_else(bank: Population) -> None:
    """The same calls with and without; without phrases nobody says a word."""
    silent = generate(9, 300, UNTIL, weeks=3)
    assert [call.contact for call in silent.past] == [call.contact for call in bank.past]
    assert [call.made.reason for call in silent.past] == [call.made.reason for call in bank.past]
    assert not any(call.made.words for call in silent.past)
    again = generate(9, 300, UNTIL, weeks=3, phrases=PHRASES, outside=OUTSIDE)
    assert repr(again.past) == repr(bank.past)


def test_a_share_of_callers_speaks_in_their_language(bank: Population) -> None:
    languages = {life.base.id: life.base.language for life in bank.lives}
    spoken = [
        (call, words) for call in bank.past for words in call.made.words if words.source == "ivr"
    ]
    assert len(spoken) / len(bank.past) == pytest.approx(SPOKEN, abs=0.05)
    for call, words in spoken:
        assert words.text
        assert words.language == languages.get(call.made.person or "", "en")
    assert {words.language for _, words in spoken} == {"en", "zh-Hans", "zh-Hant"}


def test_most_words_are_about_the_reason_and_are_badly_heard(bank: Population) -> None:
    """A recogniser writes no capitals and stops, loses words and adds hesitations; now and then
    the words are about nothing."""
    texts: Counter[str] = Counter()
    for call in bank.past:
        for words in call.made.words:
            if words.source != "ivr" or words.language != "en":
                continue
            clean = PHRASES[call.made.reason]["en"][0].lower().replace(",", "").rstrip("!")
            assert words.text == words.text.lower().replace("i wanted", "i wanted") or (
                "I wanted" in words.text
            )
            assert "!" not in words.text
            if words.text == "who won the match" or "won the match" in words.text:
                texts["outside"] += 1
            elif words.text == clean:
                texts["clean"] += 1
            elif len(set(words.text.split()) & set(clean.split())) >= 3:
                texts["noisy"] += 1
            else:
                texts["other"] += 1
    whole = sum(texts.values())
    assert 0.2 < texts["clean"] / whole < 0.7
    assert 0.2 < texts["noisy"] / whole < 0.75
    assert 0 < texts["outside"] / whole < 0.08
    assert texts["other"] / whole < 0.05


def test_who_asked_for_a_callback_wrote_why(bank: Population) -> None:
    written = 0
    for call in bank.past:
        for words in call.made.words:
            if words.source == "callback":
                assert call.made.person is not None
                row = bank.row(call.made.person, call.contact.at)
                assert any(
                    one.kind == "callback_asked" and call.contact.at - one.at < 6 * 3600
                    for one in row.happenings
                )
                written += 1
    assert written > 10
