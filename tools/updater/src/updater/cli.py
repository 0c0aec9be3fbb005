"""The command `volthus-sign-releases`: the makers sign a feed, and each image that it names."""

import argparse
import base64
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from updater.core.release import Release
from updater.signing import signature_of

SECRET = 0o600


def main() -> None:
    """Make a key (`key FILE`), or sign a feed (`feed KEY FEED`); exits 2 for what cannot be."""
    parser = argparse.ArgumentParser(prog="volthus-sign-releases", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("key", help="make a key and print its public half").add_argument(
        "file", type=Path
    )
    feed = words.add_parser("feed", help="sign FEED in place, and write FEED.sig")
    feed.add_argument("key", type=Path)
    feed.add_argument("file", type=Path)
    asked = parser.parse_args()
    try:
        if asked.word == "key":
            print(make_key(asked.file))
        else:
            sign(read_key(asked.key), asked.file)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"volthus-sign-releases: {error}\n")
        sys.exit(2)


def make_key(path: Path) -> str:
    """Write a new private key (base64 of 32 bytes) and return the public one. Raises OSError."""
    private = Ed25519PrivateKey.generate()
    path.touch(SECRET, exist_ok=False)
    path.write_bytes(base64.b64encode(private.private_bytes_raw()) + b"\n")
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return a private key. Raises OSError, ValueError."""
    raw = base64.b64decode(path.read_bytes().strip(), validate=True)
    return Ed25519PrivateKey.from_private_bytes(raw)


def sign(private: Ed25519PrivateKey, path: Path) -> None:
    """Sign each image of a feed, then the feed. Raises OSError, ValueError, KeyError."""
    feed = json.loads(path.read_bytes())
    for one in feed["releases"]:
        if one.get("image"):
            one["signature"] = signature_of(_release(one), private)
    body = json.dumps(feed, ensure_ascii=False, indent=2).encode() + b"\n"
    path.write_bytes(body)
    signature = base64.b64encode(private.sign(body)) + b"\n"
    path.with_name(f"{path.name}.sig").write_bytes(signature)


def _release(one: dict[str, object]) -> Release:
    release = Release(
        str(one["version"]),
        str(one["image"]),
        str(one.get("since") or ""),
        one_way=one.get("one_way") is True,
    )
    if not release.is_pinned:
        raise ValueError(f"{release.version}: the image must be named by its digest")
    return release


if __name__ == "__main__":
    main()
