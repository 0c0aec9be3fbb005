"""Recordings: the format, and that a recording of ours can be read again."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.transcript import Transcript, read_line, record_line

TRANSCRIPTS = (
    Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[4] / "shared"))
    / "eebus"
    / "transcripts"
)


@pytest.mark.skipif(
    not TRANSCRIPTS.is_dir(),
    reason=f"FORMAT OF RECORDINGS NOT PROVEN HERE: {TRANSCRIPTS} is absent (set VOLTHUS_SHARED)",
)
def test_every_recorded_frame_is_recorded_by_us_in_the_same_words():
    count = 0
    for path in sorted(TRANSCRIPTS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            from_, to, frame = read_line(line)
            ours = json.loads(record_line(told["seq"], told["t"], from_, to, frame))
            told.pop("note", None)
            assert ours == told
            count += 1
    assert count > 600


@given(st.binary(max_size=200))
def test_any_frame_survives_being_recorded(frame):
    assert read_line(record_line(1, 0.0, "a", "b", frame)) == ("a", "b", frame)


@given(st.text(max_size=80))
def test_a_line_that_is_no_recording_is_refused_with_a_reason(line):
    try:
        read_line(line)
    except ValueError:
        return
    raise AssertionError(line)


def test_a_transcript_numbers_and_times_frames_from_the_first_one():
    lines: list[str] = []
    clock = iter([5.0, 6.25])
    transcript = Transcript("CEM", lines.append, lambda: next(clock))
    transcript("ab" * 20, True, b"\x00\x00")
    transcript("ab" * 20, False, b'\x01{"connectionPinState":[{"pinState":"none"}]}')
    first, second = map(json.loads, lines)
    assert (first["seq"], first["t"], first["from"], first["to"]) == (1, 0.0, "CEM", "ab" * 20)
    assert (second["seq"], second["t"], second["from"], second["to"]) == (2, 1.25, "ab" * 20, "CEM")
    assert second["decoded"] == {"connectionPinState": {"pinState": "none"}}


def test_a_recording_is_bounded_and_says_where_it_ends():
    lines: list[str] = []
    transcript = Transcript("CEM", lines.append, lambda: 7.0, limit_bytes=500)
    for _ in range(100):
        transcript("ab" * 20, True, b"\x00\x00")
    *frames, end = map(json.loads, lines)
    assert len(frames) > 1
    assert [each["seq"] for each in frames] == list(range(1, len(frames) + 1))
    assert end["seq"] == len(frames) + 1
    assert "full at 500 bytes" in end["end"]
    assert sum(len(line) + 1 for line in lines) < 700
    with pytest.raises(ValueError, match="recording"):
        read_line(lines[-1])


def test_a_recording_that_cannot_be_written_complains_once():
    calls = 0

    def full_disk(_: str) -> None:
        nonlocal calls
        calls += 1
        raise OSError("no space left on device")

    transcript = Transcript("CEM", full_disk, lambda: 7.0)
    with pytest.raises(OSError, match="no space"):
        transcript("ab" * 20, True, b"\x00\x00")
    transcript("ab" * 20, True, b"\x00\x00")
    assert calls == 1
