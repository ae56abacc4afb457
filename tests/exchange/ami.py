"""A plain TCP client of the manager interface that keeps every byte it was sent.

It shares no code with the product, so that what a test sees is what Asterisk sent. It reads in
a thread of its own: a reader that is slow would be disconnected.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

Message = dict[str, str]


class ManagerTap:
    """One connection. Use as a context manager; `received` holds the server's raw bytes."""

    def __init__(self, port: int, host: str = "127.0.0.1", *, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._received = bytearray()
        self._ended = False
        self._news = threading.Condition()
        self._ids = itertools.count(1)
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="manager-tap", daemon=True)
        self._reader.start()

    def __enter__(self) -> ManagerTap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def received(self) -> bytes:
        with self._news:
            return bytes(self._received)

    @property
    def ended(self) -> bool:
        """Whether the server closed the connection."""
        return self._ended

    def send(self, action: str, /, **headers: str) -> str:
        """Send an action; answers its ActionID. `Variable` may not repeat: it is for tests."""
        action_id = f"tap-{next(self._ids)}"
        lines = [f"Action: {action}", f"ActionID: {action_id}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
        return action_id

    def ask(self, action: str, /, **headers: str) -> Message:
        """Send an action and wait for its response."""
        action_id = self.send(action, **headers)
        return self.wait(lambda m: m.get("ActionID") == action_id and "Response" in m)

    def items(self, action: str, /, **headers: str) -> list[Message]:
        """Send an action that answers with a list; its items, as many as the list's end says."""
        action_id = self.send(action, **headers)
        end = self.wait(
            lambda m: m.get("ActionID") == action_id and m.get("EventList") == "Complete"
        )
        mine = [m for m in self.messages() if m.get("ActionID") == action_id and "Event" in m]
        items = [m for m in mine if m.get("EventList") != "Complete"]
        assert len(items) == int(end["ListItems"]), end
        return items

    def sign_in(self, user: str, secret: str) -> Message:
        """Log in in plain text; the response, whether it is a success or not."""
        return self.ask("Login", Username=user, Secret=secret)

    def sign_in_by_challenge(self, user: str, secret: str) -> Message:
        """Log in without sending the secret: MD5 of the server's challenge and the secret."""
        challenge = self.ask("Challenge", AuthType="MD5")["Challenge"]
        key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
        return self.ask("Login", AuthType="MD5", Username=user, Key=key)

    def messages(self, since: int = 0) -> list[Message]:
        """What came after byte `since`, as flat dictionaries (a repeated header: the last)."""
        blocks = self.received[since:].split(b"\r\n\r\n")[:-1]
        parsed = []
        for block in blocks:
            lines = block.decode("utf-8", "replace").split("\r\n")
            parsed.append(dict(line.split(": ", 1) for line in lines if ": " in line))
        return parsed

    def events(self, name: str, since: int = 0) -> list[Message]:
        return [m for m in self.messages(since) if m.get("Event") == name]

    def wait(self, wanted: Callable[[Message], bool], since: int = 0) -> Message:
        """The first message after byte `since` that is wanted.

        Raises TimeoutError with the names of what came instead.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            # Taken before looking: an end seen now means that all bytes are there to look at.
            ended = self._ended
            messages = self.messages(since)
            for message in messages:
                if wanted(message):
                    return message
            with self._news:
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    names = [m.get("Event") or f"Response {m.get('Response')}" for m in messages]
                    how = "the connection ended" if ended else "time is up"
                    raise TimeoutError(f"{how}; came instead: {', '.join(names) or 'nothing'}")
                self._news.wait(min(left, 0.2))

    def wait_event(self, name: str, since: int = 0, **headers: str) -> Message:
        """The first event of that name after byte `since` whose headers have these values."""
        return self.wait(
            lambda m: (
                m.get("Event") == name
                and all(m.get(key) == value for key, value in headers.items())
            ),
            since,
        )

    def wait_end(self) -> None:
        """Wait until the server closes the connection."""
        self._reader.join(self._timeout)
        if not self._ended:
            raise TimeoutError("the server did not close the connection")

    def wait_quiet(self, seconds: float = 1.0) -> None:
        """Wait until nothing has come for so long."""
        before = -1
        while (now := len(self.received)) != before and not self._ended:
            before = now
            time.sleep(seconds)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # The server may have been faster.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._reader.join(self._timeout)

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""  # A reset is an end like any other.
            with self._news:
                self._received += data
                self._ended = self._ended or not data
                self._news.notify_all()
            if not data:
                return
