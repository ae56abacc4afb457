"""Keys by which a customer reaches one callback."""

from __future__ import annotations

import pytest

from callcenter.callbacks import links
from callcenter.callbacks.forms import LinkRefused

KEY = b"k" * 32
AT = 1_800_000_000.0


def _why(ref: str, given: str, at: float = AT, key: bytes = KEY) -> str:
    try:
        links.check(key, ref, given, at)
    except LinkRefused as error:
        return error.why
    return "good"


def test_a_key_opens_its_own_callback_until_it_is_over() -> None:
    given = links.make(KEY, "7KQ4-M2PX", AT + 100.0)
    assert _why("7KQ4-M2PX", given) == "good"
    assert _why("7KQ4-M2PX", given, AT + 99.0) == "good"
    assert _why("7KQ4-M2PX", given, AT + 100.0) == "over"
    assert _why("7KQ4-M2PY", given) == "wrong"
    assert _why("7KQ4-M2PX", given, key=b"x" * 32) == "wrong"


def test_a_changed_key_is_wrong_also_when_it_says_to_be_over() -> None:
    given = links.make(KEY, "7KQ4-M2PX", AT + 100.0)
    longer = links.make(KEY, "7KQ4-M2PX", AT + 9_999.0)
    assert _why("7KQ4-M2PX", longer[:6] + given[6:]) == "wrong"
    for place in range(len(given)):
        other = "A" if given[place] != "A" else "B"
        assert _why("7KQ4-M2PX", given[:place] + other + given[place + 1 :], AT + 1e6) == "wrong"


@pytest.mark.parametrize("junk", ["", "AAAA", "é", "A" * 1000, "\ud800", "a b c", "AAAAAAA="])
def test_junk_is_wrong(junk: str) -> None:
    assert _why("7KQ4-M2PX", junk) == "wrong"


def test_addresses() -> None:
    found = links.links("https://call.example.org/", "7KQ4-M2PX", "a-b_c")
    assert found["status"] == "https://call.example.org/c/r/7KQ4-M2PX?k=a-b_c"
    assert found["move"].endswith("/c/r/7KQ4-M2PX/move?k=a-b_c")
    assert found["cancel"].endswith("/c/r/7KQ4-M2PX/cancel?k=a-b_c")
    assert found["ics"].endswith("/c/r/7KQ4-M2PX/callback.ics?k=a-b_c")
    assert links.links("", "7KQ4-M2PX", "a")["status"].startswith("/c/r/")
