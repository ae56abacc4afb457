"""A real Asterisk on loopback with the project's own config/asterisk/.

`Exchange` runs one in a folder of its own inside the chroot, on ports that were free, so that
several run side by side. Must not be used for anything but tests and trying: the phones'
passwords are those of the shipped files.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from tests.exchange import configuration
from tests.exchange.ami import ManagerTap
from tests.exchange.configuration import Edit, Ports
from tests.exchange.installation import ensure

START_DEADLINE = 90.0  # seconds; it takes two or three on a quiet machine


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
                self._command("-f"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal is for this process, which then stops Asterisk.
                start_new_session=True,
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
        paths = (self.folder / "console.log", self.folder / "log" / "messages")
        texts = [path.read_text("utf-8", "replace") for path in paths if path.is_file()]
        return "\n".join(text[-20000:] for text in texts)

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

    def wait(self) -> None:
        """Wait until the process ends by itself."""
        assert self._process is not None
        self._process.wait()

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
        modules = next(self._chroot.glob("usr/lib/*/asterisk/modules"))
        configuration.write(
            self.folder,
            self.folder_inside,
            Path("/") / modules.relative_to(self._chroot),
            self.ports,
            self.secret,
            self._edits,
        )
        subprocess.run(
            ["chroot", str(self._chroot), "chown", "-R", "asterisk:asterisk", self.folder_inside],
            check=True,
        )


def _remove_leftovers(runs: Path) -> None:
    """End and remove what test runs left behind that were killed before they could."""
    if not runs.is_dir():
        return
    for run in runs.iterdir():
        owner = run.name.split("-")[0]
        if not owner.isdigit() or Path("/proc", owner).exists():
            continue
        try:
            pid = int((run / "run" / "asterisk.pid").read_text("ascii"))
            # The pid may be somebody else's by now; this run's name in its command line is ours.
            if run.name.encode() in Path("/proc", str(pid), "cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass  # It ended by itself.
        shutil.rmtree(run, ignore_errors=True)
