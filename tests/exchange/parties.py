"""One sipp process each: a phone that can be called, a call that somebody makes.

What comes next in its scenario comes after a time or on command. Which phones and calls there are
is phones.py's matter.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from tests.exchange.installation import ensure_sipp
from tests.exchange.keypad import Keypad

SCENARIOS = Path(__file__).parent / "sipp"
LOOPBACK = "127.0.0.1"
DEADLINE = 60.0
# A second of it in G.711 A-law. Phones send sound all the time; Asterisk optimises Local channels
# away, for one, only when some passes.
SILENCE = b"\xd5" * 8000
_TONE = (b"\xaa" * 10 + b"\x2a" * 10) * 400
VOICES = {
    "silent": SILENCE,
    # What AMD() tells apart: a short word and then silence, for a minute; a long greeting.
    "human": _TONE[:4000] + SILENCE * 60,
    "machine": _TONE * 4 + SILENCE * 60,
}
"""What a phone says once it has answered, in G.711 A-law."""


class Sipp:
    """One sipp process; a base of Phone and Call."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        fills: dict[str, str],
        *options: str,
        voice: str = "silent",
    ) -> None:
        self.port = free_port() if "-p" not in options else int(options[options.index("-p") + 1])
        self.folder = folder
        folder.mkdir(parents=True)
        text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
        for key, value in fills.items():
            text = text.replace(key, value)
        audio = folder / "voice.alaw"
        audio.write_bytes(VOICES[voice])
        text = text.replace("@AUDIO@", str(audio))
        path = folder / f"{scenario}.xml"
        path.write_text(text, encoding="utf-8")
        command = [ensure_sipp(), "-sf", str(path), "-i", LOOPBACK, "-mi", LOOPBACK]
        # Whatever becomes of this process, no sipp stays for ever.
        command += ["-timeout", "28800"]
        # A message that comes between two steps must not end the call.
        command += ["-default_behaviors", "all,-abortunexp"]
        command += ["-nostdin", "-trace_err", "-error_file", str(folder / "errors.log")]
        command += ["-trace_logs", "-log_file", str(folder / "calls.log")]
        command += ["-trace_msg", "-message_file", str(folder / "messages.log")]
        if "-p" not in options:
            command += ["-p", str(self.port)]
        with open(folder / "screen.log", "wb") as screen:
            self.process = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                # Ctrl-C in a terminal is for this process, which then hangs up.
                start_new_session=True,
            )

    def wait(self, timeout: float = DEADLINE) -> int:
        """The exit status of sipp once it has ended: 0 when every call went as its scenario."""
        return self.process.wait(timeout)

    def stop(self) -> None:
        """End the process at once; a call it has is simply no longer answered for."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)

    def trace(self) -> str:
        """What sipp has to say when something went wrong."""
        names = ("errors.log", "messages.log")
        paths = [self.folder / name for name in names]
        return "\n".join(path.read_text("utf-8", "replace") for path in paths if path.exists())

    def _noted(self, what: str) -> list[str]:
        """The call ids that the scenario noted under this word: `call` came, `told` obeyed."""
        path = self.folder / "calls.log"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        return [line.removeprefix(f"{what} ") for line in lines if line.startswith(f"{what} ")]

    def _command(self, call_id: str, refer_to: str | None = None) -> None:
        """Make the scenario of this call go to its next step, or transfer the call.

        sipp takes a command only while its scenario waits for one, not in the moment between
        two steps. It writes down each message it receives, and once more when it had no use for
        it; then the command is given again.
        """
        deadline = time.monotonic() + DEADLINE
        told = len(self._noted("told"))
        messages = self.folder / "messages.log"
        while time.monotonic() < deadline and self.process.poll() is None:
            branch = f"z9hG4bK-command-{time.monotonic_ns()}"
            self._send_command(call_id, branch, refer_to)
            refused = False
            while not refused and time.monotonic() < deadline and self.process.poll() is None:
                if len(self._noted("told")) > told:
                    return
                refused = messages.exists() and messages.read_bytes().count(branch.encode()) > 1
                time.sleep(0.01)
        raise TimeoutError(f"sipp does not obey\n{self.trace()}")

    def _send_command(self, call_id: str, branch: str, refer_to: str | None) -> None:
        message = (
            f"MESSAGE sip:sipp@{LOOPBACK}:{self.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK}:9;branch={branch}\r\n"
            f"From: <sip:test@{LOOPBACK}>;tag=test\r\n"
            f"To: <sip:sipp@{LOOPBACK}>\r\n"
            f"Call-ID: {call_id}\r\n"
            "CSeq: 1 MESSAGE\r\n"
            f"{f'Refer-To: {refer_to}' if refer_to else 'Subject: next'}\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), (LOOPBACK, self.port))


class Phone(Sipp):
    """A phone that can be called. `calls` are the SIP call ids it was called with so far."""

    @property
    def calls(self) -> list[str]:
        return self._noted("call")

    def wait_called(self, times: int = 1) -> None:
        """Wait until it has been called so often. Raises TimeoutError."""
        deadline = time.monotonic() + DEADLINE
        while len(self.calls) < times:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(f"called {len(self.calls)} times, not {times}\n{self.trace()}")
            time.sleep(0.02)

    def next(self) -> None:
        """Do the next thing with the latest call: answer it, hold, take back, hang up."""
        self.wait_called()
        self._command(self.calls[-1])

    def transfer(self, target: str) -> None:
        """Send the other side of the latest call to an extension (a REFER), and hang up."""
        self.wait_called()
        self._command(self.calls[-1], f"<sip:{target}@{LOOPBACK}>")

    def transfer_to(self, consulted: Call) -> None:
        """Connect the other side of the latest call with the one `consulted` has reached, who may
        still be ringing (a REFER with Replaces, RFC 3891)."""
        self.wait_called()
        dialog, to, by = consulted.dialog()
        replaces = quote(f"{dialog};to-tag={to};from-tag={by}", safe="")
        self._command(self.calls[-1], f"<sip:consulted@{LOOPBACK}?Replaces={replaces}>")


class Call(Sipp):
    """A call that somebody makes."""

    def __init__(
        self, folder: Path, fills: dict[str, str], *options: str, keypad: Keypad | None = None
    ) -> None:
        self._keypad = keypad
        # A token (RFC 3261), because the scenario makes its Via branches from it.
        self.sip_call_id = f"{folder.name}-{time.monotonic_ns()}"
        super().__init__(folder, "caller", fills, "-cid_str", self.sip_call_id, *options)

    def hang_up(self) -> None:
        """Hang up, or give up when nobody has answered."""
        self._command(self.sip_call_id)

    def press(self, keys: str) -> None:
        """Press these keys one after the other, once the call is answered."""
        assert self._keypad is not None, "a call with keys=True"
        for key in keys:
            self._keypad.press(key, self._listens())
            time.sleep(0.3)

    def stop(self) -> None:
        super().stop()
        if self._keypad is not None:
            self._keypad.close()

    def _listens(self) -> int:
        """The port on which the exchange listens to this call."""
        messages = self.folder / "messages.log"
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            text = messages.read_text("utf-8", "replace") if messages.exists() else ""
            answer = text.rpartition("\nSIP/2.0 200 OK")[2] if "\nSIP/2.0 200 OK" in text else ""
            port = re.search(r"^m=audio (\d+) ", answer, re.MULTILINE)
            if port:
                return int(port[1])
            time.sleep(0.02)
        raise TimeoutError(f"nobody answers\n{self.trace()}")

    def dialog(self) -> tuple[str, str, str]:
        """Its call id, the exchange's tag and its own tag: what Replaces names (RFC 3891)."""
        messages = self.folder / "messages.log"
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            text = messages.read_text("utf-8", "replace") if messages.exists() else ""
            for block in reversed(re.split(r"-{20,}.*\n", text)):
                theirs = re.search(r"^To:.*;tag=(\S+)", block, re.MULTILINE)
                mine = re.search(r"^From:.*;tag=(\S+)", block, re.MULTILINE)
                answered = re.search(r"^SIP/2.0 (?:18\d|200) .*", block, re.MULTILINE)
                if theirs and mine and answered:
                    return self.sip_call_id, theirs[1], mine[1]
            time.sleep(0.02)
        raise TimeoutError(f"nobody rings or answers\n{self.trace()}")


def free_port() -> int:
    """A UDP port that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
