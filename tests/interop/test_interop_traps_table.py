"""The table of the fifteen traps in docs/interop.md names tests that exist where it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"\[`(test_\w+)`\]\(\.\./([\w/.-]+)\)")


def test_every_trap_has_tests_and_every_named_test_stands_in_its_file():
    told = (ROOT / "docs" / "interop.md").read_text()
    rows = {int(number): TEST.findall(cell) for number, cell in ROW.findall(told)}
    assert sorted(rows) == list(range(1, 16))
    for number, tests in rows.items():
        assert tests, f"trap {number} names no test"
        for name, path in tests:
            assert f"def {name}(" in (ROOT / path).read_text(), f"{name} is not in {path}"
