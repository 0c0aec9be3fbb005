"""Live events over a real HTTP server: the latest at once, then each change, resumed."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from volthus_kit.http import serve_app
from volthus_kit.ports import free_port
from volthus_wire.subjects import EEBUS_PICTURE
from web import listening


@dataclass
class Event:
    kind: str
    number: str
    data: dict


@pytest.fixture
async def url(door) -> AsyncIterator[str]:
    port = free_port()
    serving = asyncio.create_task(serve_app(door.app, "127.0.0.1", port))
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient() as client:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    await client.get(f"{base}/healthz")
                    break
                await asyncio.sleep(0.02)
    yield base
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


@asynccontextmanager
async def following(url: str, headers: dict[str, str]) -> AsyncIterator[AsyncIterator[Event]]:
    path = f"{url}/api/v1/sites/demo/events"
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", path, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield events_of(answer)


async def events_of(answer: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield Event("comment", "", {})
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["event"], fields["id"], json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


async def next_event(events: AsyncIterator[Event], kind: str) -> Event:
    async with asyncio.timeout(10):
        while (event := await anext(events)).kind != kind:
            pass
    return event


def auth(client: httpx.AsyncClient) -> dict[str, str]:
    return {"Authorization": client.headers["Authorization"]}


async def test_the_latest_of_each_comes_at_once_then_each_change(url, service, site):
    async with following(url, auth(service)) as events:
        state = await next_event(events, "state")
        assert state.data["chargers"][0]["state"] == "charging"
        assert state.data["stale"] is False
        eebus = await next_event(events, "eebus")
        assert eebus.data["discovered"][0]["brand"] == "Other"

        site.charger_state = "paused"
        del site.eebus.discovered[:]
        await site.speak()
        assert (await next_event(events, "state")).data["chargers"][0]["state"] == "paused"
        assert (await next_event(events, "eebus")).data["discovered"] == []


async def test_a_site_that_somebody_follows_is_watched_at_once(url, standard, site, until):
    async with following(url, auth(standard)):
        await until(lambda: site.watches == 1)


async def test_a_standard_user_hears_nothing_of_pairing(url, standard, site):
    async with following(url, auth(standard)) as events:
        await next_event(events, "state")
        del site.eebus.discovered[:]
        await site.speak()
        assert (await asyncio.wait_for(anext(events), 10)).kind == "state"


async def test_what_was_heard_already_is_not_sent_again(url, service, site):
    async with following(url, auth(service)) as events:
        await next_event(events, "state")
        last = await next_event(events, "eebus")
    resumed = auth(service) | {"Last-Event-ID": last.number}
    async with following(url, resumed) as events:
        await site.bus.publish(EEBUS_PICTURE, site.eebus, site="demo")  # nothing new in it
        await site.speak()
        fresh = await asyncio.wait_for(anext(events), 10)
        assert (fresh.kind, fresh.number != last.number) == ("state", True)


async def test_a_browser_that_makes_up_an_id_gets_everything(url, service, site):
    made_up = auth(service) | {"Last-Event-ID": "..%%--"}
    async with following(url, made_up) as events:
        await next_event(events, "state")
        await next_event(events, "eebus")


async def test_a_listener_that_leaves_is_forgotten(url, service, door, site, until):
    heard = door.parts.live.heard("demo")
    async with following(url, auth(service)) as events:
        await next_event(events, "state")
        assert len(heard.changed) == 1
    await until(lambda: not heard.changed)
    assert heard.watched_since is None


async def test_a_quiet_stream_shows_signs_of_life_and_ends_with_its_log_in(
    url, service, door, site, monkeypatch
):
    monkeypatch.setattr(listening, "KEEPALIVE_S", 0.05)
    monkeypatch.setattr(listening, "LOOK_S", 0.02)
    async with following(url, auth(service)) as events:
        await next_event(events, "comment")
        await service.delete("/auth/session")
        with pytest.raises(StopAsyncIteration):
            await next_event(events, "never")


@pytest.mark.parametrize("what", ["role", "tenant of the site"])
async def test_a_stream_ends_when_its_listener_may_no_longer_hear_it(  # noqa: PLR0917 - fixtures
    url, standard, door, site, monkeypatch, what
):
    monkeypatch.setattr(listening, "KEEPALIVE_S", 0.05)
    monkeypatch.setattr(listening, "LOOK_S", 0.02)
    async with following(url, auth(standard)) as events:
        await next_event(events, "comment")
        if what == "role":
            async with door.logged_in("operator") as operator:
                changed = await operator.put("/users/standard", json={"role": "service"})
                assert changed.status_code == 200
        else:
            door.parts.live.place("demo", "north")
        with pytest.raises(StopAsyncIteration):
            await next_event(events, "never")


async def test_a_picture_that_gets_old_is_sent_again_as_stale(  # noqa: PLR0917 - fixtures
    url, service, door, site, nats, monkeypatch, until
):
    monkeypatch.setattr(listening, "LOOK_S", 0.02)
    async with following(url, auth(service)) as events:
        await next_event(events, "state")
        await nats.stop()
        door.parts.live.heard("demo").state_at -= 60
        old = await next_event(events, "state")
        assert (old.data["stale"], old.data["age_s"] >= 60) == (True, True)
        await nats.start()
        await until(lambda: door.bus.is_connected and site.bus.is_connected)
        await speak_until_heard(site, door)
        assert (await next_event(events, "state")).data["stale"] is False


async def speak_until_heard(site, door) -> None:
    """Publish until the front door's subscription is back; what is said before is lost."""
    async with asyncio.timeout(10):
        while door.parts.live.age_s("demo") > 30:
            await site.speak()
            await asyncio.sleep(0.05)


async def test_a_slow_listener_skips_pictures_and_holds_nobody_up(service, door, site):
    listener = listening.Listener.resumed(door.parts.live, "demo", hears_eebus=True, last_id="")
    with door.parts.live.listening("demo") as changed:
        for state in ("charging", "paused", "finished"):
            site.charger_state = state
            door.parts.live.heard_state("demo", site.state().SerializeToString())
        assert changed.is_set()
        kinds = [event.split("event: ")[1].split("\n")[0] for event in listener.due()]
        assert kinds == ["state", "eebus"]
        assert listener.due() == []


async def test_a_picture_nobody_understands_ends_no_stream(service, door, site):
    site.charger_state = "levitating"
    door.parts.live.heard_state("demo", site.state().SerializeToString())
    listener = listening.Listener.resumed(door.parts.live, "demo", hears_eebus=False, last_id="")
    assert listener.due() == []
    site.charger_state = "charging"
    await asyncio.sleep(0.002)  # the next picture has another instant
    door.parts.live.heard_state("demo", site.state().SerializeToString())
    assert len(listener.due()) == 1


async def test_streams_are_bounded(url, service, door, site, monkeypatch):
    monkeypatch.setattr("web.api.events.MOST_LISTENERS", 1)
    async with following(url, auth(service)) as events:
        await next_event(events, "state")
        answer = await service.get("/sites/demo/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "too-many-listeners")
