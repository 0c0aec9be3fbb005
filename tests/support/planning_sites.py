"""Sites that want plans, for tests and measurements: profiles, and one that follows plans."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from volthus_kit.bus import Bus
from volthus_wire.subjects import ENERGY_GET, PLAN, PRICES, SITE_PROFILE, SITE_STATE
from volthus_wire.v1.electrical_pb2 import Phases
from volthus_wire.v1.planning_pb2 import Plan, PriceSeries, ProfileSession, SiteProfile
from volthus_wire.v1.records_pb2 import GetEnergyReply, GetEnergyRequest
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import SiteState
from volthus_wire.v1.tariff_pb2 import FeedInTariff, ImportTariff, PvSystem, Rates, Tariff

TARIFF = Tariff(
    source="sample",
    currency="EUR",
    bought=ImportTariff(
        markup_per_kwh=0.02, levies_per_kwh=0.06, tax_percent=19, grid_fee=Rates(otherwise=0.08)
    ),
    fed_in=FeedInTariff(fixed_per_kwh=0.08),
    co2_source="sample-co2",
)
ROOF = PvSystem(system="pv-1", peak_w=8000, tilt_deg=35, azimuth_deg=180, loss_percent=14)


def on_all(current_a: float) -> Phases:
    """Return one current on every phase."""
    return Phases(l1=current_a, l2=current_a, l3=current_a)


def profile(
    site: str, at: datetime, *, revision: int = 1, cars: int = 1, fuse_a: float = 35.0,
    has_roof: bool = False, tariff: Tariff | None = TARIFF,
) -> SiteProfile:  # fmt: skip
    """Return a profile of a house whose cars want 8 to 23 kWh within 8 to 28 hours."""
    made = SiteProfile(
        site=site, revision=revision, phases=3, fuse_a=on_all(fuse_a), margin_a=on_all(1.0),
        base_load_a=on_all(3.0), has_meter=True,
    )  # fmt: skip
    made.at.FromDatetime(at)
    made.planning.time_zone = "Europe/Berlin"
    made.planning.latitude, made.planning.longitude = 51.3, 9.5
    if tariff is not None:
        made.tariff.CopyFrom(tariff)
    if has_roof:
        made.pv_systems.append(ROOF)
    number = sum(site.encode())
    for car in range(cars):
        wanted = session(at, hours=8 + (number * 13 + car * 3) % 20)
        wanted.session, wanted.ski = f"{site}-{car}", f"{car:040x}"
        wanted.needed_wh = 8000 + 500 * ((number * 7 + car) % 30)
        made.sessions.append(wanted)
    return made


def session(at: datetime, *, hours: float = 10.0, mode: str = "smart") -> ProfileSession:
    """Return a plugged three-phase car that wants 12 kWh within so many hours."""
    made = ProfileSession(
        session="s-1", ski="ab" * 20, phases=["L1", "L2", "L3"], min_a=6, max_a=16, mode=mode,
        needed_wh=12_000, most_wh=30_000, priority=1,
    )  # fmt: skip
    made.smart.forecast = made.smart.surplus = made.smart.price = True
    made.departure.FromDatetime(at + timedelta(hours=hours))
    return made


@dataclass(slots=True)
class Follower:
    """A site on the bus: tells its profile, takes plans and names them when told to follow."""

    bus: Bus
    told: SiteProfile
    follows: bool = True
    plans: list[Plan] = field(default_factory=list)
    prices: list[PriceSeries] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, energies: GetEnergyReply | None = None) -> None:
        """Hear from now on; energies: what the site answers when asked for them."""
        site = self.told.site
        await self.bus.subscribe(PLAN, lambda plan, _: self._take(plan), site=site)
        await self.bus.subscribe(PRICES, lambda prices, _: self._take_prices(prices), site=site)
        if energies is not None:

            async def answer(_: GetEnergyRequest, __: Caller) -> GetEnergyReply:
                return energies

            await self.bus.serve(ENERGY_GET, answer, site=site)

    async def tell(self) -> None:
        """Publish the profile."""
        await self.bus.publish(SITE_PROFILE, self.told, site=self.told.site)

    async def tell_state(self) -> None:
        """Publish what is followed."""
        state = SiteState(site=self.told.site)
        state.at.FromDatetime(datetime.now(UTC))
        if self.plans and self.follows:
            last = self.plans[-1]
            state.plan.plan, state.plan.profile_revision = last.plan, last.profile_revision
            state.plan.made_at.CopyFrom(last.made_at)
            state.plan.valid_until.CopyFrom(last.valid_until)
            state.plan.state = "following"
        if self.prices and self.follows:
            state.prices.series = self.prices[-1].series
            state.prices.revision = self.prices[-1].revision
        await self.bus.publish(SITE_STATE, state, site=self.told.site)

    async def until_planned(self, count: int = 1, timeout_s: float = 30.0) -> Plan:
        """Wait until so many plans came; tells the profile again meanwhile, as a site does."""
        async with asyncio.timeout(timeout_s):
            while len(self.plans) < count:
                self.came.clear()
                await self.tell()
                try:
                    async with asyncio.timeout(0.5):
                        await self.came.wait()
                except TimeoutError:
                    continue
        return self.plans[-1]

    def _take(self, plan: Plan) -> None:
        self.plans.append(plan)
        self.came.set()

    def _take_prices(self, prices: PriceSeries) -> None:
        self.prices.append(prices)
        self.came.set()
