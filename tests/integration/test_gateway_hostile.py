"""The agent channel against browsers that misbehave: slow, silent, flooding, foreign."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent_console.session import Limits
from agent_console.snapshot import ExchangeState
from tests.console_kit import AMY, BEN, Site, site


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as found:
        yield found


def text(payload: bytes) -> bytes:
    """A masked text frame of up to 125 bytes."""
    mask = os.urandom(4)
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes((0x81, 0x80 | len(payload))) + mask + body


async def test_browser_that_reads_nothing(tmp_path: Path) -> None:
    """It is cut after the send was blocked for long enough; everybody else goes on undisturbed."""
    limits = Limits(send=0.5, queue_bytes=1 << 30, queue_frames=1 << 20)
    async with site(tmp_path, limits) as here, here.browser(AMY) as browser:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port, limit=1024)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{here.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: cc.v1\r\n"
            f"Origin: {here.url}\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        hello = {"t": "hello", "v": 1, "ticket": here.pass_for(BEN), "client": {
            "name": "t", "version": "1", "tab": "t"}}  # fmt: skip
        writer.write(text(json.dumps(hello, separators=(",", ":")).encode()))
        async with asyncio.timeout(30):
            while here.gateway.sessions < 2 or "ben" not in here.desk.view().agents:
                await asyncio.sleep(0.01)
            number = 0
            while here.gateway.sessions == 2:
                # As much as it takes to fill what the kernel keeps for a peer that reads nothing.
                state = ExchangeState(state="down", message="x" * 50_000, since=float(number))
                number += 1
                here.screens.exchange_changed(state)
                await browser.until(lambda: browser.exchange["since"] == number - 1)  # noqa: B023
        assert 'console_slow_total{kind="send"} 1.0' in here.metrics.render().decode()
        assert (await browser.command("1", "ping"))["ok"]
        writer.transport.abort()


@pytest.mark.parametrize(
    ("frame", "code", "reason"),
    [
        ("{", 4400, "not JSON"),
        ("[]", 4400, "a frame is a JSON object"),
        ('{"t":1}', 4400, "the frame has no `t`"),
        ('{"t":"cmd","cmd":"ping"}', 4400, "cmd: `id` must be a text"),
        ('{"t":"ack","seq":NaN}', 4400, "NaN is not a JSON number"),
        ('{"t":"ack","seq":-1}', 4400, "`seq` must be a whole number"),
        ('{"t":"x","d":' + "[" * 30_000 + "]" * 30_000 + "}", 4400, "nested deeper"),
        ('{"t":"hello","v":1,"ticket":"t","client":{}}', 4400, "`tab` must be a text"),
        (b"\x00\x01", 4400, "frames are text"),
        ('{"t":"x","pad":"' + "x" * 66_000 + '"}', 1009, ""),
    ],
)
async def test_bad_frames(here: Site, frame: str | bytes, code: int, reason: str) -> None:
    """What is no frame of the protocol closes the socket, and the reason says what is wrong."""
    async with here.browser(AMY) as browser:
        await browser.socket.send(frame)
        found, why = await browser.closed()
        assert found == code
        assert reason in why


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"t": "ack", "seq": 0}, 4400),
        ({"t": "hello", "v": 2, "ticket": "t", "client": {}}, 4406),
        ({"t": "hello", "v": True, "ticket": "t", "client": {}}, 4406),
        ({"t": "hello", "v": 1, "client": {}}, 4400),
    ],
)
async def test_bad_first_frame(here: Site, frame: dict[str, object], code: int) -> None:
    """The first frame is hello, of a version we speak."""
    async with here.browser() as browser:
        await browser.send(**frame)
        assert (await browser.closed())[0] == code


async def test_unknown_frames_are_ignored(here: Site) -> None:
    """A newer console's frames and fields do no harm; they are counted."""
    async with here.browser(AMY) as browser:
        await browser.send(t="typing", call="c1")
        reply = await browser.command("1", "ping", later="field")
        assert reply["ok"]
    assert 'console_frames_in_total{kind="nothing"} 1.0' in here.metrics.render().decode()


async def test_nobody_says_hello(tmp_path: Path) -> None:
    """A socket that says nothing is closed with 4401."""
    async with site(tmp_path, Limits(hello=0.2)) as here, here.browser() as browser:
        code, reason = await browser.closed()
        assert code == 4401
        assert "hello" in reason


async def test_flood(here: Site) -> None:
    """Beyond the rate commands are refused with `retry`; whoever goes on is closed with 4429."""
    async with here.browser(AMY) as browser:
        for number in range(400):
            await browser.send(t="cmd", id=str(number), cmd="ping", d={})
        refused = await browser.read("reply", ok=False)
        assert refused["error"]["code"] == "slow_down"
        assert refused["retry"] is True
        assert (await browser.closed())[0] == 4429


async def test_refused_for_rate_may_come_again(tmp_path: Path) -> None:
    """A command refused for the rate is not remembered: the same id succeeds later."""
    limits = Limits(rate=0.5, burst=3, flood=1_000)
    async with site(tmp_path, limits) as here, here.browser(AMY) as browser:
        replies = [await browser.command("same", "nothing.such") for _ in range(8)]
        assert {r["error"]["code"] for r in replies} == {"unknown_command", "slow_down"}
        async with asyncio.timeout(20):
            while True:
                last = await browser.command("same", "ping")
                if last["ok"]:
                    break
                await asyncio.sleep(0.1)
        assert "dup" not in last


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
async def test_foreign_pages(here: Site, origin: str | None) -> None:
    """No page of another site, and nobody without an Origin, gets as far as hello."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://127.0.0.1:{here.port}/ws",
            subprotocols=["cc.v1"],  # type: ignore[list-item]
            origin=origin,  # type: ignore[arg-type]
        )
    assert refused.value.response.status_code == 403
    assert b"foreign_origin" in (refused.value.response.body or b"")


async def test_other_subprotocol_and_path(here: Site) -> None:
    """Another subprotocol is refused with words; another path does not exist."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://127.0.0.1:{here.port}/ws",
            subprotocols=["cc.v9"],  # type: ignore[list-item]
            origin=here.url,  # type: ignore[arg-type]
        )
    assert refused.value.response.status_code == 400
    assert b"cc.v1" in (refused.value.response.body or b"")
    with pytest.raises(InvalidStatus) as nowhere:
        await connect(f"ws://127.0.0.1:{here.port}/other")
    assert nowhere.value.response.status_code == 404


async def test_store_that_fails(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft that cannot be stored is refused with `retry`; saving it again then works."""
    async with here.browser(AMY) as browser:
        await browser.command("0", "agent.state", d={"state": "ready"})
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")

        async def full(draft: object) -> None:
            raise OSError("disk full")

        draft = {"call": "c1", "rev": 1, "notes": "n"}
        with monkeypatch.context() as broken:
            broken.setattr(here.records, "save_draft", full)
            reply = await browser.command("1", "wrapup.draft", d=draft)
        assert (reply["error"]["code"], reply["retry"]) == ("failed", True)
        assert (await browser.command("1", "wrapup.draft", d=draft))["ok"]


async def test_hello_while_the_store_fails(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the engine cannot look up what it must, the console is told to come back."""

    async def broken(agent: str) -> None:
        raise OSError("no database")

    monkeypatch.setattr(here.records, "drafts", broken)
    async with here.browser() as browser:
        await browser.hello(here.pass_for(AMY))
        assert (await browser.read("bye"))["retry_after_ms"] == 2000
        assert (await browser.closed())[0] == 4503


async def test_hostile_texts_in_a_card(here: Site) -> None:
    """Whatever a caller's name holds reaches the console as data, and the line stays up."""
    number = "+44\udc80<script>\u2028\0\"'"
    async with here.browser(AMY) as browser:
        await browser.command("0", "agent.state", d={"state": "ready"})
        here.desk.call("c1", "PJSIP/1001", number=number)
        await browser.until(lambda: "c1" in browser.cards)
        assert browser.cards["c1"]["number"] == number
        assert (await browser.command("1", "ping"))["ok"]


async def test_state_that_is_no_json(here: Site) -> None:
    """An event that cannot be written is dropped and counted; the stream has no gap."""
    async with here.browser(AMY) as browser:
        here.screens.exchange_changed(ExchangeState(state="down", message="", since=float("nan")))
        here.screens.exchange_changed(ExchangeState(state="up", message="again", since=2.0))
        await browser.until(lambda: browser.exchange.get("message") == "again")
    assert 'console_frames_out_total{kind="unwritable"} 1.0' in here.metrics.render().decode()


async def test_many_sockets_of_one_tab(here: Site) -> None:
    """One tab holds at most three sockets: the oldest is closed."""
    async with (
        here.browser(AMY) as first,
        here.browser(AMY),
        here.browser(AMY),
        here.browser(AMY),
    ):
        assert (await first.closed())[0] == 4409


async def test_cut_in_the_middle_of_hello(here: Site) -> None:
    """A browser that goes away while it is being signed in leaves nothing behind."""
    here.desk.gate.clear()
    async with here.browser() as browser:
        await browser.hello(here.pass_for(AMY))
        async with asyncio.timeout(20):
            while not here.desk.wishes:
                await asyncio.sleep(0.01)
        browser.cut()
    here.desk.gate.set()
    async with asyncio.timeout(20):
        while here.gateway.sessions:
            await asyncio.sleep(0.01)
    with pytest.raises(ConnectionClosed):
        await browser.socket.recv()
