"""Reads when a certificate on disk is over."""

import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path

logger = logging.getLogger(__name__)


def ends_of(path: Path) -> datetime | None:
    """Return when the first certificate of a PEM file is over, None where it cannot be read.

    Read anew only when the file changed. Blocking.
    """
    try:
        return _ends(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        _say_once(str(path), str(error))
        return None


@lru_cache(maxsize=4)
def _ends(path: Path, _changed_ns: int) -> datetime:
    from cryptography import x509  # noqa: PLC0415 - a site without a proxy does not pay for it

    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


@lru_cache(maxsize=4)
def _say_once(path: str, error: str) -> None:
    logger.warning("certificate not read", extra={"path": path, "error": error})
