"""The tables of bad days in docs/operate/smart-charging.md name tests that exist where it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operate" / "smart-charging.md"
ROW = re.compile(r"^\| ([^|]+) \| (.*`test_\w+`.*) \|$", re.MULTILINE)
TEST = re.compile(r"\[`(test_\w+)`\]\(\.\./\.\./([\w/.-]+)\)")
ASKED = (
    "no prices at all", "prices end before departure", "-500 EUR/MWh", "a web page",
    "departure in the past", "target below the state of charge", "02:30", "a car of 0 kWh",
    "NaN in a forecast", "a site with 100 cars", "a clock 10 minutes off",
    "the cloud never comes back", "no meter at all", "a replica dies",
)  # fmt: skip


def test_every_bad_day_names_its_tests_and_they_stand_in_their_files() -> None:
    rows = {what.strip(): TEST.findall(cell) for what, cell in ROW.findall(PAGE.read_text())}
    for asked in ASKED:
        assert any(what.startswith(asked) for what in rows), f"{asked!r} has no row"
    for what, tests in rows.items():
        assert tests, f"{what!r} names no test"
        for name, path in tests:
            assert f"def {name}(" in (ROOT / path).read_text(), f"{name} is not in {path}"
