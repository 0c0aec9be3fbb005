"""The electrician's list of meters is the catalogue's."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_list_of_meters_is_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "list_meters.py"), "--check"]
    ended = subprocess.run(command, check=False, timeout=60)
    assert ended.returncode == 0, "run scripts/list-meters"
