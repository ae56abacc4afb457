"""What the floor answers to a wish that cannot be granted. Nothing changed when one is raised."""

from __future__ import annotations


class FloorError(Exception):
    """The wish cannot be granted."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownAgent(FloorError):  # noqa: N818  # reads as the reason it is
    """No such agent is signed in."""

    code = "unknown_agent"


class UnknownCall(FloorError):  # noqa: N818  # reads as the reason it is
    """No such call, or it is not this agent's."""

    code = "unknown_call"


class NotNow(FloorError):  # noqa: N818  # reads as the reason it is
    """Possible in principle, but not in the present state."""

    code = "not_now"


class BadChoice(FloorError):  # noqa: N818  # reads as the reason it is
    """A code (break reason, outcome, reason, person) that does not exist here."""

    code = "bad_choice"


class DeviceTaken(FloorError):  # noqa: N818  # reads as the reason it is
    """Another agent who is signed in uses the device."""

    code = "device_taken"


class Forbidden(FloorError):  # noqa: N818  # reads as the reason it is
    """Somebody else may do that, but not this person."""

    code = "forbidden"
