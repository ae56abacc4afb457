"""Is whoever calls us somebody whom we were to call? Steps over ``State``."""

from __future__ import annotations

from . import attempts
from .call import Call
from .held import BEFORE, Held
from .state import State


def same_customer(held: Held, call: Call) -> bool:
    """By the person who was made out, or by the number, digit for digit."""
    callback, profile = held.callback, call.profile
    if profile is not None and call.identity == "known" and profile.person == callback.person:
        return True
    return call.number is not None and _digits(call.number) == _digits(callback.number) != ""


def _digits(number: str) -> str:
    plain = "".join(one for one in number if one.isascii() and one.isdigit())
    return plain.removeprefix("00")


def attach(state: State, held: Held, call: Call) -> None:
    """Nobody is dialled while that call lives, and its card says what was promised."""
    held.inbound = call.id
    call.open_callbacks.add(held.callback.id)
    if held.stage in BEFORE:
        held.stage = "aside"
        attempts.clock(state, held, None)
    call.callback_card = attempts.on_card(state, held, open=True)
    state.dirty_calls[call.id] = None
