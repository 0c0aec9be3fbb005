"""A limit is a lease: who may speak, how long it holds, what follows."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus_gateway.core.lease import (
    Controller,
    Lease,
    Offer,
    OfferRefusal,
    Wanted,
    judge,
    remembered,
    renew,
    wanted,
)

OFFSET_S = 5000.0  # between the controller's clock and ours
OFFER = Offer((10.0, 10.0, 10.0), 5.0, epoch=3, sequence=1, sent_s=0.0, fallback_a=6.0)
RELEASE = replace(OFFER, current_a=(None, None, None), sequence=9, release=True, ttl_s=0)


def sent(at: float, **changes: object) -> Offer:
    return replace(OFFER, sent_s=at, **changes)  # type: ignore[arg-type]  # test shorthand


def heard(controller: Controller, offer: Offer, after_s: float) -> tuple[Controller, str | None]:
    return judge(controller, offer, offer.sent_s + OFFSET_S + after_s)


def test_a_lease_holds_its_time_and_then_the_fallback_applies() -> None:
    lease, refused = renew(Lease(), OFFER, now=100.0)
    assert refused is None
    assert wanted(lease, 104.9) == Wanted((10.0, 10.0, 10.0), 3, 1)
    assert wanted(lease, 105.0) == Wanted((6.0, 6.0, 6.0), 3, 1, is_fallback=True)


def test_a_charger_that_never_had_a_lease_gets_nothing_written() -> None:
    assert wanted(Lease(), 1e9) is None
    assert wanted(remembered(None, 0.0), 1e9) is None


def test_after_our_restart_the_controller_has_a_moment_before_the_fallback() -> None:
    lease = remembered(6.0, now=100.0)
    assert wanted(lease, 104.0) is None
    assert wanted(lease, 105.0) == Wanted((6.0, 6.0, 6.0), is_fallback=True)


def test_an_older_sequence_is_refused_and_a_repeated_one_renews() -> None:
    lease, _ = renew(Lease(), sent(0.0, sequence=7), 0.0)
    assert renew(lease, sent(0.0, sequence=6), 1.0) == (lease, OfferRefusal.OLDER)
    again, refused = renew(lease, sent(0.0, sequence=7), 1.0)
    assert (refused, again.ends_at) == (None, 6.0)


def test_a_new_epoch_starts_its_own_sequence() -> None:
    lease, _ = renew(Lease(), sent(0.0, sequence=700), 0.0)
    _, refused = renew(lease, sent(0.0, epoch=4, sequence=1), 1.0)
    assert refused is None


def test_a_release_leaves_no_lease_to_end() -> None:
    lease, _ = renew(Lease(), OFFER, 0.0)
    lease, refused = renew(lease, RELEASE, 1.0)
    assert refused is None
    assert wanted(lease, 1e9) == Wanted((None, None, None), 3, 9, is_release=True)


def test_an_offer_after_a_release_is_a_lease_again() -> None:
    lease, _ = renew(Lease(), RELEASE, 0.0)
    lease, refused = renew(lease, sent(0.0, sequence=10), 1.0)
    assert refused is None
    assert wanted(lease, 2.0) == Wanted((10.0, 10.0, 10.0), 3, 10)


def test_a_lower_epoch_is_refused_and_a_higher_one_takes_over() -> None:
    controller, refused = heard(Controller(), sent(0.0, epoch=3), 0.01)
    assert refused is None
    controller, refused = heard(controller, sent(1.0, epoch=2), 0.01)
    assert refused is OfferRefusal.LOWER_EPOCH
    controller, refused = heard(controller, sent(1.0, epoch=4), 0.01)
    assert (refused, controller.epoch) == (None, 4)


def test_a_message_that_took_too_long_is_refused_whatever_the_clocks_differ() -> None:
    controller, _ = heard(Controller(), sent(0.0), 0.02)
    controller, refused = heard(controller, sent(1.0), 1.4)
    assert refused is None
    controller, refused = heard(controller, sent(2.0), 1.6)
    assert refused is OfferRefusal.LATE
    _, refused = heard(controller, sent(3.0), 0.02)
    assert refused is None


def test_a_slow_first_message_does_not_set_the_measure_for_good() -> None:
    controller, _ = heard(Controller(), sent(0.0), 4.0)
    controller, _ = heard(controller, sent(1.0), 0.01)
    _, refused = heard(controller, sent(2.0), 3.0)
    assert refused is OfferRefusal.LATE


def test_clocks_that_drift_apart_do_not_make_every_message_late() -> None:
    controller = Controller()
    for second in range(0, 100_000, 10):
        controller, refused = heard(controller, sent(float(second)), second * 1e-4)
        assert refused is None


def test_a_controller_whose_machine_slept_is_taken_again_after_half_a_minute() -> None:
    controller, _ = heard(Controller(), sent(0.0), 0.01)
    for second in range(1, 30):
        _, refused = heard(controller, sent(float(second)), 10.0)
        if second < 20:
            assert refused is OfferRefusal.LATE
    assert refused is None


@pytest.mark.parametrize(
    "offer",
    [
        sent(math.nan),
        sent(math.inf),
        sent(0.0, ttl_s=0.0),
        sent(0.0, ttl_s=3600.0),
        sent(0.0, current_a=(math.nan, 1.0, 1.0)),
        sent(0.0, current_a=(-1.0, None, None)),
        sent(0.0, fallback_a=math.inf),
    ],
)
def test_an_offer_that_cannot_be_changes_nothing(offer: Offer) -> None:
    assert judge(Controller(), offer, 0.0) == (Controller(), OfferRefusal.IMPOSSIBLE)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 100), st.floats(0, 10)), min_size=1, max_size=40
    )
)
def test_the_epoch_in_charge_never_goes_back(heards: list[tuple[int, float, float]]) -> None:
    controller, now = Controller(), 0.0
    for epoch, sent_s, step in heards:
        now += step
        before = controller.epoch
        controller, refused = judge(controller, sent(sent_s, epoch=epoch), now)
        assert controller.epoch >= before
        if epoch < before:
            assert refused is OfferRefusal.LOWER_EPOCH
