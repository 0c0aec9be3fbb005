"""Writes the models of the catalogue as a table into the electrician's page about meters."""

import sys
from pathlib import Path

from meter_profiles.catalogue import profiles
from meter_profiles.profile import Profile

PAGE = Path(__file__).parents[1] / "docs" / "operate" / "meters.md"
BEGIN = "<!-- begin: written by scripts/list-meters -->\n"
END = "<!-- end -->\n"
HEAD = (
    "| model | meter | phases | transports | unit id | serial, from the factory | proven |\n"
    "|---|---|---|---|---|---|---|\n"
)
PROVEN = {"high": "two sources", "medium": "one source", "low": "a guess"}
CHECKED = {"yes": "", "no": " (customary)", "conflict": " (sources disagree)"}


def listed() -> str:
    """Return the table."""
    return HEAD + "".join(_row(profile) for profile in profiles().values())


def _row(profile: Profile) -> str:
    phases = " or ".join(str(count) for count in profile.phases)
    transports = [f"TCP, port {profile.tcp.port}"] if profile.tcp else []
    transports += ["RTU"] if profile.serial else []
    unit_id = profile.tcp.unit_id if profile.tcp else profile.serial and profile.serial.unit_id
    cells = (
        f"`{profile.model}`",
        f"{profile.manufacturer} {profile.name}",
        phases,
        "; ".join(transports),
        str(unit_id),
        _serial(profile),
        PROVEN[profile.confidence],
    )
    return f"| {' | '.join(cells)} |\n"


def _serial(profile: Profile) -> str:
    serial = profile.serial
    if serial is None or not serial.baud:
        return ""
    frame = f"{serial.data_bits}{serial.parity or '?'}{serial.stop_bits or '?'}"
    return f"{serial.baud} {frame}{CHECKED[serial.checked]}"


def main() -> int:
    """Write the table, or with --check say whether it is current."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = before + BEGIN + "\n" + listed() + "\n" + END + after
    if "--check" in sys.argv[1:]:
        return 0 if fresh == page else 1
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
