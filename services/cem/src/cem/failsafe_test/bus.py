"""The failsafe test on the bus."""

from typing import Protocol

from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class Tests(Protocol):
    """Who makes failsafe tests; see `cem.failsafe_test.tester.FailsafeTester`."""

    async def start(
        self, question: setup_pb2.StartFailsafeTestRequest, caller: Caller, /
    ) -> setup_pb2.FailsafeTest:
        """Begin a test."""

    async def get(
        self, question: setup_pb2.FailsafeTestRequest, caller: Caller, /
    ) -> setup_pb2.FailsafeTest:
        """Return how the last test of a charger stands."""

    async def list(
        self, question: setup_pb2.ListFailsafeTestsRequest, caller: Caller, /
    ) -> setup_pb2.ListFailsafeTestsReply:
        """Return how the last test of every charger stands."""

    async def cancel(
        self, question: setup_pb2.CancelFailsafeTestRequest, caller: Caller, /
    ) -> setup_pb2.FailsafeTest:
        """End a running test."""


async def answer(bus: Bus, site: str, tests: Tests) -> None:
    """Let `tests` answer the site's requests from now on."""
    await bus.serve(subjects.FAILSAFE_TEST_START, tests.start, site=site)
    await bus.serve(subjects.FAILSAFE_TEST_GET, tests.get, site=site)
    await bus.serve(subjects.FAILSAFE_TEST_LIST, tests.list, site=site)
    await bus.serve(subjects.FAILSAFE_TEST_CANCEL, tests.cancel, site=site)
