"""How a program shows the bus who it is: a credentials file, read anew at each connection.

So claims that were renewed meanwhile count at the next reconnect, without a restart.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from bus_trust import KeyPair, Kind, read_creds


@dataclass(frozen=True, slots=True)
class Credentials:
    """A credentials file. The methods raise OSError, ValueError for one that cannot be used."""

    path: Path

    def claims(self) -> bytearray:
        """Return the signed claims."""
        return bytearray(read_creds(self.path.read_text())[0].encode())

    def signed(self, nonce: str) -> bytes:
        """Return the signature (base64) of what the server asked to be signed."""
        seed = read_creds(self.path.read_text())[1]
        return base64.b64encode(KeyPair.from_seed(seed, Kind.USER).sign(nonce.encode()))
