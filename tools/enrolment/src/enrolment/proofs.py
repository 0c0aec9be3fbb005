"""What a device signs to show that it holds the key it speaks of.

Each text begins with its purpose, so that a signature for one is none for the other.
"""

import base64
import binascii

from bus_trust import BusKeyError, Kind, verify

JOIN = "volthus-enrolment/1 join"
RENEW = "volthus-enrolment/1 renew"


def joining(code: str, public: str) -> bytes:
    """Return what is signed to join with a code."""
    return f"{JOIN}\n{code}\n{public}\n".encode()


def renewing(nonce: str, public: str) -> bytes:
    """Return what is signed to get new claims; the nonce comes from the enrolment."""
    return f"{RENEW}\n{nonce}\n{public}\n".encode()


def is_proven(public: str, message: bytes, proof: str) -> bool:
    """Whether `proof` (base64) is the signature of this message by the key's owner."""
    try:
        signature = base64.b64decode(proof, validate=True)
        return verify(public, Kind.USER, message, signature)
    except (binascii.Error, BusKeyError):
        return False
