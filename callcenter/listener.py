"""The one port, taken before there is anything to serve on it.

Apart from ``web``, because reading a web server takes longer than a start may wait for a port that
somebody else has.
"""

from __future__ import annotations

import socket
from typing import Final

BACKLOG: Final = 2048
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: a free one. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's algorithm only where it sees that the protocol is TCP; with it a
    # card waits 40 ms for the browser's delayed acknowledgement of the frame before.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
