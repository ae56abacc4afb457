"""Caller names against names of people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.names import LONGEST, MOST_WORDS, comparable, likeness, words


@pytest.mark.parametrize(
    ("caller", "person", "expected"),
    [
        ("WANG XIAOMING", "Wang Xiaoming", "same"),
        ("Xiaoming Wang", "Wang Xiaoming", "same"),
        ("WANG XIAO MING", "Xiaoming Wang", "same"),
        ("王小明", "王小明", "same"),
        ("小明 王", "王小明", "same"),
        ("陳偉明先生", "陈伟明", "same"),
        ("O'BRIEN PATRICK", "Patrick O'Brien", "same"),
        ("FERNANDEZ RENEE", "Renée Fernández", "same"),
        ("FITZGERALD ISAB", "Isabella Fitzgerald", "same"),
        ("Mr. John Smith", "Smith, John", "same"),
        ("J SMITH", "John Smith", "initials"),
        ("P SMITH", "John Smith", "family"),
        ("MARY SMITH", "John Smith", "family"),
        ("王美玲", "王小明", "family"),
        ("欧阳娜", "欧阳伟", "family"),
        ("欧阳娜", "欧明", "different"),
        ("李娜", "王小明", "different"),
        ("ACME LTD", "John Smith", "different"),
        ("王小明", "Wang Xiaoming", "not_comparable"),
        ("WIRELESS CALLER", "John Smith", "not_comparable"),
        ("+442079460123", "John Smith", "not_comparable"),
        ("", "John Smith", "not_comparable"),
    ],
)
def test_names_are_compared_in_any_order_and_script(
    caller: str, person: str, expected: str
) -> None:
    """Order, case, accents, titles, a cut at 15 characters and old characters do not matter."""
    assert likeness(caller, person) == expected


def test_a_cut_name_counts_as_the_same_only_at_the_networks_length() -> None:
    """A short name that merely begins alike was not cut."""
    assert likeness("FITZGERALD I", "Isabella Fitzgerald") == "initials"
    assert likeness("SMITHSON", "Smithsonian Jo") == "different"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_compared_without_error_and_both_ways_alike_when_same(a: str, b: str) -> None:
    """A caller name is text of a stranger; equal names are equal from both sides."""
    assert len(words(a)) <= MOST_WORDS
    if likeness(a, b) == "same" and max(len(a), len(b)) < 15:
        assert likeness(b, a) == "same"
    if comparable(a) and len(a) <= LONGEST:
        assert likeness(a, a) == "same"
