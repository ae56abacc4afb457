"""Seeded chaos: the engine's core on a fake clock against the simulated exchange.

    python -m tests.chaos --seeds 1000

One seed is one small centre for some minutes of simulated time: people call, agents work, packets
get lost, the line breaks, the exchange and the engine die. After every event the floor's invariants
are checked, at the end its figures are compared with what really happened (truth.py says which of
them must be exact under which fault). No loop, no thread, no clock: a seed gives the same run on
every machine.
"""
