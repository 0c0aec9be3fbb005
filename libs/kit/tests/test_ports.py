"""A port that is given out stays free until its server listens."""

import socket
from pathlib import Path

import pytest

from volthus_kit import ports


def test_it_is_none_that_an_outgoing_connection_may_take() -> None:
    first = int(ports.SYSTEM_RANGE.read_text().split()[0])
    given = {ports.free_port() for _ in range(50)}
    assert len(given) > 40
    assert all(ports.FIRST <= port < first for port in given)


def test_one_that_is_taken_or_excluded_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "range"
    monkeypatch.setattr(ports, "SYSTEM_RANGE", told)
    told.write_text(f"{ports.FIRST + 3} 60999")
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.FIRST))
        given = {ports.free_port(exclude={ports.FIRST + 1}) for _ in range(30)}
    assert not given & {ports.FIRST, ports.FIRST + 1}


@pytest.mark.parametrize("words", ["1024 60999", "", "many"])
def test_where_the_system_leaves_no_room_any_free_one_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    told = tmp_path / "range"
    told.write_text(words)
    monkeypatch.setattr(ports, "SYSTEM_RANGE", told)
    with socket.create_server(("127.0.0.1", ports.free_port())) as server:
        assert server.getsockname()[1] > 1024
