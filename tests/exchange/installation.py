"""Find or install what the real-exchange tests need: Asterisk 22, debootstrap, sipp.

Debian 12 and 13 have no Asterisk package, so Asterisk comes from Debian sid into a folder of
its own (a chroot), once, outside the checkout. The archive is the one that this machine's own
apt sources name. This module installs; it must not start an exchange or a phone.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
FOLDER_NAME = "asterisk-22"
OLDEST_MAJOR = 22


class ExchangeUnavailableError(RuntimeError):
    """A real exchange cannot run here; the message says what is missing and what to do."""


def cache_folder() -> Path:
    """Where the chroot is kept: $CALLCENTER_CACHE, else the user's cache folder."""
    named = os.environ.get("CALLCENTER_CACHE")
    if named:
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).resolve() / "callcenter"


def chroot_folder() -> Path:
    """The folder that holds, or will hold, the installed Asterisk."""
    return cache_folder() / FOLDER_NAME


def missing() -> str | None:
    """What keeps a real exchange from running here, in one sentence; None when nothing does.

    Installs nothing and opens no connection, so a test session may ask at collection.
    """
    if not sys.platform.startswith("linux"):
        return "the real exchange needs Linux (it runs in a chroot)"
    if os.geteuid() != 0:
        return "the real exchange needs root (chroot and debootstrap): run it with sudo"
    wanted = [name for name in ("sipp",) if not shutil.which(name)]
    if not (chroot_folder() / "usr/sbin/asterisk").exists() and not shutil.which("debootstrap"):
        wanted.append("debootstrap")
    if wanted and not shutil.which("apt-get"):
        return f"not installed and no apt-get to install it: {', '.join(wanted)}"
    return None


def ensure(say: Callable[[str], None] = print) -> Path:
    """The folder of a working Asterisk, installed on first use (about a minute, 500 MB).

    Two runs at once do not collide: the second waits for the first. A folder is only ever
    seen complete, because it is built under another name and renamed.

    Raises ExchangeUnavailableError with what is missing.
    """
    reason = missing()
    if reason:
        raise ExchangeUnavailableError(reason)
    folder = chroot_folder()
    if _version(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f"{FOLDER_NAME}.lock", say):
        if _version(folder):
            return folder
        _install(folder, say)
    return folder


def ensure_sipp(say: Callable[[str], None] = print) -> str:
    """The path of sipp, installed from the distribution (package sip-tester) on first use."""
    _apt_install({"sipp": "sip-tester"}, say)
    return shutil.which("sipp") or "sipp"


def archives(root: Path = Path("/etc/apt")) -> list[str]:
    """Addresses of package archives that the apt sources under `root` name, in their order.

    Reads the one-line format (*.list) and the stanza format (*.sources). Only http and https:
    nothing else can be given to debootstrap.
    """
    found: list[str] = []
    lists = [root / "sources.list", *sorted((root / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+\S+", line)
                if match:
                    found.append(match[1])
    for path in sorted((root / "sources.list.d").glob("*.sources")):
        text = path.read_text(encoding="utf-8", errors="replace")
        text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        for stanza in re.split(r"\n\s*\n", text):
            fields = {
                key.lower(): value
                for key, value in re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M)
            }
            if fields.get("enabled", "yes").strip().lower() == "no":
                continue
            if "deb" in fields.get("types", "").split():
                found.extend(fields.get("uris", "").split())
    unique = dict.fromkeys(address.rstrip("/") for address in found)
    return [address for address in unique if address.startswith(("http://", "https://"))]


def _version(folder: Path) -> str | None:
    """The version line of the Asterisk in `folder`, None when there is none that works."""
    if not (folder / "usr/sbin/asterisk").exists():
        return None
    answer = subprocess.run(
        ["chroot", str(folder), "asterisk", "-V"], capture_output=True, text=True, check=False
    )
    match = re.match(r"Asterisk (\d+)\.", answer.stdout)
    if answer.returncode == 0 and match and int(match[1]) >= OLDEST_MAJOR:
        return answer.stdout.strip()
    return None


def _install(folder: Path, say: Callable[[str], None]) -> None:
    _apt_install(
        {
            "debootstrap": "debootstrap",
            "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
        },
        say,
    )
    environment = _proxy_environment()
    archive = _archive_with_sid(environment)
    for leftover in folder.parent.glob(f"{FOLDER_NAME}.building-*"):
        _remove_tree(leftover)
    if folder.exists():
        _remove_tree(folder)
    building = folder.parent / f"{FOLDER_NAME}.building-{os.getpid()}"
    say(f"Installing Asterisk into {folder} (once; about 500 MB, a minute or two) from {archive}")
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += ["sid", str(building), archive]
    try:
        _run_with_progress(command, environment, say)
        version = _version(building)
        if not version:
            raise ExchangeUnavailableError(
                f"debootstrap ended well but {building} holds no working Asterisk "
                f"{OLDEST_MAJOR} or newer"
            )
        building.rename(folder)
    finally:
        if building.exists():
            _remove_tree(building)
    say(f"Installed {version}")


def _run_with_progress(
    command: list[str], environment: dict[str, str], say: Callable[[str], None]
) -> None:
    """Run debootstrap and say every now and then how far it is."""
    last: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, start=1):
            last = [*last[-9:], line.rstrip()]
            if count % 50 == 0:
                say(f"  step {count}: {line.strip().removeprefix('I: ')}")
    if process.returncode != 0:
        raise ExchangeUnavailableError(
            f"debootstrap failed with status {process.returncode}; its last words:\n"
            + "\n".join(last)
        )


def _archive_with_sid(environment: dict[str, str]) -> str:
    proxies = {
        scheme: environment[f"{scheme}_proxy"]
        for scheme in ("http", "https")
        if f"{scheme}_proxy" in environment
    }
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    tried: list[str] = []
    for archive in archives():
        try:
            with opener.open(f"{archive}/dists/sid/InRelease", timeout=30) as answer:
                if b"Codename: sid" in answer.read(4096):
                    return archive
            tried.append(f"{archive}: its suite sid is not Debian's")
        except (urllib.error.URLError, OSError) as error:
            tried.append(f"{archive}: {error}")
    raise ExchangeUnavailableError(
        "no archive in this machine's apt sources has Debian sid, which has Asterisk 22:\n  "
        + "\n  ".join(tried or ["the apt sources name no http or https archive"])
    )


def _proxy_environment() -> dict[str, str]:
    """The environment for debootstrap: it does not read apt's own proxy settings."""
    environment = dict(os.environ)
    if shutil.which("apt-config"):
        for scheme in ("http", "https"):
            answer = subprocess.run(
                ["apt-config", "shell", "PROXY", f"Acquire::{scheme}::Proxy"],
                capture_output=True,
                text=True,
                check=False,
            )
            match = re.match(r"PROXY='([^']+)'", answer.stdout)
            if match and match[1].upper() != "DIRECT":
                environment.setdefault(f"{scheme}_proxy", match[1])
    return environment


def _apt_install(wanted: dict[str, str], say: Callable[[str], None]) -> None:
    """Install the packages of those programs (or files) that are not there."""
    packages = [
        package
        for name, package in wanted.items()
        if not (Path(name).exists() if name.startswith("/") else shutil.which(name))
    ]
    if not packages:
        return
    by_hand = f"install by hand: {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ExchangeUnavailableError(f"not installed, and only root with apt-get can; {by_hand}")
    say(f"Installing {', '.join(packages)} with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", *packages]):
        answer = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False
        )
        # A source of somebody else's that does not answer fails "update" but not "install".
        if answer.returncode != 0 and "install" in command:
            raise ExchangeUnavailableError(
                f"{' '.join(command)} failed, {by_hand}\n{answer.stderr}"
            )


def _remove_tree(folder: Path) -> None:
    """Remove a chroot, after taking away what an interrupted debootstrap left mounted in it."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in sorted(points, reverse=True):
        if Path(point).is_relative_to(folder):
            subprocess.run(["umount", point], check=True)
    shutil.rmtree(folder)


@contextmanager
def _locked(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    with open(path, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is installing Asterisk; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _main() -> int:
    """Install what is missing now, so that no test waits for it."""
    try:
        ensure_sipp()
        print(f"Asterisk: {_version(ensure())}")
    except ExchangeUnavailableError as error:
        print(f"the exchange tests will be skipped: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
