"""What a backup holds against what a site has. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from web.models.backup import KeptDevice, KeptMeter, MeterStep
from web.models.eebus import PairedDevice
from web.models.meters import Meter, MeterSettings, Transport, TransportSettings

BY_PAIRING = "eebus"  # meters of this kind come with their device


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """What is to be done with a meter of the backup. here: the same meter at the site."""

    kept: KeptMeter
    step: MeterStep
    here: Meter | None


@dataclass(frozen=True, slots=True)
class NamePlan:
    """A device to be renamed."""

    ski: str
    before: str | None
    after: str | None


def kept_meters(meters: Iterable[Meter]) -> list[KeptMeter]:
    """Return the meters that a backup holds."""
    return [
        KeptMeter(id=meter.id, settings=settings)
        for meter in meters
        if (settings := _settings(meter)) is not None
    ]


def meter_plans(kept: Iterable[KeptMeter], here: Iterable[Meter]) -> list[MeterPlan]:
    """Return what is to be done: a meter is known by its id, else by how it is reached."""
    meters = {meter.id: meter for meter in here if meter.transport.kind != BY_PAIRING}
    plans = []
    for one in kept:
        found = meters.pop(one.id, None) or _at_same_place(one, meters)
        step: MeterStep = "add"
        if found is not None:
            step = "keep" if _settings(found) == one.settings else "update"
        plans.append(MeterPlan(one, step, found))
    return plans


def name_plans(kept: Iterable[KeptDevice], paired: Iterable[PairedDevice]) -> list[NamePlan]:
    """Return the names to be given to devices that are trusted here."""
    names = {device.ski: device.name for device in paired}
    return [
        NamePlan(device.ski, names[device.ski], device.name)
        for device in kept
        if device.ski in names and names[device.ski] != device.name
    ]


def to_pair(kept: Iterable[KeptDevice], paired: Iterable[PairedDevice]) -> list[KeptDevice]:
    """Return the devices of a backup that nobody trusts here."""
    trusted = {device.ski for device in paired}
    return [device for device in kept if device.ski not in trusted]


def with_ids(site_file: str, ids: Mapping[str, str]) -> str:
    """Return a site file that names its circuits' meters as they are called now.

    ids: of the backup -> at the site. A meter's id is a word that stands for nothing else.
    """
    for old, new in ids.items():
        if old != new:
            site_file = site_file.replace(f"meter: {old}\n", f"meter: {new}\n")
    return site_file


def _at_same_place(one: KeptMeter, meters: dict[str, Meter]) -> Meter | None:
    wanted = one.settings
    for id_, meter in meters.items():
        settings = _settings(meter)
        if (
            settings is not None
            and settings.role == wanted.role
            and _place(settings.transport) == _place(wanted.transport)
        ):
            return meters.pop(id_)
    return None


def _place(transport: TransportSettings) -> tuple[object, ...]:
    return transport.kind, transport.host, transport.port, transport.device, transport.unit_id


def _settings(meter: Meter) -> MeterSettings | None:
    """Return how a meter is set up; None for one that comes with its device."""
    transport = _transport(meter.transport)
    if transport is None:
        return None
    return MeterSettings(
        model=meter.model,
        name=meter.name,
        role=meter.role,
        transport=transport,
        rotation=meter.rotation,  # type: ignore[arg-type]  # checked by the model
        invert=meter.invert,
        phase=meter.phase,
    )


def _transport(shown: Transport) -> TransportSettings | None:
    if shown.kind == BY_PAIRING:
        return None
    return TransportSettings.model_validate(shown.model_dump())
