"""One living site for the tests of a file."""

from collections.abc import Iterator

import pytest
from browser import browser  # noqa: F401 - a fixture
from living import LivingSite, living_site


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[LivingSite]:
    """One living site for the tests of a file; each test leaves it as it found it."""
    with living_site(tmp_path_factory.mktemp("site")) as running:
        yield running
