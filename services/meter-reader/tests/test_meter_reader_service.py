"""The whole service with its real partners: NATS and a Modbus TCP meter on loopback."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import httpx
import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from meter_profiles.catalogue import profile
from meter_profiles.encode import encode
from meter_profiles.quantity import Quantity
from meter_reader.main import serve
from meter_reader.settings import Settings
from meter_reader.store import FILE
from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.confirming_pb2 import ListConfirmationsRequest
from volthus_wire.v1.electrical_pb2 import Conductors
from volthus_wire.v1.evse_pb2 import Ev, EvseState
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "demo"
EVA = Caller(actor="eva", role="service", origin="site")


def settings(meter, *, model="cg_em24_e1", role=wire.METER_ROLE_GRID, unit_id=1, **more):
    transport = wire.MeterTransport(
        kind=wire.TRANSPORT_KIND_TCP,
        host="127.0.0.1",
        port=meter if isinstance(meter, int) else meter.port,
        unit_id=unit_id,
    )
    return wire.MeterSettings(model=model, role=role, transport=transport, **more)


class Site:
    """A bus that asks the service and hears what it says."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.readings: asyncio.Queue[wire.MeterReading] = asyncio.Queue()
        self.rosters: asyncio.Queue[wire.MeterRoster] = asyncio.Queue()

    async def listen(self) -> None:
        await self.bus.subscribe(
            subjects.METER_READING, lambda m, _: self.readings.put_nowait(m), site=SITE
        )
        await self.bus.subscribe(
            subjects.METER_ROSTER, lambda m, _: self.rosters.put_nowait(m), site=SITE
        )
        await self.bus.until_connected()

    async def ask(self, request, question):
        """Ask; while the service is still coming up, ask again."""
        async with asyncio.timeout(15):
            while True:
                try:
                    return await self.bus.ask(request, question, caller=EVA, site=SITE)
                except NotAnsweredError:
                    await asyncio.sleep(0.05)
                except RefusedError as no:
                    if "cannot be read yet" not in no.detail:
                        raise
                    await asyncio.sleep(0.05)

    async def add(self, wanted, site_phases=3) -> wire.MeterHealth:
        question = wire.AddMeterRequest(settings=wanted, site_phases=site_phases)
        return (await self.ask(subjects.METER_ADD, question)).meter

    async def next(self, queue, fits):
        async with asyncio.timeout(15):
            while True:
                message = await queue.get()
                if fits(message):
                    return message


@pytest.fixture
async def nats():
    async with nats_server() as server:
        yield server


@pytest.fixture
def service(nats, tmp_path):
    @asynccontextmanager
    async def running():
        task = asyncio.create_task(
            serve(
                Settings(
                    nats_url=nats.url,
                    site=SITE,
                    state_dir=tmp_path,
                    poll_interval_s=0.1,
                    tcp_timeout_s=0.3,
                )
            )
        )
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    return running


@pytest.fixture
async def site(nats):
    async with Bus.connect(nats.url, "test") as bus:
        site = Site(bus)
        await site.listen()
        yield site


def is_good(reading):
    return reading.quality == wire.METER_QUALITY_GOOD


def wobble(meter):
    """Let the meter's values move a little, as real ones do."""

    def fault(*_):
        meter.registers[0] = 2290 + (meter.registers[0] + 1) % 20
        return ...

    meter.fault = fault


async def test_a_meter_is_added_and_its_readings_arrive_with_sign_and_rotation(
    service, site, partner
):
    async with partner.meter(l1=10.0, l2=-20.0, l3=30.0) as meter, service():
        wobble(meter)
        health = await site.add(settings(meter, rotation="STR", name="House"))
        assert health.settings.revision == 1
        assert health.phases == 3
        reading = await site.next(site.readings, is_good)
        roster = await site.next(site.rosters, lambda r: r.meters and r.meters[0].HasField("last"))
    assert reading.meter == health.settings.meter
    assert reading.role == wire.METER_ROLE_GRID
    amps = reading.current_a
    assert (amps.l1, amps.l2, amps.l3) == pytest.approx((30, 10, -20))
    assert reading.power_total_w == pytest.approx(4600)
    assert reading.energy_import_wh == pytest.approx(1_234_500)
    assert 0 <= reading.age_s < 5
    assert roster.meters[0].settings.name == "House"
    assert roster.meters[0].problem == ""


async def test_every_role_is_read_behind_one_gateway(service, site, partner):
    roles = {
        wire.METER_ROLE_GRID: 1,
        wire.METER_ROLE_PV: 2,
        wire.METER_ROLE_BATTERY: 3,
        wire.METER_ROLE_SUB: 4,
        wire.METER_ROLE_CHARGER: 5,
    }
    async with partner.meter() as meter, service():
        meter.fault = lambda unit, _function, address, count: [
            meter.registers.get(a, 0) + (unit if a == 0 else 0)
            for a in range(address, address + count)
        ]
        for role, unit_id in roles.items():
            await site.add(settings(meter, role=role, unit_id=unit_id))
        for role, unit_id in roles.items():
            reading = await site.next(site.readings, lambda r, role=role: r.role == role)
            assert reading.voltage_v.l1 == pytest.approx(230 + unit_id / 10)
        roster = await site.next(
            site.rosters, lambda r: sum(one.HasField("last") for one in r.meters) == len(roles)
        )
        assert {one.settings.role for one in roster.meters} == set(roles)
        assert meter.most_at_once == 1


async def test_what_the_meter_does_not_know_is_left_out_and_never_zero(service, site, partner):
    model = "siemens_pac2200"
    unknown = {Quantity.CURRENT_L2: None, Quantity.POWER_L3: None, Quantity.ENERGY_EXPORT: None}
    async with partner.meter(model) as meter, service():
        meter.registers |= encode(profile(model), partner.values() | unknown)
        await site.add(settings(meter, model=model))
        reading = await site.next(site.readings, is_good)
    assert reading.current_a.HasField("l1")
    assert not reading.current_a.HasField("l2")
    assert not reading.current_a.HasField("l3")  # without a power its direction is unknown
    assert not reading.power_w.HasField("l3")
    assert not reading.HasField("energy_export_wh")
    assert reading.energy_export_segment == 0


async def test_a_meter_that_says_nothing_but_overflow_is_bad_and_says_why(service, site, partner):
    async with partner.meter() as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        await site.next(site.readings, is_good)
        overflow = encode(profile("cg_em24_e1"), {})  # Carlo Gavazzi: high word 0x7FFF
        meter.fault = lambda *_: ...
        meter.registers |= overflow
        bad = await site.next(site.readings, lambda r: r.quality == wire.METER_QUALITY_BAD)
        assert bad.age_s < 0.5
        roster = await site.next(site.rosters, lambda r: r.meters[0].problem)
        assert roster.meters[0].problem == "no-values"
        meter.registers |= encode(profile("cg_em24_e1"), partner.values())
        await site.next(site.readings, is_good)


async def test_the_set_up_survives_a_restart(service, site, partner):
    async with partner.meter() as meter:
        wobble(meter)
        async with service():
            health = await site.add(settings(meter))
        async with service():
            listed = await site.ask(subjects.METER_LIST, wire.ListMetersRequest())
            while not listed.meters:
                listed = await site.ask(subjects.METER_LIST, wire.ListMetersRequest())
            assert listed.meters[0].settings == health.settings
            await site.next(site.readings, is_good)


async def test_a_meter_that_goes_away_ages_and_comes_back_by_itself(service, site, partner):
    async with partner.meter() as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        await site.next(site.readings, is_good)
        await meter.stop()
        stale = await site.next(
            site.readings, lambda r: r.quality == wire.METER_QUALITY_STALE and r.age_s > 0.2
        )
        roster = await site.next(
            site.rosters, lambda r: any(m.problem == "connection-refused" for m in r.meters)
        )
        assert roster.meters[0].last.sequence == stale.sequence
        await meter.start()
        back = await site.next(site.readings, lambda r: is_good(r) and r.sequence > stale.sequence)
        assert back.age_s < 0.2
        assert meter.most_at_once == 1


async def test_a_frozen_meter_is_told_apart(service, site, partner):
    async with partner.meter() as meter, service():
        await site.add(settings(meter))
        frozen = await site.next(site.readings, lambda r: r.quality == wire.METER_QUALITY_FROZEN)
        assert frozen.age_s < 0.2


async def test_implausible_values_are_labelled_and_kept_out_of_service(service, site, partner):
    async with partner.meter() as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        meter.fault = lambda *_: ...
        meter.registers |= encode(profile("cg_em24_e1"), partner.values(volts=23.0))
        await site.next(site.readings, lambda r: r.quality == wire.METER_QUALITY_IMPLAUSIBLE)
        with pytest.raises(RefusedError, match="voltage_l1 reads 23") as caught:
            await site.add(settings(meter, role=wire.METER_ROLE_SUB, unit_id=1, model="cg_em540"))
        assert caught.value.code == "implausible-voltage"
        assert caught.value.params == {"quantity": "voltage_l1", "value": "23"}


async def test_a_test_connection_reads_through_the_poller_and_saves_nothing(service, site, partner):
    async with partner.meter(l1=-4.0) as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        question = wire.TestMeterRequest(settings=settings(meter), site_phases=3)
        reply = await site.ask(subjects.METER_TEST, question)
        assert reply.reading.current_a.l1 == pytest.approx(-4.0)
        assert list(reply.warnings) == ["reversed-clamps-suspected"]
        assert reply.answer_ms > 0
        assert meter.connections == 1
        listed = await site.ask(subjects.METER_LIST, wire.ListMetersRequest())
        assert len(listed.meters) == 1


async def test_a_test_says_what_each_phase_looks_like(service, site, partner):
    async with partner.meter(l1=-4.0) as meter, service():
        await site.bus.publish(
            subjects.EVSE_STATE,
            EvseState(ski="a" * 40, ev_known=True, ev=Ev(), power_w=Conductors(a=3600.0)),
            site=SITE,
            ski="a" * 40,
        )
        question = wire.TestMeterRequest(settings=settings(meter), site_phases=3)
        reply = await site.ask(subjects.METER_TEST, question)
    suspect = {(one.check, one.phase) for one in reply.findings if one.verdict == "suspect"}
    assert suspect == {("direction", "L1")}


async def test_the_meter_at_an_address_is_identified_while_another_is_polled(
    service, site, partner
):
    async with partner.meter() as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        transport = settings(meter).transport
        question = wire.IdentifyMeterRequest(transport=transport)
        reply = await site.ask(subjects.METER_IDENTIFY, question)
        assert "cg_em24_e1" in [one.model.model for one in reply.candidates]
        assert reply.candidates[0].reading.voltage_v.l1 == pytest.approx(230, abs=1)
        assert reply.complete
        assert meter.most_at_once == 1
        transport.port = free_port()
        with pytest.raises(RefusedError) as caught:
            await site.ask(subjects.METER_IDENTIFY, wire.IdentifyMeterRequest(transport=transport))
        assert caught.value.code == "connection-refused"


async def test_rtu_frames_taken_for_modbus_tcp_are_named(service, site, partner):
    registers = SimData(0, values=[0] * 400, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(
        SimDevice(1, simdata=registers), address=("127.0.0.1", 0), framer=FramerType.RTU
    )
    await server.serve_forever(background=True)
    try:
        async with service():
            wanted = settings(server.transport.sockets[0].getsockname()[1], model="cg_em540")
            with pytest.raises(RefusedError) as caught:
                await site.add(wanted)
    finally:
        await server.shutdown()
    assert (caught.value.code, caught.value.field) == ("wrong-transport", "/transport/kind")
    assert caught.value.params == {"kind": "rtu_over_tcp"}


async def test_unit_id_zero_is_a_real_one_and_none_is_the_models(service, site, partner):
    async with partner.meter("kostal_ksem", unit_id=71) as meter, service():
        wanted = settings(meter, model="kostal_ksem")
        wanted.transport.ClearField("unit_id")
        question = wire.TestMeterRequest(settings=wanted, site_phases=3)
        assert (await site.ask(subjects.METER_TEST, question)).answer_ms > 0
    async with partner.meter("kostal_ksem", unit_id=0) as meter, service():
        question.settings.transport.port = meter.port
        question.settings.transport.unit_id = 0
        assert (await site.ask(subjects.METER_TEST, question)).answer_ms > 0


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"model": "fluxmeter"}, ("unknown-model", "/model")),
        ({"unit_id": 9}, ("wrong-unit-id", "/transport/unit_id")),
        ({"rotation": "XYZ"}, ("rotation-unknown", "/rotation")),
        ({"phase": "L4"}, ("phase-unknown", "/phase")),
        ({"role": wire.METER_ROLE_UNSPECIFIED}, ("role-missing", "/role")),
        ({"model": "eastron_sdm120"}, ("one-phase-meter", "/model")),
        ({"model": "solaredge_meter"}, ("no-sunspec-mark", "/model")),
    ],
)
async def test_a_wrong_set_up_is_refused_with_its_reason(service, site, partner, change, refused):
    async with partner.meter() as meter, service():
        with pytest.raises(RefusedError) as caught:
            await site.add(settings(meter, **change))
    assert (caught.value.code, caught.value.field) == refused


async def test_a_host_where_nobody_listens_is_refused(service, site):
    async with service():
        with pytest.raises(RefusedError) as caught:
            await site.add(settings(free_port()))
    assert caught.value.code == "connection-refused"


async def test_a_meter_is_changed_by_revision_and_removed(service, site, partner):
    async with partner.meter(l1=5.0) as meter, service():
        wobble(meter)
        health = await site.add(settings(meter))
        changed = health.settings
        assert changed.transport.closes_after_poll is False
        changed.invert = True
        reply = await site.ask(subjects.METER_UPDATE, wire.UpdateMeterRequest(settings=changed))
        assert reply.meter.settings.revision == 2
        inverted = await site.next(site.readings, lambda r: is_good(r) and r.current_a.l1 < 0)
        assert inverted.energy_import_wh == pytest.approx(67_800)
        assert meter.connections == 1
        with pytest.raises(RefusedError, match="revision 2") as caught:
            await site.ask(subjects.METER_UPDATE, wire.UpdateMeterRequest(settings=changed))
        assert caught.value.code == "revision-conflict"
        gone = wire.RemoveMeterRequest(meter=changed.meter)
        await site.ask(subjects.METER_REMOVE, gone)
        await site.next(site.rosters, lambda r: not r.meters)
        with pytest.raises(RefusedError) as caught:
            await site.ask(subjects.METER_REMOVE, gone)
        assert caught.value.code == "unknown-meter"


async def test_a_locked_database_refuses_changes_while_reading_goes_on(
    service, site, partner, tmp_path
):
    async with partner.meter() as meter, service():
        wobble(meter)
        await site.add(settings(meter))
        other = sqlite3.connect(tmp_path / FILE)
        other.execute("BEGIN EXCLUSIVE")
        try:
            with pytest.raises(RefusedError) as caught:
                await site.add(settings(meter, role=wire.METER_ROLE_SUB, model="cg_em540"))
            assert caught.value.code == "store-failing"
            seen = (await site.next(site.readings, is_good)).sequence
            await site.next(site.readings, lambda r: is_good(r) and r.sequence > seen)
        finally:
            other.rollback()
            other.close()


async def test_a_broken_database_is_tried_again_until_it_can_be_read(service, site, tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 500)
    async with service():
        await site.next(site.rosters, lambda r: not r.meters)  # it lives
        with pytest.raises(RefusedError, match="cannot be read yet") as caught:
            await site.bus.ask(subjects.METER_REMOVE, wire.RemoveMeterRequest(meter="x"), site=SITE)
        assert caught.value.code == "store-failing"
        (tmp_path / FILE).unlink()
        with pytest.raises(RefusedError) as caught:
            await site.ask(subjects.METER_REMOVE, wire.RemoveMeterRequest(meter="x"))
        assert caught.value.code == "unknown-meter"


async def test_nats_may_come_late_and_go_away(service, nats, partner):
    async with partner.meter() as meter, Bus.connect(nats.url, "test") as bus:
        wobble(meter)
        site = Site(bus)
        await site.listen()
        async with service():
            await site.add(settings(meter))
        await nats.stop()
        async with service():  # its meters are known; the bus is not there yet
            async with asyncio.timeout(10):
                before = len(meter.requests)
                while len(meter.requests) < before + 5:
                    await asyncio.sleep(0.02)
            await nats.start()
            first = await site.next(site.readings, is_good)
            await nats.stop()
            asked = len(meter.requests)
            async with asyncio.timeout(10):
                while len(meter.requests) < asked + 5:
                    await asyncio.sleep(0.02)
            await nats.start()
            await site.next(site.readings, lambda r: is_good(r) and r.sequence > first.sequence)


async def test_the_catalogue_names_what_each_model_needs(service, site):
    async with service():
        reply = await site.ask(subjects.METER_MODELS, wire.ListMeterModelsRequest())
    models = {model.model: model for model in reply.models}
    assert len(models) == 44
    ksem = models["kostal_ksem"]
    assert (ksem.defaults.port, ksem.defaults.unit_id, ksem.defaults.baud) == (502, 71, 19200)
    assert list(models["cg_em24_e1"].transports) == [wire.TRANSPORT_KIND_TCP]
    assert wire.TRANSPORT_KIND_RTU in models["eastron_sdm630_v2"].transports
    assert not models["eastron_sdm72d_m"].has_phase_currents


async def test_a_meter_moves_to_another_host_only_when_it_answers_there(service, site, partner):
    async with partner.meter(l1=5.0) as old, partner.meter(l1=7.0) as new, service():
        wobble(old)
        wobble(new)
        moved = (await site.add(settings(old))).settings
        moved.transport.port = free_port()
        with pytest.raises(RefusedError, match="nothing listens"):
            await site.ask(subjects.METER_UPDATE, wire.UpdateMeterRequest(settings=moved))
        await site.next(site.readings, lambda r: is_good(r) and r.current_a.l1 == 5.0)
        moved.transport.port = new.port
        await site.ask(subjects.METER_UPDATE, wire.UpdateMeterRequest(settings=moved))
        await site.next(site.readings, lambda r: is_good(r) and r.current_a.l1 == 7.0)
        assert not old._open


async def test_readiness_metrics_and_ages_are_served(service, site, nats, tmp_path, partner):
    port = free_port()
    running = serve(
        Settings(
            nats_url=nats.url,
            site=SITE,
            state_dir=tmp_path,
            health_port=port,
            poll_interval_s=0.1,
            tcp_timeout_s=0.3,
        )
    )
    task = asyncio.create_task(running)
    try:
        async with partner.meter() as meter, httpx.AsyncClient() as http:
            health = await site.add(settings(meter))
            await site.next(site.readings, lambda r: r.sequence > 1)
            meter.fault = lambda *_: 4
            await site.next(site.rosters, lambda r: r.meters[0].problem == "modbus-exception")
            await site.next(site.rosters, lambda r: r.meters[0].problem == "modbus-exception")
            ready = await http.get(f"http://127.0.0.1:{port}/readyz")
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert ready.status_code == 200
    assert f'volthus_meter_age_seconds{{meter="{health.settings.meter}"}}' in text
    assert 'volthus_meter_read_errors_total{reason="modbus-exception"}' in text


async def test_a_meter_that_guards_a_fuse_is_not_set_up_from_afar(service, site, partner):
    far = Caller(actor="olga", role="operator", origin="cloud")
    async with partner.meter() as meter, service():
        health = await site.add(settings(meter, name="House"))
        elsewhere = wire.MeterSettings()
        elsewhere.CopyFrom(health.settings)
        elsewhere.transport.host = "127.0.0.66"  # a false meter: tells of no load at all
        question = wire.UpdateMeterRequest(settings=elsewhere, site_phases=3)
        with pytest.raises(RefusedError, match="confirmation-at-site-needed"):
            await site.bus.ask(subjects.METER_UPDATE, question, caller=far, site=SITE)
        reply = await site.ask(subjects.METER_WAITING, ListConfirmationsRequest())
        assert [told.method for told in reply.confirmations] == ["meter.update"]
        elsewhere.CopyFrom(health.settings)
        elsewhere.name = "Cellar"
        question = wire.UpdateMeterRequest(settings=elsewhere, site_phases=3)
        await site.bus.ask(subjects.METER_UPDATE, question, caller=far, site=SITE)
