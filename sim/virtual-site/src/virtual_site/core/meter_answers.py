"""What a meter of one model answers to a request. Pure; knows no connection."""

from collections.abc import Mapping, Sequence
from functools import cache

from meter_profiles.encode import encode
from meter_profiles.profile import Profile
from meter_profiles.quantity import Quantity
from virtual_site.core.modbus_frames import Request

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
JOINED_GAP = 200  # registers between values that the meter answers with 0

Values = Mapping[Quantity, float | None]


def answered(
    profile: Profile, registers: Mapping[int, int], request: Request
) -> Sequence[int] | int:
    """Return the registers asked for, or the number of the Modbus exception.

    Refuses what the model refuses: other function codes (writing among them), requests that are
    too wide, and registers far from any of its values.
    """
    if request.function not in {profile.function, profile.other_function}:
        return ILLEGAL_FUNCTION
    if not 1 <= request.count <= profile.max_read:
        return ILLEGAL_VALUE
    end = request.address + request.count
    if not any(first <= request.address and end <= last for first, last in ranges(profile)):
        return ILLEGAL_ADDRESS
    return [registers.get(address, 0) for address in range(request.address, end)]


@cache
def ranges(profile: Profile) -> tuple[tuple[int, int], ...]:
    """Return (first, end) of the registers that exist; what is between values reads 0."""
    found: list[tuple[int, int]] = []
    for address in sorted(encode(profile, {})):
        if found and address - found[-1][1] <= JOINED_GAP:
            found[-1] = (found[-1][0], address + 1)
        else:
            found.append((address, address + 1))
    return tuple(found)
