"""Acceptance protocols and the digests that prove that nobody changed one. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

MOST_NAME, MOST_REMARKS = 120, 4000
MOST_DOCUMENT = 400_000  # a hundred chargers take some 80 kB; the bus carries 1 MB


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol. number: from 1 at this site; document: JSON; previous: digest of the last."""

    number: int
    signed: datetime
    electrician: str
    remarks: str
    actor: str
    document: str
    previous: str = ""

    @property
    def digest(self) -> str:
        """Return the SHA-256 over everything it says, as 64 hex digits."""
        at = self.signed.astimezone(UTC).isoformat(timespec="seconds")
        said = asdict(self) | {"signed": at}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def intact(kept: list[tuple[Protocol, str]]) -> list[bool]:
    """Return for each protocol whether it and what it says of the one before are unchanged.

    kept: with the digests they were kept with, the latest first.
    """
    digests = {protocol.number: digest for protocol, digest in kept}
    return [
        protocol.digest == digest and protocol.previous == digests.get(protocol.number - 1, "")
        for protocol, digest in kept
    ]


def problem_with(electrician: str, remarks: str, document: str) -> tuple[str, str] | None:
    """Return (code, sentence) where this cannot be signed, else None."""
    if not electrician.strip():
        return "name-missing", "Who signs must be named."
    if len(electrician) > MOST_NAME or len(remarks) > MOST_REMARKS:
        return "text-too-long", f"A name has {MOST_NAME} characters, remarks {MOST_REMARKS}."
    if not 0 < len(document.encode()) <= MOST_DOCUMENT:
        return "document-invalid", f"The values must have 1 to {MOST_DOCUMENT} bytes."
    try:
        is_object = isinstance(json.loads(document), dict)
    except ValueError:
        is_object = False
    return None if is_object else ("document-invalid", "The values must be one JSON object.")
