"""A made-up bank's customers, seeded: for the demonstration, for tests and for benchmarks.

``generate(seed, people, until)`` makes people with orders, bills, cases and promises and plays the
week before ``until``, in which they called because of them. ``Population.row`` answers as the store
would have at any moment of that week, ``Population.next_call`` says who rings next, and
``fill`` loads a store.
"""

from __future__ import annotations

from .bank import PastCall, Population, generate
from .callers import DIALLED, NextCall
from .fill import fill

__all__ = ["DIALLED", "NextCall", "PastCall", "Population", "fill", "generate"]
