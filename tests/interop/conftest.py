"""Which versions, directions and networks a run covers; what cannot be had is said loudly.

`make interop` (VOLTHUS_INTEROP=all) runs the whole matrix; else the newest version that can be
built is run, in one direction per pair.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from go_peers import Built, NotBuildableError, Version, build
from interop import (
    Ground,
    Meeting,
    meeting,
    namespaces,
    neighbours,
    no_link_local,
    no_namespaces,
)

IS_WHOLE = os.environ.get("VOLTHUS_INTEROP") == "all"
NEWEST_FIRST = (Version.PRERELEASE, Version.RELEASE)

Meet = Callable[..., AbstractAsyncContextManager[Meeting]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dials(side): who dials in the short run")
    config.addinivalue_line("markers", "whole: only in the whole matrix, `make interop`")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        versions = list(Version) if IS_WHOLE else ["newest"]
        metafunc.parametrize("version", versions, scope="session")
    if "dials" in metafunc.fixturenames:
        short = metafunc.definition.get_closest_marker("dials")
        chosen = ["ours", "theirs", "mdns"] if IS_WHOLE else [short.args[0] if short else "ours"]
        metafunc.parametrize("dials", chosen)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("whole") and not IS_WHOLE:
            item.add_marker(pytest.mark.skip(reason="part of `make interop` only"))


@pytest.fixture(scope="session")
def built(version: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The reference's side, built; the test is skipped, loudly, when it cannot be."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent  # one build for all workers
    wanted = NEWEST_FIRST if version == "newest" else (Version(version),)
    reasons = []
    for each in wanted:
        try:
            return build(each, folder / "go-peers")
        except NotBuildableError as error:
            reasons.append(f"{each}: {error}")
    pytest.skip("INTEROPERABILITY NOT RUN, the Go peers cannot be built: " + "; ".join(reasons))


@pytest.fixture(scope="session")
def without_namespaces() -> str:
    """Why there can be no network namespaces; "" when there can."""
    return no_namespaces()


@pytest.fixture
def ground(without_namespaces: str) -> Iterator[Ground]:
    """Two network namespaces where they are permitted, else loopback."""
    if without_namespaces:
        yield Ground()
        return
    with namespaces() as made:
        yield made


@pytest.fixture
def network(ground: Ground, without_namespaces: str) -> Ground:
    """Namespaces with a cable and real mDNS; the test is skipped, loudly, without."""
    if not ground.is_network:
        pytest.skip(f"INTEROPERABILITY BY mDNS NOT RUN: {without_namespaces}")
    return ground


@pytest.fixture
def neighbourhood(without_namespaces: str) -> Iterator[Ground]:
    """Two namespaces with nothing but IPv6 link-local addresses; skipped, loudly, without."""
    if reason := without_namespaces or no_link_local():
        pytest.skip(f"IPv6 LINK-LOCAL NOT RUN: {reason}")
    with neighbours() as made:
        yield made


@pytest.fixture
def meet(built: Built, ground: Ground, tmp_path: Path) -> Meet:
    """`async with meet("cem", "charger")`: our role, their role, our options."""

    @asynccontextmanager
    async def _meet(our_role: str, their_role: str, *options: str) -> AsyncIterator[Meeting]:
        async with meeting(ground, built.program, tmp_path, our_role, their_role, *options) as met:
            yield met

    return _meet


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run even where nobody asked for reasons of skips."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and "INTEROPERABILITY" in str(report.longrepr[2])
    }
    for reason in sorted(reasons):
        terminalreporter.write_line(f"!! {reason}", yellow=True, bold=True)
