"""One server that links many sites: each link is a real one, and carries its own site only."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from enrolment_hub import raw_client, running_hub

from bus_trust import Grant, KeyPair, Kind, user_jwt, written_creds
from fleet_sim.links import Hub, leaf_configuration
from volthus_kit.testing import NatsServer

SITES = ("fleet-00001", "fleet-00002", "fleet-00003")


async def test_each_site_of_a_server_speaks_and_hears_over_its_own_link(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub:
        now, keys, credentials = datetime.now(UTC), hub.hub.keys, {}
        for site in SITES:
            key = KeyPair.made(Kind.USER)
            # The third one's credentials are those of another site: the hub lets nothing of it in.
            name = site if site != SITES[2] else "stranger"
            grant = Grant(name, key.public, now + timedelta(days=1))
            jwt = user_jwt(grant, keys.fleet.public, keys.scoped["site"], now)
            credentials[site] = tmp_path / f"{site}.creds"
            credentials[site].write_text(written_creds(jwt, key.seed))
        (tmp_path / "links").mkdir()
        where = Hub(f"tls://127.0.0.1:{hub.leaf_port}", tmp_path / "hub.pem")
        links = NatsServer(tmp_path / "links", leaf_configuration(where, credentials))
        await links.start()
        try:
            cloud = await raw_client(hub.server.url, hub.creds("web"))
            said: set[str] = set()
            told: set[str] = set()

            async def hear(msg) -> None:
                said.add(msg.subject)

            async def take(msg) -> None:
                told.add(msg.subject)

            await cloud.subscribe("site.*.up.>", cb=hear)
            await cloud.flush()
            speaker = await raw_client(links.url)
            await speaker.subscribe("site.*.down.watch", cb=take)
            async with asyncio.timeout(20):
                while len(said) < 2 or len(told) < 2:
                    for site in SITES:
                        await speaker.publish(f"site.{site}.up.state", b"")
                        await speaker.publish(f"site.{site}.local.meters", b"")
                        await cloud.publish(f"site.{site}.down.watch", b"")
                    await asyncio.sleep(0.1)
            assert said == {f"site.{site}.up.state" for site in SITES[:2]}
            assert told == {f"site.{site}.down.watch" for site in SITES[:2]}
            await speaker.close()
            await cloud.close()
        finally:
            await links.stop()
