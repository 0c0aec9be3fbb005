"""What a simulated site tells the planner."""

from fleet_sim.core.houses import House
from fleet_sim.core.looks import Look
from fleet_sim.messages.pictures import LEAST_A, MARGIN_A, grid, stamp
from fleet_sim.wishes import Wishes
from volthus_wire.v1 import planning_pb2, tariff_pb2
from volthus_wire.v1.electrical_pb2 import Phases


def tariff(house: House, source: str, zone: str) -> tariff_pb2.Tariff:
    """Return a dynamic tariff of a feed; empty `source`: one fixed price."""
    bought = tariff_pb2.ImportTariff(markup_per_kwh=0.02, levies_per_kwh=0.09, tax_percent=19)
    if not source:
        bought.energy.CopyFrom(tariff_pb2.Rates(otherwise=0.14))
    return tariff_pb2.Tariff(
        source=source, zone=zone, currency=house.currency, bought=bought, revision=1
    )


def planning(house: House) -> tariff_pb2.PlanningSettings:
    """Return where the site is."""
    return tariff_pb2.PlanningSettings(
        latitude=house.latitude,
        longitude=house.longitude,
        time_zone=house.time_zone,
        objective="cost",
        revision=1,
    )


def roofs(house: House) -> list[tariff_pb2.PvSystem]:
    """Return the site's roofs, none or one."""
    if not house.peak_w:
        return []
    return [
        tariff_pb2.PvSystem(
            system="roof", name="Roof", peak_w=house.peak_w, tilt_deg=30, azimuth_deg=180,
            loss_percent=14, revision=1,
        )
    ]  # fmt: skip


def profile(
    house: House, seen: Look, wishes: Wishes, revision: int, price: tariff_pb2.Tariff
) -> planning_pb2.SiteProfile:
    """Return all the planner needs of a site."""
    made = planning_pb2.SiteProfile(
        site=house.site,
        revision=revision,
        at=stamp(seen.at_s),
        planning=planning(house),
        tariff=price,
        pv_systems=roofs(house),
        phases=3,
        fuse_a=grid(house).fuse_a,
        margin_a=Phases(l1=MARGIN_A, l2=MARGIN_A, l3=MARGIN_A),
        base_load_a=Phases(l1=5.0, l2=5.0, l3=5.0),
        has_meter=True,
    )
    for one in seen.chargers:
        if one.stay is None:
            continue
        missing_wh = max(0.0, one.stay.wanted_wh - one.stay.charged_wh(seen.at_s))
        made.sessions.append(
            planning_pb2.ProfileSession(
                session=one.stay.session,
                ski=one.box.ski,
                charger_name=one.box.name,
                car=one.stay.car,
                phases=[phase.upper() for phase in one.box.phases],
                min_a=LEAST_A,
                max_a=one.box.max_a,
                mode=wishes.mode(one.box.ski).mode,
                smart=wishes.mode(one.box.ski).smart,
                needed_wh=missing_wh,
                most_wh=missing_wh,
                departure=stamp(one.stay.leaves_s),
                is_charging=one.state == "charging",
                priority=2,
            )
        )
    return made
