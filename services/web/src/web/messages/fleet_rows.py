"""Sites of the fleet's index as the API shows them."""

from datetime import UTC, datetime

from web.core.fleet.rows import Row
from web.core.fleet.sums import Sums
from web.models.fleet import Count, FleetSummary, StateCount
from web.models.sites import Concern, Place, Site


def site(row: Row) -> Site:
    """Return a site in short. Made without checking: a page of a thousand is asked for."""
    told, entry = row.told, row.entry
    return Site.model_construct(
        id=row.site,
        name=row.name,
        online=row.is_online,
        last_seen=datetime.fromtimestamp(row.last_seen_s, UTC) if row.last_seen_s else None,
        version=(told.version or None) if told else None,
        energy_management_on=told.is_managed if told else None,
        load_management=told.load_management if told else None,
        chargers=told.chargers if told else None,
        plugged=told.plugged if told else None,
        charging=told.charging if told else None,
        alarms=told.alarms if told else None,
        state=row.doing.value,
        concerns=[
            Concern.model_construct(code=one.code, severity=one.severity) for one in row.concerns
        ],
        charging_power_w=told.charging_w if told else None,
        grid_power_w=told.grid_w if told else None,
        load_percent=told.load_percent if told else None,
        overload_seconds_week=row.overload_s,
        tags=list(entry.tags),
        address=entry.address,
        place=Place.model_construct(latitude=row.place[0], longitude=row.place[1])
        if row.place
        else None,
        place_written=entry.latitude is not None,
        notes=entry.notes,
        revision=entry.revision,
    )


def summary(sums: Sums) -> FleetSummary:
    """Return what all sites do together."""
    return FleetSummary(
        sites=sums.sites,
        states=[StateCount(state=state.value, sites=n) for state, n in sums.states.items()],
        charging_power_w=round(sums.charging_w),
        grid_import_w=round(sums.import_w),
        grid_export_w=round(sums.export_w),
        sun_w=round(sums.sun_w),
        chargers=sums.chargers,
        plugged=sums.plugged,
        charging=sums.charging,
        overload_seconds_week=round(sums.overload_s, 1),
        overloaded_sites=sums.overloaded,
        concerns=[Count(name=name, sites=n) for name, n in sums.concerns.most_common()],
        versions=[Count(name=name, sites=n) for name, n in sorted(sums.versions.items())],
        attention=[site(row) for row in sums.needing],
    )
