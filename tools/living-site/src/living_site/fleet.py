"""`make run-fleet`: brings up a living cloud with simulated sites, and cleans up after itself.

The hub is as in production (operator mode: it answers nobody without credentials); only the
simulator has credentials that no real hub would give: it speaks for every site.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bus_trust import Hub, HubKeys
from living_site import ports, users
from living_site.main import CannotRunError, alone, say, until_told_to_stop
from living_site.settings import Settings, SettingsError, environment, from_environment
from living_site.site import BIN
from living_site.supervisor import Program, Supervisor

SERVICES = ("web", "smart-charging", "enrolment")
PORTS = ("nats", "leaf", "join", *(f"health-{name}" for name in SERVICES))
SITES = 300
ALIVE_S = 120.0
ENOUGH = 0.9  # some of the simulated sites are offline, as in life
ABOUT = """Starts the cloud side on this machine: a NATS hub, front door, smart charging and
enrolment, and a simulator that speaks for many sites. Ctrl-C stops it. Everything listens on
loopback only."""
EPILOG = f"""environment:
  VOLTHUS_PORT       port of the page [8080, or the next free one]
  VOLTHUS_STATE      folder that keeps everything from run to run [.state-fleet]
  VOLTHUS_SITES      number of simulated sites, at most 10000 [{SITES}]
  VOLTHUS_LOG_LEVEL  DEBUG, INFO, WARNING, ERROR [INFO]"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders, ports and addresses of this run."""

    settings: Settings
    ports: dict[str, int]
    web_port: int
    sites: int

    @property
    def state(self) -> Path:
        """Return the folder that holds all state."""
        return self.settings.state

    @property
    def hub(self) -> Path:
        """Return the folder of the hub's keys and credentials."""
        return self.state / "hub"

    @property
    def web_url(self) -> str:
        """Return the address of the page."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def nats_url(self) -> str:
        """Return the address of the hub."""
        return f"nats://127.0.0.1:{self.ports['nats']}"

    def health_urls(self) -> list[str]:
        """Return where each service tells whether it is ready."""
        return [f"http://127.0.0.1:{self.ports[f'health-{name}']}" for name in SERVICES]


def main() -> None:
    """Start the program `living-fleet`. Exits 1 with one sentence when it cannot run."""
    argparse.ArgumentParser(
        prog="living-fleet",
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    env = environment()
    try:
        state = env.get("VOLTHUS_STATE") or ".state-fleet"
        settings = from_environment(env | {"VOLTHUS_STATE": state})
        sites = _sites(env)
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(settings.state):
            sys.exit(asyncio.run(until_told_to_stop(_run(settings, sites), settings.state)))
    except (CannotRunError, SettingsError, ports.PortTakenError, OSError) as error:
        sys.exit(f"volthus: {error}")


def _sites(env: dict[str, str]) -> int:
    text = env.get("VOLTHUS_SITES") or str(SITES)
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise SettingsError(f"VOLTHUS_SITES={text!r}: expected a number from 1 to 10000")
    return int(text)


async def _run(settings: Settings, sites: int) -> None:
    web_port = ports.choose_web_port(settings.web_port)
    remembered = settings.state / "ports.json"
    chosen = ports.choose(remembered, taken=web_port, names=PORTS)
    layout = Layout(settings, chosen, web_port, sites)
    logs = settings.state / "logs"
    logs.mkdir(exist_ok=True)
    operator = _operator(settings.state / "users.json")
    supervisor = Supervisor(logs, settings.restart_wait_s, lambda line: say(f"  ! {line}"))
    began = time.monotonic()
    try:
        say(f"Volthus: a living cloud with {sites} simulated sites; state in {layout.state}")
        await asyncio.to_thread(_make_hub, layout)
        for program in _programs(layout):
            say(f"  starting {program.name}")
            supervisor.start(program)
        await _until_alive(layout, operator)
        _welcome(layout, operator, time.monotonic() - began)
        await asyncio.Event().wait()
    finally:
        await supervisor.stop()


def _operator(path: Path) -> users.User:
    """Return the operator's log-in, made at the first start."""
    if not path.exists():
        # It stays on this machine, so it need not be changed at the first log-in.
        made = users.made("operator") | {"must_change": False}
        path.touch(mode=0o600)
        path.write_text(json.dumps([made], indent=1))
    [found] = json.loads(path.read_text())
    return users.User(username=found["username"], password=found["password"], role=found["role"])


def _make_hub(layout: Layout) -> None:
    """Write keys, credentials and the server's configuration; blocking."""
    subprocess.run(  # noqa: S603 - our own program
        [BIN / "volthus-hub-keys", layout.hub], check=True, stdout=subprocess.DEVNULL
    )
    hub = Hub(HubKeys.read((layout.hub / "hub-keys.json").read_text()))
    creds = layout.hub / "simulator.creds"
    creds.touch(mode=0o600)
    creds.write_text(hub.simulator_creds(datetime.now(UTC)))
    auth = (layout.hub / "auth.conf").read_text()
    (layout.state / "auth.conf").write_text(
        auth.replace('"/data/accounts"', json.dumps(str(layout.state / "accounts")))
    )
    (layout.state / "nats.conf").write_text(
        f'listen: "127.0.0.1:{layout.ports["nats"]}"\n'
        f'jetstream {{ domain: "cloud", store_dir: {json.dumps(str(layout.state / "nats"))} }}\n'
        f'leafnodes {{ listen: "127.0.0.1:{layout.ports["leaf"]}", no_advertise: true }}\n'
        'include "auth.conf"\n'
    )


def _programs(layout: Layout) -> list[Program]:
    join = f"http://127.0.0.1:{layout.ports['join']}"
    extra = {
        "web": {
            "VOLTHUS_WEB_PORT": str(layout.web_port),
            "VOLTHUS_WEB_ORIGIN": "cloud",
            "VOLTHUS_INITIAL_USERS": str(layout.state / "users.json"),
        },
        "smart-charging": {},
        "enrolment": {
            "VOLTHUS_HUB_KEYS": str(layout.hub / "hub-keys.json"),
            "VOLTHUS_SYSTEM_CREDENTIALS": str(layout.hub / "system.creds"),
            "VOLTHUS_LEAF_URL": f"nats-leaf://127.0.0.1:{layout.ports['leaf']}",
            "VOLTHUS_ENROLMENT_PORT": str(layout.ports["join"]),
            "VOLTHUS_ENROLMENT_URL": join,
        },
    }
    server = (str(BIN / "nats-server"), "-c", str(layout.state / "nats.conf"))
    simulator = (
        str(BIN / "fleet-sim"),
        *("--nats-url", layout.nats_url),
        *("--credentials", str(layout.hub / "simulator.creds")),
        *("--sites", str(layout.sites)),
    )
    services = [
        Program(name, (str(BIN / name),), _common(layout, name) | extra[name]) for name in SERVICES
    ]
    return [Program("nats", server), *services, Program("fleet-sim", simulator)]


def _common(layout: Layout, name: str) -> dict[str, str]:
    return {
        "VOLTHUS_NATS_URL": layout.nats_url,
        "VOLTHUS_NATS_CREDENTIALS": str(layout.hub / f"{name}.creds"),
        "VOLTHUS_STATE_DIR": str(layout.state / name),
        "VOLTHUS_HEALTH_HOST": "127.0.0.1",
        "VOLTHUS_HEALTH_PORT": str(layout.ports[f"health-{name}"]),
        "VOLTHUS_LOG_LEVEL": layout.settings.log_level,
    }


async def _until_alive(layout: Layout, operator: users.User) -> None:
    try:
        async with asyncio.timeout(ALIVE_S), httpx.AsyncClient(timeout=5) as client:
            for url in layout.health_urls():
                while not await _is_well(client, f"{url}/readyz"):
                    await asyncio.sleep(0.1)
            say("  all services are ready; waiting for the sites")
            form = {"username": operator["username"], "password": operator["password"]}
            answer = await client.post(f"{layout.web_url}/api/v1/auth/token", data=form)
            answer.raise_for_status()
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            while await _heard(client, layout) < ENOUGH * layout.sites:
                await asyncio.sleep(0.5)
    except (TimeoutError, httpx.HTTPStatusError) as error:
        raise CannotRunError(
            f"the cloud did not come alive ({type(error).__name__}) within {ALIVE_S:.0f} s; the "
            f"logs in {layout.state / 'logs'} say why"
        ) from error


async def _is_well(client: httpx.AsyncClient, url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return (await client.get(url)).is_success
    return False


async def _heard(client: httpx.AsyncClient, layout: Layout) -> int:
    answer = await client.get(f"{layout.web_url}/api/v1/sites", params={"limit": 1})
    return int(answer.json()["total"]) if answer.is_success else 0


def _welcome(layout: Layout, operator: users.User, seconds: float) -> None:
    say(
        f"""
The cloud is alive after {seconds:.0f} s, with {layout.sites} sites.

  Page               {layout.web_url}/
  Operator           user {operator["username"]}   password {operator["password"]}
  API description    {layout.web_url}/api/docs
  Logs               {layout.state / "logs"}

The sites are simulated: they live by the clock, and none of them is real. Energy and sessions fill
in minute by minute.

Ctrl-C stops everything."""
    )


if __name__ == "__main__":
    main()
