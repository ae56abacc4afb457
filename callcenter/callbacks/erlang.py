"""How a line with so many agents does: Erlang B, Erlang C and Erlang A. Pure.

Calls come at random (Poisson), talk and wrap-up are exponential with mean ``handle``, callers give
up after an exponential patience of mean ``patience``; the line is in steady state. Seconds
throughout; ``rate`` is calls a second, ``load`` is ``rate * handle`` in Erlang.

Erlang B by its recursion, Erlang C from it: R. B. Cooper, "Introduction to Queueing Theory", 2nd
edition (1981), sections 3.3 and 3.4. Erlang A (M/M/n+M): A. Mandelbaum and S. Zeltyn, "Service
engineering in action: the Palm/Erlang-A queue", in: Advances in Services Innovations (2007), 17-45,
with C. Palm's function

    A(x, y) = x e^y / y^x * gamma(x, y) = 1 + sum over j of y^j / ((x + 1) ... (x + j))

The wait that a caller of endless patience would see, V, has the density of their equation for
M/M/n+G: proportional to e(v) = exp(rate * H(v) - n v / handle), where H(v) is the integral of the
chance to be still patient. With x = n patience / handle and y(v) = rate * patience * exp(-v /
patience), the integral of e from t on is e(t) A(x, y(t)) handle / n; everything below follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, expm1, inf, isinf, lgamma, log, log1p
from typing import Final

ENDLESS: Final = 10_000.0
"""Patience of so many handle times and more counts as endless (Erlang C)."""
CLOSE: Final = 1e-13
"""Series and fractions end where a further term changes less than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What callers of a line see in the long run. Shares are of all calls offered."""

    delayed: float
    """Share that finds every agent busy."""
    in_time: float
    """Share that is answered within the threshold; giving up is not being answered."""
    given_up: float
    wait: float
    """Mean seconds until the answer or until giving up, of all; ``inf``: the line grows."""
    occupancy: float
    """Share of an agent's time that is talk and wrap-up."""
    late: float
    """Chance that whoever never gives up (a callback) has to wait longer than the limit."""


def erlang_b(agents: int, load: float) -> float:
    """Share of calls that is lost where nobody can wait.

    Raises ValueError for fewer than no agents or a load below 0.
    """
    if agents < 0 or not 0 <= load < inf:
        raise ValueError(f"no line: {agents} agents, {load} Erlang")
    if load == 0:
        return 1.0 if agents == 0 else 0.0
    lost = 1.0
    for agent in range(1, agents + 1):
        lost = load * lost / (agent + load * lost)
    return lost


def erlang_c(agents: int, load: float) -> float:
    """Share of calls that has to wait where nobody gives up; 1 where the line grows."""
    lost = erlang_b(agents, load)
    if agents <= load:
        return 1.0 if load > 0 else 0.0
    return agents * lost / (agents - load * (1 - lost))


def line(
    agents: int,
    rate: float,
    handle: float,
    threshold: float,
    patience: float | None = None,
    limit: float = inf,
) -> Line:
    """Erlang A; Erlang C where ``patience`` is ``None``, infinite or next to it; Erlang B where
    it is 0. ``limit``: see ``Line.late``. Raises ValueError for what is no line."""
    if handle <= 0 or threshold < 0 or limit < 0 or (patience is not None and patience < 0):
        raise ValueError("handle has to be above 0, threshold, patience and limit not below 0")
    load = rate * handle
    lost = erlang_b(agents, load)
    if load == 0:
        idle = float(agents == 0)
        return Line(delayed=idle, in_time=1 - idle, given_up=idle, wait=0, occupancy=0, late=idle)
    if patience == 0 or agents == 0:
        # Nobody waits, or everybody waits in vain.
        wait = 0.0 if patience == 0 else inf if patience is None else patience
        busy = load * (1 - lost) / agents if agents else 0.0
        in_vain = lost if patience is not None else 0.0
        # The wait of the one who waits all the same: until the first of the busy agents is free.
        late = 1.0 if agents == 0 else lost * exp(-agents * limit / handle)
        return Line(
            delayed=lost, in_time=1 - lost, given_up=in_vain, wait=wait, occupancy=busy, late=late
        )
    if patience is None or patience >= ENDLESS * handle:
        return _endless(agents, load, handle, threshold, limit)
    return _patient(agents, rate, handle, threshold, patience, limit)


def _endless(agents: int, load: float, handle: float, threshold: float, limit: float) -> Line:
    if agents <= load:
        return Line(delayed=1, in_time=0, given_up=0, wait=inf, occupancy=1, late=1)
    delayed, spare = erlang_c(agents, load), (agents - load) / handle
    return Line(
        delayed=delayed,
        in_time=1 - delayed * exp(-spare * threshold),
        given_up=0.0,
        wait=delayed / spare,
        occupancy=load / agents,
        late=delayed * exp(-spare * limit),
    )


def _patient(
    agents: int, rate: float, handle: float, threshold: float, patience: float, limit: float
) -> Line:
    x, y, busy = agents * patience / handle, rate * patience, rate * handle / agents
    area = log_palm(x, y)
    # Above and below the line of every fraction stands 1 / B(agents - 1) + something times A; both
    # are taken times B, and times exp(-scale), so that neither overflows.
    before, scale = erlang_b(agents - 1, rate * handle), max(area, 0.0)
    one, whole = exp(-scale), exp(area - scale)
    below = one + busy * before * whole

    def from_on(after: float) -> tuple[float, float]:
        """e(after) A(x, y(after)), and e(after); each times exp(-scale)."""
        if isinf(after):
            return 0.0, 0.0
        density = -y * expm1(-after / patience) - agents * after / handle - scale
        return exp(density + log_palm(x, y * exp(-after / patience))), exp(density)

    tail, edge = from_on(threshold)
    answered = min((one + before * (whole - one)) / below, 1.0)
    return Line(
        delayed=busy * before * whole / below,
        in_time=min(max(answered - before * (tail - edge) / below, 0.0), 1.0),
        given_up=1 - answered,
        wait=(1 - answered) * patience,
        occupancy=min(busy * answered, 1.0),
        late=min(busy * before * from_on(limit)[0] / below, 1.0),
    )


def log_palm(x: float, y: float) -> float:
    """The logarithm of A(x, y) for x > 0, y >= 0.

    Up to y = x + 1 by its series; beyond it by the complete gamma function less the upper one,
    whose continued fraction (Legendre's, evaluated by Lentz's method) converges fast there.
    """
    if y <= x + 1:
        total = term = 1.0
        below = x
        while term > CLOSE * total:
            below += 1
            term *= y / below
            total += term
        return log(total)
    # A = exp(whole) - x * fraction, where exp(whole) = x e^y y^-x Gamma(x).
    whole = y - x * log(y) + lgamma(x + 1)
    return whole + log1p(-x * _upper(x, y) * exp(-whole))


def _upper(x: float, y: float) -> float:
    """Gamma(x, y) e^y y^-x for y > x + 1."""
    step = y + 1 - x
    c, d = inf, 1 / step
    found, n = d, 0
    while True:
        n += 1
        part = -n * (n - x)
        step += 2
        d = part * d + step
        c = step if isinf(c) else step + part / c
        # Both are positive for y > x + 1; the guard is Lentz's.
        d = 1 / (d or 1e-300)
        c = c or 1e-300
        change = c * d
        found *= change
        if abs(change - 1) < CLOSE:
            return found


@lru_cache(maxsize=8192)
def most_calls(
    agents: int,
    handle: float,
    patience: float | None,
    threshold: float,
    level: float,
    limit: float,
    late: float,
) -> float:
    """The highest rate, calls a second, at which the share ``level`` is answered within
    ``threshold`` and no more than ``late`` of those who never give up wait longer than ``limit``.

    Both get worse with the rate, so it is found by bisection, to a part in ten thousand. The
    answer depends on no forecast: one bisection serves all intervals with so many agents.
    """
    if agents <= 0:
        return 0.0

    def good(rate: float) -> bool:
        seen = line(agents, rate, handle, threshold, patience, limit)
        return seen.in_time >= level and seen.late <= late

    low, high = 0.0, agents / handle
    while good(high) and high < 16 * agents / handle:
        low, high = high, 2 * high
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        if good(middle):
            low = middle
        else:
            high = middle
    return low
