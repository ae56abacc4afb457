"""The queues of the simulated exchange: members, who is next, who waits, and the figures.

Pure. What a caller goes through while waiting is in queue_app.py.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from telephony.simulator import messages as m
from telephony.simulator.channel import STATES, Channel, Device
from telephony.simulator.settings import Member, QueueLine
from telephony.simulator.signals import TryNow
from telephony.simulator.world import World


@dataclass(slots=True, eq=False)
class MemberState:
    """One agent in one queue."""

    settings: Member
    device: Device
    index: int
    login: int
    penalty: int = 0
    dynamic: bool = False
    paused: bool = False
    reason: str = ""
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    in_call: bool = False

    @property
    def free(self) -> bool:
        return not self.paused and self.device.published == "NOT_INUSE"

    def block(self) -> str:
        """Headers of QueueMemberStatus, QueueMemberPause and their like, after Queue."""
        one = self.settings
        return (
            f"MemberName: {one.name}\r\nInterface: {one.interface}\r\n"
            f"StateInterface: {one.device}\r\n"
            f"Membership: {self.membership}\r\nPenalty: {self.penalty}\r\n"
            f"CallsTaken: {self.calls_taken}\r\nLastCall: {self.last_call}\r\n"
            f"LastPause: {self.last_pause}\r\nLoginTime: {self.login}\r\n"
            f"InCall: {int(self.in_call)}\r\nStatus: {STATES[self.device.published]}\r\n"
            f"Paused: {int(self.paused)}\r\nPausedReason: {self.reason}\r\n"
            "Ringinuse: 0\r\nWrapuptime: 0\r\n"
        )

    @property
    def membership(self) -> str:
        return "dynamic" if self.dynamic else "static"


@dataclass(slots=True, eq=False)
class Entry:
    """One caller in a queue."""

    channel: Channel
    joined: float
    original_position: int


@dataclass(slots=True, eq=False)
class QueueState:
    """A queue. `taken`: devices that are being rung just now, in whatever queue."""

    settings: QueueLine
    world: World
    taken: set[str]
    chance: random.Random
    entries: list[Entry] = field(default_factory=list)
    members: dict[str, MemberState] = field(default_factory=dict)
    completed: int = 0
    abandoned: int = 0
    in_time: int = 0
    abandoned_in_time: int = 0
    hold_time: int = 0
    talk_time: int = 0
    _idle: dict[Entry, None] = field(default_factory=dict)
    _free: dict[MemberState, None] = field(default_factory=dict)
    _next: int = 0
    _members_made: int = 0
    _seats: list[MemberState | None] = field(default_factory=list)
    """Members by index; None where one was removed."""
    _available: str = "NOT_INUSE"

    @property
    def name(self) -> str:
        return self.settings.name

    # --- members ------------------------------------------------------------------------------

    def add(self, settings: Member, device: Device, *, dynamic: bool = False) -> MemberState:
        member = MemberState(
            settings,
            device,
            self._members_made,
            int(self.world.now),
            penalty=settings.penalty,
            dynamic=dynamic,
        )
        self._members_made += 1
        self._seats.append(member)
        self.members[settings.interface] = member
        if member.free:
            self._free[member] = None
        return member

    def remove(self, member: MemberState) -> None:
        del self.members[member.settings.interface]
        self._seats[member.index] = None
        self._free.pop(member, None)

    def member_changed(self, member: MemberState) -> None:
        """After its device or its pause changed: whether it may be called, and who is next."""
        if member.free:
            self._free[member] = None
        else:
            self._free.pop(member, None)
        self.publish_available()

    def publish_available(self) -> None:
        """Whether the queue has anybody, as the state of a device of its own."""
        state = "NOT_INUSE" if self._free else "INUSE"
        if state != self._available:
            self._available = state
            self.world.emit(
                m.DEVICE_STATE_CHANGE, m.device_state(f"Queue:{self.name}_avail", state)
            )

    def settle(self) -> None:
        """Before anybody listens: what is published is what is."""
        self._available = "NOT_INUSE" if self._free else "INUSE"

    @property
    def available(self) -> str:
        return self._available

    def has_free(self) -> bool:
        taken = self.taken
        return any(member.settings.device not in taken for member in self._free)

    def pick(self, tried: set[MemberState]) -> list[MemberState]:
        """Whom to ring now: one, or all of the best penalty for ringall; empty: nobody is free."""
        taken = self.taken
        strategy = self.settings.strategy
        if strategy == "rrmemory" and not self._penalties():
            return self._next_in_round(tried)
        free = [one for one in self._free if one.settings.device not in taken and one not in tried]
        if not free:
            return []
        if strategy == "ringall":
            best = min(member.penalty for member in free)
            chosen = [member for member in free if member.penalty == best]
            return sorted(chosen, key=lambda member: -member.index)
        if strategy == "rrmemory":
            count, start = self._members_made, self._next
            return [min(free, key=lambda one: (one.penalty, (one.index - start) % count))]
        if strategy == "leastrecent":
            return [min(free, key=lambda one: (one.penalty, one.last_call, one.index))]
        if strategy == "fewestcalls":
            return [min(free, key=lambda one: (one.penalty, one.calls_taken, one.index))]
        if strategy == "random":
            best = min(member.penalty for member in free)
            return [self.chance.choice([one for one in free if one.penalty == best])]
        return [min(free, key=lambda one: (one.penalty, one.index))]

    def _penalties(self) -> bool:
        return any(member.penalty for member in self._free)

    def _next_in_round(self, tried: set[MemberState]) -> list[MemberState]:
        """Round robin without penalties: from where the last round stopped, no need to sort."""
        count = len(self._seats)
        for step in range(count):
            one = self._seats[(self._next + step) % count]
            if one is None or one not in self._free or one in tried:
                continue
            if one.settings.device not in self.taken:
                return [one]
        return []

    def rang(self, member: MemberState) -> None:
        """The round goes on behind this one next time."""
        self._next = member.index + 1

    # --- callers ------------------------------------------------------------------------------

    def join(self, channel: Channel) -> Entry:
        entry = Entry(channel, self.world.now, len(self.entries) + 1)
        self.entries.append(entry)
        if len(self.entries) == 1:
            self._publish("RINGING")
        count = len(self.entries)
        self.world.emit(
            m.QUEUE_CALLER_JOIN,
            f"{channel.block()}Queue: {self.name}\r\nPosition: {count}\r\nCount: {count}\r\n",
        )
        return entry

    def leave(self, entry: Entry) -> None:
        position = self.position(entry)
        self.entries.remove(entry)
        if not self.entries:
            self._publish("NOT_INUSE")
        self.world.emit(
            m.QUEUE_CALLER_LEAVE,
            f"{entry.channel.block()}Queue: {self.name}\r\nPosition: {position}\r\n"
            f"Count: {len(self.entries)}\r\n",
        )
        self.world.varset(entry.channel, "QUEUEPOSITION", str(position))

    def _publish(self, state: str) -> None:
        self.world.emit(m.DEVICE_STATE_CHANGE, m.device_state(f"Queue:{self.name}", state))

    def position(self, entry: Entry) -> int:
        return self.entries.index(entry) + 1

    def wait_turn(self, entry: Entry) -> None:
        """The caller is ready to be connected to whoever is free."""
        self._idle[entry] = None
        self.kick()

    def stop_waiting(self, entry: Entry) -> None:
        self._idle.pop(entry, None)

    def kick(self) -> None:
        """Tell waiting callers, first come first served, that somebody is free."""
        while self._idle and self.has_free():
            entry = next(iter(self._idle))
            del self._idle[entry]
            if entry.channel.thread is not None:
                entry.channel.thread.post(TryNow())

    # --- figures ------------------------------------------------------------------------------

    def count_answered(self, waited: int) -> None:
        self.hold_time = _average(self.hold_time, waited)
        if waited <= self.settings.service_level:
            self.in_time += 1

    def count_completed(self, talked: int) -> None:
        self.completed += 1
        self.talk_time = _average(self.talk_time, talked)

    def count_abandoned(self, waited: int) -> None:
        self.abandoned += 1
        if waited <= self.settings.service_level:
            self.abandoned_in_time += 1


def _average(old: int, new: int) -> int:
    """The moving average of app_queue: three parts old, one part new; the first value as it is."""
    return new if not old else (3 * old + new) >> 2
