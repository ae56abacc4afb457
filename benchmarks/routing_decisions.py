"""How long one routing decision takes, with its whole trace, as a centre grows.

    python -m benchmarks.routing_decisions [--rounds 3000]

Seeded centres: 1,000 calls wait in 50 queues for agents with some of 200 skills, who answer as fast
as calls come. ``decide_call``: a new call comes. ``decide_agent``: an agent's wrap-up ends. Both
times include moving the clock on (steps that widen) and the trace of who was considered and why
not, and are processor time of the one thread, so that other work on the machine does not count.
Promise: p99 of 2 ms with 2,000 agents. The last rows are the worst cases there are.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import time
from collections.abc import Callable

from callcenter.floor.events import QueueSettings, StepSettings
from callcenter.floor.routing import Decision, Router, Waiting

PROMISE = 2.0
SKILLS = [f"skill{n}" for n in range(200)]
QUEUES = 50


def queue_settings(rng: random.Random, queues: int) -> list[QueueSettings]:
    made = []
    for n in range(queues):
        first, second = rng.sample(SKILLS, 2)
        steps = (
            StepSettings(after=0.0, want=f"{first} >= 4 and (english >= 2 or not member)"),
            StepSettings(after=30.0, want=f"{first} >= 2 or {second} >= 4"),
            StepSettings(after=120.0, want=f"{first} or {second} or member"),
        )
        made.append(QueueSettings(queue=f"q{n}", steps=steps))
    return made


def centre(seed: int, agents: int, queues: int = QUEUES) -> tuple[Router, random.Random]:
    """Everybody is signed in and talks; nobody waits."""
    rng = random.Random(seed)
    router = Router(skills=[*SKILLS, "english"])
    for settings in queue_settings(rng, queues):
        router.set_queue(settings)
    for n in range(agents):
        skills = {skill: rng.randint(1, 5) for skill in rng.sample(SKILLS, rng.randint(3, 12))}
        skills["english"] = rng.randint(0, 5)
        member = frozenset(f"q{rng.randrange(queues)}" for _ in range(3))
        router.agent_in(f"agent{n}", skills, member)
        router.agent_busy(f"agent{n}", "talking")
    return router, rng


def call(n: int, at: float, rng: random.Random, queues: int = QUEUES) -> Waiting:
    """One in five is kept for somebody, one in ten from somebody."""
    agent = f"agent{rng.randrange(2000)}"
    return Waiting(
        call=f"c{n}",
        queue=f"q{rng.randrange(queues)}",
        place=at,
        since=at,
        credit=rng.choice((0.0, 0.0, 60.0, 300.0)),
        preferred=agent if rng.random() < 0.2 else None,
        preferred_until=at + 20.0,
        kept_from={agent: at + 60.0} if rng.random() < 0.1 else {},
    )


def timed(
    samples: list[float], decide: Callable[..., Decision | None], *given: object
) -> Decision | None:
    started = time.thread_time_ns()
    decision = decide(*given)
    samples.append((time.thread_time_ns() - started) / 1e6)
    return decision


def working_day(
    agents: int, rounds: int, waiting: int = 1000
) -> tuple[list[float], list[float], int]:
    """Calls come and agents become free in turn; about ``waiting`` calls are in line throughout."""
    router, rng = centre(1, agents)
    now = 1_000_000.0
    arrivals: list[float] = []
    capacity: list[float] = []
    line: dict[str, None] = {}
    given = 0
    for n in range(waiting):
        router.wait(call(n, now + n * 0.2, rng))
        line[f"c{n}"] = None
    now += waiting * 0.2
    gc.collect()
    gc.disable()
    for n in range(waiting, waiting + rounds):
        now += 0.1
        router.wait(call(n, now, rng))
        line[f"c{n}"] = None
        arrived = timed(arrivals, router.decide_call, f"c{n}", now)
        agent = f"agent{rng.randrange(agents)}"
        router.agent_ready(agent, now, rng.random())
        freed = timed(capacity, router.decide_agent, agent, now)
        for decision in (arrived, freed):
            if decision is not None and decision.agent is not None and decision.call in line:
                router.agent_busy(decision.agent, "talking")
                router.left(decision.call)
                del line[decision.call]
                given += 1
        while (decision := router.decide_next(now)) is not None:
            assert decision.agent is not None
            router.agent_busy(decision.agent, "talking")
            router.left(decision.call)
            del line[decision.call]
            given += 1
        while len(line) > waiting:  # they gave up
            gone = next(iter(line))
            router.left(gone)
            del line[gone]
    gc.enable()
    return arrivals, capacity, given


def nobody_eligible(rounds: int) -> list[float]:
    """2,000 agents are ready, 1,000 calls wait, and nobody may take any of them."""
    router, rng = centre(2, 2000, 1)
    for n in range(2000):
        router.agent_ready(f"agent{n}", n * 1.0)
    router.set_queue(QueueSettings(queue="q0", steps=(StepSettings(after=0, want="english > 5"),)))
    for n in range(1000):
        router.wait(Waiting(call=f"c{n}", queue="q0", place=n, since=n))
    samples: list[float] = []
    for _ in range(rounds):
        timed(samples, router.decide_call, f"c{rng.randrange(1000)}", 5000.0)
    return samples


def all_kept_from(rounds: int) -> list[float]:
    """An agent is freed whom each of 1,000 waiting calls is kept from, in 200 queues."""
    router, _ = centre(3, 2000, 200)
    for n in range(200):
        router.set_queue(QueueSettings(queue=f"q{n}", steps=(StepSettings(after=0, want="any"),)))
    for n in range(1000):
        kept = {"agent7": 1e9}
        router.wait(Waiting(call=f"c{n}", queue=f"q{n % 200}", place=n, since=n, kept_from=kept))
    router.agent_ready("agent7", 1.0)
    samples: list[float] = []
    for _ in range(rounds):
        assert timed(samples, router.decide_agent, "agent7", 5000.0) is None
    return samples


def staff_changes(rounds: int) -> list[float]:
    """Somebody learns a skill before each decision: 200 queues, every expression read anew."""
    router, rng = centre(4, 2000, 200)
    for n in range(1000):
        router.wait(call(n, 1000.0 + n, rng, 200))
    samples: list[float] = []
    for n in range(rounds):
        agent = f"agent{rng.randrange(2000)}"
        router.skills_changed(agent, {rng.choice(SKILLS): 5})
        router.agent_ready(agent, float(n))
        timed(samples, router.decide_agent, agent, 1500.0)
        router.agent_busy(agent, "talking")
    return samples


def dry_run_of_a_stopped_centre(rounds: int) -> list[float]:
    """1,000 calls wait, 2,000 agents are ready, nothing was given out: who gets the last?"""
    router, rng = centre(5, 2000)
    for n in range(1000):
        router.wait(call(n, 1000.0 + n, rng))
    for n in range(2000):
        router.agent_ready(f"agent{n}", float(n))
    samples: list[float] = []
    for _ in range(rounds):
        timed(samples, router.explain, "c999", 5000.0)
    return samples


def row(what: str, samples: list[float]) -> str:
    samples = sorted(samples)
    p50, p99 = samples[len(samples) // 2], samples[int(len(samples) * 0.99)]
    return f"| {what} | {p50:.3f} | {p99:.3f} | {samples[-1]:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3000)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print("| 1,000 calls wait in 50 queues, 200 skills | p50, ms | p99, ms | longest, ms |")
    print("| --- | --- | --- | --- |")
    kept = True
    for agents in (10, 100, 1000, 2000, 10_000):
        arrivals, capacity, given = working_day(agents, rounds)
        print(row(f"{agents:,} agents, a call comes", arrivals))
        print(row(f"{agents:,} agents, an agent is freed ({given} calls given out)", capacity))
        if agents == 2000:
            kept = max(sorted(s)[int(len(s) * 0.99)] for s in (arrivals, capacity)) <= PROMISE
    few = max(rounds // 10, 100)
    print(row("2,000 ready agents, none may take any of 1,000 calls", nobody_eligible(rounds)))
    print(row("200 queues, every call is kept from the freed agent", all_kept_from(few)))
    print(row("200 queues, skills changed before each decision", staff_changes(few)))
    print(row("dry run of the last call, nothing given out yet", dry_run_of_a_stopped_centre(few)))
    print(f"promise of {PROMISE} ms p99 at 2,000 agents: {'kept' if kept else 'missed'}")


if __name__ == "__main__":
    main()
