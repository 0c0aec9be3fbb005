"""The command `volthus-sign-releases`: makers sign a feed and its images, anybody checks them."""

import argparse
import base64
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from updater.core.release import Release
from updater.signing import is_signed, signature_of

SECRET = 0o600
ABOUT = """The makers of releases sign a feed, and each image that it names by its digest.
Whoever installs images by hand or from Git checks with the makers' public key what they signed."""
EXIT_STATUS = """exit status: 0 done, 1 `check` only: something is not signed by this key,
2 the arguments or files cannot be used"""


def main() -> None:
    """Make a key, sign a feed or check one; exits 1 for what is not signed, 2 for the unusable."""
    asked = _parser().parse_args()
    try:
        if asked.word == "key":
            print(make_key(asked.file))
        elif asked.word == "feed":
            sign(read_key(asked.key), asked.file)
        else:
            sys.exit(check(asked.public, asked.file))
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"volthus-sign-releases: {error}\n")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="volthus-sign-releases",
        description=ABOUT,
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words = parser.add_subparsers(dest="word", required=True)
    key = words.add_parser("key", help="make a key and print its public half")
    key.add_argument("file", type=Path, help="where the private key goes; must not exist")
    feed = words.add_parser("feed", help="sign FEED in place, and write FEED.sig")
    feed.add_argument("key", type=Path, help="the private key that `key` made")
    feed.add_argument("file", type=Path, metavar="feed")
    checked = words.add_parser("check", help="say which images of FEED (and FEED.sig) are signed")
    checked.add_argument("public", help="the makers' public key, as `key` printed it")
    checked.add_argument("file", type=Path, metavar="feed")
    return parser


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
    _signature_file(path).write_bytes(signature)


def check(public: str, path: Path) -> int:
    """Print what of a feed the makers signed; return 0 if all of it. Raises OSError, ValueError."""
    body = path.read_bytes()
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
    is_whole = True
    try:
        key.verify(base64.b64decode(_signature_file(path).read_bytes().strip()), body)
    except InvalidSignature:
        is_whole = False
        print(f"NOT SIGNED  {path.name}")
    for one in json.loads(body)["releases"]:
        if one.get("image"):
            is_good = is_signed(_release(one), str(one.get("signature") or ""), public)
            is_whole = is_whole and is_good
            print("signed    " if is_good else "NOT SIGNED", f" {one['version']} {one['image']}")
    return 0 if is_whole else 1


def _signature_file(feed: Path) -> Path:
    return feed.with_name(f"{feed.name}.sig")


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
