"""`make run`: brings up a whole living site, says where to look, and cleans up after itself."""

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path

import httpx

from living_site import demo_file, first_start, parent, ports, site, users
from living_site.settings import (
    Settings,
    SettingsError,
    environment,
    from_environment,
    how_to_forget,
)
from living_site.supervisor import Supervisor

ALIVE_S = 120.0
FIRST_CARS = 2
FIRST_CARS_S = 30.0  # a scenario may have fewer cars; the site is alive without them
ABOUT = """Starts a whole site on this machine: NATS, the five services, a virtual meter and
virtual chargers over the real protocols. Ctrl-C stops it. Everything listens on loopback only."""
EPILOG = """environment:
  VOLTHUS_PORT            port of the page [8080, or the next free one]
  VOLTHUS_STATE           folder that keeps everything from run to run [.state]
  VOLTHUS_NATS_URL        use this NATS server instead of an embedded one
  VOLTHUS_LAN=1           let EEBUS discovery and chargers onto the local network
  VOLTHUS_SCENARIO        scenario of the virtual site [villa]
  VOLTHUS_CHARGERS        number of virtual chargers, the last one unpaired [4]
  VOLTHUS_METER_MODEL     model of the virtual meter [cg_em24_e1]
  VOLTHUS_VIRTUAL_HEMS=1  a HEMS beside the chargers, not paired: an EEBUS grid meter
  VOLTHUS_VIRTUAL_CONTROL_BOX=1  a grid operator's control box, not paired
  VOLTHUS_VIRTUAL_HEAT_PUMP=1  a heat pump that can be limited, not paired
  VOLTHUS_BARE=1          set nothing up at the first start: the guided set-up does it
  VOLTHUS_RESTART_WAIT_S  first wait before a program that died is started again [1]
  VOLTHUS_LOG_LEVEL       DEBUG, INFO, WARNING, ERROR [INFO]"""


class CannotRunError(Exception):
    """The site cannot be started; the text says what to do."""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


def main() -> None:
    """Start the program `living-site`. Exits 1 with one sentence when it cannot run."""
    argparse.ArgumentParser(
        prog="living-site",
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    try:
        settings = from_environment(environment())
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(settings.state):
            sys.exit(asyncio.run(until_told_to_stop(_run(settings), settings.state)))
    except (CannotRunError, SettingsError, ports.PortTakenError, OSError) as error:
        sys.exit(f"volthus: {error}")


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state for one run. Raises CannotRunError when another one has it."""
    pid_file = state / "supervisor.pid"
    with pid_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise CannotRunError(
                f"a living site already runs on {state} (pid {file.read().strip()}); stop it, or "
                "start a second one with VOLTHUS_STATE=.state2"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            pid_file.unlink(missing_ok=True)


async def until_told_to_stop(run: Coroutine[None, None, None], state: Path) -> int:
    """Run until INT, TERM or HUP, or until our parent is gone; returns the exit code."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Set explicitly: in the background of a shell INT arrives ignored.
        loop.add_signal_handler(number, told.set)
    work = asyncio.create_task(run)
    waits = [asyncio.create_task(told.wait()), asyncio.create_task(parent.until_gone())]
    await asyncio.wait([work, *waits], return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        say("\nstopping ...")
    for task in (work, *waits):
        task.cancel()
    ended = (await asyncio.gather(work, *waits, return_exceptions=True))[0]
    if isinstance(ended, Exception):
        raise ended
    say(f"stopped; the state is kept, `{how_to_forget(state)}` forgets it")
    return 0


async def _run(settings: Settings) -> None:
    web_port = ports.choose_web_port(settings.web_port)
    layout = site.Layout(
        settings, ports.choose(settings.state / "ports.json", taken=web_port), web_port
    )
    demo_file.remove(layout)
    layout.ready_file.unlink(missing_ok=True)
    logs = settings.state / "logs"
    logs.mkdir(exist_ok=True)
    log_ins = users.load_or_create(layout.users_file)
    supervisor = Supervisor(logs, settings.restart_wait_s, lambda line: say(f"  ! {line}"))
    began = time.monotonic()
    try:
        world = await _start(supervisor, layout)
        await _become_alive(layout, log_ins, world)
        pids = supervisor.pids

        def publish() -> None:
            demo_file.write(layout, log_ins, world, pids())

        supervisor.on_change = publish
        publish()
        _welcome(layout, log_ins, world, time.monotonic() - began)
        await asyncio.Event().wait()
    finally:
        supervisor.on_change = lambda: None
        demo_file.remove(layout)
        await supervisor.stop()


async def _start(supervisor: Supervisor, layout: site.Layout) -> site.Outside:
    say(f"Volthus: a living site; state in {layout.state}")
    if layout.settings.nats_url is None:
        say("  starting NATS")
        supervisor.start(site.nats(layout))
    say("  starting the virtual site: meter, chargers, cars, household, sun")
    supervisor.start(site.outside(layout))
    world = await _world(layout)
    for program in site.services(layout, world):
        say(f"  starting {program.name}")
        supervisor.start(program)
    return world


async def _world(layout: site.Layout) -> site.Outside:
    async with _deadline("the virtual site did not come up", layout):
        while (world := site.read_world(layout)) is None:
            await asyncio.sleep(0.1)
    return world


@contextlib.asynccontextmanager
async def _deadline(what: str, layout: site.Layout) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ALIVE_S):
            yield
    except TimeoutError as error:
        raise CannotRunError(
            f"{what} within {ALIVE_S:.0f} s; the logs in {layout.state / 'logs'} say why"
        ) from error


async def _become_alive(
    layout: site.Layout, log_ins: dict[str, users.User], world: site.Outside
) -> None:
    async with _deadline("the services did not become ready", layout):
        await _until_ready(layout)
    say("  all services are ready")
    if layout.settings.is_bare:
        return
    api = await first_start.Api.log_in(layout.web_url, log_ins["service"])
    try:
        async with _deadline("the set-up did not end", layout):
            is_first = await _set_up_once(layout, api, world)
        say("  waiting for the chargers and the first meter reading")
        async with _deadline("the chargers did not connect", layout):
            await _until_connected(api, len(world["chargers"]) - 1)
        if is_first:
            say("  waiting for the first cars to charge")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_CARS_S):
                    await _until_charging(api, FIRST_CARS)
    finally:
        await api.close()


async def _until_ready(layout: site.Layout) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        for url in layout.health_urls().values():
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{url}/readyz")).is_success:
                        break
                await asyncio.sleep(0.1)


async def _set_up_once(layout: site.Layout, api: first_start.Api, world: site.Outside) -> bool:
    """Set the demo site up unless that was done; returns whether it is done now."""
    done = layout.state / "set-up-done"
    if done.exists():
        return False
    say("  first start: setting the site up through its API")
    while not (identity := await api.get("/eebus/identity")).is_success:
        await asyncio.sleep(0.2)
    try:
        await first_start.set_up(
            api, identity.json()["ski"], world, lambda step: say(f"    - {step}")
        )
    except first_start.SetUpError as error:
        raise CannotRunError(
            f"setting the demo site up failed: {error}; "
            f"start afresh with: {how_to_forget(layout.state)}"
        ) from error
    done.touch()
    return True


async def _until_connected(api: first_start.Api, count: int) -> None:
    while True:
        answer = await api.get("/dashboard")
        if answer.is_success:
            board = answer.json()
            linked = [c for c in board["chargers"] if c["connection"] == "connected"]
            if len(linked) >= count and board["grid_import_w"] is not None:
                return
        await asyncio.sleep(0.3)


async def _until_charging(api: first_start.Api, count: int) -> None:
    while True:
        answer = await api.get("/dashboard")
        if answer.is_success:
            states = [charger["state"] for charger in answer.json()["chargers"]]
            if states.count("charging") >= count:
                return
        await asyncio.sleep(0.3)


def _welcome(
    layout: site.Layout, log_ins: dict[str, users.User], world: site.Outside, seconds: float
) -> None:
    service, standard = log_ins["service"], log_ins["standard"]
    pages = "\n".join(f"                     {charger['url']}/" for charger in world["chargers"])
    say(
        f"""
The site is alive after {seconds:.0f} s.

  Page               {layout.web_url}/
  Electrician        user {service["username"]}   password {service["password"]}
  Driver             user {standard["username"]}  password {standard["password"]}
  API description    {layout.web_url}/api/docs
  Outside world      {world["simulator"]["url"]}/   (household, sun, faults)
  Chargers' pages    (on a first start the last one is not paired)
{pages}
  Logs               {layout.state / "logs"}

Try first: switch on the oven and watch the cars give way,
  curl -X POST {world["simulator"]["url"]}/api/appliances/oven \\
       -H 'content-type: application/json' -d '{{"on": true}}'
then pair the last charger from both sides: on the page under Pairing, and on its own page.

Ctrl-C stops everything."""
    )
