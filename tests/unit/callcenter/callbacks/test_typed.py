"""What strangers typed."""

from __future__ import annotations

import pytest

from callcenter.callbacks import typed
from callcenter.callbacks.typed import NotText


def test_markup_is_text() -> None:
    assert typed.words("<script>alert('1')</script>") == "<script>alert('1')</script>"


def test_control_characters_and_marks_of_direction_are_gone() -> None:
    assert typed.line("A\x00l\u202eic\u2066e\u200f\n B\tC\u00ad\ufeff\x1b[31m") == "Alice B C[31m"
    assert typed.words("one\r\ntwo\x07\n\n\n\n\nthree\u2028four") == "one\ntwo\n\nthree four"


def test_every_script_is_kept() -> None:
    for text in ("张伟", "سلام علیکم", "नमस्ते", "می\u200cخواهم", "👩\u200d💻", "Zoë O'Neill"):
        assert typed.words(text) == text


def test_lengths() -> None:
    assert len(typed.words("x" * 3_000)) == 500
    assert len(typed.line("x" * 3_000)) == 100
    assert typed.words("  \n \n") == ""


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "x" * 20_001])
def test_what_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(NotText):
        typed.words(text)
    with pytest.raises(NotText):
        typed.line(text)
