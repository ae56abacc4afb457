"""What goes into booking and what comes out of it: forms, offers, and refusals with a way on.

Plain data. Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from callcenter.callback_ports import CallbackRefused, Denial, SlotHold
from callcenter.floor.callback import Callback

from .work import Challenge, Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What somebody sent from a website, as it came: all of it is text of strangers."""

    site: str
    address: str
    """The IP address it came from, as a text."""
    token: str
    number: str
    region: str = ""
    """ISO 3166-1 of the country they chose; empty: the centre's."""
    name: str = ""
    language: str = ""
    zone: str = ""
    """IANA name of the zone of their clock."""
    when: float | None = None
    """When the slot they chose opens; ``None``: now."""
    reason: str = ""
    words: str = ""
    consent: bool = False
    website: str = ""
    """A field that people do not see: only programs fill it in."""
    work: Solution | None = None
    code: str = ""
    deflection: str = ""
    customer: str = ""
    """Who is signed in at the site, signed by the house: ``person.until.signature``
    (`callcenter.callbacks.tokens.person_token`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NowOffer:
    """An honest promise for "call me now"."""

    opens: float
    closes: float
    p50: float | None
    """Seconds that half of those in line wait less than; ``None``: not known."""
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the form of a site shows."""

    site: str
    name: str
    language: str
    zone: str
    """IANA name; the customer's if they gave one, else the centre's."""
    on: bool
    """Whether callbacks are taken at all now."""
    why: Denial | None
    """Why not."""
    token: str
    now: NowOffer | None
    """``None``: closed, or too long a wait: only slots."""
    reasons: tuple[tuple[str, str], ...]
    """Code and label."""
    consent: str
    contact: str
    answers: bool
    """Whether likely answers are shown before it is sent."""
    code: bool
    """Whether a code is going to be sent to the number."""
    work: Challenge | None
    """To be solved while the form is filled in; belongs to ``token``."""
    number_hint: str
    """How a number may be written, in the language."""
    region: str
    """In which numbers without a country code are read."""
    regions: tuple[str, ...]
    """Countries that are called, ISO 3166-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A number as it was understood."""

    e164: str
    shown: str
    region: str | None
    zone: str | None
    """Of the number, as far as it tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """It is stored. ``key`` signs the links; ``links``: status, move, cancel, ics (paths, or whole
    addresses where the centre's public one is known)."""

    callback: Callback
    key: str
    links: Mapping[str, str]
    shown: str
    """The number, as people write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRequest:
    """A callback that an agent or a case asks for. No rules against bots; those for numbers, the
    list of who does not want to be called, and the law hold."""

    origin: Literal["agent", "case"]
    queue: str
    number: str
    opens: float
    """Not before; in the past: at once."""
    by: str
    """The agent who asks."""
    closes: float | None = None
    """``None``: after the longest wait of the queue."""
    agent: str | None = None
    """Kept for them first, and after the queue's fallback for anybody."""
    key: str = ""
    """What whoever asks calls this request: sent again with the same, it is booked once."""
    name: str = ""
    person: str | None = None
    language: str = ""
    zone: str = ""
    reason: str = ""
    words: str = ""
    case: str | None = None
    slot: SlotHold | None = None
    """Of the window, if it is one of those that customers are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """A likely answer, in the visitor's language."""

    id: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Likely answers; ``id`` names the deflection, empty when there are none."""

    id: str = ""
    answers: tuple[AnswerShown, ...] = field(default=())


class FormRefused(CallbackRefused):
    """A form was not booked, and how to go on. Everything that was typed is to be kept.

    ``why`` is for staff; ``code`` and ``message`` are what the customer may be told: a number on
    the list of those who do not want to be called is refused in the same words as one that was
    asked for too often or begins like others that are not called, so that nobody can find out about
    somebody else.
    """

    def __init__(
        self,
        why: Denial,
        field: str = "",
        detail: str = "",
        ref: str = "",
        *,
        code: Denial,
        message: str,
        token: str = "",
        challenge: Challenge | None = None,
        wait: float = 0.0,
        links: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(why, field, detail, ref)
        self.code: Denial = code
        self.message = message
        """In the language of the form."""
        self.token = token
        """To be sent from now on instead of the form's; empty: that one still holds."""
        self.challenge = challenge
        """To be solved; belongs to ``token``."""
        self.wait = wait
        """Seconds after which the form may be sent without the work (`Solution` without a counter);
        the way for devices that are too slow for it. 0: there is no such way now."""
        self.links = links or {}
        """Of the open callback, for who proved that the number is theirs."""


class LinkRefused(Exception):  # noqa: N818  # reads as the reason it is
    """The key of a link is not good: ``wrong`` (changed, of another callback, or no such callback)
    or ``over`` (too old)."""

    def __init__(self, why: Literal["wrong", "over"]) -> None:
        super().__init__(why)
        self.why: Literal["wrong", "over"] = why


class TooLate(Exception):  # noqa: N818  # reads as the reason it is
    """It cannot be changed any more: ``ended``, or it is being called (``now``)."""

    def __init__(self, why: Literal["ended", "now"], callback: Callback) -> None:
        super().__init__(why)
        self.why: Literal["ended", "now"] = why
        self.callback = callback


class UnknownSite(LookupError):  # noqa: N818  # reads as the reason it is
    """No such website is known here."""
