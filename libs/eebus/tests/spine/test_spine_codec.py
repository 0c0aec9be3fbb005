"""The codec: byte-exact against recordings, total against junk, compact always."""

import contextlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eebus.spine.addresses import FeatureAddress
from eebus.spine.codec import decode, encode
from eebus.spine.datagram import (
    FILTER,
    PARTIAL,
    Classifier,
    Cmd,
    Datagram,
    cmd,
    read_datagram,
    write_datagram,
)
from eebus.spine.errors import DatagramError
from eebus.spine.model.functions import FUNCTIONS
from eebus.spine.model.shape import Kind, Many, Scalar, Shape

SHARED = Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[5] / "shared")) / "eebus"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason=f"EEBUS RECORDINGS NOT PROVEN HERE: {SHARED} is absent (set VOLTHUS_SHARED)",
)

WRITE = (
    '{"datagram":[{"header":[{"specificationVersion":"1.3.0"},'
    '{"addressSource":[{"device":"d:_n:Own_CEM-1"},{"entity":[1]},{"feature":7}]},'
    '{"addressDestination":[{"device":"d:_n:Own_EVSE-2"},{"entity":[1,1]},{"feature":1}]},'
    '{"msgCounter":5},{"cmdClassifier":"write"},{"ackRequest":true}]},{"payload":[{"cmd":[['
    '{"function":"loadControlLimitListData"},{"filter":[[{"cmdControl":[{"delete":[]}]},'
    '{"loadControlLimitListDataSelectors":[{"limitId":0}]},'
    '{"loadControlLimitDataElements":[{"timePeriod":[]}]}],[{"cmdControl":[{"partial":[]}]}]]},'
    '{"loadControlLimitListData":[{"loadControlLimitData":[[{"limitId":0},'
    '{"isLimitActive":true},{"value":[{"number":101},{"scale":-1}]}]]}]}]]}]}]}'
)


def test_a_write_with_filters_is_read_and_written_back_byte_for_byte():
    datagram = read_datagram(json.loads(WRITE))
    assert datagram.classifier is Classifier.WRITE
    assert datagram.destination == FeatureAddress("d:_n:Own_EVSE-2", (1, 1), 1)
    assert datagram.cmds[0].filters[0]["loadControlLimitListDataSelectors"] == {"limitId": 0}
    assert write_datagram(datagram) == WRITE


def test_elements_of_an_object_are_written_in_schema_order_whatever_order_they_have():
    content = {"description": "no", "errorNumber": 7}
    assert (
        encode(FUNCTIONS["resultData"].data, content) == '[{"errorNumber":7},{"description":"no"}]'
    )


def test_an_empty_list_is_left_out_and_an_empty_object_stays():
    shape = FUNCTIONS["identificationListData"].data
    assert encode(shape, {"identificationData": []}) == "[]"


def test_what_has_the_wrong_type_reads_as_absent():
    shape = FUNCTIONS["loadControlLimitListData"].data
    raw = [{"loadControlLimitData": [[{"limitId": "0"}, {"isLimitActive": 1}, {"value": 3}]]}]
    assert decode(shape, raw) == {"loadControlLimitData": [{}]}


def test_half_a_surrogate_pair_reads_as_absent_for_it_could_not_be_sent():
    assert decode(FUNCTIONS["resultData"].data, [{"description": "\ud800"}]) == {}


def test_an_unknown_function_stays_visible_by_name():
    raw = json.loads(WRITE.replace("loadControlLimitListData", "brandNewListData"))
    command = read_datagram(raw).cmds[0]
    assert command.function is None
    assert command.name == "brandNewListData"


@pytest.mark.parametrize(
    "raw", [None, [], "x", {}, {"datagram": []}, {"datagram": [{"header": []}]}]
)
def test_what_is_no_datagram_is_refused(raw):
    with pytest.raises(DatagramError):
        read_datagram(raw)


@needs_shared
@pytest.mark.parametrize("file", sorted(SHARED.glob("transcripts/*.jsonl")), ids=lambda f: f.stem)
def test_every_recorded_data_message_is_written_back_byte_for_byte(file):
    for line in file.read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] != 2:
            continue
        payload = json.loads(entry["raw"])["data"][1]["payload"]
        written = write_datagram(read_datagram(payload))
        assert written in entry["raw"], f"{file.name} seq {entry['seq']}"
        assert (
            '{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":' + written + "}]}"
            == (entry["raw"])
        )


@needs_shared
def test_the_declared_model_is_the_reference_model():
    types = json.loads((SHARED / "spine-model.json").read_text())["types"]
    told = {name: kind for name, kind, *_ in types["CmdType"]}
    del told["function"], told["filter"]
    assert told.keys() == FUNCTIONS.keys()
    for name, type_name in told.items():
        _compare(FUNCTIONS[name].data, type_name, types, name)
    for name, type_name, *_ in types["FilterType"]:
        _compare_order(FILTER.fields[name], type_name, types, name)


def _compare(kind: Kind, told: str, types: dict, path: str) -> None:
    if isinstance(kind, Scalar):
        assert told == kind.name.lower(), path
    elif isinstance(kind, Many):
        assert told.startswith("list<"), path
        _compare(kind.of, told.removeprefix("list<").removesuffix(">"), types, path)
    else:
        fields = types[told]
        assert [name for name, *_ in fields] == list(kind.fields), path
        assert tuple(n for n, _, *flag in fields if flag == ["key"]) == kind.keys, path
        assert tuple(n for n, _, *flag in fields if flag == ["writecheck"]) == kind.guards, path
        for name, inner, *_ in fields:
            _compare(kind.fields[name], inner, types, f"{path}.{name}")


def _compare_order(kind: Kind, told: str, types: dict, path: str) -> None:
    """Filters are derived: they must know at least what the reference lists, in its order."""
    if not isinstance(kind, Shape) or told not in types:
        return
    listed = [name for name, *_ in types[told]]
    assert [name for name in kind.fields if name in listed] == listed, path
    for name, inner, *_ in types[told]:
        _compare_order(kind.fields[name], inner, types, f"{path}.{name}")


def _values(kind: Kind) -> st.SearchStrategy:
    if isinstance(kind, Many):
        return st.lists(_values(kind.of), min_size=1, max_size=3)
    if isinstance(kind, Shape):
        optional = {name: _values(inner) for name, inner in kind.fields.items()}
        return st.fixed_dictionaries({}, optional=optional)
    return {
        Scalar.STR: st.text(st.characters(codec="utf-8"), max_size=12),
        Scalar.BOOL: st.booleans(),
        Scalar.INT: st.integers(-(2**63), 2**63 - 1),
        Scalar.UINT: st.integers(0, 2**63 - 1),
    }[kind]


@st.composite
def _commands(draw: st.DrawFn) -> Cmd:
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    content = draw(_values(FUNCTIONS[name].data))
    return cmd(name, content, PARTIAL) if draw(st.booleans()) else cmd(name, content)


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(_commands(), st.sampled_from(Classifier), st.integers(0, 2**40), st.booleans())
def test_what_is_written_reads_back_as_it_was(command, classifier, counter, wants_answer):
    datagram = Datagram(
        FeatureAddress("d:_n:a", (1,), 2),
        FeatureAddress(None, (0,), 0),
        counter,
        classifier,
        (command,),
        reference=counter // 2,
        wants_answer=wants_answer,
    )
    text = write_datagram(datagram)
    again = read_datagram(json.loads(text))
    assert again == datagram
    assert write_datagram(again) == text
    assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["header", "payload", "cmd", "function", "filter", "datagram", *FUNCTIONS]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(JSON, JSON, JSON)
def test_no_junk_gets_more_than_a_refusal(header, commands, junk):
    raw = {"datagram": [{"header": header}, {"payload": [{"cmd": commands}]}, junk]}
    with contextlib.suppress(DatagramError):
        write_datagram(read_datagram(raw))
