"""The threats in docs/security.md name tests that exist where it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"\[`(test_\w+)`\]\(\.\./([\w/.-]+)\)")
HEADS = ("it could", "---")
ATTACKERS = (
    "A stolen cloud", "A stolen site box", "A hostile peer on the site's network",
    "A hostile tenant", "The supply chain",
)  # fmt: skip
BY_SCRIPTS = {"put other code behind a name we install"}  # shown by every install


def test_every_threat_names_its_tests_and_they_stand_in_their_files() -> None:
    rows = [
        (threat.strip(), shown)
        for threat, _, shown in ROW.findall(PAGE.read_text())
        if not threat.startswith(HEADS)
    ]
    assert len(rows) > 20
    for threat, shown in rows:
        tests = TEST.findall(shown)
        assert tests or threat in BY_SCRIPTS, f"{threat!r} names no test"
        for name, path in tests:
            assert f"def {name}(" in (ROOT / path).read_text(), f"{name} is not in {path}"


def test_every_attacker_has_a_chapter() -> None:
    text = PAGE.read_text()
    assert [name for name in ATTACKERS if f"\n## {name}\n" not in text] == []
