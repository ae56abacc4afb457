"""What a customer is told."""

from __future__ import annotations

from typing import get_args

import pytest

from callcenter.callback_ports import Denial
from callcenter.callbacks.texts import MESSAGES, language_of, message, number_hint, public


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_every_denial_has_its_words(language: str) -> None:
    words = MESSAGES[language_of(language)]
    assert set(words) == set(get_args(Denial))
    assert all(text.strip() and len(text) <= 160 for text in words.values())
    assert number_hint(language)


def test_chinese_is_chinese_and_the_scripts_differ() -> None:
    for why in get_args(Denial):
        simplified, traditional = message(why, "zh-Hans"), message(why, "zh-Hant")
        assert any("\u4e00" <= one <= "\u9fff" for one in simplified)
        assert simplified != traditional
        assert not set(simplified) & set("請號碼電話區這個無時間確認識並")
        assert not set(traditional) & set("请号码电话区这个无时间确认识并")
        assert not set(simplified + traditional) & set(",:;?")


def test_nobody_learns_of_another() -> None:
    """Blocked numbers sound like those that were asked for too often."""
    for language in ("en", "zh-Hans", "zh-Hant"):
        told = {message(why, language) for why in ("blocked", "prefix", "prefix_cap", "number_cap")}
        assert len(told) == 1
    assert public("blocked") == public("prefix") == public("number_cap") == "number_cap"
    assert public("kind") == "kind"


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("en-GB", "en"), ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"), ("zh-Hans-HK", "zh-Hans"), ("zh-hant", "zh-Hant"), ("fr", "en"),
        ("", "en"), ("<b>" * 100, "en"),
    ],
)  # fmt: skip
def test_languages(asked: str, spoken: str) -> None:
    assert language_of(asked) == spoken


def test_languages_of_a_site() -> None:
    assert language_of("zh-TW", ("en", "zh-Hans")) == "zh-Hans"
    assert language_of("fr", ("zh-Hant",)) == "zh-Hant"
    assert language_of("zh", ("en",)) == "en"
