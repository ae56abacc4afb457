"""One entry as text, edited on a screen: the same checks and words as for files."""

from __future__ import annotations

import pytest

from intelligence.checks import KnowledgeError
from intelligence.knowledge import load_entry

GOOD = """
[[entry]]
id = "fees.one"
reasons = ["fees"]
source = "Book 1"
asks.en = ["What does it cost?"]
en = { title = "A", body = "[[Since {happening.at|date}.]] B" }
zh-Hans = { title = "甲", body = "乙" }
zh-Hant = { title = "甲", body = "乙" }
"""


def problems(text: str, reasons: tuple[str, ...] = ("fees",)) -> tuple[str, ...]:
    with pytest.raises(KnowledgeError) as caught:
        load_entry(text, reasons, ("loan",), "screen")
    return caught.value.problems


def test_a_good_entry_is_read() -> None:
    """With how people ask for it and its template untouched."""
    entry = load_entry(GOOD, ("fees",))
    assert (entry.id, entry.reasons, entry.products) == ("fees.one", ("fees",), ())
    assert entry.asks == {"en": ("What does it cost?",)}
    assert entry.phrasings[0].body == "[[Since {happening.at|date}.]] B"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "screen: is empty; allowed: one [[entry]] table"),
        ("entry = []", "screen: is empty; allowed: one [[entry]] table"),
        ("entry = 1", "screen: entry is 1; allowed: one or more [[entry]] tables"),
        ("[[entry", "screen: is not TOML"),
        ("x = " + "1" * 5000, "screen: is not TOML"),
        ("x = " + "[" * 5000, "screen: is not TOML"),
        ("x = '\udc00'", "screen: is not UTF-8"),
        ("#" * 1_000_001, "screen: is larger than"),
        (GOOD + GOOD, "entry is '2 tables'; allowed: one [[entry]] table"),
        (GOOD.replace("at|date", "at|money"), "entry 'fees.one', en: body: {happening.at|money}"),
        (GOOD.replace('["fees"]', '["fee"]'), "entry 'fees.one': reasons is 'fee'; allowed: fees"),
        (GOOD.replace("[[entry]]", '[[entry]]\nproducts = ["x"]'), "products is 'x'; allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_for_files(text: str, said: str) -> None:
    """Whatever somebody typed: words that say what to do, never another exception."""
    (problem,) = problems(text)
    assert said in problem


def test_everything_wrong_is_said_at_once() -> None:
    """One look shows all of it."""
    found = problems(GOOD.replace('"Book 1"', "7").replace('"甲"', "1").replace("Since", "{x}"))
    assert len(found) == 4


def test_of_many_codes_the_nearest_are_named() -> None:
    """A list of two hundred helps nobody."""
    codes = tuple(f"reason_{number}" for number in range(200))
    (problem,) = problems(GOOD.replace('["fees"]', '["reson_17"]'), codes)
    assert "reasons is 'reson_17'; allowed: one of 200, such as reason_17" in problem
    assert len(problem) < 200
