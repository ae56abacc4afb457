"""One user's stream: resuming gives exactly what was missed, or says that only a snapshot can."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent_console.stream import Entry, Stream


def test_missed_events() -> None:
    """What came after a position comes back in order; a position of the future does not exist."""
    stream = Stream("e1")
    entries = [stream.append(float(n), "ev", n) for n in range(5)]
    assert stream.since("e1", 2, 5.0) == tuple(entries[2:])
    assert stream.since("e1", 5, 5.0) == ()
    assert stream.since("e1", 6, 5.0) is None
    assert stream.since("e0", 2, 5.0) is None


@pytest.mark.parametrize(("gap", "known"), [(500, True), (501, False)])
def test_too_many(gap: int, known: bool) -> None:
    """The last 500 events are kept."""
    stream = Stream("e")
    for n in range(gap):
        stream.append(1.0, "ev", n)
    assert (stream.since("e", 0, 1.0) is not None) is known


def test_too_old() -> None:
    """Events are kept for five minutes; after that only whoever missed nothing can resume."""
    stream = Stream("e")
    stream.append(0.0, "ev", None)
    stream.append(200.0, "ev", None)
    assert stream.since("e", 0, 300.0) is not None
    assert stream.since("e", 0, 301.0) is None
    assert stream.since("e", 1, 301.0) is not None
    assert stream.since("e", 2, 9_999.0) == ()


class Resuming(RuleBasedStateMachine):
    """A server whose state is a number per key, and browsers that come and go.

    Whatever happens in between, a browser that has caught up sees what the server sees.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.stream = Stream("epoch0", events=6, seconds=10.0)
        self.restarts = 0
        self.truth: dict[str, int] = {}
        self.seen: dict[str, int] = {}
        self.epoch, self.seq = "", 0
        self.wire: list[Entry] = []
        self.online = False

    @rule(key=st.sampled_from("abc"), value=st.integers(0, 9))
    def change(self, key: str, value: int) -> None:
        """Something changes; whoever is online is sent the event."""
        self.truth[key] = value
        entry = self.stream.append(self.now, "set", (key, value))
        if self.online:
            self.wire.append(entry)

    @rule(seconds=st.sampled_from([0.0, 0.5, 4.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.wire)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """Some of what was sent arrives, in order."""
        count = data.draw(st.integers(1, len(self.wire)))
        arrived, self.wire = self.wire[:count], self.wire[count:]
        for entry in arrived:
            assert entry.seq == self.seq + 1
            self.seq = entry.seq
            self.apply(entry)

    @precondition(lambda self: self.online)
    @rule()
    def cut(self) -> None:
        """The line is cut; what was under way is lost."""
        self.online = False
        self.wire = []

    @rule()
    def restart(self) -> None:
        """The engine starts anew: another epoch, positions from the beginning."""
        self.cut()
        self.restarts += 1
        self.stream = Stream(f"epoch{self.restarts}", events=6, seconds=10.0)

    @precondition(lambda self: not self.online)
    @rule()
    def come_back(self) -> None:
        """Resume, or take the snapshot, both in one step."""
        missed = self.stream.since(self.epoch, self.seq, self.now)
        if missed is None:
            self.seen = dict(self.truth)
            self.seq = self.stream.seq
        else:
            self.wire = list(missed)
        self.epoch = self.stream.epoch
        self.online = True

    def apply(self, entry: Entry) -> None:
        assert isinstance(entry.payload, tuple)
        self.seen[entry.payload[0]] = entry.payload[1]

    @invariant()
    def caught_up_means_equal(self) -> None:
        if self.online and not self.wire:
            assert self.seen == self.truth
            assert self.seq == self.stream.seq


TestResuming = Resuming.TestCase
