"""The site's time zone: by name, of the machine, and through a change of clocks."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH

import pytest
from pydantic import ValidationError

from cem.settings import Settings
from cem.zone import zone_of

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, 12, tzinfo=UTC)


def hours(zone: object) -> list[int]:
    return [at.astimezone(zone).hour for at in (SUMMER, WINTER)]  # type: ignore[arg-type]


def test_a_named_zone_changes_its_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hours(zone_of("Europe/Berlin")) == [14, 13]
    monkeypatch.setenv("TZ", ":Europe/Stockholm")
    assert hours(zone_of("")) == [14, 13]
    monkeypatch.setenv("TZ", "UTC")
    assert hours(zone_of("")) == [12, 12]


def test_the_machines_zone_is_read_with_its_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    found = [Path(folder) / "Europe" / "Berlin" for folder in TZPATH]
    zones = [path for path in found if path.is_file()]
    if zones:
        assert hours(zone_of("", zones[0])) == [14, 13]
    assert zone_of("", tmp_path / "nothing") is UTC
    (tmp_path / "noise").write_bytes(b"noise")
    assert zone_of("", tmp_path / "noise") is UTC


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../../etc/passwd", "/etc/localtime"])
def test_what_is_no_zone_is_no_setting(name: str) -> None:
    with pytest.raises(ValidationError, match="is no time zone"):
        Settings(time_zone=name)
