"""Updates at the front door (A18): who decides about what, and feeds not to be trusted."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager, suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from volthus_kit.clock import SystemClock
from volthus_kit.database import open_sqlite
from volthus_kit.testing import FakeClock
from web.software.desk import Software
from web.software.feed import fetch
from web.software.release import Choice, FeedError
from web.store import open_store

PATH = "/sites/demo/software"
DECISION = f"{PATH}/decision"


def document(*versions):
    releases = [
        {
            "version": version,
            "published": "2026-11-20T08:00:00Z",
            "notes": {"en": f"New in {version}", "sv": f"Nytt i {version}"},
            "if_declined": {"en": "Overloads last longer."},
            "urgency": "safety",
        }
        for version in versions
    ]
    return json.dumps({"format": "volthus-releases/1", "releases": releases}).encode()


@pytest.fixture
async def offered(door, site):
    """Put a newer release than the stand-in site runs into the feed."""
    (door.folder / "releases.json").write_bytes(document("9.9.0"))
    await door.parts.software.refresh()


async def test_a_newer_release_is_offered_with_its_notes_in_three_languages(
    offered, standard, site
):
    answer = (await standard.get(PATH)).json()
    assert answer["standing"] == "offered"
    assert answer["offered"]["version"] == "9.9.0"
    assert answer["offered"]["notes"] == {
        "en": "New in 9.9.0",
        "de": "New in 9.9.0",
        "sv": "Nytt i 9.9.0",
    }
    assert answer["command"] is None
    assert answer["feed"]["problem"] is None
    listed = (await standard.get("/releases")).json()
    assert [one["version"] for one in listed["items"]] == ["9.9.0"]


async def test_a_service_user_installs_and_is_told_the_command(offered, service, site, door):
    answer = await service.put(DECISION, json={"version": "9.9.0", "choice": "install"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["standing"], told["command"]) == ("chosen", "make update VERSION=9.9.0")
    assert told["decision"]["actor"] == "service"
    back = await service.delete(DECISION)
    assert (back.json()["standing"], back.json()["decision"]) == ("offered", None)


async def test_a_declined_release_is_named_with_its_consequences(offered, service, site):
    await service.put(DECISION, json={"version": "9.9.0", "choice": "decline"})
    told = (await service.get(PATH)).json()
    assert told["standing"] == "declined"
    assert told["offered"]["if_declined"]["en"] == "Overloads last longer."


async def test_a_driver_sees_it_and_does_not_decide(offered, standard, site):
    answer = await standard.put(DECISION, json={"version": "9.9.0", "choice": "install"})
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_only_what_is_offered_can_be_decided_about(offered, service, site):
    answer = await service.put(DECISION, json={"version": "9.8.0", "choice": "install"})
    assert (answer.status_code, answer.json()["code"]) == (409, "release-not-offered")


async def test_a_broken_feed_keeps_what_was_known_and_is_named(offered, standard, site, door):
    (door.folder / "releases.json").write_bytes(b"<html>Maintenance</html>")
    await door.parts.software.refresh()
    answer = (await standard.get(PATH)).json()
    assert answer["offered"]["version"] == "9.9.0"
    assert "Invalid JSON" in answer["feed"]["problem"]


async def test_decisions_are_kept_over_a_restart(tmp_path):
    clock = SystemClock()
    await Software(open_store(tmp_path), clock).decide("demo", "1.0", Choice.DECLINE, "anna")
    again = Software(open_sqlite(tmp_path / "web.sqlite"), clock)
    decision = await again.decision("demo")
    assert (decision.version, decision.choice, decision.actor) == ("1.0", Choice.DECLINE, "anna")


async def look(software):
    """Have a replica start, look at the feed if it is its turn, and end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(software.keep_fresh(), 0.5)
    return await software.feed()


async def test_a_feed_that_failed_is_asked_again_soon_and_one_that_answered_after_an_hour(tmp_path):
    clock, source = FakeClock(), tmp_path / "releases.json"
    software = Software(open_store(tmp_path), clock, str(source))
    assert (await look(software)).problem
    source.write_bytes(document("9.9.0"))
    clock.go_on(299)
    assert (await look(software)).problem
    clock.go_on(2)
    assert not (await look(software)).problem
    source.write_bytes(document("9.9.0", "9.9.1"))
    clock.go_on(3598)
    await look(software)
    assert len(await software.releases()) == 1
    clock.go_on(3)
    await look(software)
    assert len(await software.releases()) == 2


# --- feeds from the network ----------------------------------------------------------------------


@asynccontextmanager
async def serving(answers):
    """Serve {path: (status, body)} over real HTTP; yields the address."""

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        status, body = answers.get(path, (404, b""))
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n" % (status, len(body)))
        writer.write(b"Connection: close\r\nLocation: /elsewhere\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed.json"


def signed(body):
    private = Ed25519PrivateKey.generate()
    key = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return key, base64.b64encode(private.sign(body))


async def test_a_signed_feed_is_taken():
    body = document("9.9.0")
    key, signature = signed(body)
    answers = {"/feed.json": (200, body), "/feed.json.sig": (200, signature + b"\n")}
    async with serving(answers) as address:
        assert [one.version for one in await fetch(address, key)] == ["9.9.0"]


async def test_a_feed_that_was_changed_on_its_way_is_not_taken():
    key, signature = signed(document("9.9.0"))
    answers = {"/feed.json": (200, document("9.9.1")), "/feed.json.sig": (200, signature)}
    async with serving(answers) as address:
        with pytest.raises(FeedError, match="not its maker's"):
            await fetch(address, key)


@pytest.mark.parametrize(
    ("answers", "key", "says"),
    [
        ({}, "", "needs the key"),
        ({}, "AAAA", "answered 404"),
        ({"/feed.json": (302, b"")}, "AAAA", "answered 302"),
        ({"/feed.json": (200, b"x" * 1_000_001)}, "AAAA", "more than 1000000 bytes"),
        ({"/feed.json": (200, b"{}")}, "AAAA", "answered 404"),
        ({"/feed.json": (200, b"{}"), "/feed.json.sig": (200, b"?")}, "AAAA", "not 32 bytes"),
        ({"/feed.json": (200, b"{}"), "/feed.json.sig": (200, b"?")}, "A" * 43 + "=", "maker's"),
    ],
)
async def test_an_odd_server_or_key_is_refused_with_the_reason(answers, key, says):
    async with serving(answers) as address:
        with pytest.raises(FeedError, match=says):
            await fetch(address, key)


async def test_a_server_that_is_not_there_is_named():
    with pytest.raises(FeedError, match="cannot be reached"):
        await fetch("http://127.0.0.1:9/feed.json", "A" * 43 + "=")


async def test_a_decision_at_a_tenants_site_stands_in_the_record_of_that_tenant(
    offered, door, site
):
    door.parts.live.place("demo", "north")
    async with door.logged_in("foreigner") as foreigner:
        answer = await foreigner.put(DECISION, json={"version": "9.9.0", "choice": "install"})
        assert answer.status_code == 200, answer.text
        told = (await foreigner.get("/audit", params={"action": "software."})).json()["items"]
        assert [(one["actor"], one["site"]) for one in told] == [("foreigner", "demo")]
    async with door.logged_in("operator") as operator:
        told = (await operator.get("/audit", params={"action": "software."})).json()["items"]
        assert told == []
