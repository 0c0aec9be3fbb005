"""The chargers known to be odd, and that nobody else is taken for one of them."""

import pytest

from eebus.quirks import KNOWN, Quirk, quirks_of


@pytest.mark.parametrize(
    ("brand", "model", "address", "has"),
    [
        ("Elli", "Charger Connect 2", None, {Quirk.NEEDS_HEARTBEAT_SCENARIO, Quirk.PAIR_AS_HEMS}),
        ("Elli", "Elli Charger 2", None, {Quirk.NEEDS_HEARTBEAT_SCENARIO, Quirk.HARD_HEARTBEAT}),
        ("ELLI", "Charger Connect", None, {Quirk.ODD_CERTIFICATE, Quirk.SLOW_AFTER_CUT}),
        ("Elli", "Charger Pro 2", None, {Quirk.ODD_LIMIT_IDS, Quirk.REFUSES_AT_FIRST}),
        (None, None, "d:_i:47859_Elli-Wallbox-1", {Quirk.NO_RANGE, Quirk.NO_POWER}),
        (None, None, "d:_i:19667_PorscheEVSE-1", {Quirk.ZERO_AFTER_TEXT, Quirk.GENERIC_CLIENT}),
        ("Porsche", "Mobile Charger Connect", None, {Quirk.WHOLE_LIST_WRITES}),
        ("Audi", "Wallbox Pro", None, {Quirk.ODD_CERTIFICATE, Quirk.NO_POWER, Quirk.PAIR_AS_HEMS}),
        ("Bender", "CC613", None, {Quirk.RANGE_OF_ONE_PHASE, Quirk.BARE_LIMITS}),
        (None, "CC612_2S0R", "d:_n:x_y-1", set()),
        (None, "CC612", "d:_n:x_y-1", {Quirk.BARE_LIMITS}),
    ],
)
def test_a_known_charger_is_recognised(brand, model, address, has):
    assert has <= set(quirks_of(brand, model, address))


@pytest.mark.parametrize(
    ("brand", "model", "address"),
    [
        (None, None, None),
        ("", "", ""),
        ("Ellipse", "Charger 2", "d:_n:Ellipse_Charger-1"),
        ("Demo", "RefEVSE", "d:_n:Demo_EVSE-234567890"),
        ("Other", "Charger Connect 2", "d:_i:478590_x"),
    ],
)
def test_a_charger_nobody_met_has_no_quirks(brand, model, address):
    assert quirks_of(brand, model, address) == ()


def test_the_second_charger_is_not_taken_for_the_first_or_a_twentieth():
    assert Quirk.NEEDS_HEARTBEAT_SCENARIO not in quirks_of("Elli", "Charger Connect", None)
    assert Quirk.NEEDS_HEARTBEAT_SCENARIO not in quirks_of("Elli", "Charger 20", None)


def test_every_quirk_has_a_charger_and_every_charger_a_name():
    assert {quirk for known in KNOWN for quirk in known.quirks} == set(Quirk)
    assert all(known.brand or known.model or known.address for known in KNOWN)
