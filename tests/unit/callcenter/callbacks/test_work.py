"""Work that browsers do under pressure."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from callcenter.callbacks import work
from callcenter.callbacks.work import LIFE, PATIENCE, Solution

KEY = b"k" * 32
AT = 1_800_000_000.0


def _challenge(most: int = 16, token: str = "t", nonce: int = 1) -> work.Challenge:
    return work.make(KEY, token, bytes([nonce]) * 8, AT, most)


def test_what_is_found_by_trying_is_right() -> None:
    challenge = _challenge()
    found = work.solve(challenge)
    assert found.counter is not None
    salt = bytes.fromhex(challenge.salt)
    said = hashlib.pbkdf2_hmac("sha256", str(found.counter).encode(), salt, 5_000, 32)
    assert said.hex().startswith(challenge.target)
    assert 0 <= found.counter < challenge.max
    assert work.check(KEY, "t", found, AT + 1.0) == "solved"


def test_only_one_counter_is_right() -> None:
    challenge = _challenge()
    verdicts = [
        work.check(KEY, "t", Solution(salt=challenge.salt, counter=one), AT) for one in range(16)
    ]
    assert verdicts.count("solved") == 1
    assert verdicts.count("wrong") == 15
    assert work.check(KEY, "t", Solution(salt=challenge.salt, counter=-1), AT) == "wrong"


def test_it_belongs_to_one_token_one_key_and_a_time() -> None:
    found = work.solve(_challenge())
    assert work.check(KEY, "another", found, AT) == "wrong"
    assert work.check(b"x" * 32, "t", found, AT) == "wrong"
    assert work.check(KEY, "t", found, AT + LIFE - 1.0) == "solved"
    assert work.check(KEY, "t", found, AT + LIFE + 1.0) == "over"
    assert work.check(KEY, "t", found, AT - 60.0) == "over"


def test_a_challenge_cannot_be_made_easier() -> None:
    """How many counters there are stands in the salt, which is signed."""
    challenge = _challenge(4096)
    salt = bytearray(bytes.fromhex(challenge.salt))
    salt[6:8] = (1).to_bytes(2, "big")
    assert work.check(KEY, "t", Solution(salt=salt.hex(), counter=0), AT) == "wrong"


def test_who_waits_need_not_work() -> None:
    waited = Solution(salt=_challenge().salt, counter=None)
    assert work.check(KEY, "t", waited, AT + PATIENCE - 1.0) == "early"
    assert work.check(KEY, "t", waited, AT + PATIENCE) == "waited"
    assert work.check(KEY, "other", waited, AT + PATIENCE) == "wrong"


@pytest.mark.parametrize("salt", ["", "zz", "00", "é", "00" * 500, "\ud800"])
def test_junk_is_wrong(salt: str) -> None:
    assert work.check(KEY, "t", Solution(salt=salt, counter=1), AT) == "wrong"


def test_no_counter_gives_a_target_of_nobody() -> None:
    with pytest.raises(LookupError):
        work.solve(replace(_challenge(2), target="no"))


def test_it_grows_with_the_pressure_and_has_an_end() -> None:
    sizes = [work.counters(level) for level in (0.5, 1.0, 1.5, 2.0, 3.9, 8.0, 16.0, 1e9)]
    assert sizes == [512, 512, 1024, 1024, 2048, 4096, 8192, 8192]
