"""A controller that knows better where a pause begins (phase switching by the charger itself)."""

from eebus.events import Ev
from eebus_gateway.core import lease
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.limits import written_for

CAR = Ev(communication="iec61851", phases=3, min_a=2.0, max_a=16.0)
FOUR = (4.0, 4.0, 4.0)


def test_less_than_six_amperes_pauses_a_car_by_pulse_width() -> None:
    assert written_for(FOUR, CAR, 60.0) == (0.0, 0.0, 0.0)


def test_a_charger_that_adds_up_its_phases_gets_less_than_six_amperes() -> None:
    assert written_for(FOUR, CAR, 60.0, least_a=2.0) == FOUR
    assert written_for((1.9, 1.9, 1.9), CAR, 60.0, least_a=2.0) == (0.0, 0.0, 0.0)


def test_the_least_current_goes_with_the_lease_and_not_with_the_fallback() -> None:
    offer = Offer(FOUR, 5.0, 1, 1, 0.0, 6.0, least_a=2.0)
    held, _ = lease.renew(lease.Lease(), offer, now=0.0)
    now = lease.wanted(held, 1.0)
    late = lease.wanted(held, 6.0)
    assert now is not None
    assert (now.current_a, now.least_a) == (FOUR, 2.0)
    assert late is not None
    assert (late.current_a, late.least_a) == ((6.0, 6.0, 6.0), None)
