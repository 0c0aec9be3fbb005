"""The fifteen traps of the field, and the oddities of known chargers: the tests of each.

Acceptance criteria, kept as an index: a trap without a test, or a test that went, fails here.
"""

import re
from pathlib import Path

import pytest

from eebus.quirks import Quirk

HERE = Path(__file__).parent
TRAPS = {
    1: [  # JSON must be compact
        "test_each_message_has_the_bytes_of_the_reference",
        "test_a_limit_is_written_per_phase_and_told_to_both_sides",  # the wire there checks each
    ],
    2: [  # TLS of the server asks for any certificate
        "test_a_client_of_the_standard_library_is_identified",
        "test_a_client_without_certificate_is_refused",
    ],
    3: [  # odd certificates
        "test_a_certificate_with_a_badly_encoded_boolean_still_tells_its_ski",
        "test_a_charger_with_a_badly_encoded_certificate_may_call",
        "test_a_charger_with_a_badly_encoded_certificate_may_be_called",
    ],
    4: [  # the SKI, and keeping it
        "test_the_certificate_has_what_ship_wants",
        "test_a_ski_that_does_not_fit_the_key_is_refused",
        "test_a_lost_or_damaged_identity_is_said_and_never_made_anew",
    ],
    5: [  # binary frames, subprotocol, pong
        "test_a_text_message_is_closed",
        "test_a_websocket_without_the_subprotocol_ship_is_refused",
        "test_a_ping_goes_out_every_fifty_seconds_and_wants_its_pong_in_ten",
        "test_a_peer_that_answers_no_ping_is_dropped",
    ],
    6: [  # waiting, prolongation, abort
        "test_the_first_word_depends_on_trust",
        "test_a_pending_user_may_take_ten_minutes",
        "test_a_prolongation_is_added_to_what_is_left",
        "test_a_denied_request_is_aborted_and_then_closed",
    ],
    7: ["test_our_request_leaves_before_our_answer"],
    8: [  # early SPINE
        "test_early_data_waits_for_the_end_of_the_handshake",
        "test_a_generic_client_may_subscribe_to_the_heartbeat_before_any_discovery",
    ],
    9: [  # double connections
        "test_with_a_peer_of_either_rule_exactly_one_connection_stays",
        "test_crossing_dials_settle_on_one_working_connection",
        "test_trust_of_a_connected_peer_does_not_dial_again",
    ],
    10: ["test_limits_are_found_by_their_descriptions_whatever_their_ids"],
    11: ["test_a_charger_without_partial_writes_gets_the_whole_list_without_filter"],
    12: [  # bind before write, anew after each plug and connection
        "test_a_second_car_is_bound_and_limited_like_the_first",
        "test_after_a_reconnect_car_and_limits_are_known_again_and_can_be_written",
        "test_unplugging_forgets_the_car_its_limits_and_its_links",
    ],
    13: [  # heartbeats
        "test_the_heart_beats_on_every_entity_of_ours",
        "test_a_defect_over_one_peer_stops_neither_clock_nor_heart",
        "test_guards_and_systems_announce_the_heartbeat_scenario",
    ],
    14: [  # pausing
        "test_a_pause_of_an_iso_15118_car_never_is_zero",
        "test_a_pause_waits_for_the_standard_of_a_fresh_car",
        "test_a_limit_below_the_minimum_becomes_the_pause_value",
    ],
    15: [  # writing again; when to is its user's, here is that it can be
        "test_a_refused_write_is_reported_with_its_number_and_can_be_repeated",
        "test_limits_can_be_written_again_after_a_reconnect",
        "test_a_charger_that_says_yes_and_keeps_its_value_is_told_each_time",
    ],
}
QUIRKS = {
    Quirk.ODD_CERTIFICATE: "test_a_charger_with_a_badly_encoded_certificate_may_call",
    Quirk.HARD_HEARTBEAT: "test_the_heart_beats_on_every_entity_of_ours",
    Quirk.NEEDS_HEARTBEAT_SCENARIO: "test_guards_and_systems_announce_the_heartbeat_scenario",
    Quirk.REFUSES_AT_FIRST: "test_reads_refused_at_first_are_asked_again",
    Quirk.ODD_LIMIT_IDS: "test_limits_are_found_by_their_descriptions_whatever_their_ids",
    Quirk.NO_RANGE: "test_without_permitted_values_a_pause_is_zero_for_iec_61851",
    Quirk.RANGE_OF_ONE_PHASE: "test_the_range_of_one_phase_stands_for_phases_without_one",
    Quirk.BARE_LIMITS: "test_limits_of_which_only_the_ids_are_told_are_not_active",
    Quirk.NO_POWER: "test_powers_never_delivered_are_told_from_the_currents",
    Quirk.NO_CONSTRAINTS: "test_what_a_charger_does_not_offer_is_not_read",
    Quirk.WHOLE_LIST_WRITES: TRAPS[11][0],
    Quirk.GENERIC_CLIENT: "test_a_generic_client_may_link_to_anything",
    Quirk.USE_CASES_AT_CHARGER: "test_use_cases_of_the_car_may_be_announced_at_the_charger",
    Quirk.ZERO_AFTER_TEXT: "test_what_real_devices_send_is_understood",
    Quirk.SLOW_AFTER_CUT: "test_a_stopping_node_says_goodbye",
    Quirk.PAIR_AS_HEMS: "test_a_charger_that_says_who_it_is_is_told_with_its_quirks",
}


@pytest.fixture(scope="module")
def tests() -> set[str]:
    found = (re.findall(r"def (test_\w+)\(", path.read_text()) for path in HERE.rglob("test_*.py"))
    return {name for names in found for name in names}


@pytest.mark.parametrize("number", range(1, 16))
def test_a_trap_is_avoided_by_tests_that_exist(tests, number):
    assert TRAPS[number]
    assert set(TRAPS[number]) <= tests


@pytest.mark.parametrize("quirk", Quirk)
def test_what_is_done_about_a_quirk_has_a_test_that_exists(tests, quirk):
    assert QUIRKS[quirk] in tests
