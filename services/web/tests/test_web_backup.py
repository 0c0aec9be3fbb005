"""A backup against what a site has: which meter is which, who is named, who must be paired."""

from web.backup.comparing import kept_meters, meter_plans, name_plans, to_pair, with_ids
from web.models.backup import KeptDevice, KeptMeter
from web.models.eebus import PairedDevice
from web.models.meters import Meter, MeterSettings, Transport

SKI, OTHER = "a" * 40, "b" * 40


def meter(id_: str, host: str = "192.168.1.20", **told: object) -> Meter:
    known = {
        "name": "Main", "model": "janitza-umg-96", "role": "grid", "rotation": "RST",
        "invert": False, "phase": None, "phases": 3, "problem": None, "problem_detail": None,
        "last": None, "revision": 3,
        "transport": Transport(
            kind="tcp", host=host, port=502, unit_id=1, device=None, baud=None, parity=None,
            stop_bits=None, closes_after_poll=False,
        ),
    } | told  # fmt: skip
    return Meter.model_validate({"id": id_} | known)


def device(ski: str, name: str | None) -> PairedDevice:
    return PairedDevice(
        ski=ski, ship_id="x", brand="Any", model="One", type="ChargingStation", host=None,
        port=None, requests_pairing=False, name=name, connection="connected", detail="",
        state="connected", own=False, role="charger", serial=None,
    )  # fmt: skip


def test_a_meter_as_it_was_is_kept_and_one_that_differs_is_changed() -> None:
    kept = kept_meters([meter("grid-1")])
    assert [plan.step for plan in meter_plans(kept, [meter("grid-1")])] == ["keep"]
    turned = meter("grid-1", rotation="STR", name=None)
    (plan,) = meter_plans(kept, [turned])
    assert (plan.step, plan.here) == ("update", turned)


def test_at_a_new_box_a_meter_is_known_by_its_place_or_added() -> None:
    kept = kept_meters([meter("grid-1"), meter("sub-2", "192.168.1.21", role="sub")])
    plans = meter_plans(kept, [meter("grid-9")])
    assert [(plan.step, plan.here and plan.here.id) for plan in plans] == [
        ("keep", "grid-9"), ("add", None)
    ]  # fmt: skip
    pv_there = meter("pv-9", role="pv")
    assert [plan.step for plan in meter_plans(kept[:1], [pv_there])] == ["add"]


def test_meters_that_come_with_their_device_are_not_in_a_backup() -> None:
    by_pairing = meter(
        "eebus-1", transport=meter("x").transport.model_copy(update={"kind": "eebus"})
    )
    assert kept_meters([by_pairing]) == []
    assert meter_plans([KeptMeter(id="eebus-1", settings=_plain())], [by_pairing])[0].step == "add"


def _plain() -> MeterSettings:
    (kept,) = kept_meters([meter("x")])
    return kept.settings


def test_circuits_name_their_meters_as_they_are_called_now() -> None:
    text = "circuits:\n  a:\n    meter: sub-12\n  b:\n    meter: sub-123\n"
    assert with_ids(text, {"sub-12": "sub-99", "sub-7": "sub-8"}) == (
        "circuits:\n  a:\n    meter: sub-99\n  b:\n    meter: sub-123\n"
    )


def test_names_are_given_to_those_who_are_trusted_and_others_are_listed() -> None:
    kept = [KeptDevice(ski=SKI, name="Left"), KeptDevice(ski=OTHER, name="Right")]
    paired = [device(SKI, None)]
    assert [(plan.ski, plan.after) for plan in name_plans(kept, paired)] == [(SKI, "Left")]
    assert [one.ski for one in to_pair(kept, paired)] == [OTHER]
    assert name_plans(kept, [device(SKI, "Left")]) == []
