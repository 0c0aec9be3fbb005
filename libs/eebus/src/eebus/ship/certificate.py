"""The SKI of a certificate, read from its raw DER.

Elli Connect chargers encode BOOLEAN TRUE as 01; strict X.509 parsers refuse that certificate
although OpenSSL accepts it. So we walk the DER ourselves and touch only what SHIP needs: the
public point and the Subject Key Identifier.
"""

import hashlib
import re
from collections.abc import Iterator

from eebus.errors import CertificateError

_SEQUENCE, _BIT_STRING, _OCTET_STRING, _OBJECT_ID = 0x30, 0x03, 0x04, 0x06
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_OID_EC_KEY = bytes.fromhex("2a8648ce3d0201")
_OID_P256 = bytes.fromhex("2a8648ce3d030107")
_OID_SKI = bytes.fromhex("551d0e")
_POINT_BYTES = 65

_SKI = re.compile(r"[0-9a-f]{40}")


def normalise_ski(text: str) -> str:
    """Return a SKI as 40 lower-case hex digits; blanks, dashes and colons are dropped.

    Raises ValueError when something else remains.
    """
    ski = re.sub(r"[\s:-]", "", text).lower()
    if not _SKI.fullmatch(ski):
        raise ValueError(f"{text!r} is no SKI: 40 hex digits expected, {len(ski)} characters found")
    return ski


def ski_of_point(point: bytes) -> str:
    """Return the SKI of a public key: SHA-1 over the 65 bytes 04 || X || Y (ship.md 2)."""
    return hashlib.sha1(point, usedforsecurity=False).hexdigest()


def ski_of_certificate(der: bytes) -> str:
    """Return the SKI of a certificate, checked against its key.

    Raises CertificateError unless it is an EC P-256 key with a matching 20-byte SKI extension.
    """
    try:
        fields = list(_children(_only(_only(der, _SEQUENCE), _SEQUENCE)))
    except (IndexError, ValueError) as error:
        raise CertificateError(f"The certificate is no readable DER: {error}") from error
    try:
        ski = ski_of_point(_public_point(fields))
        announced = _announced_ski(fields)
    except (IndexError, ValueError) as error:
        raise CertificateError(f"The certificate lacks what SHIP needs: {error}") from error
    if announced.hex() != ski:
        raise CertificateError(f"The certificate says SKI {announced.hex()}, its key has {ski}")
    return ski


def _public_point(fields: list[tuple[int, bytes]]) -> bytes:
    # TBSCertificate: [0] version, serial, signature, issuer, validity, subject, key, ...
    start = 1 if fields[0][0] == _VERSION else 0
    (_, algorithm), (kind, bits) = _children(fields[start + 5][1])
    if [value for _, value in _children(algorithm)] != [_OID_EC_KEY, _OID_P256]:
        raise ValueError("its key is not on the curve P-256")
    point = bits[1:]  # the first byte counts unused bits
    if kind != _BIT_STRING or len(point) != _POINT_BYTES or point[0] != 4:
        raise ValueError("its public key is no uncompressed point")
    return point


def _announced_ski(fields: list[tuple[int, bytes]]) -> bytes:
    wrapped = next((value for tag, value in fields if tag == _EXTENSIONS), None)
    if wrapped is None:
        raise ValueError("it has no extensions")
    for _, extension in _children(_only(wrapped, _SEQUENCE)):
        parts = list(_children(extension))  # id, critical (optional, not looked at), value
        if parts[0] == (_OBJECT_ID, _OID_SKI):
            ski = _only(parts[-1][1], _OCTET_STRING)
            if len(ski) != 20:
                raise ValueError(f"its SKI has {len(ski)} bytes instead of 20")
            return ski
    raise ValueError("it has no Subject Key Identifier")


def _only(der: bytes, tag: int) -> bytes:
    """Return the content of the first element, which must have this tag."""
    found, content = next(_children(der), (None, b""))
    if found != tag:
        raise ValueError(f"tag {found} found where {tag} was expected")
    return content


def _children(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of the elements that stand one after another."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError(f"a length of {size} bytes")
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("an element is longer than what holds it")
        yield tag, der[at : at + length]
        at += length
