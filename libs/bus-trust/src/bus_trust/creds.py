"""Credentials files: a user's claims and its seed in one text, as every NATS program reads them."""

import re

_JWT = "NATS USER JWT"
_SEED = "USER NKEY SEED"
_PART = re.compile(r"-{3,}\s*BEGIN ([\w ]+?)\s*-{3,}\s+([\w.=-]+)\s+-{3,}\s*END \1\s*-{3,}")


def written_creds(jwt: str, seed: str) -> str:
    """Return the text of a credentials file; whoever reads it speaks as that user."""
    parts = (
        f"-----BEGIN {_JWT}-----\n{jwt}\n------END {_JWT}------\n",
        f"-----BEGIN {_SEED}-----\n{seed}\n------END {_SEED}------\n",
    )
    return "\n".join(parts)


def read_creds(text: str) -> tuple[str, str]:
    """Return the claims and the seed of a credentials file. Raises ValueError."""
    found = dict(_PART.findall(text))
    if _JWT not in found or _SEED not in found:
        raise ValueError("This is no credentials file: claims or seed are missing.")
    return found[_JWT], found[_SEED]
