"""One-time codes that are sent to a number before it is called: whoever enters it has the phone.

Nothing is kept but which tries were used: the code is drawn from the form token and the number by a
key. So any engine may check what another one sent. A token made when a code is sent names the
number (``Token.coded``); it lives ten minutes, and so does the code.
"""

from __future__ import annotations

import hmac
import unicodedata
from typing import Final, Literal

from callcenter.callback_ports import Callbacks

from .pressure import HOUR, Recent
from .tokens import Token

DIGITS: Final = 6
TRIES: Final = 3
NUMBER_DAY: Final = 3
"""Codes to one number in a day: a guess is right once in 110,000 days."""
BLOCK_HOUR: Final = 5
SITE_HOUR: Final = 60
PREFIX_HOUR: Final = 20
"""To numbers that differ in the last four digits only."""
DAY: Final = 86_400.0


def code_for(key: bytes, token: str, number: str) -> str:
    """The code of the form with this token id for this number (E.164)."""
    drawn = hmac.digest(key, f"code\0{token}\0{number}".encode(), "sha256")
    return str(int.from_bytes(drawn[:8], "big") % 10**DIGITS).zfill(DIGITS)


class Codes:
    """Whether a code may be sent, and whether the right one was entered."""

    def __init__(self, store: Callbacks) -> None:
        self._store = store
        self._blocks = Recent(HOUR, BLOCK_HOUR)
        self._sites = Recent(HOUR, SITE_HOUR)
        self._prefixes = Recent(HOUR, PREFIX_HOUR)

    async def may_send(self, key: bytes, site: str, block: str, number: str, at: float) -> bool:
        """Count one, unless there were too many: messages cost money, and annoy who gets them."""
        prefix = number[:-4]
        free = (
            self._blocks.free(block, at)
            and self._sites.free(site, at)
            and self._prefixes.free(prefix, at)
        )
        if not free or not await self._first_of_day(key, number, at):
            return False
        self._blocks.note(block, at)
        self._sites.note(site, at)
        self._prefixes.note(prefix, at)
        return True

    async def _first_of_day(self, key: bytes, number: str, at: float) -> bool:
        hidden = hmac.digest(key, f"sent\0{number}\0{int(at // DAY)}".encode(), "sha256").hex()[:24]
        for n in range(NUMBER_DAY):
            if await self._store.use_token(f"sent:{hidden}:{n}", at + DAY):
                return True
        return False

    async def check(
        self, key: bytes, token: Token, number: str, given: str, at: float
    ) -> Literal["right", "wrong", "used_up"]:
        """Whether it is the code that was sent. Three tries, whichever engines they come to."""
        for n in range(TRIES):
            if await self._store.use_token(f"{token.id}:try{n}", token.until):
                break
        else:
            return "used_up"
        typed = "".join(one for one in unicodedata.normalize("NFKC", given) if one.isdigit())
        right = code_for(key, token.id, number)
        return "right" if hmac.compare_digest(typed.encode(), right.encode()) else "wrong"
