"""docs/rows.md is true: every row of parts A and B, its browser tests, in two languages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [f"A{n}" for n in range(1, 21)] + [f"B{n}" for n in range(1, 10)]
NOTHING_TO_CLICK = {"A13"}
LINE = re.compile(r"^\| ([AB]\d+) \| (.+?) \| (.*?) \| (.*?) \|$", re.MULTILINE)
TOLD = {row: (tests, languages) for row, _, tests, languages in LINE.findall(
    (ROOT / "docs" / "rows.md").read_text()
)}  # fmt: skip


def browser_tests() -> set[str]:
    files = (ROOT / "tests" / "e2e").glob("test_page_*.py")
    return {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }


def test_every_row_is_listed_once_and_in_order() -> None:
    assert list(TOLD) == ROWS


def test_every_test_that_is_named_exists() -> None:
    named = {name for tests, _ in TOLD.values() for name in re.findall(r"`(\w+)`", tests)}
    assert named - browser_tests() == set()


@pytest.mark.parametrize("row", sorted(set(ROWS) - NOTHING_TO_CLICK))
def test_a_row_is_clicked_in_two_languages(row: str) -> None:
    tests, languages = TOLD[row]
    assert re.findall(r"`(test_\w+)`", tests)
    assert set(languages.split()) <= {"EN", "DE", "SV"}
    assert len(set(languages.split())) >= 2
