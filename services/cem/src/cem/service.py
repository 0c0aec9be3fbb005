"""Puts the CEM together and starts it; knows everyone, decides nothing."""

import asyncio
import logging

from cem.acceptance import bus as acceptance
from cem.acceptance.book import AcceptanceBook
from cem.bus.answers import answer
from cem.bus.inbox import Inbox
from cem.bus.outbox import Outbox
from cem.commands import Commands
from cem.commands.desk import Desk
from cem.core.events import StoreChecked
from cem.core.parameters import DEFAULTS
from cem.core.state import Remembered, restored
from cem.failsafe_test import bus as failsafe_test
from cem.failsafe_test.book import FailsafeBook
from cem.failsafe_test.tester import FailsafeTester
from cem.loop import Controller
from cem.memory import remember
from cem.noticeboard import Noticeboard
from cem.phase_switching.client import Client
from cem.phase_switching.driver import Driver, Wishes
from cem.picture.site import Beside, Named
from cem.planning.attending import attend
from cem.records.keeping import Surroundings, keep
from cem.rotation import bus as rotation
from cem.rotation.book import RotationBook
from cem.rotation.tester import RotationTester
from cem.settings import Settings
from cem.site_file.following import Follower
from cem.store import Store
from cem.zone import zone_of
from volthus_kit import health
from volthus_kit.answer_book import AnswerBook
from volthus_kit.backoff import backoff
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.metrics import version_of
from volthus_kit.refusal import RefusedError
from volthus_kit.service import run

logger = logging.getLogger(__name__)

ABOUT = """Decides every second how many amperes each charger of a site may draw.

Without a word it is the service. Beside it: `cem site-file`, `cem evidence`, `cem replay`,
`cem what-if` and `cem car-connector`, each with its own --help; `cem port` speaks cem-port/1 on
standard input and output, for scenarios."""


async def serve(settings: Settings) -> None:
    """Run until cancelled. A task that fails stops all; the supervisor then starts us anew."""
    clock = SystemClock()
    store = Store(settings.state_dir)
    checks: dict[str, health.Check] = {"settings": lambda: False}
    try:
        async with asyncio.TaskGroup() as tasks:
            # First of all: whoever asks must hear what is waited for.
            serving = health.serve(settings.health_host, settings.health_port, checks)
            tasks.create_task(serving, name="health")
            started = await _loaded(store, clock)
            checks["settings"] = lambda: True
            await _control(settings, store, started, checks, clock)
    finally:
        store.close()


async def _control(
    settings: Settings,
    store: Store,
    started: tuple[Remembered, int, bool],
    checks: dict[str, health.Check],
    clock: SystemClock,
) -> None:
    """Manage the site until cancelled, from what was loaded."""
    remembered, epoch, is_written = started
    name = remembered.planning.time_zone
    wall = clock.now().astimezone(zone_of(name) if name else settings.zone)
    state = restored(remembered, clock.monotonic(), wall)
    async with (
        Bus.connect(
            settings.nats_url,
            "cem",
            AnswerBook(lambda: store.engine),
            settings.nats_credentials,
        ) as bus,
        Client.open() as phases,
        asyncio.TaskGroup() as tasks,
    ):
        inbox = Inbox(bus, settings.site)
        outbox = Outbox(bus, settings.site, epoch, DEFAULTS.lease_s)
        named = Named(settings.site, settings.site_name or settings.site, version_of("volthus-cem"))
        controller = Controller(state, outbox, clock, named, settings.zone)
        controller.happened(StoreChecked(is_failing=not is_written))
        board = Noticeboard(clock.monotonic)
        checks |= {"bus": lambda: bus.is_connected, "loop": controller.is_turning}
        desk = Desk(controller, store, clock, remote_fuse=settings.remote_fuse)
        commands = Commands.at(desk, lambda: inbox.meters)
        if not await desk.read_managed():
            tasks.create_task(desk.keep_reading_managed(), name="managed settings")
        if settings.site_file is not None:
            follower = Follower(settings.site_file, commands.site_file, board)
            await follower.look()  # before the first limit: the file may have changed the fuse
            tasks.create_task(follower.run(), name="site file")
        await inbox.hear(controller.happened, controller.watched, lambda: controller.state)
        await answer(bus, settings.site, commands, clock)
        book = RotationBook(store)
        tester = RotationTester(controller, lambda: inbox.meters, clock, book)
        await rotation.answer(bus, settings.site, tester)
        prover = FailsafeTester(controller, clock, FailsafeBook(store))
        await failsafe_test.answer(bus, settings.site, prover)
        signed = acceptance.Acceptances(AcceptanceBook(store), clock)
        await acceptance.answer(bus, settings.site, signed)
        around = Surroundings(bus, controller, settings, clock, board)
        books = await keep(around, tasks)
        keeper = (await attend(around, books, store, tasks)).keeper
        controller.beside = lambda: Beside(
            inbox.meters,
            board.notices,
            books.recorder.open_sessions,
            keeper.in_force(),
            keeper.held(),
            keeper.session_plans,
        )
        wishes = Wishes(
            lambda: controller.state.chargers, controller.wanted_phases, controller.happened
        )
        driver = Driver(wishes, phases, clock, board)
        tasks.create_task(remember(controller, store, state), name="memory")
        tasks.create_task(controller.run(), name="control")
        tasks.create_task(tester.run(), name="rotation test")
        tasks.create_task(prover.run(), name="failsafe test")
        tasks.create_task(driver.run(), name="phase switching")
        tasks.create_task(commands.operating.lift_what_is_over(), name="operator limit")


async def _loaded(store: Store, clock: SystemClock) -> tuple[Remembered, int, bool]:
    """Wait until the settings can be read: without the fuse nothing may be said."""
    for wait_s in backoff(first_s=0.2, most_s=5.0):
        try:
            return await asyncio.to_thread(store.load, clock.now())
        except RefusedError as error:
            logger.error("settings cannot be read", extra={"error": str(error)})
        await asyncio.sleep(wait_s)
    raise AssertionError("backoff never ends")


def start() -> None:
    """Start the service; never returns."""
    run(serve, Settings, name="cem", about=ABOUT)
