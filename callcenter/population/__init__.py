"""A made-up bank's customers, seeded: for the demonstration, for tests and for benchmarks.

``generate(seed, people, until)`` makes people with orders, bills, cases, promises and all that
happens to the customers of a bank, and plays the weeks before ``until``, in which they called
because of it. ``Population.row`` answers as the store would have at any moment of these weeks,
``Population.next_call`` says who rings next, and ``fill`` loads a store.
"""

from __future__ import annotations

from .bank import PastCall, Population, generate
from .callers import DIALLED, NextCall
from .catalogue import Leaf
from .fill import fill
from .world import Outage, World

__all__ = [
    "DIALLED",
    "Leaf",
    "NextCall",
    "Outage",
    "PastCall",
    "Population",
    "World",
    "fill",
    "generate",
]
