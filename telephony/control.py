"""Carries out what is asked of a live call: for each kind, the actions and their order.

Legs are named by their Uniqueid, which Asterisk takes wherever it takes a channel's name. A number
or a name that a person typed reaches the dialplan only as the value of a variable, and only after
it was checked here. It must not tell anybody that something was done: what the exchange reports
does (telephony.control_facts).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from asterisk.ami.action import Action

from callcenter.floor.control_rules import DIGITS, TARGET
from callcenter.floor.events import ControlKind
from callcenter.floor.orders import Control
from callcenter.ports import SwitchError
from telephony.answers import Answer
from telephony.control_facts import FAR, FOR, MUTED_VARIABLE, Talk
from telephony.ringing import AUTO_ANSWER

Ask = Callable[[Action, Callable[[str], str]], Awaitable[Answer]]
"""Carries out one action; the callable turns the exchange's refusal into words."""

LEG: Final = re.compile(r"[A-Za-z0-9._-]{1,149}", re.ASCII)

CONSULT_SECONDS: Final = 60
SPY_SECONDS: Final = 20
MOVED: Final = 4.0
"""Seconds within which a leg that was moved has arrived. All steps of a command together take less
than the floor's deadline for it (callcenter.floor.controls.CONFIRM_SECONDS)."""
_LOOK: Final = 0.01

_NORMAL: Final = 16
_ELSEWHERE: Final = 26
"""Leaves no missed call on a phone that rings."""

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")
_SPY_KINDS = frozenset({"listen", "whisper", "barge"})


class Sees(Protocol):
    """What is known about legs (telephony.control_facts.ControlFacts)."""

    def talk_of(self, leg: str) -> Talk | None: ...

    def waits_for(self, customer: str) -> str | None: ...

    def meet(self, one: str, other: str) -> bool: ...

    def is_up(self, leg: str) -> bool: ...

    def has_ended(self, leg: str) -> bool: ...


class CallControl:
    """Carries out `Control` orders with `ask`, by what `sees` knows."""

    def __init__(self, ask: Ask, sees: Sees) -> None:
        self._ask = ask
        self._sees = sees
        self._agents_do: dict[ControlKind, Callable[[Control, Talk], Awaitable[None]]] = {
            "hold": self._hold,
            "resume": self._resume,
            "mute": self._mute,
            "unmute": self._mute,
            "dtmf": self._dtmf,
            "blind_transfer": self._blind_transfer,
            "consult": self._consult,
            "swap": self._swap,
            "complete": self._complete,
            "cancel_consult": self._cancel_consult,
            "conference": self._conference,
            "park": self._park,
            "hang_up": self._hang_up,
            "record": self._record,
            "stop_recording": self._stop_recording,
            "pause_recording": self._pause_recording,
            "resume_recording": self._pause_recording,
        }

    async def carry_out(self, order: Control) -> None:
        """Returns when the exchange has taken it; what it did is reported by itself.

        Raises SwitchError, in words for the agent, when it cannot be done. The customer is then
        where they were before or waits with music for the agent; they are never dropped.
        """
        if order.do in _SPY_KINDS:
            await self._listen(order)
        elif order.do == "stop_listening":
            if order.leg is None:
                raise SwitchError("nobody listens to this call from your phone")
            await self._end(order.leg)
        elif order.do == "take_over":
            await self._take_over(order)
        elif order.do == "answer":
            # To make a desk phone pick up takes the right "system" (PJSIPNotify), which would
            # let the engine's account run programs on the exchange.
            raise SwitchError("pick up at the phone: the exchange cannot do it for a desk phone")
        else:
            talk = self._sees.talk_of(order.leg) if order.leg is not None else None
            if talk is None:
                raise SwitchError("your part in this call is over")
            await self._agents_do[order.do](order, talk)

    # --- hold -----------------------------------------------------------------------------------

    async def _hold(self, order: Control, talk: Talk) -> None:
        if talk.held:
            raise SwitchError("the caller is on hold already")
        await self._put_on_hold(talk.agent, _customer(talk), "s")

    async def _put_on_hold(self, agent: str, customer: str, then: str) -> None:
        await self._set(customer, "CC_AGENT", agent)
        await self._set(agent, "CC_CUSTOMER", customer)
        await self._move(customer, "cc-hold", "s", agent, "cc-agent", then)

    async def _resume(self, order: Control, talk: Talk) -> None:
        if not talk.held:
            raise SwitchError("the caller is not on hold")
        if talk.aside is not None:
            raise SwitchError("you are consulting somebody: swap, complete or cancel that")
        await self._move(talk.agent, "cc-agent", "join")

    # --- handing on -----------------------------------------------------------------------------

    async def _blind_transfer(self, order: Control, talk: Talk) -> None:
        customer = _customer(talk)
        target = await self._existing(order.target)
        _no_consult(talk)
        await self._set(customer, "CC_AGENT", talk.agent)
        await self._set(customer, "CC_TARGET", target)
        await self._move(customer, "cc-transfer", "s", talk.agent, "cc-agent", "done")

    async def _park(self, order: Control, talk: Talk) -> None:
        customer = _customer(talk)
        _no_consult(talk)
        await self._set(customer, "CC_AGENT", talk.agent)
        await self._move(customer, "cc-park", "s", talk.agent, "cc-agent", "done")

    async def _hang_up(self, order: Control, talk: Talk) -> None:
        if talk.aside is not None:
            raise SwitchError("you are consulting somebody: complete or cancel that first")
        if talk.held and talk.customer is not None:
            # The customer first: alone, they would go back into the line.
            await self._end(talk.customer)
        await self._end(talk.agent)

    # --- consulting -----------------------------------------------------------------------------

    async def _consult(self, order: Control, talk: Talk) -> None:
        customer = _customer(talk)
        _no_consult(talk)
        target = await self._existing(order.target)
        await self._set(talk.agent, "CC_ASIDE", order.new_leg)
        if talk.held:
            await self._move(talk.agent, "cc-agent", "calling")
        else:
            await self._put_on_hold(talk.agent, customer, "calling")
            # The consulted phone may answer at once, and must not meet the customer's bridge.
            await self._until(lambda: self._sees.waits_for(customer) == talk.agent)
        headers = {
            "Channel": "Local/s@cc-consult-out/n",
            "ChannelId": order.new_leg,
            "OtherChannelId": f"{FAR}{order.new_leg}{FOR}{talk.agent}",
            "Context": "cc-consult",
            "Exten": "s",
            "Priority": 1,
            "Timeout": CONSULT_SECONDS * 1000,
            "Async": "true",
        }
        variables = {"CC_AGENT": talk.agent, "CC_CUSTOMER": customer, "CC_TARGET": target}
        try:
            await self._ask(
                Action("Originate", headers, variables),
                lambda said: f"{target} cannot be called: the exchange says {said!r}",
            )
        except SwitchError:
            if not talk.held:
                await self._move(talk.agent, "cc-agent", "join")
            raise

    async def _swap(self, order: Control, talk: Talk) -> None:
        customer, aside = _customer(talk), _aside(talk)
        await self._set(aside, "CC_AGENT", talk.agent)
        await self._set(talk.agent, "CC_ASIDE", aside)
        if talk.held:
            await self._move(aside, "cc-hold", "aside", talk.agent, "cc-agent", "join")
            await self._until(
                lambda: (
                    self._sees.waits_for(aside) == talk.agent
                    and self._sees.meet(talk.agent, customer)
                )
            )
        else:
            await self._set(customer, "CC_AGENT", talk.agent)
            await self._move(customer, "cc-hold", "s", talk.agent, "cc-agent", "aside")
            await self._until(lambda: self._sees.meet(talk.agent, aside))

    async def _complete(self, order: Control, talk: Talk) -> None:
        customer, aside = _customer(talk), _aside(talk)
        if not talk.held:
            # Out of the bridge with the agent first, whose end would otherwise end the customer.
            await self._put_on_hold(talk.agent, customer, "s")
            await self._until(lambda: self._sees.waits_for(customer) == talk.agent)
        await self._set(aside, "CC_AGENT", talk.agent)
        await self._set(aside, "CC_CUSTOMER", customer)
        await self._move(aside, "cc-consult", "complete")
        # Only now is the agent not needed: should that fail, the customer still waits for them.
        await self._until(lambda: self._sees.waits_for(customer) is None)
        await self._move(talk.agent, "cc-agent", "done")

    async def _cancel_consult(self, order: Control, talk: Talk) -> None:
        if talk.aside is None:
            raise SwitchError("you are consulting nobody")
        if not talk.aside_answered:
            await self._move(talk.agent, "cc-agent", "join")
            await self._end(talk.aside, _ELSEWHERE)
        elif talk.held:
            await self._move(talk.aside, "cc-consult", "cancelled", talk.agent, "cc-agent", "join")
        else:
            await self._move(talk.aside, "cc-consult", "cancelled")

    async def _conference(self, order: Control, talk: Talk) -> None:
        customer, aside = _customer(talk), _aside(talk)
        if talk.held:
            await self._move(customer, "cc-conference", "customer")
        else:
            await self._set(aside, "CC_AGENT", talk.agent)
            await self._move(aside, "cc-conference", "aside")

    # --- voice ----------------------------------------------------------------------------------

    async def _mute(self, order: Control, talk: Talk) -> None:
        muted = order.do == "mute"
        await self._set(talk.agent, "MUTEAUDIO(in)", "on" if muted else "off")
        await self._set(talk.agent, MUTED_VARIABLE, "1" if muted else "0")

    async def _dtmf(self, order: Control, talk: Talk) -> None:
        digits = (order.digits or "").upper()
        if DIGITS.fullmatch(digits) is None:
            raise SwitchError("only the keys 0 to 9, *, # and A to D can be sent, at most 32")
        if talk.held and talk.aside is None:
            raise SwitchError("the caller is on hold: take them back first")
        to = talk.aside if talk.aside is not None and talk.held else _customer(talk)
        for digit in digits:
            action = Action("PlayDTMF", {"Channel": to, "Digit": digit})
            await self._ask(action, lambda said: f"the key was not sent: {said!r}")

    # --- recording ------------------------------------------------------------------------------

    async def _record(self, order: Control, talk: Talk) -> None:
        if talk.recorder is not None:
            raise SwitchError("the call is being recorded already")
        headers = {
            "Channel": "Local/ear@cc-record/n",
            "ChannelId": order.new_leg,
            "OtherChannelId": f"{FAR}{order.new_leg}{FOR}{talk.agent}",
            "Context": "cc-record",
            "Exten": "pen",
            "Priority": 1,
            "Timeout": 5000,
            "Async": "true",
        }
        name = file_name(order.call, order.new_leg)
        await self._ask(
            Action("Originate", headers, {"CC_AGENT": talk.agent, "CC_FILE": name}),
            lambda said: f"the call cannot be recorded: the exchange says {said!r}",
        )

    async def _stop_recording(self, order: Control, talk: Talk) -> None:
        await self._end(_recorder(talk))

    async def _pause_recording(self, order: Control, talk: Talk) -> None:
        state = 1 if order.do == "pause_recording" else 0
        action = Action(
            "MixMonitorMute", {"Channel": _recorder(talk), "Direction": "both", "State": state}
        )
        await self._ask(action, lambda said: f"the recording goes on as it was: {said!r}")

    # --- supervision ----------------------------------------------------------------------------

    async def _listen(self, order: Control) -> None:
        agent = _known(order.target)
        if self._sees.talk_of(agent) is None:
            raise SwitchError("the agent's part in this call is over")
        if order.leg is not None:
            await self._set(order.leg, "CC_AGENT", agent)
            await self._move(order.leg, "cc-spy", order.do)
        else:
            await self._ring(order, agent, order.do)

    async def _ring(self, order: Control, agent: str, exten: str) -> None:
        """Ring the supervisor's phone, which goes to `exten` of cc-spy when it answers."""
        headers = {
            "Channel": order.device,
            "ChannelId": order.new_leg,
            "Context": "cc-spy",
            "Exten": exten,
            "Priority": 1,
            "Timeout": SPY_SECONDS * 1000,
            "CallerID": '"Supervision" <anonymous>',
            "Async": "true",
        }
        variables = {"CC_AGENT": agent}
        if order.device.startswith("PJSIP/"):
            variables |= AUTO_ANSWER
        await self._ask(
            Action("Originate", headers, variables),
            lambda said: f"{order.device} cannot be rung: the exchange says {said!r}",
        )

    async def _take_over(self, order: Control) -> None:
        agent = _known(order.target)
        talk = self._sees.talk_of(agent)
        if talk is None:
            raise SwitchError("the agent's part in this call is over")
        customer = _customer(talk)
        _no_consult(talk)
        mine = order.leg
        if mine is None:
            mine = order.new_leg
            await self._ring(order, agent, "wait")
            try:
                await self._until(
                    lambda: self._sees.is_up(mine) or self._sees.has_ended(mine), SPY_SECONDS
                )
            except SwitchError:
                await self._end(mine, _ELSEWHERE)
            if not self._sees.is_up(mine):
                raise SwitchError(f"{order.device} was not answered; the call is as it was")
        await self._set(mine, "CC_CUSTOMER", customer)
        await self._set(mine, "CC_AGENT", agent)
        await self._set(customer, "CC_AGENT", mine)
        # Out of the bridge first; meanwhile the agent's leg waits, to be told from a lost one.
        await self._set(agent, "CC_CUSTOMER", customer)
        await self._move(customer, "cc-hold", "s", agent, "cc-agent", "s")
        await self._until(lambda: self._sees.waits_for(customer) == mine)
        await self._move(mine, "cc-spy", "take")
        await self._until(lambda: self._sees.waits_for(customer) is None)
        await self._move(agent, "cc-agent", "done")

    # --- steps ----------------------------------------------------------------------------------

    async def _existing(self, target: str | None) -> str:
        """`target`, if the dialplan knows it."""
        if target is None or TARGET.fullmatch(target) is None:
            raise SwitchError("a target is an extension or a number such as +442079460123")
        # A pattern for names in the dialplan matches any; what exists by name are queues.
        exists = f"DIALPLAN_EXISTS(cc-target,{target},1)"
        if target[0].isalpha():
            exists = f"QUEUE_EXISTS({target})"
        question = Action("Getvar", {"Variable": exists})
        answer = await self._ask(
            question, lambda said: f"whether {target} exists is unknown: {said!r}"
        )
        if answer.response.get("Value") != "1":
            raise SwitchError(f"{target} does not exist on the exchange; the call is as it was")
        return target

    async def _set(self, leg: str, name: str, value: str) -> None:
        action = Action("Setvar", {"Channel": _known(leg), "Variable": name, "Value": value})
        await self._ask(action, _too_late)

    async def _move(
        self,
        leg: str,
        context: str,
        exten: str,
        other: str | None = None,
        other_context: str = "",
        other_exten: str = "",
    ) -> None:
        """Send one leg, or two at the same moment, to an extension. When one of two is gone
        already Asterisk refuses, and neither has moved."""
        headers: dict[str, str | int] = {
            "Channel": _known(leg),
            "Context": context,
            "Exten": exten,
            "Priority": 1,
        }
        if other is not None:
            headers |= {
                "ExtraChannel": _known(other),
                "ExtraContext": other_context,
                "ExtraExten": other_exten,
                "ExtraPriority": 1,
            }
        await self._ask(Action("Redirect", headers), _too_late)

    async def _end(self, leg: str, cause: int = _NORMAL) -> None:
        """Hang a leg up with a cause of ITU-T Q.850; that it is gone already is as good."""

        def explain(said: str) -> str:
            return "" if "no such channel" in said.lower() else f"it goes on: {said!r}"

        try:
            await self._ask(Action("Hangup", {"Channel": _known(leg), "Cause": cause}), explain)
        except SwitchError as problem:
            if str(problem):
                raise

    async def _until(self, condition: Callable[[], bool], seconds: float = MOVED) -> None:
        """Until the exchange has reported what the next step needs."""
        try:
            async with asyncio.timeout(seconds):
                # The tracker is fed by this same loop; a move takes a few milliseconds.
                while not condition():  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise SwitchError("the exchange did not say in time that it was done") from None


def file_name(call: str, leg: str) -> str:
    """The name of a recording: letters, digits and ``_`` only, so that it is no path."""
    return "_".join(_NOT_A_NAME.sub("_", part)[:60] for part in (call, leg))


def _too_late(said: str) -> str:
    if "no such channel" in said.lower() or "does not exist" in said.lower():
        return "one of the parties has hung up meanwhile"
    return f"the exchange says {said!r}"


def _known(leg: str | None) -> str:
    if leg is None or LEG.fullmatch(leg) is None:
        raise SwitchError("that leg of the call is not known")
    return leg


def _customer(talk: Talk) -> str:
    if talk.many:
        raise SwitchError("not in a conference: leave it, or hang up")
    if talk.customer is None:
        raise SwitchError("nobody else is in this call")
    return talk.customer


def _aside(talk: Talk) -> str:
    if talk.aside is None:
        raise SwitchError("you are consulting nobody")
    if not talk.aside_answered:
        raise SwitchError("they have not answered yet")
    return talk.aside


def _no_consult(talk: Talk) -> None:
    if talk.aside is not None:
        raise SwitchError("you are consulting somebody: complete or cancel that first")


def _recorder(talk: Talk) -> str:
    if talk.recorder is None:
        raise SwitchError("the call is not being recorded")
    return talk.recorder
