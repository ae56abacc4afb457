"""Codes that are sent to a number."""

from __future__ import annotations

import hashlib
import hmac

from callcenter.callbacks.codes import code_for
from callcenter.callbacks.hooks import signature


def test_a_code_belongs_to_one_form_one_number_and_one_key() -> None:
    code = code_for(b"k", "form:1", "+447400123456")
    assert len(code) == 6
    assert code.isdigit()
    assert code == code_for(b"k", "form:1", "+447400123456")
    others = {
        code_for(b"x", "form:1", "+447400123456"),
        code_for(b"k", "form:2", "+447400123456"),
        code_for(b"k", "form:1", "+447400123457"),
    }
    assert code not in others


def test_codes_are_spread() -> None:
    codes = {code_for(b"k", f"form:{n}", "+447400123456") for n in range(2_000)}
    assert len(codes) > 1_990
    assert {one[0] for one in codes} == set("0123456789")


def test_the_signature_of_a_message() -> None:
    """As whoever receives it computes it: HMAC-SHA-256 of time, full stop and body."""
    said = signature(b"secret", 1_800_000_000, b'{"kind":"booked"}')
    right = hmac.new(b"secret", b'1800000000.{"kind":"booked"}', hashlib.sha256).hexdigest()
    assert said == f"t=1800000000,v1={right}"
    assert signature(b"secret", 1_800_000_001, b'{"kind":"booked"}') != said
