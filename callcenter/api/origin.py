"""Which pages may change anything here or open the agent channel: our own. Pure.

Compares the Origin a browser sends with the Host it asked for. The scheme is not compared, because
TLS may end at a proxy in front of us.
"""

from __future__ import annotations

from collections.abc import Iterable

_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origins:
    """Same origin, or one of ``allowed`` (such as ``https://console.example.com``)."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def __call__(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this ``Origin`` may; deny when it is absent or opaque (``null``)."""
        if not origin or origin == "null":
            return False
        if origin.lower() in self._allowed:
            return True
        if not host:
            return False
        scheme, _, netloc = origin.lower().partition("://")
        port = _DEFAULT_PORTS.get(scheme)
        return port is not None and _bare(netloc, port) == _bare(host.lower(), port)

    def may_change(self, origin: str | None, host: str | None, fetch_site: str | None) -> bool:
        """The rule for state-changing requests: Origin decides; without it, ``Sec-Fetch-Site``."""
        if origin is not None:
            return self(origin, host)
        return fetch_site == "same-origin"


def _bare(netloc: str, default_port: str) -> str:
    return netloc.removesuffix(f":{default_port}")
