"""The exchange as the floor's orders see it: a port, carried out over the AMI link.

Builds actions and turns the exchange's refusals into words. It decides nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from asterisk.ami.action import Action, SimpleAction

from callcenter.floor.orders import (
    Announce,
    Control,
    Dial,
    Ring,
    SendAway,
    StopDialling,
    StopRinging,
    TellCaller,
)
from callcenter.ports import DialError, RingError, SwitchError
from telephony import dialling
from telephony.answers import ActionRefused, Answer, AnswerTimeout, ExchangeError, LinkLost
from telephony.control import CallControl, Sees
from telephony.dialling import Dialling
from telephony.packet import Packet
from telephony.privileges import denied
from telephony.ringing import Ringing, Stage, originate
from telephony.wire import WireError

AT_ONCE: Final = 64
"""Actions under way; more wait here for their turn. A thousand members that are paused at once (the
line has come up) must neither be refused nor keep pings and snapshots from going out."""

LATE: Final = 10.0
"""Seconds after the end of ringing within which the exchange must have said so."""
HANGUP_LATE: Final = 2.0
"""Seconds from a leg's failure to the words for it."""
NOTHING_LATE: Final = 0.2
"""The same for a leg that was never seen; phones that are not signed in get none."""
LEG_AGAIN: Final = 0.05
"""Seconds after which a leg that must end, and is not there yet, is looked for again."""
LISTENS_LATE: Final = 15.0
"""Seconds from a customer's answer within which the dialplan must have said who answered: AMD()
listens to five of them."""
MESSAGE_LATE: Final = 240.0
"""Seconds that leaving a message may take."""
TAKEN_BACK: Final = 16
"""Normal clearing: a customer who is not dialled any more sees a missed call, as they should."""
ELSEWHERE: Final = 26
"""Answered elsewhere leaves no missed call on an agent's display."""


class Line(Protocol):
    """What the switch needs of the link."""

    async def ask(self, action: Action) -> Answer: ...

    def ask_snapshot(self, why: str) -> None: ...


class AmiSwitch:
    """The Switch port of callcenter.ports over AMI. `user` is the AMI account, for messages.

    `dial` is the channel that leads to a customer's number, such as ``PJSIP/{number}@trunk``; with
    none nobody is called back. `interfaces` tells under which interfaces queues know a device: its
    own name, or Local channels that lead to it. `waiting_channel` tells the channel of the caller
    who waits in a call; `sees` what is known about legs, without which calls cannot be controlled.
    """

    def __init__(
        self,
        link: Line,
        user: str,
        interfaces: Callable[[str], Sequence[str]] = lambda device: (),
        waiting_channel: Callable[[str], str | None] = lambda call: None,
        sees: Sees | None = None,
        dial: str = "",
    ) -> None:
        self._link = link
        self._user = user
        self._interfaces = interfaces
        self._waiting_channel = waiting_channel
        self._ringing = Ringing()
        self._dial = dial
        self._dialling = Dialling()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._sees = sees
        self._control = CallControl(self._carry_out, sees) if sees is not None else None

    async def pause(self, device: str, paused: bool, reason: str) -> None:
        """Pause or unpause `device` ("PJSIP/1001") in every queue it is a member of.

        `reason` is written to queue_log and shown in QueueMemberPause. Raises SwitchError; after
        one that speaks of a lost line nobody knows whether it was done.
        """
        word = "paused" if paused else "unpaused"

        def explain(said: str) -> str:
            # "Interface not found" is what app_queue says for a member of no queue.
            if "not found" in said.lower():
                return f"{device} cannot be {word}: it is a member of no queue on the exchange"
            return f"{device} cannot be {word}: the exchange says {said!r}"

        for interface in self._interfaces(device) or (device,):
            action = SimpleAction(
                "QueuePause",
                Interface=interface,
                Paused="true" if paused else "false",
                Reason=reason,
            )
            await self._carry_out(action, explain)

    async def ping(self) -> None:
        """Returns when the exchange has answered. Raises SwitchError."""
        await self._carry_out(SimpleAction("Ping"), lambda said: f"no ping: {said!r}")

    def ask_snapshot(self, why: str) -> None:
        """Have the link take a snapshot; it arrives where snapshots arrive."""
        self._link.ask_snapshot(why)

    # --- callers whose agent the engine chooses -----------------------------------------------

    def hear(self, packet: Packet) -> None:
        """Every event of the exchange, before or after the tracker; quick, and never raises."""
        self._ringing.hear(packet)
        self._dialling.hear(packet)

    def line_lost(self, why: str) -> None:
        """The line to the exchange is cut: nobody learns any more how a phone's ringing ends."""
        self._ringing.line_lost(why)
        self._dialling.line_lost(why)

    async def ring(self, order: Ring) -> None:
        """Ring the device and, when it answers, have the exchange join it with the waiting call;
        ``alone``: have it wait for the customer who is to be dialled next.

        Returns when the leg was answered. Raises RingError when it was not: no_answer, busy,
        declined, unreachable, caller_gone (before or meanwhile), withdrawn (``stop_ringing``).
        Raises SwitchError when it could not be tried or the line was cut meanwhile; the phone may
        ring on then, and nothing is tried again.
        """
        caller = None if order.alone else self._waiting_channel(order.call)
        if caller is None and not order.alone:
            raise RingError("caller_gone", "the caller does not wait any more")
        news = asyncio.Event()
        attempt = self._ringing.begin(order.leg, caller, news.set)
        if attempt is None:
            raise SwitchError(f"{order.device} cannot be rung: leg {order.leg} rings already")
        try:
            await self._carry_out(
                originate(order, caller),
                lambda said: f"{order.device} cannot be rung: the exchange says {said!r}",
            )
            try:
                async with asyncio.timeout(order.seconds + LATE):
                    await _until(news, lambda: attempt.over)
            except TimeoutError:
                raise SwitchError(
                    f"the exchange does not say how the ringing of {order.device} ended"
                ) from None
            if attempt.stage is Stage.LOST:
                raise SwitchError(
                    f"how the ringing of {order.device} ended is unknown: {attempt.detail}"
                )
            if attempt.stage is Stage.FAILED and not attempt.explained:
                # The words for it may come after the fact; of a phone that is not there none do.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HANGUP_LATE if attempt.seen else NOTHING_LATE):
                        await _until(news, lambda: attempt.explained)
            if attempt.stage is Stage.FAILED or attempt.caller_gone:
                raise RingError(attempt.end(), attempt.detail)
        finally:
            self._ringing.forget(order.leg)

    async def stop_ringing(self, order: StopRinging) -> None:
        """End the leg, answered or not; returns also when there is none. Raises SwitchError."""
        attempt = self._ringing.find(order.leg)
        if attempt is not None:
            attempt.withdrawn = True
        while not await self._hang_up(order.leg, ELSEWHERE):
            attempt = self._ringing.find(order.leg)
            if attempt is None or attempt.over:
                return
            # It was asked for, and is not there yet: an Originate is carried out in its own time.
            await asyncio.sleep(LEG_AGAIN)

    async def _hang_up(self, leg: str, cause: int) -> bool:
        """False when there is no such leg."""
        action = SimpleAction("Hangup", Channel=leg, Cause=cause)
        try:
            await self._carry_out(action, lambda said: f"leg {leg}: the exchange says {said!r}")
        except SwitchError as problem:
            refused = problem.__cause__
            if isinstance(refused, ActionRefused) and "no such channel" in refused.said.lower():
                return False
            raise
        return True

    # --- callbacks ------------------------------------------------------------------------------

    async def dial(self, order: Dial) -> None:
        """Dial the customer, once: a second order for the same call is refused, however the first
        ended.

        Returns when they have answered and, where the exchange listens, no machine did. Raises
        DialError when they were not reached; ``machine`` after our message was left, if it is to
        be; ``agent_gone`` when we took it back (``stop_dialling``). Raises SwitchError when it was
        not done, or when nobody can say: then it is ``unknown``, and nothing is dialled again.
        """
        leads_to = dialling.channel(self._dial, order.number) if self._dial else None
        if leads_to is None:
            why = "this is no number to dial" if self._dial else "no channel leads outside"
            raise SwitchError(f"call {order.call} cannot be dialled: {why}")
        news = asyncio.Event()
        attempt = self._dialling.begin(order.call, news.set)
        if attempt is None:
            raise SwitchError(f"call {order.call} was dialled before")
        try:
            await self._carry_out(
                dialling.originate(order, leads_to),
                lambda said: f"call {order.call} cannot be dialled: the exchange says {said!r}",
            )
            await self._outcome(attempt, news, order.seconds)
        finally:
            self._dialling.forget(order.call)

    async def _outcome(
        self, attempt: dialling.Attempt, news: asyncio.Event, seconds: float
    ) -> None:
        """Returns when a customer is on the line; raises as `dial` does."""
        stage = dialling.Stage
        limits = {
            stage.ASKED: seconds + LATE,
            stage.DIALLED: seconds + LATE,
            stage.ANSWERED: LISTENS_LATE,
            stage.MACHINE: MESSAGE_LATE,
        }
        while (now := attempt.stage) in limits:
            try:
                async with asyncio.timeout(limits[now]):
                    await _until(news, partial(_has_left, attempt, now))
            except TimeoutError:
                if now is stage.MACHINE:
                    break  # that it was one is known
                raise SwitchError(
                    f"the exchange does not say how the dialling of {attempt.call} ended",
                    unknown=True,
                ) from None
        if attempt.stage is stage.LOST and attempt.why != "machine":
            raise SwitchError(
                f"how the dialling of {attempt.call} ended is unknown: {attempt.detail}",
                unknown=True,
            )
        if attempt.stage is stage.FAILED and not attempt.explained:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HANGUP_LATE if attempt.seen else NOTHING_LATE):
                    await _until(news, lambda: attempt.explained)
        if attempt.stage is not stage.REACHED:
            raise DialError(attempt.end(), attempt.detail)

    async def stop_dialling(self, order: StopDialling) -> None:
        """End the customer's leg, answered or not; returns also when there is none, and not before
        one that was asked for has come and gone. Raises SwitchError."""
        attempt = self._dialling.find(order.call)
        if attempt is not None:
            attempt.withdrawn = True
        while not await self._hang_up(order.call, TAKEN_BACK):
            attempt = self._dialling.find(order.call)
            if attempt is None or attempt.over:
                return
            await asyncio.sleep(LEG_AGAIN)

    async def tell_caller(self, order: TellCaller) -> None:
        """Whether the callback that they asked for is granted; the dialplan's context
        ``cc-callback-told`` goes on. Raises SwitchError, also when they talk to somebody by now:
        a word that comes late must not end that."""
        talk = self._sees.talk_of(order.leg) if self._sees is not None else None
        if talk is not None and talk.customer is not None:
            raise SwitchError("the caller cannot be told: they are talking to somebody")
        await self._set(order.leg, "CC_QUEUE", order.queue)
        action = SimpleAction(
            "Redirect",
            Channel=order.leg,
            Context="cc-callback-told",
            Exten="yes" if order.granted else "no",
            Priority=1,
        )
        await self._carry_out(
            action, lambda said: f"the caller cannot be told: the exchange says {said!r}"
        )

    async def take_callbacks(self, taken: bool) -> None:
        """Whether callers in line are offered to be called back. Raises SwitchError."""
        action = Action("Setvar", {"Variable": "CC_NO_CALLBACK", "Value": "0" if taken else "1"})
        await self._carry_out(
            action, lambda said: f"callbacks cannot be offered: the exchange says {said!r}"
        )

    # --- what a waiting caller is told ---------------------------------------------------------

    async def announce(self, order: Announce) -> None:
        """Have the waiting caller told at the next opportunity: place, and seconds it may take."""
        # The position comes last: it is what the dialplan looks at.
        for name, value in (
            ("CC_P50", _seconds(order.p50)),
            ("CC_P90", _seconds(order.p90)),
            ("CC_POSITION", str(order.position)),
        ):
            await self._set(order.leg, name, value)

    async def send_away(self, order: SendAway) -> None:
        """Take the caller out of the line; the dialplan's context ``cc-away`` goes on."""
        await self._set(order.leg, "CC_QUEUE", order.queue)
        action = SimpleAction(
            "Redirect", Channel=order.leg, Context="cc-away", Exten=order.why, Priority=1
        )
        await self._carry_out(
            action, lambda said: f"the caller cannot be sent away: the exchange says {said!r}"
        )

    async def beat(self, at: float) -> None:
        """Show that the engine lives; to be done every two seconds. Raises SwitchError.

        When it stays away, callers who wait for the engine go on into ordinary queues.
        """
        action = Action("Setvar", {"Variable": "CC_BEAT", "Value": f"{at:.1f}"})
        await self._carry_out(action, lambda said: f"no sign of life: the exchange says {said!r}")

    async def control(self, order: Control) -> None:
        """Returns when the exchange has taken it; what it did comes as events. Raises SwitchError
        in words for an agent; docs/call-control.md says what each failure leaves."""
        if self._control is None:
            raise SwitchError("calls cannot be controlled: nothing is known about their legs")
        await self._control.carry_out(order)

    async def _set(self, leg: str, name: str, value: str) -> None:
        action = Action("Setvar", {"Channel": leg, "Variable": name, "Value": value})
        await self._carry_out(
            action, lambda said: f"{name} of leg {leg} cannot be set: the exchange says {said!r}"
        )

    async def _carry_out(self, action: Action, explain: Callable[[str], str]) -> Answer:
        try:
            async with self._turns:
                return await self._link.ask(action)
        except ActionRefused as refused:
            if refused.forbidden:
                raise SwitchError("; ".join(denied([action.name], self._user))) from refused
            raise SwitchError(explain(refused.said)) from refused
        except (LinkLost, AnswerTimeout) as problem:
            raise SwitchError(str(problem), unknown=True) from problem
        except (ExchangeError, WireError) as problem:
            raise SwitchError(str(problem)) from problem


async def _until(news: asyncio.Event, condition: Callable[[], bool]) -> None:
    while not condition():
        await news.wait()
        news.clear()


def _has_left(attempt: dialling.Attempt, stage: dialling.Stage) -> bool:
    return attempt.stage is not stage


def _seconds(value: float | None) -> str:
    return "" if value is None else str(max(0, round(value)))
