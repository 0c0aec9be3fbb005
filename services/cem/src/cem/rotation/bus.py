"""The rotation test on the bus."""

from typing import Protocol

from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.v1 import site_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class Tests(Protocol):
    """Who makes rotation tests; see `cem.rotation.tester.RotationTester`."""

    async def start(
        self, question: site_pb2.StartRotationTestRequest, caller: Caller, /
    ) -> site_pb2.RotationTest:
        """Begin a test."""

    async def get(
        self, question: site_pb2.RotationTestRequest, caller: Caller, /
    ) -> site_pb2.RotationTest:
        """Return how the last test stands."""

    async def cancel(
        self, question: site_pb2.CancelRotationTestRequest, caller: Caller, /
    ) -> site_pb2.RotationTest:
        """End a running test."""


async def answer(bus: Bus, site: str, tests: Tests) -> None:
    """Let `tests` answer the site's requests from now on."""
    await bus.serve(subjects.ROTATION_TEST_START, tests.start, site=site)
    await bus.serve(subjects.ROTATION_TEST_GET, tests.get, site=site)
    await bus.serve(subjects.ROTATION_TEST_CANCEL, tests.cancel, site=site)
