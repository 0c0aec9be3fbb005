"""Passwords and secrets: hashed slowly (argon2id) or quickly (random tokens), compared safely."""

import asyncio
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second choice for argon2id: 19 MiB, two passes; a log-in must not eat a small box.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_MOST_AT_ONCE = 2

# So that a leaked token is recognised by scanners; by it the two kinds are told apart too.
TOKEN_PREFIX = "vt_"  # noqa: S105 - no secret
PROGRAM_PREFIX = "vp_"


def hashed(password: str) -> str:
    """Return the hash to store; blocking, about 30 ms."""
    return _HASHER.hash(password)


class PasswordCheck:
    """Checks passwords in threads, a few at a time: memory and CPU stay bounded."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._nobody = hashed(secrets.token_urlsafe(16))

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Whether the password fits the hash; takes as long when there is no such user."""
        async with self._slots:
            fits = await asyncio.to_thread(_fits, password, stored or self._nobody)
        return fits and stored is not None


def _fits(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def new_secret(prefix: str = TOKEN_PREFIX) -> str:
    """Return a token with 256 bits of chance."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """Return an id that tells nothing and that nobody guesses."""
    return secrets.token_hex(8)


def digest_of(secret: str) -> str:
    """Return what is stored of a token: it needs no salt, its chance is its own."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token_of(secret: str) -> str:
    """Return the CSRF token of a session; without the session's secret nobody can make it."""
    return hmac.digest(secret.encode(), b"volthus csrf", "sha256").hex()
