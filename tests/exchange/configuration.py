"""The project's config/asterisk/ made ready for one run: its ports, its folders, test users.

Works on text and files only; must not start anything.
"""

from __future__ import annotations

import itertools
import re
import secrets
import shutil
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

SHIPPED = Path(__file__).parents[2] / "config" / "asterisk"
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


# Those of the shipped files: what `make exchange` runs on.
USUAL_PORTS = Ports(ami=5038, sip=5060, http=8088, trunk=5070, rtp_start=10000)


def write(
    folder: Path, inside: Path, modules: Path, ports: Ports, secret: str, edits: Iterable[Edit]
) -> None:
    """Fill `folder` (which the process sees as `inside`) with all that a run needs.

    `modules` is the folder of loadable modules as the process sees it. `edits` change further
    options of the shipped files.
    """
    etc = folder / "etc"
    shutil.copytree(SHIPPED, etc)
    for name in ("run", "log", "spool", "db", "keys"):
        (folder / name).mkdir()
    needed: list[Edit] = [
        ("manager.conf", "general", "port", str(ports.ami)),
        ("manager.conf", "callcenter", "secret", secret),
        ("http.conf", "general", "bindport", str(ports.http)),
        ("rtp.conf", "general", "rtpstart", str(ports.rtp_start)),
        ("rtp.conf", "general", "rtpend", str(ports.rtp_start + RTP_PORTS - 1)),
        ("pjsip.conf", "udp", "bind", f"127.0.0.1:{ports.sip}"),
        ("pjsip.conf", "trunk", "contact", f"sip:127.0.0.1:{ports.trunk}"),
    ]
    for file, section, option, value in [*needed, *edits]:
        path = etc / file
        text = set_option(path.read_text(encoding="utf-8"), section, option, value)
        path.write_text(text, encoding="utf-8")
    with open(etc / "manager.conf", "a", encoding="utf-8") as manager:
        manager.write(TEST_USERS.format(secret=secret))
    main = etc / "asterisk.conf"
    main.write_text(_directories(inside, modules) + main.read_text("utf-8"), encoding="utf-8")


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


def _directories(inside: Path, modules: Path) -> str:
    places = {
        "astetcdir": inside / "etc",
        "astmoddir": modules,
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


def _free_rtp_block() -> int:
    """The first port of a block of RTP_PORTS free ones, below the ports the kernel hands out."""
    blocks = range(12000, 32000, RTP_PORTS)
    first = secrets.randbelow(len(blocks))
    for block in itertools.chain(blocks[first:], blocks[:first]):
        if _all_free(range(block, block + RTP_PORTS)):
            return block
    raise OSError("no block of free UDP ports between 12000 and 32000 for RTP")


def _all_free(ports: Iterable[int]) -> bool:
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
