"""A stand-in site for tests of the web API: it answers as a real owner would."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from web_owners import SKI, DailyOwner, GatewayOwner, RecordsOwner
from web_planning import PlanningOwner, session_plan

from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.v1 import eebus_pb2, evse_pb2, metering_pb2, rpc_pb2, site_pb2
from volthus_wire.v1.electrical_pb2 import Phases

OTHER_SKI = "0123456789abcdef0123456789abcdef01234567"


def eebus_picture() -> eebus_pb2.EebusPicture:
    """Return one paired charger and one that was found."""
    picture = eebus_pb2.EebusPicture(
        identity=eebus_pb2.EebusIdentity(
            ski="a" * 40, ship_id="volthus-1", brand="Volthus", model="CEM", qr_text="SHIP;..."
        )
    )
    charger = eebus_pb2.EebusDevice(
        ski=SKI, ship_id="wall-1", brand="Example", model="Wall 11", type="ChargingStation"
    )
    picture.paired.add(
        device=charger, connection=evse_pb2.CONNECTION_CONNECTED, state="connected", own=True
    )
    picture.discovered.add(
        ski=OTHER_SKI, ship_id="w2", brand="Other", model="Box", type="ChargingStation", port=4711
    )
    return picture


@dataclass
class StandInSite:
    """The owners of one site: answers every request of the front door with state of its own."""

    bus: Bus
    site: str = "demo"
    grid: site_pb2.GridConnection = field(default_factory=site_pb2.GridConnection)
    management: site_pb2.EnergyManagement = field(default_factory=site_pb2.EnergyManagement)
    charger: site_pb2.ChargerSettings = field(
        default_factory=lambda: site_pb2.ChargerSettings(
            ski=SKI, min_a=6, max_a=16, phases=3, wiring="RST", failsafe_a=6, priority=1, revision=1
        )
    )
    meters: dict[str, metering_pb2.MeterHealth] = field(default_factory=dict)
    eebus: eebus_pb2.EebusPicture = field(default_factory=eebus_picture)
    callers: list[rpc_pb2.Caller] = field(default_factory=list)
    refuse: RefusedError | None = None  # the answer to everything while it is set
    daily: DailyOwner = field(default_factory=DailyOwner)
    records: RecordsOwner = field(default_factory=RecordsOwner)
    gateway: GatewayOwner = field(default_factory=GatewayOwner)
    planning: PlanningOwner = field(default_factory=PlanningOwner)
    watches: int = 0
    charger_state: str = "charging"

    async def open(self) -> "StandInSite":
        """Serve everything a site serves."""
        for request, answer in (
            (subjects.GRID_CONNECTION_GET, self._grid),
            (subjects.GRID_CONNECTION_PUT, self._put_grid),
            (subjects.ENERGY_MANAGEMENT_GET, self._management),
            (subjects.ENERGY_MANAGEMENT_PUT, self._put_management),
            (subjects.CHARGER_PUT, self._put_charger),
            (subjects.SITE_STATE_GET, self._state),
            (subjects.METER_MODELS, self._models),
            (subjects.METER_LIST, self._list_meters),
            (subjects.METER_ADD, self._add_meter),
            (subjects.METER_UPDATE, self._update_meter),
            (subjects.METER_REMOVE, self._remove_meter),
            (subjects.METER_TEST, self._test_meter),
            (subjects.METER_IDENTIFY, self._identify_meter),
            (subjects.EEBUS_PICTURE_GET, self._picture),
            (subjects.EEBUS_PAIR, self._pair),
            (subjects.EEBUS_RENAME, self._rename),
            (subjects.EEBUS_UNPAIR, self._unpair),
            *self.daily.answers(),
            *self.records.answers(),
            *self.gateway.answers(),
            *self.planning.answers(),
        ):
            await self.bus.serve(request, self._noted(answer), site=self.site)
        for request, answer in self.planning.cloud_answers():
            await self.bus.serve(request, self._noted(answer))
        await self.bus.subscribe(subjects.WATCH, self._watched, site=self.site)
        return self

    def _watched(self, *_):
        self.watches += 1

    def _noted(self, answer) -> Callable[..., Awaitable]:
        async def noted(question, caller):
            self.callers.append(caller)
            if self.refuse is not None:
                raise self.refuse
            return answer(question)

        return noted

    async def speak(self) -> None:
        """Publish the live picture and the EEBUS picture."""
        await self.bus.publish(subjects.SITE_STATE, self.state(), site=self.site)
        await self.bus.publish(subjects.EEBUS_PICTURE, self.eebus, site=self.site)

    def state(self) -> site_pb2.SiteState:
        """Return the live picture of this moment."""
        state = site_pb2.SiteState(
            site=self.site,
            name="Green Street 4",
            at=_now(),
            energy_management=self.management,
            load_management="dynamic",
            ladder="fresh",
            meter_age_s=0.4,
            grid_current_a=Phases(l1=20.0, l2=22.5, l3=-1.0),
            grid_import_w=9500.0,
            grid_export_w=0.0,
            charging_power_w=7360.0,
            other_load_a=Phases(l1=4.0, l2=6.5, l3=-17.0),
            reserved_a=Phases(l1=0.0, l2=0.0, l3=0.0),
            headroom_a=Phases(l1=20.25, l2=17.75, l3=41.25),
            version="0.1.0",
            meters=self.meters.values(),
        )
        if self.grid.revision:
            state.grid_connection.CopyFrom(self.grid)
        state.notices.add(code="meter-silent", severity="alarm", params={"meter": "grid-1"})
        state.chargers.append(
            site_pb2.ChargerState(
                ski=SKI,
                connection=evse_pb2.CONNECTION_CONNECTED,
                state=self.charger_state,
                power_w=7360.0,
                current_a=Phases(l1=16.0),
                limit_a=Phases(l1=16.0, l2=16.0),
                limited_by=site_pb2.LimitedBy(
                    kind="fuse", element="main", phase="L2", value=25.0, since=_now()
                ),
                communication="iec61851",
                settings=self.charger,
                brand="Example",
                model="Wall 11",
                mode=self.daily.mode,
                goal=self.daily.goal,
                pending=[site_pb2.PendingChange(kind="phases-1", at=_now())],
                phases=["L1"],
                session="s-1",
                car="car-1",
                reaction_s=1.5,
                car_range=site_pb2.CarRange(min_a=2.0),
                plan=session_plan(),
                soc=self.planning.soc,
            )
        )
        for circuit in self.daily.circuits.values():
            state.circuits.add(
                settings=circuit, current_a=Phases(l1=17.0), headroom_a=Phases(l1=2.3)
            )
        if self.daily.limit is not None:
            state.operator_limits.append(self.daily.limit)
            state.operator_share_w = 4200.0
        return state

    def _state(self, _):
        return self.state()

    def _grid(self, _):
        return site_pb2.GridConnectionReply(settings=self.grid)

    def _put_grid(self, question):
        wanted = question.settings
        _check(wanted.revision, self.grid.revision)
        if wanted.fuse_a.l1 < 6:
            raise RefusedError(
                "fuse-out-of-range", "0 A is no fuse.", field="/fuse_a/l1", value=wanted.fuse_a.l1
            )
        new = self.grid.revision + 1
        self.grid.CopyFrom(wanted)
        self.grid.revision = new
        return self._grid(None)

    def _management(self, _):
        return site_pb2.EnergyManagementReply(settings=self.management)

    def _put_management(self, question):
        _check(question.settings.revision, self.management.revision)
        if question.settings.on and not question.settings.confirmed_no_other:
            raise RefusedError("confirmation-needed", "Confirm first.", field="/confirmed_no_other")
        new = self.management.revision + 1
        self.management.CopyFrom(question.settings)
        self.management.revision = new
        return self._management(None)

    def _put_charger(self, question):
        if question.settings.ski != SKI:
            raise RefusedError("unknown-charger", "No such charger.", ski=question.settings.ski)
        _check(question.settings.revision, self.charger.revision)
        new = self.charger.revision + 1
        self.charger.CopyFrom(question.settings)
        self.charger.revision = new
        return site_pb2.ChargerReply(settings=self.charger)

    def _models(self, _):
        model = metering_pb2.MeterModel(
            model="umg-96",
            manufacturer="Example",
            name="UMG 96",
            phases=3,
            transports=[metering_pb2.TRANSPORT_KIND_TCP],
            defaults=metering_pb2.MeterTransport(port=502, unit_id=1),
            quantities=["current_l1"],
            has_phase_currents=True,
        )
        return metering_pb2.ListMeterModelsReply(models=[model])

    def _list_meters(self, _):
        return metering_pb2.ListMetersReply(meters=self.meters.values())

    def _add_meter(self, question):
        self._check_model(question.settings)
        settings = metering_pb2.MeterSettings()
        settings.CopyFrom(question.settings)
        settings.meter = f"grid-{len(self.meters) + 1}"
        settings.revision = 1
        health = metering_pb2.MeterHealth(settings=settings, last=_reading(), phases=3)
        self.meters[settings.meter] = health
        return metering_pb2.MeterReply(meter=health)

    def _update_meter(self, question):
        health = self._meter(question.settings.meter)
        _check(question.settings.revision, health.settings.revision)
        new = health.settings.revision + 1
        health.settings.CopyFrom(question.settings)
        health.settings.revision = new
        return metering_pb2.MeterReply(meter=health)

    def _remove_meter(self, question):
        self._meter(question.meter)
        del self.meters[question.meter]
        return rpc_pb2.Nothing()

    def _test_meter(self, question):
        self._check_model(question.settings)
        if question.settings.transport.host == "nowhere":
            raise RefusedError("host-unreachable", "No answer.", field="/transport/host")
        return metering_pb2.TestMeterReply(
            reading=_reading(),
            warnings=["reversed-clamps-suspected"],
            answer_ms=12.5,
            findings=[
                metering_pb2.MeterFinding(
                    check="direction", phase="L2", verdict="suspect", value=-900.0, detail="Look."
                )
            ],
        )

    def _identify_meter(self, question):
        if question.transport.host == "nowhere":
            raise RefusedError("host-unreachable", "No answer.", field="/transport/host")
        answered = metering_pb2.MeterTransport()
        answered.CopyFrom(question.transport)
        answered.unit_id = 0
        return metering_pb2.IdentifyMeterReply(
            candidates=[
                metering_pb2.MeterCandidate(
                    model=metering_pb2.MeterModel(
                        model="umg-96", manufacturer="Janitza", name="UMG 96", phases=3
                    ),
                    fit=0.9,
                    reading=_reading(),
                )
            ],
            transport=answered,
            complete=True,
        )

    def _meter(self, meter):
        if meter not in self.meters:
            raise RefusedError("unknown-meter", f"There is no meter {meter!r}.", meter=meter)
        return self.meters[meter]

    def _check_model(self, settings):
        if settings.model != "umg-96":
            raise RefusedError(
                "unknown-model", "No such model.", field="/model", model=settings.model
            )

    def _picture(self, _):
        self.eebus.ClearField("accepts_until")
        if self.gateway.until is not None:
            self.eebus.accepts_until.FromDatetime(self.gateway.until)
        return self.eebus

    def _pair(self, question):
        for number, device in enumerate(self.eebus.discovered):
            if device.ski == question.ski:
                one = eebus_pb2.PairedDevice(
                    device=device,
                    name=question.name,
                    connection=evse_pb2.CONNECTION_NOT_CONNECTED,
                    detail="Now confirm at the charger.",
                    state="waiting_for_peer",
                )
                del self.eebus.discovered[number]
                self.eebus.paired.append(one)
                return eebus_pb2.PairedReply(paired=one)
        raise RefusedError("unknown-ski", "Not seen.", field="/ski", ski=question.ski)

    def _rename(self, question):
        for one in self.eebus.paired:
            if one.device.ski == question.ski:
                one.name = question.name
                return eebus_pb2.PairedReply(paired=one)
        raise RefusedError("not-paired", "Not paired.", field="/ski", ski=question.ski)

    def _unpair(self, question):
        for number, one in enumerate(self.eebus.paired):
            if one.device.ski == question.ski:
                del self.eebus.paired[number]
                return rpc_pb2.Nothing()
        raise RefusedError("not-paired", "Not paired.", field="/ski", ski=question.ski)


def _check(wanted: int, current: int) -> None:
    if wanted not in (0, current):
        raise RefusedError(
            "revision-conflict", f"It is at revision {current}.", wanted=wanted, current=current
        )


def _now() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp


def _reading() -> metering_pb2.MeterReading:
    return metering_pb2.MeterReading(
        meter="grid-1",
        role=metering_pb2.METER_ROLE_GRID,
        quality=metering_pb2.METER_QUALITY_GOOD,
        age_s=0.2,
        current_a=Phases(l1=1.0, l2=2.0, l3=-3.0),
        power_total_w=0.0,
    )
