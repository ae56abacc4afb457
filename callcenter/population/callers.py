"""Who rings, with which number, for what: one call drawn as the made-up customers make them.

Both the played past week and living simulated callers come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from .causes import BASE, MOST_A_DAY, QUEUE_OF, rates
from .lives import Life
from .names import Name, family_name, full_name, network_name
from .numbers import NumberPool, network_form

DIALLED = {
    "service": "+442079460100",
    "sales": "+442079460101",
    "support": "+442079460102",
}
"""The bank's own numbers, one for each queue (those of ``config/asterisk/extensions.conf``)."""

UNKNOWN = 0.07
"""Share of calls by people who are not customers, from numbers nobody knows."""
BORROWED = 0.03
"""Share of calls from a customer's number by somebody else."""
WITHHELD = 0.05
ASTRAY = 0.1
"""Share of callers in another queue than the usual one for their reason."""
MEAN_PATIENCE = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCall:
    """A call about to be made. What the engine may see is ``number``, ``name`` and ``dialled``."""

    person: str | None
    """The customer who really calls; ``None``: nobody the bank knows."""
    number: str | None
    """As the exchange reports it: national or international, or ``None`` when withheld."""
    name: str | None
    queue: str
    dialled: str
    reason: str
    """Why they really call."""
    truth: Mapping[str, float]
    """The true probability of each reason for this person at this moment."""
    patience: float
    """Seconds they wait before they give up."""


def draw_call(rng: Random, life: Life, truth: Mapping[str, float]) -> NextCall:
    """A call by this customer, whose reasons have the probabilities ``truth``."""
    phones = [point for point in life.base.points if point.kind == "phone"]
    weights = [{"mobile": 6.0, "home": 2.5, "work": 1.0}[p.label or "home"] for p in phones]
    phone = rng.choices(phones, weights)[0].value
    if rng.random() < BORROWED:
        language = life.base.language or "en"
        guest = full_name(rng, language, family_name(rng, language))
        return _call(rng, None, guest, network_form(rng, phone), BASE)
    shown = None if rng.random() < WITHHELD else network_form(rng, phone)
    return _call(rng, life.base.id, life.name, shown, truth)


def draw_stranger(rng: Random) -> NextCall:
    """A call by somebody who is no customer."""
    name = full_name(rng, "en", family_name(rng, "en"))
    number = NumberPool(rng).mobile(rng.choice(("GB", "US", "DE")))
    shown = None if rng.random() < WITHHELD else network_form(rng, number)
    return _call(rng, None, name, shown, BASE)


def next_call(rng: Random, lives: list[Life], at: float, settled: frozenset[str]) -> NextCall:
    """The next caller at ``at``: customers in proportion to how often they call just then.

    Draws customers at random and keeps one with a probability in proportion to their rate, so it is
    exact at every moment and never looks at all of them; about 30 draws of some microseconds.
    """
    if not lives or rng.random() < UNKNOWN:
        return draw_stranger(rng)
    while True:
        life = rng.choice(lives)
        per_day = rates(life, at, settled)
        total = sum(per_day.values())
        if rng.random() * MOST_A_DAY < total:
            return draw_call(rng, life, {code: rate / total for code, rate in per_day.items()})


def _call(
    rng: Random, person: str | None, name: Name, number: str | None, truth: Mapping[str, float]
) -> NextCall:
    reason = rng.choices(list(truth), list(truth.values()))[0]
    queue = QUEUE_OF.get(reason, "service")
    if rng.random() < ASTRAY:
        queue = rng.choice([other for other in DIALLED if other != queue])
    return NextCall(
        person=person,
        number=number,
        name=None if number is None else network_name(rng, name),
        queue=queue,
        dialled=DIALLED[queue],
        reason=reason,
        truth=truth,
        patience=20.0 + rng.expovariate(1 / MEAN_PATIENCE),
    )
