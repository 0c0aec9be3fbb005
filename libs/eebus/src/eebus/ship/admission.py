"""Which stranger must go when too many are connected. Strangers cost a bounded amount."""

from collections import Counter
from collections.abc import Sequence

MAX_UNIDENTIFIED = 32  # TCP connections whose certificate we have not seen yet
MAX_REQUESTS = 16  # untrusted SKIs that wait for our user
MAX_PER_SKI = 4  # connections of one SKI, two are normal for a moment


def surplus(addresses: Sequence[str], limit: int) -> int | None:
    """Return the index of the connection to drop, None while they are not above the limit.

    addresses: the remote address of each, oldest first. The oldest of the address that holds
    most goes: a flood from one host cannot push out the request of another.
    """
    if len(addresses) <= limit:
        return None
    counts = Counter(addresses)
    greediest = max(addresses, key=lambda address: counts[address])
    return addresses.index(greediest)
