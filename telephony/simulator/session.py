"""One AMI session of the simulated exchange: signing in, privileges, event mask.

Pure: is given packets and gives text to send and whether to close. Asterisk's words and its second
of delay after a wrong secret included.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from telephony.packet import Packet
from telephony.simulator import messages as m
from telephony.simulator.actions import ACTIONS, GUARDED
from telephony.simulator.exchange import Exchange
from telephony.simulator.settings import User

BANNER = "Asterisk Call Manager/11.0.0\r\n"
WRONG_LOGIN_DELAY = 1.0
"""Seconds from a wrong login to its answer, as in ``process_message`` of main/manager.c."""
TOO_LONG = "Response: Error\r\nMessage: Failed to parse message: line too long\r\n\r\n"
# A line ends with CRLF only; a lone CR, LF or NUL in a value would come back as a forged header.
_BROKEN = re.compile(rb"\r(?!\n)|(?<!\r)\n|\x00")


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send. `close`: hang up afterwards. `after`: seconds to wait before sending."""

    text: str
    close: bool = False
    after: float = 0.0


class AmiSession:
    """See the module. `challenge`: an unpredictable number for this session."""

    def __init__(self, exchange: Exchange, challenge: str) -> None:
        self.exchange = exchange
        self.user: User | None = None
        self.mask = 0
        """Classes of events this session is sent."""
        self._challenge = challenge

    def hear(self, packet: Packet) -> Reply:
        """Carry out one action."""
        if _BROKEN.search(packet.raw):
            return Reply(m.answer("Error", "", "Message: Failed to parse message"))
        name = packet.get("Action", "").lower()
        if not name:
            return self._error(packet, "Missing action in request")
        if name == "login":
            return self._login(packet)
        if name == "challenge":
            return self._offer_challenge(packet)
        if name == "logoff":
            own = packet.get("ActionID", "")
            text = m.answer("Goodbye", own, "Message: Thanks for all the fish.")
            return Reply(text, close=True)
        if self.user is None:
            return self._error(packet, "Permission denied")
        if name == "events":
            return self._events(packet)
        entry = ACTIONS.get(name)
        if entry is None:
            if name in GUARDED:
                return self._error(packet, "Permission denied")
            shown = packet.get("Action", "")
            return self._error(
                packet,
                f"Invalid/unknown command: {shown}. Use Action: ListCommands to show available "
                "commands.",
            )
        _, act, needed = entry
        if needed and not needed & self.user.write:
            return self._error(packet, "Permission denied")
        return Reply(act(self.exchange, packet))

    def _error(self, packet: Packet, text: str) -> Reply:
        return Reply(m.answer("Error", packet.get("ActionID", ""), f"Message: {text}"))

    # --- signing in -----------------------------------------------------------------------------

    def _offer_challenge(self, packet: Packet) -> Reply:
        if packet.get("AuthType", "").upper() != "MD5":
            return self._error(packet, "Must specify AuthType")
        own = packet.get("ActionID", "")
        return Reply(m.answer("Success", own, f"Challenge: {self._challenge}"))

    def _login(self, packet: Packet) -> Reply:
        own = packet.get("ActionID", "")
        if self.user is not None:
            return Reply(m.answer("Success", own, "Message: Already authenticated"))
        user = self._known(packet)
        if user is None:
            text = m.answer("Error", own, "Message: Authentication failed")
            return Reply(text, close=True, after=WRONG_LOGIN_DELAY)
        self.user = user
        self.mask = self._readable()
        wanted = packet.get("Events")
        if wanted is not None:
            self.mask &= max(event_mask(wanted), 0)
        text = m.answer("Success", own, "Message: Authentication accepted")
        if self.mask & m.SYSTEM:
            up = int(self.exchange.world.now - self.exchange.world.started)
            text += (
                f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {up}\r\n"
                f"LastReload: {up}\r\nStatus: Fully Booted\r\n\r\n"
            )
        return Reply(text)

    def _known(self, packet: Packet) -> User | None:
        name = packet.get("Username", "")
        by_md5 = packet.get("AuthType", "").upper() == "MD5"
        for user in self.exchange.settings.users:
            if user.name != name:
                continue
            if by_md5:
                # AMI's own scheme: MD5 of the challenge and the secret (authenticate(), manager.c).
                text = (self._challenge + user.secret).encode()
                expected = hashlib.md5(text, usedforsecurity=False).hexdigest()
                given = packet.get("Key", "")
            else:
                expected, given = user.secret, packet.get("Secret", "")
            if hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
                return user
        return None

    def _readable(self) -> int:
        assert self.user is not None
        return sum(bit for name, bit in m.CLASSES.items() if name in self.user.read)

    # --- events -----------------------------------------------------------------------------------

    def _events(self, packet: Packet) -> Reply:
        mask = event_mask(packet.get("EventMask", ""))
        if mask < 0:
            return self._error(packet, "Invalid event mask")
        self.mask = mask & self._readable()
        own = packet.get("ActionID", "")
        return Reply(m.answer("Success", own, f"Events: {'On' if mask else 'Off'}"))


def event_mask(text: str) -> int:
    """The classes an event mask names; -1 when it names nothing at all."""
    wanted = text.strip().lower()
    if not wanted:
        return -1
    if wanted in ("off", "no", "false", "0", "n", "f"):
        return 0
    if wanted in ("on", "yes", "true", "1", "y", "t", "all"):
        return m.ALL_CLASSES
    names = {name.strip() for name in wanted.split(",")}
    if "all" in names:
        return m.ALL_CLASSES
    return sum(bit for name, bit in m.CLASSES.items() if name in names)
