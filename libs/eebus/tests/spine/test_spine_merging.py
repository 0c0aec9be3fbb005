"""Full sets, partial merges, deletes, and what a remote client may not touch."""

import pytest

from eebus.spine.datagram import DELETE, PARTIAL, cmd
from eebus.spine.errors import RefusedError
from eebus.spine.merging import MAX_ITEMS, apply, check_write
from eebus.spine.model.functions import FUNCTIONS

LIMITS = "loadControlLimitListData"


def _limits(*items):
    return {"loadControlLimitData": list(items)}


HELD = _limits(
    {"limitId": 1, "isLimitActive": False, "value": {"number": 16}},
    {"limitId": 4, "isLimitActive": True, "timePeriod": {"endTime": "PT1H"}},
)


def test_without_filter_the_data_is_replaced():
    assert apply(cmd(LIMITS, _limits({"limitId": 9})), HELD) == _limits({"limitId": 9})


def test_a_partial_changes_only_the_elements_of_the_items_it_names():
    changed = apply(cmd(LIMITS, _limits({"limitId": 1, "isLimitActive": True}), PARTIAL), HELD)
    assert changed["loadControlLimitData"][0] == {
        "limitId": 1,
        "isLimitActive": True,
        "value": {"number": 16},
    }
    assert changed["loadControlLimitData"][1] is HELD["loadControlLimitData"][1]
    assert HELD["loadControlLimitData"][0]["isLimitActive"] is False


def test_a_partial_appends_an_item_with_an_unknown_key():
    assert (
        len(apply(cmd(LIMITS, _limits({"limitId": 7}), PARTIAL), HELD)["loadControlLimitData"]) == 3
    )


def test_a_partial_without_keys_changes_all_items():
    changed = apply(cmd(LIMITS, _limits({"isLimitActive": True}), PARTIAL), HELD)
    assert [each["isLimitActive"] for each in changed["loadControlLimitData"]] == [True, True]


def test_a_partial_with_selectors_changes_what_they_select():
    chosen = {**PARTIAL, "loadControlLimitListDataSelectors": {"limitId": 4}}
    changed = apply(cmd(LIMITS, _limits({"isLimitActive": False}), chosen), HELD)
    assert [each["isLimitActive"] for each in changed["loadControlLimitData"]] == [False, False]


def test_a_delete_with_selectors_removes_items():
    chosen = {**DELETE, "loadControlLimitListDataSelectors": {"limitId": 4}}
    changed = apply(cmd(LIMITS, {}, chosen), HELD)
    assert [each["limitId"] for each in changed["loadControlLimitData"]] == [1]


def test_a_delete_with_elements_removes_them_everywhere():
    chosen = {**DELETE, "loadControlLimitDataElements": {"timePeriod": {}}}
    changed = apply(cmd(LIMITS, {}, chosen), HELD)
    assert all("timePeriod" not in each for each in changed["loadControlLimitData"])


def test_delete_runs_before_the_merge_that_comes_with_it():
    delete = {
        **DELETE,
        "loadControlLimitListDataSelectors": {"limitId": 4},
        "loadControlLimitDataElements": {"timePeriod": {}},
    }
    update = _limits({"limitId": 4, "value": {"number": 11}})
    changed = apply(cmd(LIMITS, update, delete, PARTIAL), HELD)
    assert changed["loadControlLimitData"][1] == {
        "limitId": 4,
        "isLimitActive": True,
        "value": {"number": 11},
    }


def test_measurements_merge_by_id_even_when_the_value_type_is_left_out():
    held = {"measurementData": [{"measurementId": 0, "valueType": "value", "value": {"number": 1}}]}
    update = {"measurementData": [{"measurementId": 0, "value": {"number": 2}}]}
    changed = apply(cmd("measurementListData", update, PARTIAL), held)
    assert changed["measurementData"] == [
        {"measurementId": 0, "valueType": "value", "value": {"number": 2}}
    ]


def test_an_item_of_a_table_is_known_by_its_tariff():
    held = {"incentiveTable": [{"tariff": {"tariffId": 0}}, {"tariff": {"tariffId": 1}}]}
    update = {"incentiveTable": [{"tariff": {"tariffId": 1}, "incentiveSlot": [{"tier": []}]}]}
    changed = apply(cmd("incentiveTableData", update, PARTIAL), held)
    assert changed["incentiveTable"][0] == {"tariff": {"tariffId": 0}}
    assert "incentiveSlot" in changed["incentiveTable"][1]


def test_a_single_object_merges_by_element():
    held = {"operatingState": "failure", "lastErrorCode": "7"}
    changed = apply(cmd("deviceDiagnosisStateData", {"operatingState": "standby"}, PARTIAL), held)
    assert changed == {"operatingState": "standby", "lastErrorCode": "7"}


def test_a_peer_cannot_grow_a_list_without_bound():
    data = {}
    for start in range(0, 10 * MAX_ITEMS, 100):
        update = _limits(*({"limitId": start + n} for n in range(100)))
        data = apply(cmd(LIMITS, update, PARTIAL), data)
    assert len(data["loadControlLimitData"]) == MAX_ITEMS


GUARDED = _limits(
    {"limitId": 0, "isLimitChangeable": True, "isLimitActive": False},
    {"limitId": 1, "isLimitChangeable": False, "isLimitActive": False},
)


@pytest.mark.parametrize(
    "update",
    [
        _limits({"limitId": 1, "isLimitActive": True}),
        _limits({"limitId": 0, "isLimitChangeable": False}),
        _limits({"limitId": 5, "isLimitActive": True}),
    ],
    ids=["an item not changeable", "the guard itself", "an item that is not there"],
)
def test_a_remote_client_may_not_touch(update):
    after = apply(cmd(LIMITS, update, PARTIAL), GUARDED)
    with pytest.raises(RefusedError):
        check_write(FUNCTIONS[LIMITS], GUARDED, after)


def test_a_remote_client_may_write_the_whole_list_with_one_item_changed():
    after = _limits({**GUARDED["loadControlLimitData"][0], "isLimitActive": True})
    after["loadControlLimitData"].append(GUARDED["loadControlLimitData"][1])
    check_write(FUNCTIONS[LIMITS], GUARDED, after)


def test_a_remote_client_may_not_drop_items_by_writing_a_shorter_list():
    with pytest.raises(RefusedError):
        check_write(FUNCTIONS[LIMITS], GUARDED, _limits(GUARDED["loadControlLimitData"][0]))
