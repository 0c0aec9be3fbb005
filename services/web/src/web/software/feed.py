"""Fetches the feed of releases: a file that an operator keeps, or a signed document over HTTPS.

A stolen web server must not be able to offer a site its own software: what comes over the network
counts only with an Ed25519 signature (`<address>.sig`, base64) by the key in the settings.
"""

import asyncio
import base64
import binascii
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from web.software.release import MOST_BYTES, FeedError, Release, read_feed

TIMEOUT_S = 15.0
MOST_SIGNATURE_BYTES = 1000


async def fetch(source: str, key: str) -> tuple[Release, ...]:
    """Return the releases of a feed, newest first.

    source: a path, or an http(s) address. key: base64 of the 32 bytes of the public key, needed for
    an address. Raises FeedError.
    """
    if urlsplit(source).scheme not in ("http", "https"):
        return read_feed(await asyncio.to_thread(_read, Path(source)))
    if not key:
        raise FeedError("A feed from the network needs the key of its signature.")
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
        body = await _get(client, source, MOST_BYTES)
        signature = await _get(client, f"{source}.sig", MOST_SIGNATURE_BYTES)
    _verify(body, signature, key)
    return read_feed(body)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FeedError(f"The feed cannot be read: {error.strerror}.") from error


async def _get(client: httpx.AsyncClient, address: str, most: int) -> bytes:
    try:
        async with asyncio.timeout(TIMEOUT_S), client.stream("GET", address) as answer:
            if answer.status_code != httpx.codes.OK:
                raise FeedError(f"The feed's server answered {answer.status_code}.")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > most:
                    raise FeedError(f"The feed's server sent more than {most} bytes.")
            return body
    except (httpx.HTTPError, TimeoutError) as error:
        raise FeedError(f"The feed's server cannot be reached: {type(error).__name__}.") from error


def _verify(body: bytes, signature: bytes, key: str) -> None:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise FeedError("The key of the feed is not 32 bytes in base64.") from error
    try:
        public.verify(base64.b64decode(signature.strip(), validate=True), body)
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise FeedError("The feed's signature is not its maker's; nothing was taken.") from error
