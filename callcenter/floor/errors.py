"""What the floor answers to a wish that cannot be granted. Nothing changed when one is raised."""

from __future__ import annotations


class FloorError(Exception):
    """The wish cannot be granted."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownAgent(FloorError):
    """No such agent is signed in."""

    code = "unknown_agent"


class UnknownCall(FloorError):
    """No such call, or it is not this agent's."""

    code = "unknown_call"


class NotNow(FloorError):
    """Possible in principle, but not in the present state."""

    code = "not_now"


class BadChoice(FloorError):
    """A code (break reason, outcome, reason, person) that does not exist here."""

    code = "bad_choice"


class DeviceTaken(FloorError):
    """Another agent who is signed in uses the device."""

    code = "device_taken"
