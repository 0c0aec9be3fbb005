"""What sites and the other replicas say, handed to the office as values."""

import logging
from dataclasses import dataclass
from time import monotonic

from smart_charging.planning.answers import Answers
from smart_charging.planning.core.ledger import InForce, Row
from smart_charging.planning.core.sharing import Replicas
from smart_charging.planning.forecasts import place_key
from smart_charging.planning.messages import site_of
from smart_charging.planning.office import Office
from smart_charging.planning.tariffs import key_of
from volthus_kit.bus import Bus, Tokens
from volthus_kit.clock import Clock
from volthus_wire.subjects import (
    FORECAST_PREVIEW,
    PRICES_PUSH,
    REPLICA_BEAT,
    SITE_PROFILE,
    SITE_STATE,
    TARIFF_PREVIEW,
)
from volthus_wire.v1.planning_pb2 import (
    PreviewForecastReply,
    PreviewForecastRequest,
    PreviewTariffReply,
    PreviewTariffRequest,
    PushPricesReply,
    PushPricesRequest,
    ReplicaBeat,
    SiteProfile,
)
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import SiteState

logger = logging.getLogger(__name__)

CLOCK_OFF_S = 60.0


@dataclass(slots=True)
class Hearing:
    """Subscribes the office to the bus."""

    bus: Bus
    office: Office
    replicas: Replicas
    clock: Clock
    queue: str

    async def start(self, answers: Answers) -> None:
        """Hear and answer from now on."""
        await self.bus.subscribe(REPLICA_BEAT, self._beat)
        await self.bus.subscribe(SITE_PROFILE, self._profile)
        await self.bus.subscribe(SITE_STATE, self._state)

        async def tariff(asked: PreviewTariffRequest, _: Caller) -> PreviewTariffReply:
            return await answers.preview_tariff(asked)

        async def forecast(asked: PreviewForecastRequest, _: Caller) -> PreviewForecastReply:
            return await answers.preview_forecast(asked)

        async def push(asked: PushPricesRequest, _: Caller) -> PushPricesReply:
            return await answers.push_prices(asked)

        await self.bus.serve(TARIFF_PREVIEW, tariff, queue=self.queue)
        await self.bus.serve(FORECAST_PREVIEW, forecast, queue=self.queue)
        # Not shared: every replica needs the feed. The first answer counts.
        await self.bus.serve(PRICES_PUSH, push)

    def _beat(self, beat: ReplicaBeat, _: Tokens) -> None:
        if self.replicas.hear(beat.replica, monotonic(), is_leaving=beat.is_leaving):
            logger.info("replica left" if beat.is_leaving else "replica joined",
                        extra={"replica": beat.replica})  # fmt: skip
            self.office.hear_replicas()

    def _profile(self, profile: SiteProfile, tokens: Tokens) -> None:
        now_s = self.clock.now().timestamp()
        profile.site = tokens["site"]  # who may publish there is checked by the server
        held = self.office.rows.get(profile.site)
        row = row_of(profile, now_s)
        if held is not None and held.site.revision == profile.revision:
            self.office.hear_again(row)
            return
        if abs(row.site.clock_ahead_s) > CLOCK_OFF_S:
            ahead_s = round(row.site.clock_ahead_s)
            logger.warning(
                "clock of a site is off", extra={"site": row.site.id, "ahead_s": ahead_s}
            )
        self.office.hear_profile(row)

    def _state(self, state: SiteState, tokens: Tokens) -> None:
        plan, prices = state.plan, state.prices
        it = InForce(
            plan.plan, plan.profile_revision, plan.made_at.ToMilliseconds() / 1000,
            plan.valid_until.ToMilliseconds() / 1000, plan.refused, plan.refused_code,
        )  # fmt: skip
        self.office.hear_in_force(tokens["site"], it, prices.series, prices.revision)


def row_of(profile: SiteProfile, now_s: float) -> Row:
    """Return a profile as the office keeps it."""
    return Row(
        site_of(profile, now_s),
        key_of(profile.tariff, profile.planning.time_zone),
        place_key(profile),
        now_s,
        has_roofs=len(profile.pv_systems) > 0,
    )
