"""Whether the peer still lives: when to ping, and when silence means that it is gone.

Pure. A connection whose other end vanished (a firewall, a pulled plug) looks like a quiet one; TCP
alone notices after minutes. It must not send: the session does, when told to.
"""

from __future__ import annotations

PING_EVERY = 5.0
PING_LIMIT = 3.0
PINGS_MISSED = 2  # so a silent peer is noticed after 5 + 3 + 3 s at the latest
PINGS_MISSED_TALKING = 6  # it sends events but answers nothing: its session thread is stuck


class Pulse:
    """One connection's pulse. `due` is the moment of the next ping or of the verdict."""

    __slots__ = ("_heard", "_missed", "_open", "_sent", "due")

    def __init__(self, now: float) -> None:
        self._heard = now
        self._sent = now
        self._open = False
        self._missed = 0
        self.due = now + PING_EVERY

    @property
    def heard_at(self) -> float:
        """When the last bytes came."""
        return self._heard

    def heard(self, now: float) -> None:
        """Bytes have come, whatever they mean."""
        self._heard = now

    def answered(self) -> None:
        """A ping was answered."""
        self._open = False
        self._missed = 0
        self.due = self._sent + PING_EVERY

    def beat(self, now: float) -> str | None:
        """To be called at `due`, and a ping sent then; or the words for why the peer is gone."""
        if self._open:
            self._missed += 1
            if self._heard <= self._sent and self._missed >= PINGS_MISSED:
                silence = now - self._heard
                return (
                    f"the exchange is silent: nothing for {silence:.0f} s and no answer to "
                    f"{self._missed} pings"
                )
            if self._missed >= PINGS_MISSED_TALKING:
                return f"the exchange answers no pings, {self._missed} in a row"
        self._open = True
        self._sent = now
        self.due = now + PING_LIMIT
        return None
