"""The keys of a telephone: telephone events in RTP (RFC 4733), from the port that a call offers."""

from __future__ import annotations

import random
import socket
import struct
import time

KEYS = "0123456789*#"
EVENT = 96
"""The payload type that the offer gives to telephone events."""
STEP = 0.02
"""Seconds between two packets; 160 units of an 8000 Hz clock."""
LENGTH = 5
"""Packets of a key while it is down; its end is sent three times (RFC 4733, 2.5.1.4)."""


class Keypad:
    """Sends nothing but keys. ``port`` is for the offer, ``to`` where the other side listens."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._host = host
        self.port: int = self._socket.getsockname()[1]
        self._began = time.monotonic()
        self._source = random.getrandbits(32)  # names the stream
        self._sequence = 0

    def press(self, key: str, to: int) -> None:
        """Press a key and let it go."""
        at = int((time.monotonic() - self._began) * 8000)
        for n in range(LENGTH + 3):
            ends = n >= LENGTH
            length = 160 * (min(n, LENGTH) + 1)
            self._sequence += 1
            head = struct.pack(
                ">BBHII", 0x80, EVENT | (0x80 if n == 0 else 0), self._sequence, at, self._source
            )
            event = struct.pack(">BBH", KEYS.index(key), (0x80 if ends else 0) | 10, length)
            self._socket.sendto(head + event, (self._host, to))
            time.sleep(STEP)

    def close(self) -> None:
        self._socket.close()
