"""One exchange joined to the floor: packets and snapshots become events, orders become actions.

It decides nothing; what a packet means is the tracker's matter, what an event means the floor's.
"""

from __future__ import annotations

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
from .floor.events import ExchangeConnected, ExchangeLost
from .settings import ExchangeSettings, SettingsError

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
    ) -> None:
        self._clock = clock
        self._was_up = False
        self._restarted = False
        self._named_own = Devices(exchange.devices, exchange.trunks).own
        self._doubted = -math.inf
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
        )

    def join(self, dispatch: Dispatch, screens: LiveScreens) -> None:
        self._dispatch = dispatch
        self._screens = screens

    def trouble(self) -> str | None:
        """Why the exchange is not ready, for /readyz."""
        state = self.link.state
        return None if state.kind == "up" else state.message

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
        for event in self.tracker.snapshot(snapshot, at):
            self._dispatch.post(event)

    def _state(self, state: LinkState) -> None:
        self._screens.exchange_changed(
            ExchangeState(state=state.kind, message=state.message, since=state.since)
        )
        up = state.kind == "up"
        if self._was_up and not up:
            self.switch.line_lost(state.message)
            self._dispatch.post(ExchangeLost(at=self._clock(), why=state.message))
        self._was_up = up
