"""Who is calling, and how sure that is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.card import Candidate
from callcenter.ports import CaseRow, PersonRow
from intelligence.identity import KNOWN, MOST, chosen, identify
from tests.contract.samples import contact, person, phone

from .kit import WITHHELD, number

AT = 1_700_000_000.0
DAY = 86400.0
HOME, OTHER = "+442079460123", "+12079460123"


def at_home(who: str, name: str, sharers: int = 1, **changes: object) -> PersonRow:
    return person(who, phone(HOME, "home"), name=name, matched=HOME, sharers=sharers, **changes)


def codes(candidate: Candidate) -> list[str]:
    return [evidence.code for evidence in candidate.evidence]


def test_the_only_person_behind_an_exact_number_is_known() -> None:
    """One person, one exact number: known, with a rest left for a guest at the telephone."""
    state, (only,) = identify(number(HOME), None, [at_home("p1", "John Smith")], AT)
    assert state == "known"
    assert KNOWN < only.probability < 1
    assert codes(only) == ["number_exact"]
    assert only.evidence[0].detail == HOME


def test_a_withheld_number_is_anonymous_whatever_the_name() -> None:
    """A name alone identifies nobody."""
    assert identify(WITHHELD, "John Smith", [at_home("p1", "John Smith")], AT) == ("anonymous", ())


def test_a_number_of_nobody_is_unknown() -> None:
    """No people, no candidates."""
    assert identify(number(HOME), "John Smith", [], AT) == ("unknown", ())


def test_a_household_gives_candidates_and_the_name_decides() -> None:
    """Without a name two people are alike; with one the right one is known."""
    people = [at_home("p1", "John Smith", 2), at_home("p2", "Mary Smith", 2)]
    state, both = identify(number(HOME), None, people, AT)
    assert state == "candidates"
    assert both[0].probability == both[1].probability < 0.5
    assert "number_shared" in codes(both[0])
    state, named = identify(number(HOME), "SMITH MARY", people, AT)
    assert (state, named[0].person) == ("known", "p2")
    assert "name_match" in codes(named[0])


def test_who_has_something_open_or_called_lately_is_likelier() -> None:
    """The same household: an open case and a contact yesterday move the weight."""
    case = CaseRow(
        id="C1", opened=AT - DAY, closed=None, reason="refund", title="Refund", state="open"
    )
    people = [
        at_home("p1", "John Smith", 2),
        at_home("p2", "Mary Smith", 2, cases=(case,), contacts=(contact("k1", AT - DAY),)),
    ]
    _, ranked = identify(number(HOME), None, people, AT)
    assert ranked[0].person == "p2"
    assert {"recent_contact", "open_matter"} <= set(codes(ranked[0]))
    assert ranked[0].probability > 4 * ranked[1].probability


def test_a_contact_in_the_future_counts_for_nothing() -> None:
    """What is dated after the call is not evidence."""
    people = [at_home("p1", "John Smith", contacts=(contact("k1", AT + 5),))]
    _, (only,) = identify(number(HOME), None, people, AT)
    assert "recent_contact" not in codes(only)


def test_a_later_reading_of_the_number_weighs_less() -> None:
    """An ambiguous number: who has the likelier reading is the likelier caller."""
    people = [
        person("p1", phone(OTHER), name="A", matched=OTHER),
        person("p2", phone(HOME), name="B", matched=HOME),
    ]
    _, ranked = identify(number(HOME, OTHER), None, people, AT)
    assert [one.person for one in ranked] == ["p2", "p1"]
    assert codes(ranked[1]) == ["number_variant"]
    assert ranked[0].probability == pytest.approx(5 * ranked[1].probability, rel=1e-3)


def test_sharers_who_are_not_shown_keep_their_part() -> None:
    """Ten of 110 people behind a switchboard: each one's probability is of all 110."""
    people = [at_home(f"p{n}", f"Name {n}", 110) for n in range(10)]
    state, shown = identify(number(HOME), None, people, AT)
    assert state == "unknown"
    assert shown == ()
    people = [at_home(f"p{n}", f"Name {n}", 20) for n in range(10)]
    state, shown = identify(number(HOME), None, people, AT)
    assert state == "candidates"
    assert len(shown) == MOST
    assert sum(one.probability for one in shown) < 0.51


def test_the_agents_word_ends_all_doubt() -> None:
    """A person chosen by the agent is known with certainty, and the evidence says why."""
    state, candidate = chosen(at_home("p1", "John Smith"))
    assert (state, candidate.probability) == ("known", 1.0)
    assert codes(candidate) == ["chosen_by_agent"]


@given(
    st.lists(
        st.tuples(
            st.text(max_size=20),
            st.sampled_from((HOME, OTHER)),
            st.integers(1, 30),
            st.floats(0, 2e9, allow_nan=False),
        ),
        max_size=12,
    ),
    st.none() | st.text(max_size=40),
)
def test_probabilities_are_true_to_the_name_for_any_people(
    described: list[tuple[str, str, int, float]], caller: str | None
) -> None:
    """Each is within 0 and 1, they fall in order and leave something for somebody else."""
    people = [
        person(
            f"p{n}", phone(point), name=name, matched=point, sharers=sharers,
            contacts=(contact(f"k{n}", when),),
        )
        for n, (name, point, sharers, when) in enumerate(described)
    ]  # fmt: skip
    state, ranked = identify(number(HOME, OTHER), caller, people, AT)
    shares = [one.probability for one in ranked]
    assert all(0 < share <= 1 for share in shares)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) < 1
    assert (state == "unknown") == (not ranked)
    assert (state == "known") == (bool(shares) and shares[0] >= KNOWN)


def test_who_asked_to_be_called_back() -> None:
    """No doubt either, and it is not said that the agent confirmed it."""
    identity, candidate = chosen(at_home("p1", "John Smith"), asked_back=True)
    assert identity == "known"
    assert codes(candidate) == ["asked_for_callback"]
