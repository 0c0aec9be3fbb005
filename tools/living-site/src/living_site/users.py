"""The log-ins of the demo site: made once, kept in its state."""

import json
import secrets
from pathlib import Path
from typing import TypedDict

ROLES = ("service", "standard")


class User(TypedDict):
    """One log-in."""

    username: str
    password: str
    role: str


def made(role: str) -> User:
    """Return a new log-in, named as its role."""
    return User(username=role, password=secrets.token_urlsafe(9), role=role)


def load_or_create(path: Path) -> dict[str, User]:
    """Return the log-ins by role; made at random on the first start, file mode 0600."""
    if not path.exists():
        users = [made(role) for role in ROLES]
        path.touch(mode=0o600)
        path.write_text(json.dumps(users, indent=1))
    return {user["role"]: user for user in json.loads(path.read_text())}
