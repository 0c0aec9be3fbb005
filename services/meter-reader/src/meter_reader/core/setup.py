"""What may go into service: settings that make sense, and values that can be true."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from electrical.phases import known_phases
from meter_profiles.profile import Profile
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.core.house import Mounting
from meter_reader.core.reading import Reading, strange

MAX_METERS = 50
MODBUS_TCP_PORT = 502
NOTICEABLE_W = 50.0
CUSTOMARY_SERIAL = (9600, "N", 1)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a set-up is refused: stable code, English sentence, the setting, values for the page."""

    code: str
    detail: str
    field: str = ""
    params: tuple[tuple[str, str], ...] = ()


def mounting_of(config: MeterConfig, profile: Profile) -> Mounting:
    """Return how a meter of this model sits in the house."""
    return Mounting(
        max(profile.phases),
        config.rotation,
        config.invert,
        config.phase,
        profile.signs_power_factor,
    )


def completed(config: MeterConfig, profile: Profile) -> MeterConfig:
    """Fill in what the model knows by itself: name, port, unit id, transmission parameters."""
    line, serial = config.line, profile.serial
    if line.kind is TransportKind.RTU:
        baud, parity, stop_bits = CUSTOMARY_SERIAL
        line = replace(
            line,
            baud=line.baud or (serial and serial.baud) or baud,
            parity=line.parity or (serial and serial.parity) or parity,
            stop_bits=line.stop_bits or (serial and serial.stop_bits) or stop_bits,
            data_bits=line.data_bits or (serial and serial.data_bits) or 8,
        )
    else:
        line = replace(
            line, port=line.port or (profile.tcp.port if profile.tcp else MODBUS_TCP_PORT)
        )
    return replace(
        config,
        line=line,
        name=config.name or f"{profile.manufacturer} {profile.name}"[:60],
        unit_id=default_unit_id(profile, line.kind) if config.unit_id is None else config.unit_id,
    )


def default_unit_id(profile: Profile, kind: TransportKind) -> int:
    """Return the unit id a device of this model usually has on such a line."""
    if kind is TransportKind.TCP and profile.tcp is not None:
        return profile.tcp.unit_id
    return profile.serial.unit_id if profile.serial else 1


def objection_to(
    config: MeterConfig, profile: Profile, others: Iterable[MeterConfig], site_phases: int
) -> Objection | None:
    """Return why these settings cannot be, before anything is read.

    others: the site's other meters. site_phases: of the grid connection, 0 when not known.
    """
    return (
        _line_objection(config, profile)
        or _phase_objection(config, profile, site_phases)
        or _neighbour_objection(config, tuple(others))
    )


def objection_to_place(line: Line) -> Objection | None:
    """Return why nothing can be asked there, whatever the model; zeros are filled in later."""
    if not line.is_serial:
        return _host_objection(replace(line, port=line.port or MODBUS_TCP_PORT))
    baud, parity, stop_bits = CUSTOMARY_SERIAL
    return _serial_objection(
        replace(
            line,
            baud=line.baud or baud,
            parity=line.parity or parity,
            stop_bits=line.stop_bits or stop_bits,
            data_bits=line.data_bits or 8,
        )
    )


def _line_objection(config: MeterConfig, profile: Profile) -> Objection | None:
    if config.line.kind is not TransportKind.TCP and profile.serial is None:
        detail = f"{profile.name} has no serial port; it speaks Modbus TCP."
        return Objection("transport-not-of-model", detail, "/transport/kind")
    if not 0 <= config.wanted_unit_id <= 255:
        detail = f"Unit id {config.unit_id} is not between 0 and 255."
        return Objection("unit-id-invalid", detail, "/transport/unit_id")
    return _serial_objection(config.line) if config.line.is_serial else _host_objection(config.line)


def _host_objection(line: Line) -> Objection | None:
    if not line.host:
        return Objection("host-missing", "An address or host name is needed.", "/transport/host")
    if not 1 <= line.port <= 65535:
        detail = f"Port {line.port} is not between 1 and 65535."
        return Objection("port-invalid", detail, "/transport/port")
    return None


def _serial_objection(line: Line) -> Objection | None:
    if not line.device:
        return Objection("device-missing", "A serial port is needed.", "/transport/device")
    can_be = (
        line.parity in {"N", "E", "O"}
        and line.stop_bits in {1, 2}
        and line.data_bits in {7, 8}
        and 300 <= line.baud <= 1_000_000
    )
    if can_be:
        return None
    detail = f"{line.baud} {line.data_bits}{line.parity}{line.stop_bits} cannot be."
    return Objection("serial-parameters-invalid", detail, "/transport/baud")


def _phase_objection(config: MeterConfig, profile: Profile, site_phases: int) -> Objection | None:
    is_one_phase = max(profile.phases) == 1
    if is_one_phase and site_phases == 3 and config.role is Role.GRID:
        return one_phase_meter(profile)
    if is_one_phase and site_phases == 3 and config.phase is None:
        detail = "Say which phase of the house the one-phase meter sits on."
        return Objection("phase-needed", detail, "/phase")
    if not is_one_phase and site_phases == 1 and config.role is Role.GRID and not config.phase:
        detail = "The site has one phase: say which input of the three-phase meter measures it."
        return Objection("phase-needed", detail, "/phase")
    return None


def one_phase_meter(profile: Profile) -> Objection:
    """Return the refusal of a meter that cannot see all phases of the fuse."""
    return Objection(
        "one-phase-meter",
        f"{profile.name} measures one phase, the grid connection has three.",
        "/model",
        (("model", profile.name),),
    )


def _neighbour_objection(config: MeterConfig, others: tuple[MeterConfig, ...]) -> Objection | None:
    if len(others) >= MAX_METERS:
        return Objection("too-many-meters", f"A site takes at most {MAX_METERS} meters.")
    for other in others:
        params = (("meter", other.meter), ("name", other.name))
        if config.role is Role.GRID and other.role is Role.GRID:
            detail = f"{other.name} is the grid meter already; a site has one."
            return Objection("grid-meter-exists", detail, "/role", params)
        if not config.line.is_same_place(other.line):
            continue
        if config.unit_id == other.unit_id and config.model == other.model:
            detail = f"{other.name} is this very meter ({other.line.place}, {other.unit_id})."
            return Objection("meter-exists", detail, "/transport/unit_id", params)
        if config.line != other.line:
            detail = f"{other.name} uses {other.line.place} with other transmission parameters."
            return Objection("line-in-use", detail, "/transport", params)
    return None


def objection_to_values(
    config: MeterConfig, profile: Profile, reading: Reading, site_phases: int
) -> Objection | None:
    """Return why a meter that gave this reading must not go into service."""
    odd = strange(reading)
    if odd is not None:
        return Objection(
            f"implausible-{odd.kind}",
            f"{odd.quantity} reads {odd.value:g}, expected between {odd.least:g} and {odd.most:g}: "
            "wrong model, word order or unit id?",
            "/model",
            (("quantity", odd.quantity), ("value", f"{odd.value:g}")),
        )
    known = known_phases(reading.voltage_v) | known_phases(reading.current_a)
    has_volts = any(quantity.startswith("voltage") for quantity in profile.quantities)
    if has_volts and not known:
        detail = "The meter answers, but says that it has neither voltage nor current."
        return Objection("no-values", detail, "/model")
    if config.role is Role.GRID and site_phases == 3 and has_volts and len(known) == 1:
        return one_phase_meter(profile)
    return None


def warnings_about(config: MeterConfig, profile: Profile, reading: Reading) -> list[str]:
    """Return codes of what an installer should look at; none of them forbids the set-up."""
    found = []
    if not profile.has_phase_currents:
        found.append("no-phase-currents")
    elif not profile.has_phase_powers:
        found.append("no-phase-directions")
    if not profile.knows_direction:
        found.append("no-direction")
    powers = [watts for watts in reading.power_w.values() if watts is not None]
    feeds_in = any(watts < -NOTICEABLE_W for watts in powers)
    draws = any(watts > NOTICEABLE_W for watts in powers)
    if (config.role is Role.GRID and feeds_in) or (config.role is Role.PV and draws):
        # Right only while a producer is running (grid), never for a PV meter.
        found.append("reversed-clamps-suspected")
    if config.line.is_serial and profile.serial and profile.serial.checked == "conflict":
        found.append("serial-defaults-disputed")
    return found
