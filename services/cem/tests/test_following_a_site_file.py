"""A site file on disk on bad days: what is told, how often, and that nothing is set back."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cem.noticeboard import Noticeboard
from cem.site_file import following
from cem.site_file.following import Follower
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

LOCKED = RefusedError("store-failing", "The database is locked.")


@dataclass(frozen=True, slots=True)
class Told:
    changes: Sequence[tuple[str, str, str]] = ()


@dataclass(slots=True)
class Desk:
    """Who takes site files, and may refuse. changes: what a comparison finds."""

    refusal: RefusedError | None = None
    changes: Sequence[tuple[str, str, str]] = ()
    applied: list[str] = field(default_factory=list)

    async def apply(self, text: str, caller: Caller, *, is_dry_run: bool = False) -> Told:
        del caller
        if self.refusal is not None:
            raise self.refusal
        if not is_dry_run:
            self.applied.append(text)
        return Told(self.changes)


@dataclass(slots=True)
class Bench:
    desk: Desk
    board: Noticeboard
    path: Path
    follower: Follower

    async def look(self, text: str | bytes | None = None, times: int = 1) -> None:
        if text is not None:
            self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        for _ in range(times):
            await self.follower.look()

    @property
    def notices(self) -> dict[str, str]:
        return {told.code: dict(told.params).get("reason", "") for told in self.board.notices}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(following, "COMPARE_EVERY_LOOKS", 1)
    desk, board, path = Desk(), Noticeboard(lambda: 0.0), tmp_path / "site.yaml"
    return Bench(desk, board, path, Follower(path, desk, board))


async def test_a_locked_database_does_not_set_back_what_somebody_changed(bench: Bench) -> None:
    await bench.look("one")
    bench.desk.changes = [("/grid_connection/fuse_a/l1", "32", "35")]  # released, and set by hand
    await bench.look()
    bench.desk.refusal = LOCKED
    await bench.look()
    bench.desk.refusal = None
    await bench.look(times=2)
    assert bench.desk.applied == ["one"]
    assert bench.notices == {"site-file-drift": ""}


async def test_a_locked_database_takes_a_new_file_later(bench: Bench) -> None:
    bench.desk.refusal = LOCKED
    await bench.look("one")
    assert bench.notices == {"site-file-refused": "store-failing"}
    bench.desk.refusal = None
    await bench.look()
    assert bench.desk.applied == ["one"]
    assert bench.notices == {}


async def test_a_file_that_was_away_for_a_while_and_is_as_it_was_is_no_trouble(
    bench: Bench,
) -> None:
    await bench.look("one")
    bench.path.unlink()
    await bench.look()
    assert bench.notices == {"site-file-refused": "site-file-unreadable"}
    await bench.look("one")
    assert bench.notices == {}
    assert bench.desk.applied == ["one"]


@pytest.mark.parametrize("wrong", [b"\xff", b"fuse_a: 0", None], ids=["no text", "wrong", "away"])
async def test_what_is_refused_is_logged_once_and_shown_as_long_as_it_is_so(
    bench: Bench, wrong: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    bench.desk.refusal = RefusedError("fuse-out-of-range", "Too small.", field="/fuse_a")
    with caplog.at_level(logging.ERROR):
        await bench.look(wrong, times=4)
    assert [record.message for record in caplog.records] == ["site file not applied"]
    assert "site-file-refused" in bench.notices
    bench.desk.refusal = None
    await bench.look("right")
    assert bench.notices == {}


async def test_a_refused_file_is_still_the_refused_one_after_it_was_away(bench: Bench) -> None:
    bench.desk.refusal = RefusedError("fuse-out-of-range", "Too small.", field="/fuse_a")
    await bench.look("one")
    bench.path.unlink()
    await bench.look()
    await bench.look("one")
    assert bench.notices == {"site-file-refused": "fuse-out-of-range"}


async def test_a_file_in_force_that_fits_no_more_is_told_until_it_fits_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(following, "COMPARE_EVERY_LOOKS", 3)
    await bench.look("one")
    bench.desk.refusal = RefusedError("failsafe-sum", "Too much.", field="/chargers")
    for _ in range(9):
        await bench.look()
        is_told = "site-file-refused" in bench.notices
        assert is_told or not caplog.records
    assert [r.message for r in caplog.records] == ["site file not applied"]
    bench.desk.refusal = None
    await bench.look(times=3)
    assert bench.notices == {}
    assert bench.desk.applied == ["one"]
