"""SPINE error numbers, and what can go wrong with a datagram."""

from enum import IntEnum

from eebus.errors import RemoteProtocolError
from eebus.spine.values import Item


class ErrorNumber(IntEnum):
    """`resultData.errorNumber` (spine.md section 3). Only "0 or not" may decide anything."""

    NO_ERROR = 0
    GENERAL_ERROR = 1
    TIMEOUT = 2
    OVERLOAD = 3
    DESTINATION_UNKNOWN = 4
    DESTINATION_UNREACHABLE = 5
    COMMAND_NOT_SUPPORTED = 6
    COMMAND_REJECTED = 7
    RESTRICTED_FUNCTION_EXCHANGE = 8
    BINDING_REQUIRED = 9


class DatagramError(RemoteProtocolError):
    """The peer sent something that is no datagram."""


class RefusedError(RemoteProtocolError):
    """A request that is answered with an error number."""

    def __init__(self, number: ErrorNumber, reason: str) -> None:
        """Refuse with `number`; `reason` goes to the peer as the result's description."""
        super().__init__(reason)
        self.number = number
        self.reason = reason

    def result(self) -> Item:
        """Return the `resultData` that tells the peer."""
        return {"errorNumber": int(self.number), "description": self.reason}
