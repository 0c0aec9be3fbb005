"""`volthus-hub-keys`: makes the keys of a hub, and what its servers and programs need of them."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bus_trust import ROLES, SITE, Hub, HubKeys

KEYS = "hub-keys.json"
EPILOG = """\
files written (secrets with mode 0600):
  hub-keys.json        all keys of the hub. Back it up; without it no site can join any more.
                       Where it exists it is used, and the others are written anew.
  auth.conf            for the servers: whom they believe (no secret)
  system.creds         for the enrolment: tells the servers who is locked out
  web.creds, smart-charging.creds, enrolment.creds
                       for the programs of the cloud (VOLTHUS_NATS_CREDENTIALS)
"""


def main() -> None:
    """Run the command; exits 2 when the folder or the keys cannot be used."""
    parser = argparse.ArgumentParser(
        prog="volthus-hub-keys",
        description="Make the keys of a hub, once, and what servers and programs need of them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where the files go; made when missing")
    folder: Path = parser.parse_args().folder
    try:
        write(folder, datetime.now(UTC))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"volthus-hub-keys: {error}\n")
        sys.exit(2)
    sys.stdout.write(f"Keys and credentials are in {folder}; back up {folder / KEYS}.\n")


def write(folder: Path, now: datetime) -> Hub:
    """Write all files; keys that are there are kept. Raises OSError, ValueError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / KEYS
    keys = HubKeys.read(path.read_text()) if path.exists() else HubKeys.made()
    hub = Hub(keys)
    secret(path, keys.written())
    (folder / "auth.conf").write_text(hub.server_auth(now))
    secret(folder / "system.creds", hub.system_creds(now))
    for role in ROLES:
        if role != SITE.name:
            secret(folder / f"{role}.creds", hub.user_creds(role, role, now))
    return hub


def secret(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


if __name__ == "__main__":
    main()
