"""One exchange joined to the floor: packets and snapshots become events, orders become actions.

It decides nothing; what a packet means is the tracker's matter, what an event means the floor's.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from agent_console.screens import LiveScreens
from agent_console.snapshot import ExchangeState
from telephony.endpoint import LinkSettings
from telephony.link import Link, LinkState
from telephony.packet import Packet
from telephony.parties import Devices
from telephony.snapshot import Snapshot
from telephony.switch import AmiSwitch
from telephony.tracker import WANTED, Tracker

from .dispatch import Dispatch
from .floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    DeviceLeft,
    ExchangeConnected,
    ExchangeLost,
    OfferEnded,
    SnapshotCompared,
)
from .ports import SwitchError
from .settings import ExchangeSettings, SettingsError

log: Final = logging.getLogger(__name__)

AUDIT_EVERY: Final = 60.0
"""Seconds between two looks at the whole exchange."""

BEAT_EVERY: Final = 2.0
"""Seconds between two signs of life."""

BEAT_LOOKED_AT_EVERY: Final = 0.1
"""Seconds between two looks at whether one may be given, while none may."""

OF_CALLS: Final = (
    CallAnswered, CallArrived, CallEnded, CallLeftQueue, CallOffered, CallQueued, DeviceLeft,
    OfferEnded,
)  # fmt: skip
"""Events of a snapshot that count as drift."""

SNAPSHOT_AGAIN: Final = 10.0
"""Seconds at least between two snapshots asked for because packets do not fit."""


class Exchange:
    """Link, tracker and switch of one Asterisk, joined to the dispatch.

    Raises ``SettingsError`` for an exchange that cannot be as it is described.
    """

    def __init__(
        self,
        exchange: ExchangeSettings,
        reactor: Any,
        clock: Callable[[], float],
        rng: random.Random,
        dial: str = "",
    ) -> None:
        """``dial``: the channel that leads outside, for callbacks."""
        self._clock = clock
        self._was_up = False
        self._restarted = False
        self._named_own = Devices(exchange.devices, exchange.trunks).own
        self._doubted = -math.inf
        self._compared = self._auditing = False
        self.drift = 0
        """Differences about calls that snapshots showed and no event had told."""
        self.beats = 0
        self.first_seen = asyncio.Event()
        """What exists there was told for the first time, or it cannot be reached."""
        self.tracker = Tracker(self._own)
        try:
            self.link = Link(
                LinkSettings(
                    host=exchange.host,
                    port=exchange.port,
                    user=exchange.user,
                    secret=exchange.secret,
                    auth=exchange.auth,
                    tls=exchange.tls,
                    tls_ca=Path(exchange.tls_ca) if exchange.tls_ca else None,
                ),
                reactor,
                clock=clock,
                rng=rng,
                on_packet=self._packet,
                on_snapshot=self._snapshot,
                on_state=self._state,
                wanted=WANTED,
            )
        except ValueError as error:
            raise SettingsError(f"[exchange]: {error}.") from None
        self.switch = AmiSwitch(
            self.link,
            exchange.user,
            self.tracker.members.interfaces,
            self.tracker.waiting_channel,
            self.tracker.control,
            dial=dial,
        )

    def join(self, dispatch: Dispatch, screens: LiveScreens) -> None:
        self._dispatch = dispatch
        self._screens = screens

    def trouble(self) -> str | None:
        """Why the exchange is not ready, for /readyz."""
        state = self.link.state
        return None if state.kind == "up" else state.message

    async def audit(self) -> None:
        """Look at the exchange whole every minute, though nothing seems wrong: what no event told
        is mended, and counted as drift. Runs until cancelled."""
        while True:
            await asyncio.sleep(AUDIT_EVERY)
            self._auditing = True
            self.link.ask_snapshot("audit")

    async def beat(self, healthy: Callable[[], bool]) -> None:
        """Show the exchange that calls are being distributed. Runs until cancelled.

        When it stays away, the dialplan sends waiting callers on into ordinary queues. So it is
        given only while the floor gives calls out (not before the exchange was compared with what
        the floor believes) and while the engine is ``healthy``.
        """
        was = True
        while True:
            lives = healthy()
            if lives is not was:
                event = "signs_of_life_again" if lives else "signs_of_life_stopped"
                log.log(logging.INFO if lives else logging.CRITICAL, event)
            was = lives
            if not (lives and self.link.state.kind == "up" and self._distributing()):
                await asyncio.sleep(BEAT_LOOKED_AT_EVERY)
                continue
            try:
                await self.switch.beat(self._clock())
                self.beats += 1
            except SwitchError as trouble:
                log.warning("no_sign_of_life", extra={"why": str(trouble)})
            await asyncio.sleep(BEAT_EVERY)

    def _distributing(self) -> bool:
        return self._dispatch.floor.state.distributing

    def _packet(self, packet: Packet, at: float) -> None:
        self.switch.hear(packet)
        for event in self.tracker.receive(packet, at):
            self._dispatch.post(event)
        if self.tracker.doubt and at - self._doubted >= SNAPSHOT_AGAIN:
            self._doubted = at
            self.link.ask_snapshot("packets that do not fit")

    def _own(self, device: str) -> bool:
        """Named like one of ours, or the phone of somebody who is signed in."""
        return self._named_own(device) or device in self._dispatch.floor.state.by_device

    def _snapshot(self, snapshot: Snapshot, at: float) -> None:
        self._restarted |= snapshot.restarted
        if "members" not in snapshot.missing:  # else it still starts, and takes no orders yet
            self._dispatch.post(
                ExchangeConnected(
                    at=at, version=snapshot.version or "unknown", restarted=self._restarted
                )
            )
            self._restarted = False
        events = self.tracker.snapshot(snapshot, at)
        for event in events:
            self._dispatch.post(event)
        if "channels" in snapshot.missing or "members" in snapshot.missing:
            self.first_seen.set()
            return  # what exists is not known: nothing can be compared
        # What the first snapshot of a connection tells was missed, not lost.
        drift = sum(isinstance(event, OF_CALLS) for event in events) if self._compared else 0
        self.drift += drift
        if drift:
            log.warning("drift", extra={"events": drift})
        self._dispatch.post(
            SnapshotCompared(
                at=at,
                drift=drift,
                audit=self._auditing,
                calls=tuple(call.id for call in self.tracker.calls.values() if call.is_open),
            )
        )
        self._compared, self._auditing = True, False
        self.first_seen.set()

    def _state(self, state: LinkState) -> None:
        self._screens.exchange_changed(
            ExchangeState(state=state.kind, message=state.message, since=state.since)
        )
        up = state.kind == "up"
        if self._was_up and not up:
            self.switch.line_lost(state.message)
            self._dispatch.post(ExchangeLost(at=self._clock(), why=state.message))
        self._was_up = up
        if state.kind in ("down", "refused"):
            self.first_seen.set()
