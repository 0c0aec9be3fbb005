"""Starts the front door: puts the parts together and serves, nothing else."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from volthus_kit import health
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.http import serve_app
from volthus_kit.service import run
from web import collecting, hearing
from web.accounts import Accounts
from web.app import create_app
from web.attempts import SharedAttempts
from web.audit import Audit
from web.changes import Changes
from web.first_users import FirstUsers
from web.fleet.beating import Beating
from web.fleet.desk import Fleet
from web.history.keeping import Surroundings, keep
from web.known import Known
from web.leases import Leases
from web.limits import Limits
from web.live import Live
from web.memory import give_back_large_blocks
from web.oidc.desk import open_desk
from web.once import Once
from web.owners import Owners
from web.parts import Parts
from web.rollouts import engine as rolling
from web.rollouts.engine import RolloutEngine
from web.settings import Settings
from web.software.desk import Software
from web.store import open_store
from web.telling import Telling, telling_settings
from web.tokens import ProgramTokens
from web.users import Users

# Threads that work for the database take the interpreter for so long at a time. Python's own 5 ms
# is what each answer would wait several times: after every call to the system it stands in line.
SWITCH_S = 0.0005


async def serve(settings: Settings) -> None:
    """Run until cancelled. A task that fails stops all; the supervisor then starts us anew."""
    clock = SystemClock()
    engine = await asyncio.to_thread(open_store, settings.state_dir, settings.database_url)
    is_cloud = settings.web_origin == "cloud"
    first = FirstUsers(settings.initial_users, settings.state_dir, is_cloud=is_cloud)
    await asyncio.to_thread(first.ensure, engine, clock)
    # In the cloud a new site is nobody's until its tenant was looked up.
    live = Live(clock, tenant=None if is_cloud else "")
    await asyncio.to_thread(hearing.recall, engine, live)
    audit = Audit(engine, clock)
    accounts = Accounts(
        engine,
        clock,
        token_for=timedelta(hours=settings.token_hours),
        session_for=timedelta(hours=settings.session_hours),
    )
    async with _bus(settings) as bus, asyncio.TaskGroup() as tasks:
        await hearing.hear(bus, live, clock)
        owners = Owners(bus, live, audit, settings.web_origin)
        tokens = ProgramTokens(engine, clock, timedelta(days=settings.oidc_token_days))
        software = Software(
            engine, clock, settings.releases, settings.releases_key, settings.update_command
        )
        await software.updaters.hear(bus)
        leases = Leases(engine, clock)
        telling = Telling(engine, clock, telling_settings(settings))
        fleet = Fleet(live, engine, clock, Beating(bus, clock, leases.holder))
        await fleet.hear(bus)
        around = Surroundings(bus, engine, leases, clock)
        history = await keep(around, settings, tasks) if is_cloud else None
        known = Known(clock, bus)
        await known.hear()
        limits = Limits(engine, clock, settings.rate_per_s, settings.rate_burst)
        rollouts = RolloutEngine(engine, clock, bus, live, software, settings.web_origin)
        parts = Parts(
            clock=clock,
            accounts=accounts,
            audit=audit,
            attempts=SharedAttempts(engine, clock),
            live=live,
            owners=owners,
            tokens=tokens,
            users=Users(engine, clock),
            limits=limits,
            known=known,
            once=Once(engine, clock),
            changes=Changes(engine),
            oidc=open_desk(engine, clock, settings.oidc),
            public_url=settings.web_url,
            software=software,
            telling=telling,
            fleet=fleet,
            history=history,
        )
        checks = {"bus": lambda: bus.is_connected}
        app = create_app(parts, settings.web_static, checks, settings.allowed_origins)
        tasks.create_task(collecting.collect_often(), name="garbage")
        tasks.create_task(hearing.watch(bus, live), name="watch")
        tasks.create_task(limits.share(), name="share rates")
        tasks.create_task(hearing.place(engine, live), name="place sites")
        tasks.create_task(hearing.remember(engine, live), name="remember sites")
        tasks.create_task(software.keep_fresh(), name="releases")
        tasks.create_task(leases.run(), name="leases")
        tasks.create_task(fleet.run(leases), name="fleet")
        tasks.create_task(leases.while_mine(rolling.LEASE, rollouts.work), name="roll-outs")
        telling_work = telling.work(live, leases, lambda: bus.is_connected)
        tasks.create_task(telling_work, name="alerts, webhooks and push")
        tasks.create_task(
            serve_app(
                app, settings.web_host, settings.web_port, proxy_headers=settings.trust_proxy
            ),
            name="front door",
        )
        tasks.create_task(
            health.serve(settings.health_host, settings.health_port, checks, fleet.metrics),
            name="health",
        )


def _bus(settings: Settings) -> AbstractAsyncContextManager[Bus]:
    return Bus.connect(settings.nats_url, "web", credentials=settings.nats_credentials)


def main() -> None:
    """Start the program `web`."""
    give_back_large_blocks()
    sys.setswitchinterval(SWITCH_S)
    run(serve, Settings, name="web", about="The HTTP API and the page of Volthus.")


if __name__ == "__main__":
    main()
