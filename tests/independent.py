"""asterisk-ami's own client in a thread: an AMI client that shares no code with the product.

Its reader dies after three seconds of silence, so it is kept talking with pings. It splits values
at more than CRLF, so hostile names are not for it.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable

from asterisk.ami import AMIClient, AMIClientAdapter, Event

Headers = tuple[tuple[str, str], ...]


class IndependentClient:
    """Signed in; keeps every event as it parsed it. Use as a context manager."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self.events: list[tuple[str, Headers]] = []
        self._news = threading.Condition()
        self._stop = threading.Event()
        # It calls notifyAll; as an error that would end its reader, and every answer with it.
        warnings.filterwarnings("ignore", message="notifyAll", category=DeprecationWarning)
        self._client = AMIClient(address="127.0.0.1", port=port, timeout=3)
        self._client.add_event_listener(self._keep)
        answer = self._client.login(username=user, secret=secret).response
        if answer is None or answer.is_error():
            raise RuntimeError(f"asterisk-ami could not sign in: {answer}")
        self._pinger = threading.Thread(target=self._ping, name="ami-pinger", daemon=True)
        self._pinger.start()

    def __enter__(self) -> IndependentClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._pinger.join()
        self._client.disconnect()

    def _keep(self, event: Event, **_: object) -> None:
        with self._news:
            self.events.append((event.name, tuple(event.keys.items())))
            self._news.notify_all()

    def _ping(self) -> None:
        adapter = AMIClientAdapter(self._client)
        while not self._stop.wait(0.5):
            adapter.Ping()

    def ask(self, action: str, **headers: str) -> dict[str, str]:
        """The answer's headers."""
        answer = getattr(AMIClientAdapter(self._client), action)(**headers).response
        if answer is None:
            raise TimeoutError(f"no answer to {action}")
        return {"Response": answer.status, **answer.keys}

    def wait(self, done: Callable[[list[tuple[str, Headers]]], bool], deadline: float = 60) -> None:
        """Until `done` says so of all events. Raises TimeoutError."""
        until = time.monotonic() + deadline
        with self._news:
            while not done(self.events):
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"waited {deadline:g} s; {len(self.events)} events came")
                self._news.wait(left)

    def stream(self) -> bytes:
        """What it saw, written as a stream again, for tests/sameness.py."""
        with self._news:
            blocks = [
                "".join([f"Event: {name}\r\n", *(f"{key}: {value}\r\n" for key, value in headers)])
                for name, headers in self.events
            ]
        return "\r\n".join([*blocks, ""]).encode("utf-8", "replace")
