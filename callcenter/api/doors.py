"""Who is signed in: cookies, tickets, and how often somebody may guess a password.

Sign-ins are in the store, so that a restart signs nobody out; tickets live for seconds and are in
memory. It must not know of HTTP: ``session`` turns what is raised here into answers.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.auth import Busy, Passwords
from callcenter.ports import Account, Accounts, Admission, SignIn, SignIns, User

from .throttle import Throttle

log = logging.getLogger(__name__)

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Times in seconds."""

    idle: float = 12 * HOUR
    """A sign-in that nobody renews ends after this."""
    longest: float = 24 * HOUR
    """However often it is renewed, it ends after this."""
    ticket: float = 30.0
    failures: int = 5
    """Per account within ``window``."""
    address_failures: int = 20
    """Per network address within ``window``."""
    window: float = 900.0


class NotAdmitted(Exception):  # noqa: N818  # reads as what happened
    """Name or password is wrong, or the account is closed: which one is not said."""


class TooManyTries(Exception):  # noqa: N818  # reads as what happened
    """``wait``: seconds until the next attempt is allowed."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"next attempt in {wait:.0f} s")
        self.wait = wait


@dataclass(slots=True)
class _Ticket:
    admission: Admission
    expires: float


class Doors:
    """``now`` gives seconds since the epoch; ``count`` is told how each sign-in ended."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        sign_ins: SignIns,
        passwords: Passwords,
        now: Callable[[], float],
        count: Callable[[str], None],
        settings: DoorSettings | None = None,
    ) -> None:
        self._accounts = accounts
        self._sign_ins = sign_ins
        self._passwords = passwords
        self._now = now
        self._count = count
        self._settings = s = settings or DoorSettings()
        self._tickets: dict[str, _Ticket] = {}
        self._by_account = Throttle(s.failures, s.window)
        self._by_address = Throttle(s.address_failures, s.window)

    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, User]:
        """The secret for the cookie, and who it is.

        Raises ``NotAdmitted``, ``TooManyTries`` or ``callcenter.auth.Busy``.
        """
        now = self._now()
        wait = max(self._by_account.wait(name, now), self._by_address.wait(address, now))
        if wait > 0:
            self._count("throttled")
            raise TooManyTries(wait)
        self._by_account.begin(name, now)
        self._by_address.begin(address, now)
        try:
            account = await self._accounts.account(name)
            usable = account is not None and account.active
            fits = await self._passwords.verify(
                account.password_hash if account is not None and usable else None, password
            )
        except Exception as error:
            # Too busy, or the store is in trouble: nobody has guessed anything.
            self._by_account.forgive(name)
            self._by_address.forgive(address)
            self._count("busy" if isinstance(error, Busy) else "failed")
            raise
        if not fits or account is None:
            self._count("refused")
            log.warning("sign_in_refused", extra={"user": name[:80], "pii_address": address})
            raise NotAdmitted
        self._by_account.clear(name)
        self._by_address.forgive(address)
        self._count("ok")
        secret = secrets.token_urlsafe(32)
        now = self._now()
        await self._sign_ins.begin(
            SignIn(
                token_hash=_hash(secret),
                agent=account.agent,
                created=now,
                expires=now + self._settings.idle,
                seen=now,
            )
        )
        return secret, _user(account)

    async def who(self, secret: str | None) -> User | None:
        """The user whose cookie this is, as the account is now; nobody when it is closed."""
        found = await self._find(secret)
        return None if found is None else found[1]

    async def sign_out(self, secret: str | None) -> str | None:
        """Ends the sign-in with its tickets; its name as in ``Admission.session``, if any."""
        found = await self._find(secret)
        if found is None:
            return None
        token_hash = found[0].token_hash
        await self._sign_ins.end(token_hash)
        name = _name(token_hash)
        self._tickets = {t: a for t, a in self._tickets.items() if a.admission.session != name}
        return name

    async def ticket(self, secret: str | None) -> tuple[str, float] | None:
        """A ticket for the agent channel and when it expires; renews the sign-in."""
        found = await self._find(secret)
        if found is None:
            return None
        row, user = found
        now = self._now()
        until = min(now + self._settings.idle, row.created + self._settings.longest)
        if until - row.expires > self._settings.idle / 20:
            # Not at every reconnect: to lose some minutes of a shift's length harms nobody.
            await self._sign_ins.touch(row.token_hash, now, until)
        self._forget_tickets(now)
        ticket = secrets.token_urlsafe(24)
        expires = now + self._settings.ticket
        self._tickets[ticket] = _Ticket(
            Admission(user=user, session=_name(row.token_hash), until=until), expires
        )
        return ticket, expires

    def redeem(self, ticket: str) -> Admission | None:
        """Takes the ticket: it is good once, and only while its sign-in lasts."""
        found = self._tickets.pop(ticket, None)
        if found is None or found.expires <= self._now():
            return None
        return found.admission

    def _forget_tickets(self, now: float) -> None:
        # In the order of their issue, and all live equally long.
        while self._tickets:
            oldest, issued = next(iter(self._tickets.items()))
            if issued.expires > now:
                return
            del self._tickets[oldest]

    async def _find(self, secret: str | None) -> tuple[SignIn, User] | None:
        if not secret:
            return None
        row = await self._sign_ins.find(_hash(secret), self._now())
        if row is None:
            return None
        account = await self._accounts.account(row.agent)
        if account is None or not account.active:
            return None
        return row, _user(account)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _name(token_hash: str) -> str:
    """How a sign-in is called in the agent channel: of no use for anything else."""
    return token_hash[:16]


def _user(account: Account) -> User:
    return User(
        user=account.agent,
        name=account.name,
        role=account.role,
        device=account.device,
        language=account.language,
        skills=account.skills,
    )
