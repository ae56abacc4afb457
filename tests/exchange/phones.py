"""SIP phones and callers for tests, played by sipp.

`Phones` belongs to one exchange. A phone signs in as an agent and behaves as told; a call comes
from outside over the trunk, or from an agent's phone. What a phone or caller does next comes
after a time, or on command, so that a test need not guess how long the machine takes.
Nothing here looks at AMI: what happened is for the test to ask.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.exchange.configuration import Ports
from tests.exchange.keypad import EVENT, Keypad
from tests.exchange.parties import DEADLINE, LOOPBACK, Call, Phone, Sipp, free_port

NEVER = 3600.0  # seconds; longer than any test


@dataclass(frozen=True, slots=True)
class Answers:
    """Rings `ring` seconds, answers, hangs up `talk` seconds later; None waits for a command."""

    ring: float | None = 0.5
    talk: float | None = None
    voice: str = "silent"
    """One of ``parties.VOICES``."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Answers like Answers; `talk` later puts the caller on hold for `hold`, talks, hangs up."""

    ring: float | None = 0.5
    talk: float | None = None
    hold: float | None = None


@dataclass(frozen=True, slots=True)
class Refuses:
    """Refuses with a SIP status line, after ringing for `ring` seconds if it rings at all. With
    302 it sends callers on to `contact`."""

    status: str = "486 Busy Here"
    ring: float | None = None
    contact: str = "phone"


Behaviour = Answers | Holds | Refuses
NEVER_ANSWERS = Answers(ring=None)
BUSY = Refuses("486 Busy Here")
DECLINES = Refuses("603 Decline", ring=0.5)


class Phones:
    """All phones and calls around one exchange; a context manager that ends them.

    `cli` asks the exchange's console; without it a phone that signs in is not waited for until
    the exchange finds it reachable. `folder` is for sipp's own files and is removed at the end.
    """

    def __init__(self, ports: Ports, folder: Path, cli: Callable[[str], str] | None = None) -> None:
        self._ports = ports
        self._cli = cli
        self._folder = folder
        self._names = itertools.count(1)
        self._running: list[Sipp] = []
        self._signed_in: dict[str, Phone] = {}

    def __enter__(self) -> Phones:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def signed_in(self) -> tuple[str, ...]:
        """The extensions whose phones the exchange can call."""
        return tuple(self._signed_in)

    def phone(self, extension: str, behaviour: Behaviour = Answers()) -> Phone:
        """Sign an agent's phone in and wait until the exchange can call it."""
        port = free_port()
        self._register(extension, port, 3600)
        phone = self._answering(f"phone-{extension}", behaviour, port)
        self._signed_in[extension] = phone
        self._wait_contact(extension, phone)
        return phone

    def trunk(self, behaviour: Behaviour = Answers()) -> Phone:
        """The other end of outbound calls: whoever is dialled over the trunk."""
        return self._answering("trunk", behaviour, self._ports.trunk)

    def call(
        self,
        did: str,
        number: str,
        name: str | bytes = "",
        *,
        patience: float = NEVER,
        talk: float = NEVER,
        headers: tuple[str, ...] = (),
        keys: bool = False,
    ) -> Call:
        """A call from outside to one of the exchange's numbers.

        It gives up after `patience` seconds without an answer and hangs up `talk` seconds after
        one (a queue answers before an agent does); `hang_up()` does either at once. `name` goes
        out byte for byte in a quoted display name. With `keys` it sends no sound but these, as
        it is told by `press()`.
        """
        return self._call(did, number, name, patience, talk, headers, None, keys)

    def call_from(
        self, extension: str, dialled: str, *, patience: float = NEVER, talk: float = NEVER
    ) -> Call:
        """A call that an agent makes from the desk phone: to a colleague or to the outside."""
        return self._call(dialled, extension, "", patience, talk, (), extension)

    def sign_out(self, extension: str) -> None:
        """Take the phone away and its registration with it: unreachable from then on."""
        phone = self._signed_in.pop(extension)
        self.stop(phone)
        self._register(extension, phone.port, 0)

    def stop(self, party: Sipp) -> None:
        party.stop()
        self._running.remove(party)

    def close(self) -> None:
        for each in self._running:
            each.stop()
        self._running.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def traces(self) -> str:
        """What every sipp has to say, for the message of a failed test."""
        return "\n".join(f"--- {each.folder.name}\n{each.trace()}" for each in self._running)

    def _call(
        self,
        did: str,
        number: str,
        name: str | bytes,
        patience: float,
        talk: float,
        headers: tuple[str, ...],
        sign_in: str | None,
        keys: bool = False,
    ) -> Call:
        keypad = Keypad(LOOPBACK) if keys else None
        fills = {
            "@PATIENCE_MS@": _ms(patience),
            "@TALK_MS@": _ms(talk),
            "@HEADERS@": "".join(f"      {line}\n" for line in headers),
            "@CSEQ@": "2" if sign_in else "1",
        }
        if sign_in:
            fills |= {"<!--SIGN-IN": "", "SIGN-IN-->": "", **self._credentials(sign_in)}
        if keypad is not None:
            fills |= _pressing(keypad.port)
        raw = name.encode() if isinstance(name, str) else name
        quoted = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        display = b'"' + quoted + b'" ' if raw else b""
        options = ("-m", "1", "-key", "did", did, "-key", "number", number)
        call = Call(
            self._new_folder("call"),
            fills,
            *options,
            "-key",
            "display",
            # Bytes that are no UTF-8 reach sipp as they are.
            display.decode("utf-8", "surrogateescape"),
            self._sip_address(),
            keypad=keypad,
        )
        self._running.append(call)
        return call

    def _answering(self, name: str, behaviour: Behaviour, port: int) -> Phone:
        fills = {
            "@RING_MS@": _ms(behaviour.ring),
            "@TALK_MS@": _ms(getattr(behaviour, "talk", None)),
            "@HELD_MS@": _ms(getattr(behaviour, "hold", None)),
            "@STATUS@": getattr(behaviour, "status", ""),
            "@CONTACT@": getattr(behaviour, "contact", ""),
        }
        if isinstance(behaviour, Refuses) and behaviour.ring is not None:
            fills |= {"<!--RING": "", "RING-->": ""}
        scenario = type(behaviour).__name__.lower()
        # -aa: answer the exchange's "are you there" (OPTIONS) without counting it as a call.
        voice = getattr(behaviour, "voice", "silent")
        options = ("-aa", "-p", str(port))
        phone = Phone(self._new_folder(name), scenario, fills, *options, voice=voice)
        self._running.append(phone)
        return phone

    def _register(self, extension: str, port: int, expires: int) -> None:
        """From the port the phone is called on: the exchange calls back where it heard from."""
        fills = {**self._credentials(extension), "@EXPIRES@": str(expires)}
        options = ("-m", "1", "-p", str(port), self._sip_address())
        signing_in = Sipp(self._new_folder(f"register-{extension}"), "register", fills, *options)
        if signing_in.wait() != 0:
            raise RuntimeError(f"{extension} could not sign in\n{signing_in.trace()}")

    def _wait_contact(self, extension: str, phone: Phone) -> None:
        deadline = time.monotonic() + DEADLINE
        while self._cli and "Not in use" not in self._cli(f"pjsip show endpoint {extension}"):
            if time.monotonic() > deadline or phone.process.poll() is not None:
                raise TimeoutError(f"{extension} does not become reachable\n{self.traces()}")
            time.sleep(0.05)

    def _credentials(self, extension: str) -> dict[str, str]:
        return {"@USER@": extension, "@PASSWORD@": f"change-me-{extension}"}

    def _sip_address(self) -> str:
        return f"{LOOPBACK}:{self._ports.sip}"

    def _new_folder(self, name: str) -> Path:
        return self._folder / f"{next(self._names):03d}-{name}"


def _pressing(port: int) -> dict[str, str]:
    """What makes a caller offer this port, from which keys are sent and no sound."""
    return {
        "[rtpstream_audio_port] RTP/AVP 8 0": f"{port} RTP/AVP 8 {EVENT}",
        "a=rtpmap:0 PCMU/8000": f"a=rtpmap:{EVENT} telephone-event/8000",
        '<action><exec rtp_stream="@AUDIO@,-1,8,PCMA/8000"/></action>': "",
    }


def _ms(seconds: float | None) -> str:
    return str(int((NEVER if seconds is None else seconds) * 1000))
