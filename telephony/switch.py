"""The exchange as the floor's orders see it: a port, carried out over the AMI link.

Builds actions and turns the exchange's refusals into words. It decides nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from asterisk.ami.action import Action, SimpleAction

from callcenter.ports import SwitchError
from telephony.answers import ActionRefused, Answer, ExchangeError
from telephony.privileges import denied
from telephony.wire import WireError

AT_ONCE: Final = 64
"""Actions under way; more wait here for their turn. A thousand members that are paused at once (the
line has come up) must neither be refused nor keep pings and snapshots from going out."""


class Line(Protocol):
    """What the switch needs of the link."""

    async def ask(self, action: Action) -> Answer: ...

    def ask_snapshot(self, why: str) -> None: ...


class AmiSwitch:
    """The Switch port of callcenter.ports over AMI. `user` is the AMI account, for messages.

    `interfaces` tells under which interfaces queues know a device: its own name, or Local channels
    that lead to it.
    """

    def __init__(
        self, link: Line, user: str, interfaces: Callable[[str], Sequence[str]] = lambda device: ()
    ) -> None:
        self._link = link
        self._user = user
        self._interfaces = interfaces
        self._turns = asyncio.Semaphore(AT_ONCE)

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

    async def _carry_out(self, action: Action, explain: Callable[[str], str]) -> None:
        try:
            async with self._turns:
                await self._link.ask(action)
        except ActionRefused as refused:
            if refused.forbidden:
                raise SwitchError("; ".join(denied([action.name], self._user))) from refused
            raise SwitchError(explain(refused.said)) from refused
        except (ExchangeError, WireError) as problem:
            raise SwitchError(str(problem)) from problem
