"""The consoles of the latency benchmark: all agents' browsers in one process.

They sign in by password and ticket, are ready, wrap up every call, and note when cards come.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import random
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from benchmarks.known_numbers import PASSWORD, agent
from benchmarks.load import Load, in_this_process, told

_CALL = b'"d":{"call":"'
_PERSON = b'"profile":{"person":'
_PENDING = b'"answers_state":"pending"'
_ANSWERS = b'"answers_state":"known"'
_ENDED = b'"state":"ended"'


class Console(asyncio.Protocol):
    """One agent's browser: notes when cards come, wraps up, looks at nothing else.

    The frames are taken apart by hand, so that 400 browsers cost little.
    """

    def __init__(self, room: Room, ticket: str, agent: str) -> None:
        self._room = room
        self._ticket = ticket
        self._agent = agent
        self._buffer = b""
        self._open = False
        self._sent = 0
        self.welcomed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        here = f"127.0.0.1:{self._room.port}"
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {here}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: cc.v1\r\n"
            f"Sec-WebSocket-Key: {key}\r\nOrigin: http://{here}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._open:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            if b" 101 " not in head:
                raise RuntimeError(f"no socket: {head!r}")
            self._open = True
            client = {"name": "bench", "version": "1", "tab": "t"}
            self._say(t="hello", v=1, ticket=self._ticket, client=client)
        while (frame := self._frame()) is not None:
            self._read(frame, now)

    def _frame(self) -> bytes | None:
        """The next whole frame: short, medium or long (RFC 6455, 5.2), not masked."""
        data = self._buffer
        if len(data) < 2:
            return None
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10]), 10
        if len(data) < start + size:
            return None
        self._buffer = data[start + size :]
        return data[start : start + size]

    def _read(self, frame: bytes, now: float) -> None:
        if b'"ev":"card.' in frame[:80]:
            self._card(frame, now)
        elif frame.startswith(b'{"t":"hb"'):
            self._say(t="ack", seq=0, visible=True)
        elif frame.startswith(b'{"t":"welcome"'):
            self._command("agent.state", state="ready")
            self.welcomed.set_result(None)
        elif b'"ok":false' in frame or frame.startswith(b'{"t":"bye"'):
            self._room.refused.append(frame[:300].decode())

    def _card(self, frame: bytes, now: float) -> None:
        start = frame.index(_CALL) + len(_CALL)
        call = frame[start : frame.index(b'"', start)].decode()
        room = self._room
        room.bytes += len(frame)
        room.frames += 1
        if _PERSON in frame:
            room.person.setdefault(call, now)
            if _PENDING not in frame and call not in room.whole:
                room.whole[call] = now
                room.answered += _ANSWERS in frame
        if _ENDED in frame[:300] and call not in room.wrapped:
            room.wrapped.add(call)
            wait = room.chance.uniform(0.5, 1.5) * room.load.wrapup
            asyncio.get_running_loop().call_later(wait, self._wrap_up, call)

    def _wrap_up(self, call: str) -> None:
        reason = self._room.chance.choice(REASONS)
        self._command("wrapup.finish", call=call, reason=reason, outcome="solved", notes="Done.")

    def _command(self, cmd: str, **d: str) -> None:
        self._sent += 1
        self._say(t="cmd", id=f"{self._agent}-{self._sent}", cmd=cmd, d=d)

    def _say(self, **frame: Any) -> None:
        data = json.dumps(frame).encode()
        size = len(data)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
        self._transport.write(head + bytes(4) + data)  # a mask of zeros changes nothing

    def connection_lost(self, error: Exception | None) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError(f"no welcome: {self._buffer!r}"))


REASONS = ("balance", "fees", "refund", "card_lost")


class Room:
    """All consoles, and when the first frame of each kind came, by call."""

    def __init__(self, load: Load, port: int) -> None:
        self.load = load
        self.port = port
        self.chance = random.Random(load.seed)
        self.person: dict[str, float] = {}
        self.whole: dict[str, float] = {}
        self.wrapped: set[str] = set()
        self.refused: list[str] = []
        self.answered = 0
        """Cards that came to have answers."""
        self.frames = 0
        self.bytes = 0

    async def enter(self) -> None:
        """Everybody signs in with name and password, opens a socket and becomes ready."""
        origin = f"http://127.0.0.1:{self.port}"
        loop = asyncio.get_running_loop()
        for index in range(self.load.agents):
            name, _ = agent(index)
            async with httpx.AsyncClient(base_url=origin, headers={"origin": origin}) as http:
                answer = await http.post(
                    "/api/v1/session", json={"user": name, "password": PASSWORD}
                )
                answer.raise_for_status()
                ticket = (await http.post("/api/v1/ws-tickets", json={})).json()["ticket"]
            _, console = await loop.create_connection(
                lambda ticket=ticket, name=name: Console(self, ticket, name),  # type: ignore[misc]
                "127.0.0.1",
                self.port,
            )
            await console.welcomed


async def _consoles(load: Load, port: int, pipe: Connection) -> None:
    room = Room(load, port)
    await room.enter()
    await asyncio.sleep(1.0)
    gc.collect()
    gc.disable()  # a pause of the measuring process is nobody's latency
    pipe.send("ready")
    await told(pipe)
    if room.refused:
        sys.stderr.write(f"refused {len(room.refused)}: {room.refused[0]}\n")
    pipe.send((room.person, room.whole, room.answered, room.frames, room.bytes))


def consoles_process(load: Load, port: int, pipe: Connection, output: Path) -> None:
    """Sends ``ready``; told to report; sends what it noted."""
    in_this_process(lambda: _consoles(load, port, pipe), output)
