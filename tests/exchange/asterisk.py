"""A real Asterisk on loopback with the project's own config/asterisk/.

`Exchange` runs one in a folder of its own inside the chroot, on ports that were free, so that
several run side by side; `python -m tests.exchange.asterisk` runs one on the usual ports for
trying by hand. Must not be used for anything but tests and trying: phones' passwords are those
of the shipped files.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from tests.exchange.ami import ManagerTap
from tests.exchange.installation import (
    ExchangeUnavailable,
    chroot_folder,
    ensure,
    ensure_sipp,
    missing,
)

__all__ = [
    "CONFIG",
    "Edit",
    "Exchange",
    "ExchangeUnavailable",
    "Ports",
    "chroot_folder",
    "ensure",
    "missing",
    "set_option",
]

CONFIG = Path(__file__).parents[2] / "config" / "asterisk"
START_DEADLINE = 90.0  # seconds; it takes two or three on a quiet machine
RTP_PORTS = 200

# file, section, option, new value
Edit: TypeAlias = tuple[str, str, str, str]

# Manager users that only tests need; appended to the shipped manager.conf.
TEST_USERS = """
; --- added for the tests ---
[recorder]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
writetimeout = 5000
read = call,agent,user,reporting,system,dialplan
write = call,agent,originate,reporting,user,system

; As an operator sets it up who forgot some classes.
[half]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,user,reporting,system
write =

; As an operator sets it up whose engine runs on another address.
[elsewhere]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 192.0.2.1/255.255.255.255
read = call,agent
write =
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one exchange. `trunk` is where the exchange sends outbound calls."""

    ami: int
    sip: int
    http: int
    trunk: int
    rtp_start: int

    @staticmethod
    def free() -> Ports:
        """Ports that nobody uses at this moment."""
        kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)
        held = [socket.socket(socket.AF_INET, kind) for kind in kinds]
        try:
            for each in held:
                each.bind(("127.0.0.1", 0))
            ami, sip, http, trunk = (each.getsockname()[1] for each in held)
        finally:
            for each in held:
                each.close()
        return Ports(ami, sip, http, trunk, _free_rtp_block())


class Exchange:
    """One Asterisk process. A context manager: started on entry, gone without trace on exit.

    `secret` is that of the manager user `callcenter`. `edits` change options of the shipped
    files, such as a ring time. `folder_inside` is the run's folder as the process sees it.
    """

    user = "callcenter"

    def __init__(
        self,
        ports: Ports | None = None,
        *,
        secret: str | None = None,
        edits: Iterable[Edit] = (),
    ) -> None:
        self.ports = ports or Ports.free()
        self.secret = secret or secrets.token_hex(12)
        self._edits = tuple(edits)
        self._chroot = ensure()
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.folder_inside = Path("/run/callcenter") / self._name
        self.folder = self._chroot / self.folder_inside.relative_to("/")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Exchange:
        try:
            self._write_config()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it has fully booted and answers on AMI."""
        assert not self.running
        with open(self.folder / "console.log", "ab") as log:
            self._process = subprocess.Popen(
                self._command("-f"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_DEADLINE
        while True:
            if self._process.poll() is not None:
                raise RuntimeError(
                    f"Asterisk ended with status {self._process.returncode}\n{self.log()}"
                )
            try:
                with ManagerTap(self.ports.ami, timeout=10.0) as tap:
                    answer = tap.sign_in(self.user, self.secret)
                    if answer.get("Response") != "Success":
                        raise RuntimeError(f"AMI refuses {self.user}: {answer}\n{self.log()}")
                    tap.wait_event("FullyBooted")
                return
            except (ConnectionError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no answer on AMI: {error}\n{self.log()}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """End it as an operator does (core stop now): connected clients are told."""
        if self.running:
            self.cli("core stop now")
            self._reap()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def restart(self, *, crash: bool = False) -> None:
        """Stop (or kill) it and start it again on the same ports with the same files."""
        self.kill() if crash else self.stop()
        self.start()

    def cli(self, command: str) -> str:
        """What the console prints for a command, such as `queue show`."""
        answer = subprocess.run(
            self._command("-rx", command), capture_output=True, timeout=60, check=False
        )
        text = (answer.stdout + answer.stderr).decode("utf-8", "replace")
        if answer.returncode != 0:
            raise RuntimeError(f"console command {command!r} failed: {text}")
        return text

    def log(self) -> str:
        """What Asterisk wrote down: its console and its messages file."""
        parts = []
        for path in (self.folder / "console.log", self.folder / "log" / "messages"):
            if path.is_file():
                parts.append(path.read_text(encoding="utf-8", errors="replace")[-20000:])
        return "\n".join(parts)

    def tap(self, user: str = "recorder", *, timeout: float = 60.0) -> ManagerTap:
        """A signed-in raw connection. `recorder` sees everything, also what `callcenter` filters.

        Raises RuntimeError when Asterisk refuses the user.
        """
        tap = ManagerTap(self.ports.ami, timeout=timeout)
        answer = tap.sign_in(user, self.secret)
        if answer.get("Response") != "Success":
            tap.close()
            raise RuntimeError(f"AMI refuses {user}: {answer}")
        return tap

    def close(self) -> None:
        """End the process and remove its folder."""
        if self.running:
            assert self._process is not None
            self._process.terminate()
            try:
                self._reap()
            except subprocess.TimeoutExpired:
                self.kill()
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _command(self, *arguments: str) -> list[str]:
        where = ["chroot", "--userspec=asterisk:asterisk", str(self._chroot)]
        return [*where, "asterisk", "-C", f"{self.folder_inside}/etc/asterisk.conf", *arguments]

    def _reap(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=30)

    def _write_config(self) -> None:
        _remove_leftovers(self.folder.parent)
        etc = self.folder / "etc"
        shutil.copytree(CONFIG, etc)
        for name in ("run", "log", "spool", "db", "keys"):
            (self.folder / name).mkdir()
        ports = self.ports
        edits: list[Edit] = [
            ("manager.conf", "general", "port", str(ports.ami)),
            ("manager.conf", "callcenter", "secret", self.secret),
            ("http.conf", "general", "bindport", str(ports.http)),
            ("rtp.conf", "general", "rtpstart", str(ports.rtp_start)),
            ("rtp.conf", "general", "rtpend", str(ports.rtp_start + RTP_PORTS - 1)),
            ("pjsip.conf", "udp", "bind", f"127.0.0.1:{ports.sip}"),
            ("pjsip.conf", "trunk", "contact", f"sip:127.0.0.1:{ports.trunk}"),
        ]
        for file, section, option, value in [*edits, *self._edits]:
            path = etc / file
            path.write_text(
                set_option(path.read_text(encoding="utf-8"), section, option, value),
                encoding="utf-8",
            )
        with open(etc / "manager.conf", "a", encoding="utf-8") as manager:
            manager.write(TEST_USERS.format(secret=self.secret))
        main = etc / "asterisk.conf"
        main.write_text(self._directories() + main.read_text(encoding="utf-8"), encoding="utf-8")
        subprocess.run(
            ["chroot", str(self._chroot), "chown", "-R", "asterisk:asterisk", self.folder_inside],
            check=True,
        )

    def _directories(self) -> str:
        inside = self.folder_inside
        modules = next(self._chroot.glob("usr/lib/*/asterisk/modules"))
        places = {
            "astetcdir": inside / "etc",
            "astmoddir": Path("/") / modules.relative_to(self._chroot),
            "astvarlibdir": "/var/lib/asterisk",
            "astdatadir": "/usr/share/asterisk",
            "astdbdir": inside / "db",
            "astkeydir": inside,
            "astspooldir": inside / "spool",
            "astrundir": inside / "run",
            "astlogdir": inside / "log",
        }
        lines = [f"{key} => {place}" for key, place in places.items()]
        return "\n".join(["[directories]", *lines, "", ""])


def set_option(text: str, section: str, option: str, value: str) -> str:
    """An Asterisk configuration text with one option of one section changed.

    Raises ValueError unless exactly one line sets it, so that a renamed option in the shipped
    files is noticed here and not by a port that is taken.
    """
    lines = text.splitlines(keepends=True)
    current, hits = "", []
    for index, line in enumerate(lines):
        if header := re.match(r"\[([^]]+)\]", line):
            current = header[1]
        elif current == section and re.match(rf"{re.escape(option)}\s*=>?", line):
            hits.append(index)
    if len(hits) != 1:
        raise ValueError(f"[{section}] {option} is set {len(hits)} times, expected once")
    lines[hits[0]] = f"{option} = {value}\n"
    return "".join(lines)


def _free_rtp_block() -> int:
    """The first port of a block of RTP_PORTS free ones, below the ports the kernel hands out."""
    blocks = range(12000, 32000, RTP_PORTS)
    first = secrets.randbelow(len(blocks))
    for block in [*blocks[first:], *blocks[:first]]:
        if _all_free(range(block, block + RTP_PORTS)):
            return block
    raise ExchangeUnavailable("no block of free UDP ports between 12000 and 32000 for RTP")


def _all_free(ports: Iterable[int]) -> bool:
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _remove_leftovers(runs: Path) -> None:
    """Remove the folders of test runs that were killed before they could."""
    if runs.is_dir():
        for run in runs.iterdir():
            owner = run.name.split("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                shutil.rmtree(run, ignore_errors=True)


def _by_hand() -> int:
    """Run one on the usual ports until Ctrl-C."""
    try:
        ensure()
        ensure_sipp()
    except ExchangeUnavailable as error:
        print(f"make exchange: {error}", file=sys.stderr)
        return 1
    ports = Ports(ami=5038, sip=5060, http=8088, trunk=5070, rtp_start=10000)
    with Exchange(ports, secret="change-this-secret") as exchange:
        print(WELCOME.format(folder=exchange.folder), flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            assert exchange._process is not None
            exchange._process.wait()
            print(f"Asterisk ended by itself.\n{exchange.log()}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopping Asterisk.")
    return 0


if __name__ == "__main__":
    sys.exit(_by_hand())
