"""One simulated site: what it says next. It knows no bus."""

from dataclasses import dataclass, field

from fleet_sim.core.houses import House
from fleet_sim.core.looks import Look, look
from fleet_sim.messages import pictures, profiles
from fleet_sim.outbox import Outbox
from fleet_sim.wishes import Wishes
from volthus_wire.v1 import planning_pb2, site_pb2, tariff_pb2


@dataclass(slots=True)
class Site:
    """A site and what it was told."""

    house: House
    outbox: Outbox
    price: tariff_pb2.Tariff
    wishes: Wishes = field(default_factory=Wishes)
    watched_until_s: float = 0.0
    plans: int = 0
    plan: planning_pb2.PlanInForce | None = None
    _revision: int = 0
    _sessions: tuple[str, ...] = ()
    _state: site_pb2.SiteState | None = None
    _eebus: bytes = b""

    @property
    def is_introduced(self) -> bool:
        """Whether it told its profile already."""
        return self._revision > 0

    def look(self, now_s: float) -> Look:
        """Return what its meter and chargers read."""
        return look(self.house, now_s)

    def state(self, now_s: float) -> site_pb2.SiteState:
        """Return the live picture; drawn anew into the same message each time."""
        if self._state is None:
            self._state = pictures.still(self.house)
        # It grows within a minute or so: what it counted before it was known counts nowhere.
        self._state.overload_s = min(self.house.overload_s, max(0.0, now_s - self.outbox.epoch) / 2)
        seen = self.look(now_s)
        return pictures.drawn(self._state, self.house, seen, self.wishes, self.plan)

    def eebus(self) -> bytes:
        """Return what its gateway sees, encoded."""
        if not self._eebus:
            self._eebus = pictures.eebus(self.house).SerializeToString()
        return self._eebus

    def profile(self, now_s: float) -> planning_pb2.SiteProfile:
        """Return its profile; the revision grows when a car came or went."""
        seen = self.look(now_s)
        sessions = tuple(one.stay.session for one in seen.chargers if one.stay is not None)
        if sessions != self._sessions or not self._revision:
            # Grows over restarts too: it counts seconds since 1970 where nothing else is greater.
            self._revision = max(self._revision + 1, int(now_s))
            self._sessions = sessions
        return profiles.profile(self.house, seen, self.wishes, self._revision, self.price)

    def follow(self, plan: planning_pb2.Plan) -> None:
        """Take a plan: the next picture names it."""
        self.plans += 1
        self.plan = planning_pb2.PlanInForce(
            plan=plan.plan,
            profile_revision=plan.profile_revision,
            made_at=plan.made_at,
            valid_until=plan.valid_until,
            state="following",
        )
