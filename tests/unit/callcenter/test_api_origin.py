"""Which pages may change anything: our own."""

from __future__ import annotations

import pytest

from callcenter.api.origin import Origins

OURS = Origins(["https://console.example.com/"])


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("https://cc.example", "cc.example", True),
        ("https://cc.example", "cc.example:443", True),
        ("HTTPS://CC.Example", "cc.example", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://console.example.com", "internal:8000", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("https://cc.example.evil.test", "cc.example", False),
        ("https://evil.test", "cc.example", False),
        ("https://evil.test/cc.example", "cc.example", False),
        ("https://cc.example@evil.test", "cc.example", False),
        ("file://", "", False),
        ("ftp://cc.example", "cc.example", False),
        ("null", "null", False),
        ("", "cc.example", False),
        (None, "cc.example", False),
        ("https://cc.example", None, False),
        ("http://[", "cc.example", False),
    ],
)
def test_origins(origin: str | None, host: str | None, allowed: bool) -> None:
    """Same host and port, or listed; everything else is foreign."""
    assert OURS(origin, host) is allowed


@pytest.mark.parametrize(
    ("origin", "site", "allowed"),
    [
        (None, "same-origin", True),
        (None, "same-site", False),
        (None, "cross-site", False),
        (None, None, False),
        ("https://evil.test", "same-origin", False),
        ("https://cc.example", "cross-site", True),
    ],
)
def test_requests_that_change(origin: str | None, site: str | None, allowed: bool) -> None:
    """Origin decides; only where a browser sends none, Sec-Fetch-Site does."""
    assert OURS.may_change(origin, "cc.example", site) is allowed
