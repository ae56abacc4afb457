"""Who gets which call: the rules one by one, their bounds, and refused nonsense."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.events import QueueSettings, StepSettings
from callcenter.floor.routing import NAMED, Router, Waiting
from callcenter.floor.skills import BadExpression, parse

LOANS = QueueSettings(
    queue="loans",
    steps=(
        StepSettings(after=0, want="loans >= 3"),
        StepSettings(after=30, want="loans"),
        StepSettings(after=60, want="any"),
    ),
)


def waiting(call: str = "c", at: float = 100.0, **more: Any) -> Waiting:
    return Waiting(**{"call": call, "queue": "desk", "place": at, "since": at} | more)


def router(*ready: str, **more: Any) -> Router:
    """Agents of the queue ``desk`` who are ready, the first one longest."""
    made = Router(**more)
    made.set_queue(LOANS)
    for n, agent in enumerate(ready):
        made.agent_in(agent, {"loans": min(n, 5)}, {"desk"})
        made.agent_ready(agent, float(n))
    return made


def chosen(made: Router, call: str = "c", now: float = 100.0) -> tuple[str | None, str]:
    decision = made.decide_call(call, now)
    return decision.agent, decision.rule


def test_longest_idle() -> None:
    """Whoever has been idle longest; equal times go by the agent's id."""
    made = router("b", "a")
    made.wait(waiting())
    assert chosen(made) == ("b", "longest_idle")
    made.agent_ready("a", 0.0)
    assert chosen(made) == ("a", "longest_idle")


def test_longest_idle_of_a_few_among_many() -> None:
    """Who signed in first has no precedence, however few of many may take the call."""
    made = router(*(f"agent{n:03}" for n in range(300)))
    for n in range(300):
        made.membership_changed(f"agent{n:03}", {"desk"} if n in (7, 200) else set())
    made.agent_ready("agent200", 1.5)
    made.wait(waiting())
    assert chosen(made, now=400.0) == ("agent200", "longest_idle")


def test_every_agent_gets_one_verdict() -> None:
    """The trace names the chosen one first and accounts for everybody who is signed in."""
    made = router("ann", "bob", "cid", "dan", "eve")
    made.agent_busy("cid", "wrapup")
    made.membership_changed("dan", frozenset())
    made.wait(waiting(kept_from={"ann": 110.0}))
    decision = made.decide_call("c", 100.0)
    assert [(one.agent, one.verdict, one.detail) for one in decision.considered] == [
        ("bob", "chosen", "idle for 99 s"),
        ("eve", "idle_shorter", "idle for 96 s"),
        ("ann", "kept_from_agent", "10 s more"),
        ("cid", "not_ready", "wrapup"),
        ("dan", "not_skilled", "not a member of the queue"),
    ]
    assert dict(decision.counts) == dict.fromkeys(
        ("chosen", "idle_shorter", "kept_from_agent", "not_ready", "not_skilled"), 1
    )
    assert (decision.want, decision.ready, decision.eligible) == ("member", 3, 4)


def test_the_trace_of_many_agents_is_short() -> None:
    """It names a dozen and counts all."""
    made = router(*(f"agent{n:03}" for n in range(300)))
    made.wait(waiting())
    decision = made.decide_call("c", 400.0)
    assert len(decision.considered) == NAMED
    assert dict(decision.counts) == {"chosen": 1, "idle_shorter": 299}


def test_steps_widen_by_the_clock() -> None:
    """Whether anybody was rung meanwhile or not, and the deadline of each is known."""
    made = router()
    made.agent_in("low", {"loans": 1}, frozenset())
    made.agent_ready("low", 0.0)
    made.wait(waiting(queue="loans"))
    assert chosen(made, now=100.0) == (None, "nobody_skilled")
    assert made.next_change(100.0) == 130.0
    made.reserved("c")
    assert made.changed(130.0) == ()
    made.released("c")
    assert made.next_change(130.0) == 160.0
    assert chosen(made, now=130.0) == ("low", "longest_idle")
    assert made.decide_call("c", 160.0).want == "any"
    assert made.changed(160.0) == ("c",)
    assert made.next_change(160.0) is None


def test_a_clock_that_is_set_back() -> None:
    """Steps are where they are at the moment asked about, in whatever order one asks."""
    made = router()
    made.wait(waiting(queue="loans"))
    assert [made.explain("c", now).step for now in (165.0, 135.0, 105.0, 135.0)] == [2, 1, 0, 1]
    made.changed(105.0)
    assert made.next_change(105.0) == 130.0


def test_what_widened_is_due_until_it_is_looked_at() -> None:
    """A decision on one call does not swallow the news that another may be taken by more."""
    made = router()
    made.wait(waiting("c1", queue="loans"))
    made.wait(waiting("c2", queue="loans"))
    made.decide_call("c2", 131.0)
    assert made.next_change(131.0) == 131.0
    assert made.changed(131.0) == ("c1", "c2")
    assert made.next_change(131.0) == 160.0


def test_kept_for_the_last_agent() -> None:
    """Until the time is up, or that agent cannot be expected any more."""
    made = router("ann", "bob")
    made.agent_busy("bob", "talking")
    made.wait(waiting(preferred="bob", preferred_until=120.0))
    assert chosen(made) == (None, "kept_for_last_agent")
    assert made.decide_agent("ann", 100.0) is None
    assert made.decide_next(100.0) is None
    assert made.free("c") == 0
    assert made.next_change(100.0) == 120.0
    made.agent_ready("bob", 99.0)
    assert chosen(made) == ("bob", "last_agent")
    made.agent_busy("bob", "break")
    assert made.changed(100.0) == ("c",)
    assert chosen(made) == ("ann", "longest_idle")
    made.agent_busy("bob", "talking")
    assert chosen(made, now=120.0) == ("ann", "longest_idle")
    made.agent_out("bob")
    assert chosen(made) == ("ann", "longest_idle")


def test_filler_fills_idle_time_only() -> None:
    """No outbound work for whom a call waits, nor above the occupancy cap."""
    made = router("ann", occupancy_cap=0.8)
    made.agent_ready("ann", 0.0, 0.8)
    made.wait(waiting("out", at=0.0, kind="filler"))
    assert chosen(made, "out") == (None, "occupied")
    made.agent_ready("ann", 0.0, 0.79)
    assert chosen(made, "out") == ("ann", "longest_idle")
    made.wait(waiting("in", at=100.0))
    decision = made.decide_agent("ann", 100.0)
    assert decision is not None
    assert decision.call == "in"
    assert chosen(made, "out") == (None, "earlier_calls")


def test_calls_ahead_are_served_first() -> None:
    """A call that comes while one ahead of it can be taken does not jump the line."""
    made = router("ann", "bob")
    made.wait(waiting("first", at=90.0, kept_from={"ann": 95.0}))
    made.wait(waiting("second", at=91.0))
    made.wait(waiting("third", at=92.0))
    assert chosen(made, "second", 94.0) == ("ann", "longest_idle")
    assert chosen(made, "second", 95.0) == ("bob", "longest_idle")
    third = made.explain("third", 95.0)
    assert (third.agent, third.rule, third.ahead) == (None, "earlier_calls", 2)
    assert {one.agent: one.detail for one in third.considered} == {
        "ann": "takes first", "bob": "takes second"
    }  # fmt: skip


def test_place_is_kept() -> None:
    """Through a reservation, a refusal and another queue; reserved calls count as ahead."""
    made = router("ann")
    made.wait(waiting("first", at=90.0))
    made.wait(waiting("second", at=91.0))
    made.reserved("first")
    assert (made.position("second"), made.waiting("desk")) == (2, ("first", "second"))
    assert chosen(made, "first") == (None, "reserved")
    decision = made.decide_agent("ann", 100.0)
    assert decision is not None
    assert decision.call == "second"
    made.released("first")
    made.keep_from("first", "ann", 160.0)
    made.wait(waiting("first", at=90.0, queue="other", since=100.0))
    assert (made.ahead("second"), made.position("second")) == (1, 1)


def test_a_reserved_call_may_move_to_another_queue() -> None:
    """It stays reserved there, and is offered once when it is released."""
    made = router("ann")
    made.wait(waiting(at=90.0, queue="loans"))
    made.reserved("c")
    made.wait(waiting(at=90.0, since=100.0))
    assert made.decide_agent("ann", 100.0) is None
    made.released("c")
    made.released("c")
    decision = made.decide_next(100.0)
    assert decision is not None
    assert (decision.agent, decision.trigger) == ("ann", "step")
    made.left("c")
    assert not made.knows("c")
    assert made.decide_next(100.0) is None


def test_a_promised_time_comes_nearer() -> None:
    """At the promised moment the call counts as having waited max_credit, not more."""
    made = router(max_credit=600.0)
    made.wait(waiting("slot", at=1000.0, promised=1300.0))
    made.wait(waiting("late", at=1000.0, promised=0.0))
    assert made.explain("slot", 1300.0).score == 600.0
    assert made.explain("late", 1000.0).score == 600.0


def test_a_wish_ends() -> None:
    """The skill a predicted reason asks for is asked for a while only."""
    made = router("ann", "bob")
    made.wait(waiting(want=parse("loans"), want_until=160.0))
    assert made.decide_call("c", 100.0).want == "member and loans >= 1"
    assert chosen(made) == ("bob", "longest_idle")
    assert chosen(made, now=160.0) == ("ann", "longest_idle")


def test_anybody() -> None:
    """Whether somebody signed in could take it by this or a later step, in whatever state."""
    made = router()
    made.wait(waiting("c", queue="loans"))
    made.wait(waiting("d"))
    assert not made.anybody("c")
    made.agent_in("ann", {}, frozenset())
    made.agent_busy("ann", "break")
    assert made.anybody("c")
    assert not made.anybody("d")


def test_order_of_told_facts_does_not_matter_for_ranks() -> None:
    """New rules rank and group the calls in line anew, reserved ones too."""
    made = router("ann")
    made.wait(waiting("c", queue="loans"))
    made.reserved("c")
    assert made.explain("c", 100.0).want == "loans >= 3"
    made.set_queue(QueueSettings(queue="loans", steps=(StepSettings(after=0, want="any"),)))
    assert made.explain("c", 100.0).want == "any"
    made.released("c")
    assert chosen(made) == ("ann", "longest_idle")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((StepSettings(after=5, want=""),), "queue 'x', step 1: begins after 5 s; the first"),
        (
            (StepSettings(after=0, want=""), StepSettings(after=0, want="")),
            "step 2: begins after 0 s, not later than the one before",
        ),
        ((StepSettings(after=0, want="loans >="),), "queue 'x', step 1: expected a level"),
        ((StepSettings(after=0, want="lones"),), "no skill is called 'lones', did you mean"),
    ],
)
def test_bad_steps(steps: tuple[StepSettings, ...], message: str) -> None:
    """The queue and the step are named, and nothing changed."""
    made = router("ann", skills=("loans",))
    made.wait(waiting(queue="x"))
    with pytest.raises((ValueError, BadExpression), match=message):
        made.set_queue(QueueSettings(queue="x", steps=steps))
    assert made.explain("c", 100.0).want == "member"


def test_unknown_and_impossible() -> None:
    """Said in words, and nothing changed."""
    made = router("ann")
    made.wait(waiting())
    before = made.explain("c", 100.0)
    for wrong in (made.left, made.reserved, made.position, made.ahead, made.anybody):
        with pytest.raises(KeyError, match="no call 'x' is waiting"):
            wrong("x")
    for wrong in (made.agent_out, lambda a: made.agent_ready(a, 0.0)):
        with pytest.raises(KeyError, match="no agent 'x' is signed in"):
            wrong("x")
    with pytest.raises(ValueError, match="is no level from 0 to 5"):
        made.skills_changed("ann", {"loans": 6})
    with pytest.raises(ValueError, match="agent 'ann': idle since nan"):
        made.agent_ready("ann", float("nan"))
    with pytest.raises(ValueError, match="has no proper times"):
        made.wait(waiting(at=float("nan")))
    with pytest.raises(ValueError, match="max_credit is -1"):
        Router(max_credit=-1)
    assert made.explain("c", 100.0) == before


seconds = st.floats(0, 5000).map(lambda s: round(s, 1))
calls = st.tuples(seconds, st.floats(-100, 5000), st.none() | st.floats(-1000, 9000))


@given(st.lists(calls, min_size=2, max_size=30), st.sampled_from([0.0, 1.0, 300.0]))
def test_nobody_is_overtaken_from_far_behind(
    line: list[tuple[float, float, float | None]], most: float
) -> None:
    """Whatever credit and promises others have, no call that came ``max_credit`` seconds later or
    more is served before; among equal credit, first come is first served."""
    made = router(max_credit=most)
    line.sort(key=lambda one: one[0])
    for n, (place, credit, promised) in enumerate(line):
        made.wait(waiting(f"c{n}", at=place, credit=credit, promised=promised))
    made.agent_in("ann", {}, {"desk"})
    made.agent_ready("ann", 0.0)
    served: list[int] = []
    while (decision := made.decide_agent("ann", 5000.0)) is not None:
        served.append(int(decision.call[1:]))
        made.left(decision.call)
    assert sorted(served) == list(range(len(line)))
    for turn, n in enumerate(served):
        for later in served[turn + 1 :]:  # n overtakes those who came before it
            assert n < later or line[n][0] <= line[later][0] + most
            if line[n][1:] == line[later][1:] and line[n][2] is None:
                assert n < later


@given(st.floats(1.0, 60.0), st.integers(0, 50))
def test_an_endless_stream_of_important_calls_starves_nobody(every: float, ahead: int) -> None:
    """One agent, as many calls with the highest credit as they can take: an ordinary caller is
    served after those ahead and those who came within ``max_credit``, and no later."""
    most = 300.0
    made = router("ann", max_credit=most)
    for n in range(ahead):
        made.wait(waiting(f"ahead{n}", at=-1.0, credit=most))
    made.wait(waiting("ordinary", at=0.0))
    bound = ahead + most / every + 1
    for turn in range(int(bound) + 2):
        now = turn * every
        made.wait(waiting(f"important{turn}", at=now, credit=1e9))
        decision = made.decide_agent("ann", now)
        assert decision is not None
        made.left(decision.call)
        if decision.call == "ordinary":
            assert turn <= bound
            return
    pytest.fail("the ordinary caller was never served")
