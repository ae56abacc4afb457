"""Who is chosen: steps, the last agent, likely reasons, and calls that are looked up."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Contact, Profile, Reason
from callcenter.floor.errors import UnknownCall
from callcenter.floor.orders import RecordDecision, Ring
from tests.unit.callcenter.floor.engine_line import MEI, TOM, Line, only, service


def test_steps_widen_by_the_clock_while_a_phone_rings() -> None:
    """A level 3 agent who does not answer does not keep the call from the others."""
    steps = (e.StepSettings(after=0, want="cards >= 3"), e.StepSettings(after=20, want="cards"))
    line = Line(service(steps=steps))
    line.sign_in("mei", MEI, cards=1)
    line.arrive("c1")
    assert only(line.orders, Ring) == []
    line.pass_time(19)
    assert only(line.orders, Ring) == []
    line.pass_time(2)
    assert line.ring().device == MEI


def test_a_step_that_begins_while_the_line_is_cut_rings_nobody() -> None:
    """Nobody knows what the exchange does; once it is compared, the wider step counts at once."""
    wider = (e.StepSettings(after=0.0, want="cards >= 3"), e.StepSettings(after=10.0, want="any"))
    line = Line(service(steps=wider))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert only(line.pass_time(20), Ring) == []
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    line.compared("c1")
    assert line.ring().call == "c1"


def test_the_last_agent_is_waited_for_and_then_not() -> None:
    """Sticky: the agent they talked to, if signed in; after the expiry anybody."""
    line = Line(service(sticky_seconds=20.0))
    line.sign_in("mei", MEI)
    line.sign_in("tom", TOM)
    line.arrive("c0")
    line.pass_time(0.06)
    first = line.ring()
    assert first.device == MEI
    line.arrive("c1")
    assert only(line.orders, Ring) == [], "not before the caller is known"
    talked = Contact(
        call="old", at=line.at - 86400, queue="service", agent="mei", reason=None, outcome=None,
        notes="", wait=1.0, talk=60.0, transfers=0, ended="completed",
    )  # fmt: skip
    line.say(known(line, "c1", (talked,)))
    assert only(line.orders, Ring) == [], "kept for mei"
    line.pass_time(21)
    assert line.ring().device == TOM


def known(
    line: Line, call: str, contacts: tuple[Contact, ...] = (), tier: str | None = None
) -> e.CallerIdentified:
    profile = Profile.__new__(Profile)
    for name in Profile.__dataclass_fields__:
        object.__setattr__(profile, name, None)
    for name, value in (("person", "p1"), ("contacts", contacts), ("tier", tier)):
        object.__setattr__(profile, name, value)
    return e.CallerIdentified(at=line.at, call=call, identity="known", profile=profile, ask=1)


def test_an_unknown_caller_is_not_waited_for_long() -> None:
    """The mind says nothing: after a twentieth of a second the call is given out as it is."""
    line = Line(service(sticky_seconds=20.0))
    line.sign_in("mei", MEI)
    line.arrive("c1")
    assert only(line.orders, Ring) == []
    line.pass_time(0.06)
    assert line.ring().device == MEI


def test_a_likely_reason_chooses_the_queue_above_its_probability_only() -> None:
    """Below the calibrated threshold nothing changes; above it the call moves with its place."""
    queues = (
        service(steps=(e.StepSettings(after=0, want="service"),)),
        e.QueueSettings(
            queue="cards", distribution="engine",
            steps=(e.StepSettings(after=0, want="cards"),),
        ),
    )  # fmt: skip
    rule = e.ReasonRule(reason="card_lost", above=0.8, queue="cards")
    for probability, device in ((0.79, MEI), (0.81, TOM)):
        line = Line(*queues, reason_rules=(rule,))
        line.sign_in("mei", MEI, service=3)
        line.sign_in("tom", TOM, cards=3)
        line.arrive("c1")
        line.say(known(line, "c1"))
        line.say(
            e.ReasonsPredicted(
                at=line.at, call="c1", model="m", ask=1,
                reasons=(Reason(code="card_lost", probability=probability),),
            )
        )  # fmt: skip
        assert line.ring().device == device


def test_the_reasons_of_a_head_count_together() -> None:
    """A rule may name a head: what its reasons have together is what counts."""
    queues = (
        service(steps=(e.StepSettings(after=0, want="service"),)),
        e.QueueSettings(
            queue="cards", distribution="engine",
            steps=(e.StepSettings(after=0, want="cards"),),
        ),
    )  # fmt: skip
    leaves = ("card_lost", "card_declined")
    rule = e.ReasonRule(reason="cards", leaves=leaves, above=0.6, queue="cards")
    for second, device in ((0.15, MEI), (0.25, TOM)):
        line = Line(*queues, reason_rules=(rule,))
        line.sign_in("mei", MEI, service=3)
        line.sign_in("tom", TOM, cards=3)
        line.arrive("c1")
        line.say(known(line, "c1"))
        likely = (
            Reason(code="card_lost", probability=0.4),
            Reason(code="card_declined", probability=second),
            Reason(code="fees", probability=0.2),
        )
        line.say(e.ReasonsPredicted(at=line.at, call="c1", model="m", ask=1, reasons=likely))
        assert line.ring().device == device


def two_lines(**settings: object) -> Line:
    """Calls for ``vip`` come first; who has a fault waits for somebody technical."""
    return Line(
        e.QueueSettings(queue="vip", distribution="engine", credit=300.0),
        service(),
        reason_rules=(e.ReasonRule(reason="fault", above=0.5, want="tech >= 3"),),
        **settings,
    )


def understood(line: Line, call: str, *reasons: Reason) -> None:
    line.say(e.ReasonsPredicted(at=line.at, call=call, reasons=reasons, model="m", ask=1))


def looked_up(line: Line, call: str) -> None:
    line.say(e.CallerIdentified(at=line.at, call=call, identity="unknown", ask=1))


FAULT = Reason(code="fault", probability=0.9)


@pytest.mark.parametrize("how", ["another wish", "gives up", "no answer"])
def test_an_agent_kept_for_a_call_that_is_looked_up_gets_the_next_one(how: str) -> None:
    """The first call turns out not to be for them: the one behind it does not wait on."""
    line = two_lines()
    line.sign_in("mei", MEI, ready=False, english=3)
    line.arrive("c2")
    looked_up(line, "c2")
    understood(line, "c2")
    line.arrive("c1", "vip")
    looked_up(line, "c1")
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    assert line.states() == {"mei": "ready"}
    if how == "another wish":
        understood(line, "c1", FAULT)
        assert line.ring().call == "c2"
    elif how == "gives up":
        line.say(e.CallLeftQueue(at=line.at, call="c1", queue="vip", why="abandoned"))
        assert line.ring().call == "c2"
    else:
        line.pass_time(0.1)
        assert line.ring().call == "c1"


def test_a_call_behind_one_that_is_looked_up_gets_the_agent_in_the_end() -> None:
    """It came while the agent was kept for the one before."""
    line = two_lines()
    line.sign_in("mei", MEI, english=3)
    line.arrive("c1", "vip")
    looked_up(line, "c1")
    line.arrive("c2")
    looked_up(line, "c2")
    understood(line, "c2")
    assert line.states() == {"mei": "ready"}
    understood(line, "c1", FAULT)
    assert line.ring().call == "c2"


def test_a_dry_run_says_who_and_changes_nothing() -> None:
    """The supervisor sees the same decision that would be made."""
    line = Line()
    line.arrive("c1")
    before = line.floor.queue_views()
    decision = line.floor.explain("c1", line.at)
    assert (decision.agent, decision.trigger) == (None, "dry_run")
    assert line.floor.queue_views() == before
    with pytest.raises(UnknownCall):
        line.floor.explain("c9", line.at)


def test_what_changes_nothing_is_not_decided_again() -> None:
    """Where neither tier, reason nor last agent counts, one decision says that a call waits."""
    line = Line()
    (kept,) = only(line.arrive("c1"), RecordDecision)
    assert kept.decision.agent is None
    assert only(line.say(known(line, "c1")), RecordDecision) == []
