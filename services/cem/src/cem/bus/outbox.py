"""What the CEM says: leases, with epoch and sequence, and the live picture."""

from cem.core.appliances import ApplianceShare
from cem.core.decision import Limit
from cem.messages.appliances import lease_message
from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.convert import to_conductors
from volthus_wire.v1 import evse_pb2, site_pb2


class Outbox:
    """Publishes now or never; nothing is kept for later."""

    def __init__(self, bus: Bus, site: str, epoch: int, lease_s: float) -> None:
        self._bus = bus
        self._site = site
        self._epoch = epoch
        self._ttl_ms = int(lease_s * 1000)
        self._sequence = 0

    async def send_limit(
        self, limit: Limit, reason: str, now: float, least_a: float | None = None
    ) -> bool:
        """Publish one lease; False when the bus is away (it is not kept for later).

        least_a: less pauses the car; None = by what the car says of itself.
        """
        self._sequence += 1
        message = evse_pb2.EvseLimit(
            ski=limit.ski,
            current_a=to_conductors(limit.current_a),
            ttl_ms=self._ttl_ms,
            controller_epoch=self._epoch,
            sequence=self._sequence,
            sent_s=now,
            fallback_a=limit.fallback_a,
            reason=reason,
            release=limit.is_release,
            least_a=least_a or 0.0,
            silent=limit.is_silent,
        )
        return await self._bus.publish(subjects.EVSE_LIMIT, message, site=self._site, ski=limit.ski)

    async def send_share(self, share: ApplianceShare, now: float) -> bool:
        """Publish the lease of one appliance; False when the bus is away."""
        self._sequence += 1
        message = lease_message(share)
        message.controller_epoch = self._epoch
        message.sequence = self._sequence
        message.sent_s = now
        ski = share.appliance.ski
        return await self._bus.publish(subjects.APPLIANCE_LIMIT, message, site=self._site, ski=ski)

    async def send_state(self, message: site_pb2.SiteState) -> bool:
        """Publish the live picture; False when the bus is away."""
        return await self._bus.publish(subjects.SITE_STATE, message, site=self._site)
