"""Messages to the house, over HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from callcenter.callbacks.hooks import (
    MOST,
    SIGNATURE,
    Body,
    HookError,
    HookKind,
    Outbox,
    WebHook,
    signature,
)

AT = 1_800_000_000.0


class House(ThreadingHTTPServer):
    """Answers with ``status``, and keeps what it was sent."""

    status = 204
    hold: threading.Event | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.got: list[tuple[str, bytes, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Post(BaseHTTPRequestHandler):
    server: House

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, body, self.headers[SIGNATURE]))
        if self.server.hold is not None:
            self.server.hold.wait(5.0)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.got.append((self.path, b"followed", ""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def house() -> Iterator[House]:
    with House() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        if server.hold is not None:
            server.hold.set()
        server.shutdown()
        thread.join()


async def test_a_message_comes_signed(house: House) -> None:
    hook = WebHook(house.url, b"secret", clock=lambda: AT)
    await hook.tell("booked", {"ref": "7KQ4-M2PX", "name": "张\r\nX-Evil: 1"})
    ((path, body, signed),) = house.got
    assert path == "/hook"
    assert json.loads(body) == {"kind": "booked", "ref": "7KQ4-M2PX", "name": "张\r\nX-Evil: 1"}
    assert signed == signature(b"secret", int(AT), body)
    assert signed != signature(b"other", int(AT), body)


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_what_is_not_taken_is_an_error_and_nothing_is_followed(
    house: House, status: int
) -> None:
    house.status = status
    with pytest.raises(HookError, match=str(status)):
        await WebHook(house.url, b"secret").tell("booked", {})
    assert [path for path, _, _ in house.got] == ["/hook"]


async def test_nobody_is_there_or_slow(house: House) -> None:
    house.hold = threading.Event()
    with pytest.raises(HookError, match="reached"):
        await WebHook(house.url, b"secret", timeout=0.1).tell("booked", {})
    house.server_close()
    with pytest.raises(HookError, match="reached"):
        await WebHook("http://127.0.0.1:9/", b"secret", timeout=0.5).tell("booked", {})


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/", "hook"])
def test_only_addresses_of_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        WebHook(url, b"secret")


class Unwilling:
    """Takes a message at the third attempt; ``never`` none of its kind."""

    def __init__(self, never: str = "") -> None:
        self.tries: list[tuple[HookKind, Body]] = []
        self._never = never

    async def tell(self, kind: HookKind, body: Body) -> None:
        self.tries.append((kind, body))
        if kind == self._never or sum(one == (kind, body) for one in self.tries) < 3:
            raise HookError("not now")


async def test_messages_are_sent_again_in_order_and_lost_ones_are_counted() -> None:
    hook = Unwilling(never="moved")
    outbox = Outbox(hook, waits=(0.0, 0.0))
    keeping = asyncio.create_task(outbox.keep())
    for kind in ("booked", "moved", "cancelled"):
        outbox.put(kind, {})
    async with asyncio.timeout(5):
        while len(hook.tries) < 9:
            await asyncio.sleep(0)
    keeping.cancel()
    assert [kind for kind, _ in hook.tries] == ["booked"] * 3 + ["moved"] * 3 + ["cancelled"] * 3
    assert outbox.lost == 1


async def test_no_more_wait_than_there_is_room_for() -> None:
    outbox = Outbox(Unwilling())
    for n in range(MOST + 7):
        outbox.put("booked", {"n": n})
    assert outbox.lost == 7
