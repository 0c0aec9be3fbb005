"""The world as the control API shows it. Currents in A, power in W, times in s of the scenario."""

from electrical import PhaseCurrents, PhaseReadings
from virtual_site.core.charger import Charger, Talk, shown_limit_a
from virtual_site.core.house import sun_share
from virtual_site.core.scenario import METER_FAULTS
from virtual_site.core.world import APPLIANCES, ActiveFault, World
from virtual_site.site import VirtualSite
from virtual_site.wallbox import BRAND, MODEL, Wallbox

Json = dict[str, object]
UNPLUGGED: Json = {
    "plugged": False,
    "standard": None,
    "phases": None,
    "soc_percent": None,
}


def site_state(site: VirtualSite, url: str) -> Json:
    """Return everything there is, as it truly is (the meter may show something else)."""
    world = site.world
    return {
        "scenario": _scenario(world, site.speed),
        "current_a": _phases(world.root_a),
        "fuse_a": _phases(world.scenario.fuse_a),
        "net_a": _phases(world.net_a),
        "charging_a": _phases(world.root_a - world.net_a),
        "power_w": round(sum(world.root_a.values()) * world.scenario.voltage_v, 1),
        "voltage_v": world.scenario.voltage_v,
        "household_w": _phases(world.household_w),
        "household_set_w": _readings(world.household_set_w),
        "appliances": {name: name in world.appliances for name in APPLIANCES},
        "sun_w": round(world.sun_w, 1),
        "sun_set_w": world.sun_set_w,
        "sun_share": _phases(sun_share(world.scenario)),
        "meter": _meter(site),
        "chargers": [_charger_line(site, index, url) for index in range(len(world.chargers))],
        "partners": {name: f"{url}/{name}/" for name in site.partners},
        "faults": [_fault(world, fault) for fault in world.faults],
    }


def charger_state(site: VirtualSite, index: int) -> Json:
    """Return what the charger's own page knows."""
    wallbox, charger = site.wallboxes[index], site.world.chargers[index]
    return {
        "name": charger.model.name,
        "brand": BRAND,
        "model": MODEL,
        "ski": wallbox.ski,
        "ship_id": wallbox.ship_id,
        "ship_port": wallbox.kept.ship_port,
        "found": _found(wallbox),
        "peer": _peer(wallbox),
        "plc": charger.plc,
        "car": _car(charger, told=charger.is_digital),
        "current_a": None if charger.car is None else _rounded(charger.current_a),
        "limit_a": _limit(charger),
        "offer_a": round(charger.offer_a, 2),
        "failsafe": charger.car is not None and not charger.control.obeys_limit,
        "failsafe_a": charger.model.failsafe_a,
        "relay": {
            "ability": charger.model.phase_switching.value,
            "phases": charger.conductors,
            "switching": charger.relay.target is not None,
        },
        "faults": [_fault(site.world, f) for f in site.world.faults if f.charger == index],
    }


def _scenario(world: World, speed: float) -> Json:
    scenario = world.scenario
    return {
        "id": scenario.id,
        "title": scenario.title,
        "t_s": round(world.t_s, 2),
        "duration_s": scenario.duration_s,
        "ended": world.has_ended,
        "speed": speed,
    }


def _meter(site: VirtualSite) -> Json:
    meter = site.meter
    return {
        "model": meter.profile.model,
        "host": "127.0.0.1",
        "port": meter.port,
        "unit_id": meter.unit_id,
        "silent": meter.is_silent,
        "shown_a": _phases(site.world.meter.shown_a),
        "latency_s": site.world.meter.behaviour.latency_s,
    }


def _charger_line(site: VirtualSite, index: int, url: str) -> Json:
    charger, wallbox = site.world.chargers[index], site.wallboxes[index]
    return {
        "number": index + 1,
        "id": charger.model.id,
        "name": charger.model.name,
        "ski": wallbox.ski,
        "url": f"{url}/charger/{index + 1}",
        "wiring": charger.model.wiring.value,
        "peer": _peer(wallbox),
        "car": _car(charger, told=True),
        "current_a": _phases(charger.house_current_a),
        "limit_a": _limit(charger),
        "offer_a": round(charger.offer_a, 2),
        "failsafe": charger.car is not None and not charger.control.obeys_limit,
    }


def _car(charger: Charger, *, told: bool) -> Json:
    """Return the car. told: the state of charge is known here (a pulse width carries none)."""
    car = charger.car
    if car is None:
        return dict(UNPLUGGED)
    return {
        "plugged": True,
        "standard": charger.standard.value,
        "phases": car.model.phases,
        "soc_percent": round(car.soc_percent, 1) if told else None,
        "best_standard": car.model.standard.value,
        "session_lost": charger.talk is Talk.LOST,
        "max_a": car.model.max_a,
        "min_a": charger.min_a,
        "delivered_wh": round(car.delivered_wh, 1),
        "wanted_wh": car.model.energy_wh,
        "finished": car.is_full,
    }


def _limit(charger: Charger) -> object:
    limit_a = shown_limit_a(charger)
    return None if limit_a is None else list(limit_a)


def _found(wallbox: Wallbox) -> list[object]:
    return [
        {
            "ski": peer.ski,
            "brand": peer.brand,
            "model": peer.model,
            "asking": wallbox.is_asking(peer.ski),
        }
        for peer in wallbox.peers()
    ]


def _peer(wallbox: Wallbox) -> Json:
    connection = wallbox.connection()
    if connection is None:
        return {"ski": None, "state": "not_connected", "detail": "not paired"}
    return {
        "ski": connection.ski,
        "state": connection.state.value,
        "detail": connection.detail,
    }


def _fault(world: World, fault: ActiveFault) -> Json:
    is_meter = fault.kind in METER_FAULTS or fault.charger is None
    return {
        "kind": fault.kind.value,
        "target": "meter" if is_meter else (fault.charger or 0) + 1,
        "seconds": round(max(0.0, fault.until_s - world.t_s), 1),
    }


def _phases(values: PhaseCurrents) -> Json:
    return {phase.lower(): round(value, 3) for phase, value in values.items()}


def _readings(values: PhaseReadings) -> Json:
    return {phase.lower(): value for phase, value in values.items()}


def _rounded(values: PhaseCurrents) -> list[object]:
    return [round(value, 2) for value in values.values()]
