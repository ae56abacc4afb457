"""The simulated exchange by itself: queues share out calls, nothing gets stuck, days repeat."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.simulator import (
    Arrival,
    Exchange,
    ExchangeFullError,
    Habits,
    LivingCallers,
    Member,
    Phone,
    QueueLine,
    Route,
    ScriptDriver,
    ScriptedCall,
    ScriptError,
    SettingsError,
    SimulatorSettings,
    Somebody,
    UnknownNumberError,
)
from telephony.simulator.script import dump, load
from telephony.simulator.settings import QUEUES, ROUTES, Reaction, Strategy
from tests.simulated import Played, ring_for

CONFIG = Path(__file__).parents[3] / "config" / "asterisk"
DID = "+442079460100"


def centre(strategy: Strategy, members: int = 3, **queue: float) -> SimulatorSettings:
    """One queue `q` with phones 1..n that answer after a second."""
    phones = tuple(
        Phone(device=f"PJSIP/{n}", name=f"A{n}", ring=(1.0, 1.0)) for n in range(1, members + 1)
    )
    line = QueueLine(
        name="q",
        strategy=strategy,
        members=tuple(Member(interface=phone.device, name=phone.name) for phone in phones),
        **queue,  # type: ignore[arg-type]
    )
    return SimulatorSettings(
        queues=(line,), phones=phones, routes={DID: Route(kind="queue", target="q")}
    )


def run(exchange: Exchange, seconds: float) -> str:
    exchange.world.advance(exchange.world.now + seconds)
    return "".join(message.text for message in exchange.world.take())


def answered_by(strategy: Strategy, calls: int, talk: float = 2.0, gap: float = 10.0) -> list[str]:
    exchange = Exchange(centre(strategy), 1000.0)
    for n in range(calls):
        exchange.place(Arrival(number=f"+44{n}", dialled=DID, talk=talk))
        run(exchange, gap)
    return [str(outcome.device) for outcome in exchange.truth()]


def test_rrmemory_goes_round() -> None:
    """Round robin with memory: each call goes to the next agent."""
    assert answered_by("rrmemory", 4) == ["PJSIP/1", "PJSIP/2", "PJSIP/3", "PJSIP/1"]


def test_leastrecent_and_fewestcalls_share_evenly() -> None:
    """Both give every agent the same number of calls over three rounds."""
    strategies: tuple[Strategy, ...] = ("leastrecent", "fewestcalls")
    for strategy in strategies:
        shares = Counter(answered_by(strategy, 9))
        assert set(shares.values()) == {3}


def test_linear_always_begins_with_the_first() -> None:
    """Linear: the first free agent of the list."""
    assert answered_by("linear", 3) == ["PJSIP/1"] * 3


def test_random_is_seeded() -> None:
    """The same seed draws the same agents."""
    assert answered_by("random", 6) == answered_by("random", 6)


def test_callers_are_served_in_order() -> None:
    """More callers than agents: first come, first served; positions count down."""
    exchange = Exchange(centre("rrmemory", 1), 1000.0)
    for n in range(3):
        exchange.place(Arrival(number=f"+44{n}", dialled=DID, talk=5.0))
    stream = run(exchange, 60.0)
    assert [outcome.arrival.number for outcome in exchange.truth()] == ["+440", "+441", "+442"]
    waits = [outcome.wait for outcome in exchange.truth()]
    assert waits == sorted(waits)
    assert re.findall(r"QueueCallerJoin.*?Position: (\d)", stream, re.S) == ["1", "2", "3"]


def test_lower_penalty_first() -> None:
    """A member of higher penalty is called only when no other is free."""
    settings = centre("ringall", 2)
    line = settings.queues[0]
    members = (replace(line.members[0], penalty=5), line.members[1])
    exchange = Exchange(replace(settings, queues=(replace(line, members=members),)), 1000.0)
    exchange.place(Arrival(number="+441", dialled=DID, talk=30.0))
    run(exchange, 5.0)
    exchange.place(Arrival(number="+442", dialled=DID, talk=1.0))
    run(exchange, 60.0)
    by_number = {outcome.arrival.number: outcome.device for outcome in exchange.truth()}
    assert by_number == {"+441": "PJSIP/2", "+442": "PJSIP/1"}


def test_nobody_answers_goes_round_until_the_caller_gives_up() -> None:
    """Each agent is rung in turn; the caller's patience ends it; every ring has its end."""
    settings = centre("rrmemory", 2, timeout=5.0)
    phones = tuple(replace(phone, reaction="waits") for phone in settings.phones)
    exchange = Exchange(replace(settings, phones=phones), 1000.0)
    exchange.place(Arrival(number="+441", dialled=DID, patience=20.0))
    stream = run(exchange, 60.0)
    outcome = exchange.truth()[0]
    assert outcome.end == "abandoned"
    assert [how for _, how in outcome.offers] == ["no_answer"] * 3 + ["cancelled"]
    assert stream.count("Event: AgentCalled") == 4
    assert stream.count("Event: AgentRingNoAnswer") == 3


def test_a_phone_that_waits_is_answered_by_hand() -> None:
    """pick_up answers a ringing phone, hang_up ends the talk, neither does anything else."""
    settings = centre("rrmemory", 1)
    phones = tuple(replace(phone, reaction="waits") for phone in settings.phones)
    exchange = Exchange(replace(settings, phones=phones), 1000.0)
    assert not exchange.pick_up("PJSIP/1")
    assert not exchange.hang_up("PJSIP/1")
    exchange.place(Arrival(number="+441", dialled=DID, talk=1000.0))
    run(exchange, 3.0)
    assert exchange.pick_up("PJSIP/1")
    assert not exchange.pick_up("PJSIP/1")
    run(exchange, 7.0)
    assert exchange.hang_up("PJSIP/1")
    run(exchange, 1.0)
    outcome = exchange.truth()[0]
    assert (outcome.end, outcome.device) == ("completed", "PJSIP/1")
    assert outcome.talk == pytest.approx(7.0)


def test_an_agent_declines_by_hand() -> None:
    """hang_up on a ringing phone declines; the call goes to the next agent."""
    settings = centre("rrmemory", 2)
    phones = (replace(settings.phones[0], reaction="waits"), settings.phones[1])
    exchange = Exchange(replace(settings, phones=phones), 1000.0)
    exchange.place(Arrival(number="+441", dialled=DID, talk=1.0))
    run(exchange, 2.0)
    assert exchange.hang_up("PJSIP/1")
    run(exchange, 30.0)
    assert exchange.truth()[0].offers == (("PJSIP/1", "refused"), ("PJSIP/2", "answered"))


def test_an_agent_who_leaves_a_join_sends_the_caller_to_the_queue() -> None:
    """After a join by AMI the caller goes on in the dialplan when the agent hangs up first."""
    stage = Played()
    stage.phones(p1001=("answers", 0.5), p1002=("answers", 0.5))
    ring_for(stage, "+441", ("PJSIP/1001",), talk=2.0, ender="called")
    stage.run(60.0)
    outcome = stage.exchange.truth()[0]
    assert (outcome.queue, outcome.end) == ("service", "completed")
    assert "Event: QueueCallerJoin" in stage.stream


calls = st.lists(
    st.builds(
        ScriptedCall,
        st.floats(0, 120),
        st.builds(
            Arrival,
            number=st.one_of(st.none(), st.just("+44770090")),
            name=st.one_of(st.none(), st.text("a'\"\\\r\n\u2028王?", max_size=6)),
            dialled=st.sampled_from([*ROUTES, "1001", "1005", "0207"]),
            patience=st.floats(0, 60),
            talk=st.floats(0, 30),
            ender=st.sampled_from(["caller", "called"]),
            device=st.sampled_from([None, None, None, "PJSIP/1001", "PJSIP/1002"]),
            far=st.sampled_from(["answers", "busy", "waits", "declines"]),
        ),
    ),
    max_size=25,
)
reactions = st.lists(
    st.sampled_from(["answers", "waits", "busy", "declines", "fails", "absent"]),
    min_size=8,
    max_size=8,
)
hands = st.lists(
    st.tuples(st.floats(0, 150), st.sampled_from(["pick_up", "hang_up"]), st.integers(1001, 1008)),
    max_size=15,
)


@given(calls, reactions, hands, st.integers(0, 3))
def test_nothing_ever_gets_stuck(
    day: list[ScriptedCall],
    kinds: list[Reaction],
    by_hand: list[tuple[float, str, int]],
    seed: int,
) -> None:
    """Whatever people do: every channel that begins ends, bridges and queues empty, each call has
    one outcome, and each caller who joins a queue leaves it once."""
    base = SimulatorSettings()
    phones = tuple(
        replace(phone, reaction=kind, ring=(0.5, 6.0))
        for phone, kind in zip(base.phones, kinds, strict=True)
    )
    exchange = Exchange(replace(base, phones=phones, seed=seed), 1000.0)
    placed: list[str] = []

    def dial(arrival: Arrival) -> None:
        # An unknown number or a phone in use is refused, and nothing changes.
        with contextlib.suppress(ValueError):
            placed.append(exchange.place(arrival))

    for call in day:
        exchange.world.at(1000.0 + call.at, partial(dial, call.arrival))
    for at, what, number in by_hand:
        act = getattr(exchange, what)
        exchange.world.at(1000.0 + at, partial(act, f"PJSIP/{number}"))
    stream = run(exchange, 5000.0)
    count = Counter(re.findall(r"^Event: (\w+)", stream, re.M))
    assert exchange.world.channels == {}
    assert exchange.world.bridges == {}
    assert exchange.world.deadline() is None
    assert count["Newchannel"] == count["Hangup"]
    assert count["BridgeCreate"] == count["BridgeDestroy"]
    assert count["BridgeEnter"] == count["BridgeLeave"]
    assert count["QueueCallerJoin"] == count["QueueCallerLeave"]
    assert count["MusicOnHoldStart"] == count["MusicOnHoldStop"]
    assert count["AgentConnect"] == count["AgentComplete"]
    assert Counter(outcome.call for outcome in exchange.truth()) == Counter(placed)
    assert all(device.state in ("NOT_INUSE", "UNAVAILABLE")
               for device in exchange.world.devices.values())  # fmt: skip
    assert all(handset.leg is None for handset in exchange.handsets.values())
    assert all(not queue.taken for queue in exchange.queues.values())


def living_day(seed: int) -> str:
    """A quarter of an hour of living callers."""
    who = LivingCallers(
        Habits(per_minute=20, patience=40, talk=30),
        lambda chance: Somebody(dialled=DID, number=f"+4477009{chance.randrange(10**5):05}"),
        seed=seed,
    )
    exchange = Exchange(SimulatorSettings(seed=seed), 1000.0)
    at, arrival = who.next_call(1000.0)
    while at < 1900.0:
        exchange.world.advance(at)
        exchange.place(arrival)
        at, arrival = who.next_call(at)
    return run(exchange, 2000.0)


def test_a_day_repeats_to_the_byte() -> None:
    """The same seeds give the same events; another seed gives others."""
    assert living_day(7) == living_day(7)
    assert living_day(7) != living_day(8)


def test_limits_and_wrong_numbers() -> None:
    """An unknown number, a phone in use and a full exchange are refused with their reason."""
    exchange = Exchange(replace(SimulatorSettings(), max_channels=1), 1000.0)
    with pytest.raises(UnknownNumberError, match=r"\+999"):
        exchange.place(Arrival(number="+441", dialled="+999"))
    with pytest.raises(ValueError, match="PJSIP/7 is not there"):
        exchange.place(Arrival(dialled="1001", device="PJSIP/7"))
    with pytest.raises(ValueError, match="no phone PJSIP/7"):
        exchange.pick_up("PJSIP/7")
    exchange.place(Arrival(number="+441", dialled=DID))
    with pytest.raises(ExchangeFullError):
        exchange.place(Arrival(number="+442", dialled=DID))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("{}", "a day is a list"),
        ("[1]", "item 1: is not an object"),
        ('[{"dialled": "1"}]', "item 1, field at: is missing"),
        ('[{"at": 1}]', "item 1, field dialled: is missing"),
        ('[{"at": 1, "dialled": "1", "talks": 3}]', "item 1, field talks: unknown; allowed are at"),
        ('[{"at": 1, "dialled": "1"}, {"at": "x", "dialled": "1"}]', "item 2, field at: is not a"),
        ('[{"at": -1, "dialled": "1"}]', "item 1, field at: is below zero"),
        ('[{"at": 1, "dialled": "1", "ender": "me"}]', "field ender: is not one of caller, called"),
        ('[{"at": 1, "dialled": 5}]', "item 1, field dialled: is not text"),
        ('[{"at": 1, "dialled": "a b"}]', "item 1: dialled is not a number"),
        ('[{"at": 1, "dialled": "1", "number": "1\\n2"}]', "item 1: number is empty or has"),
        ('[{"at": 1, "dialled": "1", "talk": NaN}]', "item 1, field talk: is below zero or not"),
    ],
)
def test_wrong_scripts_name_item_and_field(text: str, message: str) -> None:
    """A wrong day says which item and which field, and what is allowed."""
    with pytest.raises(ScriptError, match=re.escape(message)):
        load(text)


@given(st.lists(st.builds(ScriptedCall, st.floats(0, 1e6), st.builds(
    Arrival, number=st.one_of(st.none(), st.just("+44")), dialled=st.just(DID),
    name=st.one_of(st.none(), st.text("王é\"\\", min_size=1)), talk=st.floats(0, 1e4),
))))  # fmt: skip
def test_a_script_survives_json(day: list[ScriptedCall]) -> None:
    """What is written is read again the same."""
    assert list(load(dump(day))) == sorted(day, key=lambda call: call.at)


def test_script_driver_plays_in_order() -> None:
    """Calls come in order of time, and never before now."""
    day = [ScriptedCall(9.0, Arrival(dialled="2")), ScriptedCall(1.0, Arrival(dialled="1"))]
    driver = ScriptDriver(day, 100.0)
    assert driver.next_call(105.0) == (105.0, Arrival(dialled="1"))
    assert driver.next_call(105.0) == (109.0, Arrival(dialled="2"))
    assert driver.next_call(105.0) is None


def test_living_callers_come_at_the_given_rate() -> None:
    """A Poisson process of 60 calls a minute has about 1,000 calls in 1,000 seconds, and its gaps
    have the standard deviation of their mean."""
    who = LivingCallers(
        Habits(per_minute=60), lambda chance: Somebody(dialled=DID, number=None), seed=3
    )
    gaps = []
    now = 0.0
    for _ in range(4000):
        at, _ = who.next_call(now)
        gaps.append(at - now)
        now = at
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1.0, rel=0.1)
    assert deviation == pytest.approx(mean, rel=0.1)


def test_default_settings_are_the_shipped_configuration() -> None:
    """Queues, members, strategies and numbers are those of config/asterisk."""
    text = (CONFIG / "queues.conf").read_text(encoding="utf-8")
    for queue in QUEUES:
        section = re.search(rf"^\[{queue.name}\]\(standard\)\n((?:(?!\[).*\n?)*)", text, re.M)
        assert section is not None
        assert f"strategy = {queue.strategy}" in section[1]
        members = re.findall(r"^member => (.*?),(\d+),(.*?),(.*)$", section[1], re.M)
        assert members == [
            (one.interface, str(one.penalty), one.name, one.device) for one in queue.members
        ]
    plan = (CONFIG / "extensions.conf").read_text(encoding="utf-8")
    for number, context, target in re.findall(
        r"^exten => (\+\d+),1,Goto\(([\w-]+),(\w+),1\)", plan, re.M
    ):
        route = ROUTES[number]
        assert (route.target, route.context or route.kind) == (target, context)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Phone(device="1001", name="x"), "not like PJSIP/1001"),
        (lambda: Phone(device="PJSIP/1", name="x", ring=(2, 1)), "not a range"),
        (lambda: Phone(device="PJSIP/1\r\nX: ", name="x"), "control characters"),
        (lambda: Member(interface="Local/1@x", name="x"), "needs a state_interface"),
        (lambda: QueueLine(name="q", strategy="best"), "no strategy 'best'"),  # type: ignore[arg-type]
        (lambda: QueueLine(name=""), "is empty"),
        (lambda: SimulatorSettings(phones=()), "no phone PJSIP/1001"),
        (lambda: SimulatorSettings(routes={"1": Route(kind="queue", target="x")}), "no queue 'x'"),
        (lambda: SimulatorSettings(queues=QUEUES + QUEUES), "two queues"),
        (lambda: SimulatorSettings(speed=0), "speed"),
    ],
)
def test_settings_that_do_not_fit_together(make: object, message: str) -> None:
    """An exchange that cannot exist says which part and why."""
    with pytest.raises(SettingsError, match=re.escape(message)):
        make()  # type: ignore[operator]
