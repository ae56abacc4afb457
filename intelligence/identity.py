"""Who is calling: the people behind a number, weighed against each other and against a stranger.

Pure: ``identify`` sees the number as understood, the name the network sent and the people found.

The weighing is Bayes' rule with one factor for each independent piece of evidence. Person *i* has
the weight

    w_i = reading_i * contact_i * matter_i * name_i

and "somebody else" (a guest at the telephone, a number that changed hands, a person behind the
number we were not given) has ``STRANGER`` plus one unit of prior weight for each unseen sharer, so

    P(i) = w_i / (stranger + sum of all w)

and the probabilities of all candidates sum to less than 1; the rest is somebody else. Each constant
below says what ratio of frequencies it stands for. They are the only numbers here, and a test holds
the resulting probabilities against what really happened in the generated population.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from callcenter.floor.card import Candidate, Evidence, IdentityState
from callcenter.ports import PersonRow, PhoneNumber

from .matters import SETTLED, open_matters
from .names import LONGEST, Likeness, likeness

KNOWN = 0.8
"""From this probability on one person is taken for the caller."""
NOTICED = 0.02
"""Candidates below it are not worth an agent's glance."""
STRANGER = 0.06
"""About one call in seventeen from a registered number is made by somebody else."""
LATER_READING = 0.2
"""A later reading of an ambiguous number is right about five times as rarely as the one before."""
RECENT_CONTACT = ((2 * 86400.0, 2.5), (7 * 86400.0, 1.5))
"""Who called within this many seconds calls again so much more often than others."""
OPEN_MATTER = 4.0
"""Somebody with something open calls about twice as often as somebody without."""
NAME = {"same": 20.0, "initials": 8.0, "family": 2.0, "different": 0.4, "not_comparable": 1.0}
"""How much likelier the network sends such a name when the person calls than when another does.
A different name is weak evidence against: it is often that of whoever pays for the line."""
MOST = 10

_NUMBER_CODES = ("number_exact", "number_variant")


def identify(
    number: PhoneNumber,
    caller_name: str | None,
    people: Sequence[PersonRow],
    at: float,
    settled: Collection[str] = SETTLED,
) -> tuple[IdentityState, tuple[Candidate, ...]]:
    """Rank the people behind ``number`` as of ``at``, likeliest first.

    The state is ``known`` when the first is at least ``KNOWN``, ``candidates`` when somebody is
    possible but not that likely, ``unknown`` when nobody is, ``anonymous`` when the number is
    withheld (a name alone identifies nobody).
    """
    if number.anonymous:
        return "anonymous", ()
    weighed = [(_weigh(number, caller_name, person, at, settled), person) for person in people]
    total = _stranger(people) + sum(weight for (weight, _), _ in weighed)
    candidates = [
        Candidate(
            person=person.id,
            name=person.name,
            probability=round(weight / total, 6),
            evidence=evidence,
        )
        for (weight, evidence), person in weighed
    ]
    candidates.sort(key=lambda one: (-one.probability, one.person))
    noticed = tuple(one for one in candidates if one.probability >= NOTICED)[:MOST]
    if not noticed:
        return "unknown", ()
    return ("known" if noticed[0].probability >= KNOWN else "candidates"), noticed


def chosen(person: PersonRow, asked_back: bool = False) -> tuple[IdentityState, Candidate]:
    """The agent has asked and says it is this person, or it is who asked to be called back
    (``asked_back``): no doubt is left."""
    evidence = Evidence(code="asked_for_callback" if asked_back else "chosen_by_agent")
    return "known", Candidate(
        person=person.id, name=person.name, probability=1.0, evidence=(evidence,)
    )


def _weigh(
    number: PhoneNumber,
    caller_name: str | None,
    person: PersonRow,
    at: float,
    settled: Collection[str],
) -> tuple[float, tuple[Evidence, ...]]:
    place, matched = _reading(number, person)
    weight = LATER_READING**place
    evidence = [Evidence(code=_NUMBER_CODES[min(place, 1)], detail=matched)]
    if person.sharers > 1:
        evidence.append(Evidence(code="number_shared", detail=str(person.sharers)))
    fit: Likeness = likeness(caller_name, person.name) if caller_name else "not_comparable"
    weight *= NAME[fit]
    if fit in ("same", "initials", "family"):
        evidence.append(Evidence(code="name_match", detail=(caller_name or "")[:LONGEST]))
    latest = max((c.at for c in person.contacts if c.at <= at), default=None)
    if latest is not None:
        for within, factor in RECENT_CONTACT:
            if at - latest <= within:
                weight *= factor
                evidence.append(Evidence(code="recent_contact", detail=_reason_at(person, latest)))
                break
    matters = [matter for matter in open_matters(person, at, settled) if matter.open]
    if matters:
        weight *= OPEN_MATTER
        evidence.append(Evidence(code="open_matter", detail=matters[0].kind))
    return weight, tuple(evidence)


def _reading(number: PhoneNumber, person: PersonRow) -> tuple[int, str | None]:
    """Place of the reading through which the person was found, 0 for the likeliest."""
    values = {point.value for point in person.points if point.kind == "phone"}
    if person.matched is not None:
        values.add(person.matched)
    for place, reading in enumerate(number.readings):
        if reading in values:
            return place, reading
    # Found by something that is not a reading (an account code): as good as the likeliest.
    return 0, person.matched


def _stranger(people: Sequence[PersonRow]) -> float:
    """Weight of everybody we do not see: strangers, and sharers beyond those we were given."""
    unseen = max((person.sharers for person in people), default=0) - len(people)
    return STRANGER + max(0, unseen)


def _reason_at(person: PersonRow, latest: float) -> str | None:
    """What that contact was about, if it was noted."""
    return next((c.reason for c in person.contacts if c.at == latest), None)
