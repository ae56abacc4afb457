"""`make exchange`, and phones and calls for it: a real Asterisk to try things on.

    python -m tests.exchange.by_hand exchange
    python -m tests.exchange.by_hand agents EXTENSION ...
    python -m tests.exchange.by_hand call NUMBER-DIALLED CALLERS-NUMBER [CALLERS-NAME]

Everything is on loopback and on the ports of the shipped files.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.exchange.asterisk import Exchange
from tests.exchange.configuration import USUAL_PORTS
from tests.exchange.installation import (
    ExchangeUnavailableError,
    chroot_folder,
    ensure,
    ensure_sipp,
)
from tests.exchange.phones import Answers, Phones

WELCOME = """
Asterisk is up, on loopback only. Ctrl-C stops it.

  AMI     127.0.0.1:5038   user callcenter, secret change-this-secret
  SIP     127.0.0.1:5060   WebSocket for softphones: ws://127.0.0.1:8088/ws
  agents  1001 to 1008     password change-me-1001 to change-me-1008
  trunk   calls to the outside go to 127.0.0.1:5070

  +442079460100  queue service: 1001, 1002, 1003
  +442079460101  queue sales: 1003, 1004
  +442079460102  queue support: 1005 and 1006 ring together
  +442079460103  queue service, left after six seconds
  +442079460104  queue desk: 1007 behind a Local channel
  +442079460105  queue remote: 1008 behind a Local channel that vanishes
  +442079460106  waits for the engine, then queue service
  +442079461001  1001's direct line, and so on to ...1008

The engine, in another terminal: point its exchange settings at the AMI line above (see
docs/asterisk.md).

Phones and a call, played by sipp, in two more terminals:
  python -m tests.exchange.by_hand agents 1001 1002
  python -m tests.exchange.by_hand call +442079460100 +8613912345678 王小明

The console of Asterisk:
  chroot {chroot} asterisk -C {inside}/etc/asterisk.conf -r
"""


def exchange() -> None:
    ensure()
    ensure_sipp()
    with Exchange(USUAL_PORTS, secret="change-this-secret") as running:
        words = {"chroot": chroot_folder(), "inside": running.folder_inside}
        print(WELCOME.format(**words), flush=True)
        running.wait()
        raise ExchangeUnavailableError(f"Asterisk ended by itself\n{running.log()}")


def agents(extensions: list[str]) -> None:
    """Phones that ring three seconds, answer, and talk until the caller hangs up."""
    with tempfile.TemporaryDirectory() as folder, Phones(USUAL_PORTS, Path(folder) / "p") as all_:
        for extension in extensions:
            all_.phone(extension, Answers(ring=3.0))
            print(f"{extension} is signed in", flush=True)
        print("Ctrl-C takes them away")
        signal.pause()


def call(dialled: str, number: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Phones(USUAL_PORTS, Path(folder) / "p") as all_:
        calling = all_.call(dialled, number, name)
        print(f"{name or number} calls {dialled}; Ctrl-C hangs up", flush=True)
        try:
            calling.wait(timeout=3600)
        except KeyboardInterrupt:
            calling.hang_up()
            calling.wait(timeout=5)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.exchange.by_hand")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("exchange", help="run Asterisk until Ctrl-C")
    phones = commands.add_parser("agents", help="sign agents' phones in")
    phones.add_argument("extensions", nargs="+", metavar="EXTENSION")
    caller = commands.add_parser("call", help="call from outside")
    caller.add_argument("dialled", metavar="NUMBER-DIALLED")
    caller.add_argument("number", metavar="CALLERS-NUMBER")
    caller.add_argument("name", metavar="CALLERS-NAME", nargs="?", default="")
    chosen = parser.parse_args(arguments)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    try:
        if chosen.command == "exchange":
            exchange()
        elif chosen.command == "agents":
            agents(chosen.extensions)
        else:
            call(chosen.dialled, chosen.number, chosen.name)
    except ExchangeUnavailableError as error:
        print(f"make exchange: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
