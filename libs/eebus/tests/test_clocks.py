"""All that is timed is timed by a steady clock: a jump of the time of day must move nothing."""

import ast
from pathlib import Path

import eebus

SOURCES = Path(eebus.__file__).parent
# Where the time of day is asked for, and what for: it goes out as a stamp, or turns a date a peer
# wrote into a span once, when it comes in.
STAMPS = {
    "charger.py": 2,  # of measurements
    "cli.py": 1,  # of events
    "identity.py": 1,  # validity of a certificate
    "appliance.py": 1,  # of measurements
    "meter.py": 1,  # of measurements
    "participant.py": 2,  # of heartbeats
    "usecases/evse/planning.py": 1,  # dates in curves and prices
    "usecases/limitation/system.py": 1,  # dates in limits
}


def _asks_for_the_time_of_day(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    return (owner, node.func.attr) in {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("time", "time"),
        ("time", "time_ns"),
    }


def test_the_time_of_day_is_asked_for_nowhere_but_for_stamps():
    found: dict[str, int] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        calls = sum(map(_asks_for_the_time_of_day, ast.walk(ast.parse(path.read_text()))))
        if calls:
            found[path.relative_to(SOURCES).as_posix()] = calls
    assert found == STAMPS
