"""The simulated exchange as a whole: phones, queues, dialplan and people on one world.

Pure. Everything that AMI or a person can do to it is a method here; nothing waits. Its messages
pile up in ``world`` until they are taken.
"""

from __future__ import annotations

import random

from telephony.simulator import dialplan
from telephony.simulator import messages as m
from telephony.simulator.arrivals import Arrival, LineExit, OfferEnd, Outcome
from telephony.simulator.channel import DOWN, INHERITED, RING, UP, Channel, Device
from telephony.simulator.joins import Joins
from telephony.simulator.legs import Handset, Leg, LocalLeg, PhoneLeg
from telephony.simulator.local import dial_local
from telephony.simulator.outside import Outsider, OutsideReaction
from telephony.simulator.people import People
from telephony.simulator.queues import MemberState, QueueState
from telephony.simulator.settings import Reaction, SimulatorSettings
from telephony.simulator.signals import HungUp, KeyPressed, Redirected
from telephony.simulator.world import Plan, Thread, World


class UnknownNumberError(ValueError):
    """A number was dialled that leads nowhere."""


class ExchangeFullError(Exception):
    """As many channels as the settings allow."""


class Exchange:
    """See the module. `start`: seconds since the epoch at which it was started."""

    def __init__(self, settings: SimulatorSettings, start: float) -> None:
        self.settings = settings
        self.world = World(
            start,
            seed=settings.seed,
            timestamps=settings.timestamps,
            variables=settings.variables,
        )
        self.world.watchers.append(self._device_changed)
        self.world.on_gone = self._channel_gone
        self.people = People(self, settings.truth_kept)
        self.chance = random.Random(settings.seed + 1)  # noqa: S311 - a simulation, no secret
        self.handsets: dict[str, Handset] = {}
        self._names: dict[str, str] = {}
        for phone in settings.phones:
            self.handsets[phone.device] = Handset(phone.device, phone.reaction, phone.ring)
            self._names[phone.device] = phone.name
            device = Device(phone.device, phone.busy_at, absent=phone.reaction == "absent")
            self.world.devices[phone.device] = device
        self.queues: dict[str, QueueState] = {}
        taken: set[str] = set()
        self.memberships: dict[str, list[tuple[QueueState, MemberState]]] = {}
        for line in settings.queues:
            queue = self.queues[line.name] = QueueState(line, self.world, taken, self.chance)
            for member in line.members:
                self.enlist(queue, queue.add(member, self.world.devices[member.device]))
            queue.settle()
        self.locals: dict[Channel, LocalLeg] = {}
        self.joins = Joins(self)
        self.globals: dict[str, str] = {}
        """Variables of no channel, by name."""
        if settings.callback_key:
            self.globals["CC_KEY"] = settings.callback_key
        self.outsiders: dict[str, Outsider] = dict(settings.outside.known)
        """Those whom :meth:`set_outsider` changed, too."""
        self._whims = random.Random(settings.seed + 2)  # noqa: S311 - a simulation, no secret
        self._legs: dict[Channel, PhoneLeg] = {}
        self._trunk = self.world.device(f"PJSIP/{settings.trunk}")
        self.local_numbers = 0

    # --- people ---------------------------------------------------------------------------------

    def place(self, arrival: Arrival) -> str:
        """Somebody dials now; answers the call's Uniqueid.

        Raises UnknownNumberError, or ValueError for a phone that is not there or not free.
        """
        world = self.world
        if len(world.channels) >= self.settings.max_channels:
            raise ExchangeFullError(f"{self.settings.max_channels} channels are in use")
        if arrival.device is None:
            route = self.settings.routes.get(arrival.dialled)
            if route is None:
                raise UnknownNumberError(f"no route for the number {arrival.dialled}")
            channel = self.open(
                self._trunk, RING, arrival.number or "anonymous", arrival.name, "from-trunk",
                arrival.dialled,
            )  # fmt: skip
            self._run(channel, dialplan.from_trunk(self, channel, route, arrival.said), arrival)
            return channel.uniqueid
        handset = self.handsets.get(arrival.device)
        if handset is None or handset.reaction == "absent" or handset.leg is not None:
            raise ValueError(f"{arrival.device} is not there or not free")
        device = world.device(arrival.device)
        channel = self.open(
            device, RING, device.name.partition("/")[2], self._names[device.name], "from-agents",
            arrival.dialled,
        )  # fmt: skip
        handset.leg = channel
        self._run(channel, dialplan.from_agents(self, channel), arrival)
        return channel.uniqueid

    def _run(self, channel: Channel, plan: Plan, arrival: Arrival) -> None:
        channel.thread = Thread(self.world, plan)
        self.people.begin(arrival, channel)
        channel.thread.start()

    def pick_up(self, device: str) -> bool:
        """The person at a phone answers; False when it does not ring."""
        leg = self._handset(device).leg
        return isinstance(leg, PhoneLeg) and leg.pick_up()

    def hang_up(self, device: str) -> bool:
        """The person at a phone hangs up or declines; False when there is nothing to."""
        leg = self._handset(device).leg
        if isinstance(leg, Channel):
            self.party_hangs_up(leg)
        elif leg is not None:
            if leg.answered:
                self.world.report_sound(leg.channel)
            leg.put_down()
        return leg is not None

    def hang_up_caller(self, call: str) -> bool:
        """The caller of a call hangs up, or the customer who was called, who declines when it
        rings yet; False when there is no such call."""
        channel = self.world.channels.get(call)
        if channel is None or call not in self.people.callers:
            return False
        leg = self._legs.get(channel)
        if leg is not None and not leg.answered:
            leg.put_down()
        else:
            self.party_hangs_up(channel)
        return True

    def press_key(self, call: str, key: str) -> bool:
        """The caller of a call presses a key; False when there is no such call."""
        channel = self.world.channels.get(call)
        if channel is None or channel.thread is None or call not in self.people.callers:
            return False
        channel.thread.post(KeyPressed(key))
        return True

    def set_reaction(self, device: str, reaction: Reaction) -> None:
        """From now on the phone behaves like this."""
        handset = self._handset(device)
        handset.reaction = reaction
        self.world.devices[device].absent = reaction == "absent"
        self.world.publish(self.world.devices[device])

    def set_outsider(self, number: str, outsider: Outsider) -> None:
        """From now on whoever has this number takes calls like this."""
        self.outsiders[number] = outsider

    def customer_answers(self, number: str) -> bool:
        """Whoever is being called at a number outside takes the call; False when it does not
        ring."""
        return any(
            leg.pick_up()
            for channel, leg in list(self._legs.items())
            if leg.handset is None and channel.variables.get("CC_NUMBER") == number
        )

    def _handset(self, device: str) -> Handset:
        handset = self.handsets.get(device)
        if handset is None:
            raise ValueError(f"there is no phone {device}")
        return handset

    def handset_of_number(self, number: str) -> Handset | None:
        return self.handsets.get(f"PJSIP/{number}")

    def party_hangs_up(self, channel: Channel) -> None:
        """The party at a channel that runs dialplan (a caller) hangs up."""
        if channel.gone or channel.thread is None:
            return
        if channel.state == UP:
            self.world.report_sound(channel)
        elif not channel.cause:
            channel.change(cause=127, tech_cause=487)
        code = channel.cause or None
        self.world.emit(
            m.HANGUP_REQUEST, channel.block() + m.request_cause(code, channel.tech_cause)
        )
        channel.thread.post(HungUp())

    def other_hangs_up(self, channel: Channel) -> None:
        """The party a caller talks to hangs up."""
        bridge = channel.bridge
        if bridge is None:
            return
        for other in bridge.channels:
            if other is channel:
                continue
            leg = self._legs.get(other)
            local = self.locals.get(other)
            if leg is None and local is not None:
                leg = self.behind(local)
            if leg is not None:
                self.world.report_sound(leg.channel)
                leg.put_down()
            elif other.thread is not None:
                self.party_hangs_up(other)
            return

    def behind(self, local: LocalLeg) -> PhoneLeg | None:
        bridge = local.far.bridge
        far_party = [one for one in bridge.channels if one is not local.far] if bridge else []
        return self._legs.get(far_party[0]) if far_party else None

    # --- told by the dialplan -----------------------------------------------------------------

    def note_queue(self, channel: Channel, queue: str) -> None:
        self.people.queued(channel, queue)

    def note_left(self, channel: Channel, why: LineExit) -> None:
        self.people.left_line(channel, why)

    def note_closing(self, channel: Channel) -> None:
        self.people.closing(channel)

    def note_offer(self, channel: Channel, device: str, how: OfferEnd) -> None:
        self.people.offered(channel, device, how)

    def talking(self, channel: Channel, device: str) -> None:
        self.people.talking(channel, device)

    def answer(self, channel: Channel) -> None:
        if channel.state != UP:
            self.world.set_state(channel, UP)

    # --- legs ---------------------------------------------------------------------------------

    def open(
        self, device: Device, state: int, number: str | None, person: str | None, context: str,
        exten: str, *, linkedid: str = "", uniqueid: str = "", name: str = "",
    ) -> Channel:  # fmt: skip
        world = self.world
        own = uniqueid or world.unique()
        return world.open(
            Channel(
                name=name or world.channel_name(device.name),
                device=device,
                state=state,
                number=number,
                person=person,
                context=context,
                exten=exten,
                uniqueid=own,
                linkedid=linkedid or own,
                created=world.now,
            )
        )

    def dial_member(self, caller: Channel, member: MemberState) -> Leg:
        """A queue rings one of its members."""
        if member.settings.interface.startswith("Local/"):
            return dial_local(self, caller, member)
        return self._dial_phone(caller, member.settings.interface, queue_style=True)

    def dial_target(self, caller: Channel, target: str) -> PhoneLeg | None:
        """Dial() rings a phone, or a number outside; None when it cannot be reached."""
        number, _, trunk = target.partition("/")[2].partition("@")
        if not trunk:
            handset = self.handset_of_number(number)
            if handset is None or handset.reaction == "absent":
                return None
            return self._dial_phone(caller, target)
        channel = self.open(
            self._trunk, DOWN, None, None, "from-trunk", "s", linkedid=caller.linkedid
        )
        self.world.varset(channel, "DIALEDPEERNUMBER", f"{number}@{trunk}")
        known = self.people.callers.get(caller.uniqueid)
        reaction: Reaction = known.arrival.far if known is not None else "answers"
        ring = known.arrival.far_ring if known is not None else 2.0
        return self._leg(channel, caller, None, reaction, ring)

    def _dial_phone(self, caller: Channel, target: str, *, queue_style: bool = False) -> PhoneLeg:
        handset = self._handset(target)
        device = self.world.device(target)
        number = target.partition("/")[2]
        channel = self.open(
            device, DOWN, number, self._names[target], "from-agents", "s",
            linkedid=caller.linkedid,
        )  # fmt: skip
        for name, value in caller.variables.items():
            if name in INHERITED:
                self.set_variable(channel, f"__{name}", value)
        self.world.varset(channel, "DIALEDPEERNUMBER", number)
        ring = self.chance.uniform(*handset.ring)
        return self._leg(channel, caller, handset, handset.reaction, ring, queue_style=queue_style)

    def _leg(
        self, channel: Channel, caller: Channel, handset: Handset | None,
        reaction: Reaction | OutsideReaction, ring: float, *, queue_style: bool = False,
    ) -> PhoneLeg:  # fmt: skip
        assert caller.thread is not None  # whoever dials runs a dialplan
        leg = PhoneLeg(
            self.world, channel, caller.thread, handset, reaction=reaction, ring=ring,
            queue_style=queue_style,
        )  # fmt: skip
        self._legs[channel] = leg
        return leg

    def run_far_half(self, leg: LocalLeg) -> None:
        far = leg.far
        far.thread = Thread(self.world, dialplan.agent_leg(self, far, far.exten))
        far.thread.start()

    def local_leg(self, channel: Channel) -> LocalLeg | None:
        """The Local leg whose far half this is."""
        leg = self.locals.get(channel)
        return leg if leg is not None and leg.far is channel else None

    # --- joining by AMI -----------------------------------------------------------------------

    def own_leg(self, device: str, *, uniqueid: str) -> tuple[Channel, Handset]:
        """The channel of a leg that AMI originates; nobody rings yet."""
        handset = self._handset(device)
        channel = self.open(
            self.world.device(device), DOWN, device.partition("/")[2], self._names[device],
            "from-agents", "s", uniqueid=uniqueid,
        )  # fmt: skip
        self.world.step(channel, "AppDial2", "(Outgoing Line)")
        return channel, handset

    def outside_leg(self, number: str, *, uniqueid: str) -> Channel:
        """The channel of a leg to a number outside that AMI originates; nobody rings yet."""
        channel = self.open(
            self._trunk, DOWN, None, None, "from-trunk", "s", uniqueid=uniqueid
        )  # fmt: skip
        self.world.step(channel, "AppDial2", "(Outgoing Line)")
        return channel

    def ring_outside(self, channel: Channel, number: str) -> PhoneLeg:
        """Call whoever is at that number, who then behaves as the settings say."""
        chance = self._whims
        who = self.outsiders.get(number) or self.settings.outside.who(number, chance)
        arrival = Arrival(
            number=number,
            dialled=number,
            patience=chance.uniform(*who.patience),
            talk=chance.uniform(*who.talk),
            ender=who.ender,
        )
        self.people.dialled(arrival, channel, machine=who.reaction == "machine")
        return self._leg(channel, channel, None, who.reaction, chance.uniform(*who.ring))

    def ring_own(self, channel: Channel, handset: Handset) -> PhoneLeg:
        ring = self.chance.uniform(*handset.ring)
        return self._leg(channel, channel, handset, handset.reaction, ring)

    def drop_leg(self, channel: Channel, cause: int | None, status: int | None) -> None:
        leg = self._legs.get(channel)
        if leg is not None:
            leg.end(cause, status)

    # --- AMI's hand -----------------------------------------------------------------------------

    def kill(self, channel: Channel, cause: int) -> None:
        """AMI Hangup."""
        leg = self._legs.get(channel)
        if leg is not None and (channel.thread is None or not leg.answered):
            leg.kill(cause)
        elif channel.thread is not None:
            channel.change(cause=cause or 16)
            channel.thread.post(HungUp())

    def find(self, name: str) -> Channel | None:
        """A channel by its name or its Uniqueid, as ``ast_channel_get_by_name``."""
        return self.world.by_name.get(name) or self.world.channels.get(name)

    def moves(self, channel: Channel) -> bool:
        """Whether AMI can send it elsewhere: whether it runs a dialplan of its own."""
        return channel.thread is not None and not channel.thread.done

    def redirect(self, channel: Channel, context: str, exten: str) -> None:
        """AMI Redirect."""
        if channel.thread is not None:
            channel.thread.post(Redirected(context, exten))

    def music(self, channel: Channel, *, on: bool) -> None:
        """Music on hold begins or ends."""
        channel.music = on
        if on:
            self.world.emit(m.MUSIC_START, f"{channel.block()}Class: default\r\n")
        else:
            self.world.emit(m.MUSIC_STOP, channel.block())

    def set_variable(self, channel: Channel | None, name: str, value: str) -> None:
        """``Set()`` or AMI Setvar; without a channel a global variable."""
        if channel is None:
            self.globals[name] = value
            self.world.emit(m.VARSET, m.NO_CHANNEL + m.varset(name, value))
            return
        channel.variables[name.lstrip("_")] = value
        self.world.varset(channel, name, value)

    def caller_id(self, channel: Channel, number: str | None, person: str | None) -> None:
        """``Set(CALLERID(...)=...)``."""
        channel.change(number=number, person=person)
        self.world.emit(m.NEW_CALLERID, channel.block() + m.PRESENTATION)

    def user_event(self, channel: Channel, name: str, *headers: str) -> None:
        """The application ``UserEvent()``."""
        lines = "".join(f"{header}\r\n" for header in headers)
        self.world.emit(m.USER_EVENT, f"{channel.block()}UserEvent: {name}\r\n{lines}")

    # --- devices and endings ------------------------------------------------------------------

    def enlist(self, queue: QueueState, member: MemberState) -> None:
        self.memberships.setdefault(member.settings.device, []).append((queue, member))

    def dismiss(self, queue: QueueState, member: MemberState) -> None:
        queue.remove(member)
        self.memberships[member.settings.device].remove((queue, member))

    def _device_changed(self, device: Device) -> None:
        for queue, member in self.memberships.get(device.name, ()):
            self.world.emit(m.QUEUE_MEMBER_STATUS, f"Queue: {queue.name}\r\n{member.block()}")
            queue.member_changed(member)
        self.device_free(device)

    def device_free(self, device: Device) -> None:
        """A device may have become free: waiting callers hear of it."""
        for queue, member in self.memberships.get(device.name, ()):
            if member.free:
                queue.kick()

    def _channel_gone(self, channel: Channel) -> None:
        handset = self.handsets.get(channel.device.name)
        leg = handset.leg if handset is not None else None
        if handset is not None and (leg.channel if isinstance(leg, PhoneLeg) else leg) is channel:
            handset.leg = None
        self._legs.pop(channel, None)
        self.joins.gone(channel)
        local = self.locals.pop(channel, None)
        if local is not None and local.far is channel:
            local.far_ended()
        if channel.uniqueid in self.people.callers:
            self.people.gone(channel)

    def truth(self) -> tuple[Outcome, ...]:
        """Finished calls, oldest first."""
        return tuple(self.people.finished)
