"""The NATS server of many sites: each an account of its own with its own link to the hub.

One process stands for hundreds of machines, and each of its links is a real one: its own TLS
connection with the site's own credentials, its own subscriptions, cut and made anew by itself. The
simulator speaks in one account more, from which each site takes what is its own and no more.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SPEAKER = "SIMULATOR"
STAYS_HERE = ("site.*.local.>", "cloud.>", "_INBOX.>", "$JS.>")  # as `volthus-enroll` writes it


@dataclass(frozen=True, slots=True)
class Hub:
    """Where sites link to. ca: a file that vouches for its certificate."""

    url: str
    ca: Path
    reconnect: str = "1s"


def leaf_configuration(hub: Hub, credentials: Mapping[str, Path]) -> str:
    """Return the configuration of a server that links these sites. credentials: by site."""
    return "\n".join(
        (
            "no_auth_user: simulator",
            "accounts {",
            f"  {SPEAKER}: {{",
            "    users: [ {user: simulator, password: simulator} ]",
            _listed("exports", (f'{{stream: "site.{site}.up.>"}}' for site in credentials)),
            _listed("imports", (_taken(site, f"site.{site}.down.>") for site in credentials)),
            "  }",
            *(_account(site) for site in credentials),
            "}",
            f"leafnodes {{\n  reconnect: {json.dumps(hub.reconnect)}",
            _listed("remotes", (_remote(hub, *one) for one in credentials.items())),
            "}\n",
        )
    )


def _account(site: str) -> str:
    exported = f'exports: [ {{stream: "site.{site}.down.>"}} ]'
    imported = f"imports: [ {_taken(SPEAKER, f'site.{site}.up.>')} ]"
    return f"  {json.dumps(site)}: {{ {exported}, {imported} }}"


def _taken(account: str, subject: str) -> str:
    return f"{{stream: {{account: {json.dumps(account)}, subject: {json.dumps(subject)}}}}}"


def _remote(hub: Hub, site: str, credentials: Path) -> str:
    parts = (
        f"url: {json.dumps(hub.url)}",
        f"account: {json.dumps(site)}",
        f"credentials: {json.dumps(str(credentials))}",
        f"tls {{ca_file: {json.dumps(str(hub.ca))}, timeout: 10}}",
        f"deny_imports: {json.dumps(STAYS_HERE)}",
    )
    return f"{{{', '.join(parts)}}}"


def _listed(name: str, entries: Iterable[str]) -> str:
    return f"    {name}: [\n      " + "\n      ".join(entries) + "\n    ]"
