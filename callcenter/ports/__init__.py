"""What the floor's orders need from outside, in the floor's words. Adapters implement these.

Each port is small; its in-memory twin lives in ``tests/fakes.py`` and one contract suite runs
against both. Methods are coroutines where they may wait, plain functions where they never do.
One module per noun; everybody imports from this package.
"""

from __future__ import annotations

from .accounts import Account, Accounts, Admission, SignIn, SignIns, Skills, User
from .mind import Knowledge, KnowledgeEdit, Lesson, Lessons, Mind, Prediction
from .numbers import NumberKind, PhoneNumber
from .people import (
    BillRow,
    CaseRow,
    Condition,
    ContactPoint,
    Happening,
    OrderRow,
    PageView,
    People,
    PersonRow,
    PromiseRow,
    Surroundings,
)
from .records import Draft, History, Journal, PromiseScore, Records, ReservationTaken
from .screens import Desk, Screens, View
from .switch import DialError, RingError, Switch, SwitchError

__all__ = [
    "Account", "Accounts", "Admission", "BillRow", "CaseRow", "Condition", "ContactPoint", "Desk",
    "DialError", "Draft", "Happening", "History", "Journal", "Knowledge", "KnowledgeEdit", "Lesson",
    "Lessons", "Mind", "NumberKind", "OrderRow", "PageView", "People", "PersonRow", "PhoneNumber",
    "Prediction", "PromiseRow", "PromiseScore", "Records", "ReservationTaken", "RingError",
    "Screens", "SignIn", "SignIns", "Skills", "Surroundings", "Switch", "SwitchError", "User",
    "View",
]  # fmt: skip
