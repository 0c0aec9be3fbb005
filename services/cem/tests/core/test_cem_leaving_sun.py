"""When the sun leaves a car that waits for its plan: what it tells, and what it is about to do."""

from smart_house import A, SmartHouse, smart

from cem.core.decision import PendingKind
from cem.core.events import PowerLimitSet


def in_the_sun(hours: float | None = 13) -> SmartHouse:
    """Return a house whose car takes surplus while its plan pauses; then the sun goes."""
    house = SmartHouse().tell(smart(price=True, surplus=True)).wants(30_000, hours).play(1)
    house.plan([0.0] * 4 + [11_040.0] * 4)
    house.house_a = -9.0
    house.play(8)
    assert house.granted_a > 6.0
    house.house_a = 1.0
    return house.play(2)


def waits_for(house: SmartHouse) -> set[PendingKind]:
    return {change.kind for change in house.decision.pending.get(A, ())}


def test_a_car_that_the_sun_leaves_tells_what_it_waits_for() -> None:
    house = in_the_sun()
    assert house.granted_a == 6.0
    assert house.why == "waiting-for-price"
    assert PendingKind.STOP in waits_for(house)


def test_who_stands_still_already_is_not_about_to_stop() -> None:
    house = in_the_sun(hours=None).tell(PowerLimitSet(0.0)).play(1)
    assert house.granted_a == 0.0
    assert PendingKind.STOP not in waits_for(house)
