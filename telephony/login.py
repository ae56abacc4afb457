"""Logging in to the exchange: what to send, and what a refusal means.

Pure. It must not know of sockets, and the secret leaves it only in the action that needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asterisk.ami.action import Action, LoginAction, SimpleAction

from telephony.answers import ActionRefused, Answer, Result

Ask: TypeAlias = Callable[[Action, Callable[[Result], None]], None]
"""Send an action; its answer comes to the second argument."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to log in. "md5" never shows the secret on the wire; "md5-or-plain" falls back where an
    exchange offers no challenge."""

    user: str
    secret: str = field(repr=False)
    auth: Literal["md5", "md5-or-plain", "plain"] = "md5"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there was no login. "refused": the operator has to change something; "down": it may work
    the next time."""

    kind: Literal["down", "refused"]
    message: str


def log_in(credentials: Credentials, ask: Ask, done: Callable[[Refusal | None], None]) -> None:
    """Log in with `Events: on`; `done` gets None on success. A lost line is told to nobody."""
    user = credentials.user

    def finished(result: Result) -> None:
        if isinstance(result, Answer):
            done(None)
        elif isinstance(result, ActionRefused):
            text = (
                f"the exchange refuses the login of user [{user}] ({result.said}): wrong user or "
                "secret, or its permit and deny lines exclude this machine; compare "
                f"[{user}] in manager.conf with the exchange's user and secret in our configuration"
            )
            done(Refusal("refused", text))
        else:
            done(Refusal("down", f"the login came to nothing: {result}"))

    def challenged(result: Result) -> None:
        if isinstance(result, Answer):
            challenge = result.response.get("Challenge", "")
            key = hashlib.md5((challenge + credentials.secret).encode(), usedforsecurity=False)
            ask(
                SimpleAction(
                    "Login", AuthType="MD5", Username=user, Key=key.hexdigest(), Events="on"
                ),
                finished,
            )
        elif isinstance(result, ActionRefused) and credentials.auth == "md5-or-plain":
            ask(_plain(credentials), finished)
        elif isinstance(result, ActionRefused):
            text = (
                f"the exchange offers no MD5 challenge ({result.said}); "
                "set auth to md5-or-plain if the way to it can be trusted"
            )
            done(Refusal("refused", text))
        else:
            done(Refusal("down", f"the login came to nothing: {result}"))

    if credentials.auth == "plain":
        ask(_plain(credentials), finished)
    else:
        ask(SimpleAction("Challenge", AuthType="MD5"), challenged)


def _plain(credentials: Credentials) -> Action:
    action = LoginAction(credentials.user, credentials.secret)
    action.keys["Events"] = "on"
    return action
