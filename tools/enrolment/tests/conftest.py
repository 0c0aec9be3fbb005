"""The hub of the tests is tests/support/enrolment_hub.py: other packages use it too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from enrolment_hub import TestHub, running_hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path) as made:
        yield made
