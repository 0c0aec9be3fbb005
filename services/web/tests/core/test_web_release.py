"""Releases: what a feed may say, and what a site's version makes of it."""

import json
from datetime import UTC, datetime

import pytest

from web.software.release import Choice, Decision, FeedError, Standing, offer, read_feed

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def told(version, **more):
    return {
        "version": version,
        "published": "2026-11-20T08:00:00Z",
        "notes": {"en": f"What is new in {version}"},
        "if_declined": {"en": "You go on without it."},
    } | more


def feed(*releases):
    return json.dumps({"format": "volthus-releases/1", "releases": list(releases)}).encode()


def decided(version, choice):
    return Decision(version, choice, "service", NOW)


def test_releases_are_sorted_by_version_and_not_by_letters():
    found = read_feed(feed(told("0.9.0"), told("0.10.0"), told("0.2.0")))
    assert [one.version for one in found] == ["0.10.0", "0.9.0", "0.2.0"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "Invalid JSON"),
        (b"[]", "the document"),
        (feed(told("newest")), "releases/0/version"),
        (feed(told("0.2.0", notes={"de": "nur Deutsch"})), "the English text is missing"),
        (feed(told("0.2.0"), told("0.2")), "names a version twice"),
        (feed(told("0.2.0")).replace(b"releases/1", b"releases/2"), "format"),
        (feed(told("0.2.0", notes={"en": "x" * 10_001})), "releases/0/notes"),
        (b" " * 1_000_001, "larger than"),
    ],
)
def test_a_feed_that_cannot_be_used_says_why(body, says):
    with pytest.raises(FeedError, match=says):
        read_feed(body)


@pytest.mark.parametrize(
    ("running", "decision", "standing", "version"),
    [
        ("0.1.0", None, Standing.OFFERED, "0.3.0"),
        ("0.3.0", None, Standing.CURRENT, None),
        ("0.4.0", None, Standing.CURRENT, None),
        ("", None, Standing.UNKNOWN, None),
        ("odd", None, Standing.UNKNOWN, None),
        ("0.1.0", decided("0.3.0", Choice.DECLINE), Standing.DECLINED, "0.3.0"),
        ("0.1.0", decided("0.3.0", Choice.INSTALL), Standing.CHOSEN, "0.3.0"),
        # A decision counts for its own release only.
        ("0.1.0", decided("0.2.0", Choice.DECLINE), Standing.OFFERED, "0.3.0"),
        ("0.3.0", decided("0.3.0", Choice.INSTALL), Standing.CURRENT, None),
    ],
)
def test_how_a_site_stands(running, decision, standing, version):
    known = read_feed(feed(told("0.2.0"), told("0.3.0")))
    found = offer(running, known, decision)
    assert found.standing is standing
    assert (found.offered.version if found.offered else None) == version


def test_a_release_that_does_not_install_over_what_runs_is_not_offered():
    known = read_feed(feed(told("1.0.0", since="0.5.0"), told("0.5.0")))
    assert offer("0.1.0", known, None).offered.version == "0.5.0"
    assert offer("0.5.0", known, None).offered.version == "1.0.0"


def test_a_pre_release_is_offered_only_to_who_runs_one():
    known = read_feed(feed(told("0.3.0rc1")))
    assert offer("0.2.0", known, None).standing is Standing.CURRENT
    assert offer("0.3.0b2", known, None).offered.version == "0.3.0rc1"
