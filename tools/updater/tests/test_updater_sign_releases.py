"""The command of the makers: what it signs, anybody can check; what was changed since, shows."""

import json
import sys

import pytest

from updater import cli

IMAGE = f"registry.example.com/volthus@sha256:{'2c26b46b68ffc68f' * 4}"


def told(*words: str) -> int:
    """Run the command; return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["volthus-sign-releases", *words])
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0)
    return 0


@pytest.fixture
def makers(tmp_path, capsys):
    """A feed of two releases, the second installed by hand; signed. Returns public key, feed."""
    key, feed = tmp_path / "makers.key", tmp_path / "releases.json"
    releases = [{"version": "0.2.0", "since": "0.1.0", "image": IMAGE}, {"version": "0.1.0"}]
    feed.write_text(json.dumps({"format": "volthus-releases/1", "releases": releases}))
    assert told("key", str(key)) == 0
    public = capsys.readouterr().out.strip()
    assert told("feed", str(key), str(feed)) == 0
    return public, feed


def test_what_the_makers_signed_is_told_as_signed(makers, capsys):
    public, feed = makers
    assert told("check", public, str(feed)) == 0
    assert capsys.readouterr().out == f"signed      0.2.0 {IMAGE}\n"


def test_another_image_under_the_makers_signature_shows(makers, capsys):
    public, feed = makers
    feed.write_text(feed.read_text().replace("2c26b46b68ffc68f", "0000000000000000"))
    assert told("check", public, str(feed)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["NOT SIGNED", "NOT SIGNED"]


def test_a_release_put_in_beside_signed_ones_shows(makers, capsys):
    public, feed = makers
    told_by = json.loads(feed.read_text())
    told_by["releases"].append({"version": "0.3.0", "image": IMAGE})
    feed.write_text(json.dumps(told_by))
    assert told("check", public, str(feed)) == 1
    assert f"NOT SIGNED  0.3.0 {IMAGE}" in capsys.readouterr().out


def test_nothing_is_signed_for_who_holds_another_key(makers, tmp_path, capsys):
    _, feed = makers
    assert told("key", str(tmp_path / "other.key")) == 0
    assert told("check", capsys.readouterr().out.strip(), str(feed)) == 1


@pytest.mark.parametrize("word", ["", "no key", "AAAA"])
def test_what_is_no_key_is_told_in_a_line(makers, capsys, word):
    assert told("check", word, str(makers[1])) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_key_is_never_written_over(makers, tmp_path):
    before = (tmp_path / "makers.key").read_bytes()
    assert told("key", str(tmp_path / "makers.key")) == 2
    assert (tmp_path / "makers.key").read_bytes() == before
    assert (tmp_path / "makers.key").stat().st_mode & 0o777 == 0o600


def test_an_image_by_its_tag_gets_no_signature(makers, tmp_path, capsys):
    _, feed = makers
    feed.write_text(feed.read_text().replace(IMAGE, "registry.example.com/volthus:0.2.0"))
    assert told("feed", str(tmp_path / "makers.key"), str(feed)) == 2
    assert "digest" in capsys.readouterr().err
