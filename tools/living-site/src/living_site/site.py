"""Which programs make up the site, with which settings."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from living_site.settings import Settings
from living_site.supervisor import Program

SITE = "demo"
SITE_NAME = "Green Street 4"
SERVICES = ("meter-reader", "eebus-gateway", "cem", "smart-charging", "web")
BIN = Path(sys.executable).parent


class Charger(TypedDict):
    """A virtual charger, as the simulator's ready file tells it."""

    ski: str
    ship_id: str
    url: str
    name: str


class Outside(TypedDict):
    """The simulator's ready file."""

    simulator: dict[str, str]
    meter: dict[str, str | int]
    chargers: list[Charger]


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders, ports and addresses of this run."""

    settings: Settings
    ports: dict[str, int]
    web_port: int

    @property
    def state(self) -> Path:
        """Return the folder that holds all state."""
        return self.settings.state

    @property
    def web_url(self) -> str:
        """Return the address of the page."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def nats_url(self) -> str:
        """Return the address of NATS."""
        return self.settings.nats_url or f"nats://127.0.0.1:{self.ports['nats']}"

    @property
    def ready_file(self) -> Path:
        """Return where the simulator writes what it listens on."""
        return self.state / "virtual-site" / "ready.json"

    @property
    def users_file(self) -> Path:
        """Return the file of the first log-ins."""
        return self.state / "users.json"

    def health_urls(self) -> dict[str, str]:
        """Return where each service tells whether it is ready."""
        return {name: f"http://127.0.0.1:{self.ports['health-' + name]}" for name in SERVICES}


def nats(layout: Layout) -> Program:
    """Return the embedded NATS server, JetStream on, on loopback."""
    return Program(
        "nats",
        (
            str(BIN / "nats-server"),
            *("--addr", "127.0.0.1", "--port", str(layout.ports["nats"])),
            *("--jetstream", "--store_dir", str(layout.state / "nats")),
        ),
    )


def outside(layout: Layout) -> Program:
    """Return the virtual site: meter, chargers, cars, household and sun."""
    settings = layout.settings
    return Program(
        "virtual-site",
        (
            str(BIN / "virtual-site"),
            *("--state", str(layout.state / "virtual-site")),
            *("--port", str(layout.ports["simulator"])),
            *("--meter-port", str(layout.ports["meter"])),
            *("--meter-model", settings.meter_model),
            *("--chargers", str(settings.chargers)),
            *("--scenario", settings.scenario),
            *("--ready-file", str(layout.ready_file)),
        ),
        {"VOLTHUS_LAN": "1" if settings.lan else "0"},
    )


def services(layout: Layout, world: Outside) -> list[Program]:
    """Return the five services; the first charger of the world is the site's own."""
    own = world["chargers"][0]["ski"]
    extra = {
        "cem": {"VOLTHUS_SITE_NAME": SITE_NAME},
        "eebus-gateway": {
            "VOLTHUS_OWN_CHARGER_SKI": own,
            "VOLTHUS_LAN": "1" if layout.settings.lan else "0",
        },
        "web": {
            "VOLTHUS_WEB_PORT": str(layout.web_port),
            "VOLTHUS_WEB_HOST": "127.0.0.1",
            "VOLTHUS_INITIAL_USERS": str(layout.users_file),
        },
    }
    return [
        Program(name, (str(BIN / name),), {**_common(layout, name), **extra.get(name, {})})
        for name in SERVICES
    ]


def _common(layout: Layout, name: str) -> dict[str, str]:
    return {
        "VOLTHUS_SITE": SITE,
        "VOLTHUS_NATS_URL": layout.nats_url,
        "VOLTHUS_STATE_DIR": str(layout.state / name),
        "VOLTHUS_HEALTH_HOST": "127.0.0.1",
        "VOLTHUS_HEALTH_PORT": str(layout.ports[f"health-{name}"]),
        "VOLTHUS_LOG_LEVEL": layout.settings.log_level,
    }


def read_world(layout: Layout) -> Outside | None:
    """Return what the simulator listens on, None while it has not said so."""
    try:
        found: Outside = json.loads(layout.ready_file.read_text())
    except (OSError, ValueError):
        return None
    return found
