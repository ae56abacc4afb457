"""Wishes towards the outside: imperative, frozen. Dispatch carries them out.

What comes of an order returns as an event; an order that fails returns as ``OrderFailed``. One
module per noun; everybody imports from this package.
"""

from __future__ import annotations

from typing import TypeAlias, get_args

from .callbacks import Dial, KeepCallback, RequestCallback, StopDialling, TellCaller
from .exchange import Announce, AskSnapshot, Control, SendAway, SetPaused
from .reasons import FindAnswers, Identify, Predict, RecordMark, RecordOutcome, RecordPrediction
from .records import RecordAudit, RecordCall, RecordDecision, RecordPromise, RecordSkills
from .reservations import LIVE_RESERVATIONS, KeepReservation, ReservationState, Ring, StopRinging
from .screens import CloseCard, ShowAgent, ShowCard, ShowControl, ShowHelp, ShowQueue

Order: TypeAlias = (
    Identify
    | Predict
    | FindAnswers
    | ShowCard
    | CloseCard
    | ShowAgent
    | ShowQueue
    | SetPaused
    | RecordCall
    | RecordOutcome
    | RecordPrediction
    | RecordMark
    | AskSnapshot
    | KeepReservation
    | Ring
    | StopRinging
    | Announce
    | SendAway
    | Control
    | ShowControl
    | ShowHelp
    | RecordDecision
    | RecordPromise
    | RecordAudit
    | RecordSkills
    | KeepCallback
    | Dial
    | StopDialling
    | RequestCallback
    | TellCaller
)

ORDERS: tuple[type[Order], ...] = get_args(Order)

__all__ = [
    "LIVE_RESERVATIONS", "ORDERS", "Announce", "AskSnapshot", "CloseCard", "Control", "Dial",
    "FindAnswers", "Identify", "KeepCallback", "KeepReservation", "Order", "Predict", "RecordAudit",
    "RecordCall", "RecordDecision", "RecordMark", "RecordOutcome", "RecordPrediction",
    "RecordPromise", "RecordSkills", "RequestCallback", "ReservationState", "Ring", "SendAway",
    "SetPaused", "ShowAgent", "ShowCard", "ShowControl", "ShowHelp", "ShowQueue", "StopDialling",
    "StopRinging", "TellCaller",
]  # fmt: skip
