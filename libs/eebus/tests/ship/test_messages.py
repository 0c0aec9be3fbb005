"""Frames: byte for byte as the reference sends them, and robust against everything else."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.errors import EebusError, RemoteProtocolError
from eebus.ship.eebus_json import MAX_DEPTH, compact, from_eebus, parse, to_eebus
from eebus.ship.messages import (
    AccessMethods,
    AccessMethodsRequest,
    CloseAnnounce,
    CloseConfirm,
    Data,
    HandshakeType,
    Hello,
    HelloPhase,
    Init,
    PinState,
    ProtocolHandshake,
    ProtocolHandshakeError,
    Unknown,
    decode,
    encode,
    encode_data,
)

PROTOCOL = (
    b'\x01{"messageProtocolHandshake":[{"handshakeType":"announceMax"},'
    b'{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]}'
)
WIRE = [
    (Init(), b"\x00\x00"),
    (
        Hello(HelloPhase.READY, 60000),
        b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}',
    ),
    (
        Hello(HelloPhase.PENDING, prolongation_request=True),
        b'\x01{"connectionHello":[{"phase":"pending"},{"prolongationRequest":true}]}',
    ),
    (Hello(HelloPhase.ABORTED), b'\x01{"connectionHello":[{"phase":"aborted"}]}'),
    (ProtocolHandshake(HandshakeType.ANNOUNCE_MAX), PROTOCOL),
    (ProtocolHandshakeError(2), b'\x01{"messageProtocolHandshakeError":[{"error":2}]}'),
    (PinState(), b'\x01{"connectionPinState":[{"pinState":"none"}]}'),
    (AccessMethodsRequest(), b'\x01{"accessMethodsRequest":[]}'),
    (AccessMethods("Demo-EVSE-1"), b'\x01{"accessMethods":[{"id":"Demo-EVSE-1"}]}'),
    (
        CloseAnnounce(500, "unspecific"),
        b'\x03{"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"unspecific"}]}',
    ),
    (CloseConfirm(), b'\x03{"connectionClose":[{"phase":"confirm"}]}'),
]


@pytest.mark.parametrize(("message", "frame"), WIRE)
def test_each_message_has_the_bytes_of_the_reference(message, frame):
    assert encode(message) == frame
    assert decode(frame) == message


LENIENT = [
    (b'\x01{"error":1}', ProtocolHandshakeError(1)),
    (b'\x01{"accessMethods":[{"id":"Elli-1"},{"dnsSd_mDns":[]}]}', AccessMethods("Elli-1")),
    (b'\x01{"accessMethodsRequest":[]}\x00', AccessMethodsRequest()),
    (b'\x01{ "connectionPinState" : [ { "pinState" : "none" } ] }', PinState()),
    (b'\x01{"connectionPinState":{"pinState":"\\u006eone"}}', PinState()),
    (b'\x01{"fromTheFuture":[{"a":1}]}', Unknown("fromTheFuture")),
    (b'\x03{"connectionClose":[{"phase":"announce"}]}', CloseAnnounce()),
]


@pytest.mark.parametrize(("frame", "message"), LENIENT)
def test_what_real_devices_send_is_understood(frame, message):
    assert decode(frame) == message


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\x00\x01",
        b"\x09{}",
        b"\x01",
        b"\x01[]",
        b"\x01{}",
        b'\x01{"a":1,"b":2}',
        b'\x01{"connectionHello":[]}',
        b'\x01{"connectionHello":[{"phase":"maybe"}]}',
        b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":-1}]}',
        b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":true}]}',
        b'\x01{"accessMethods":[{"id":7}]}',
        b'\x01{"accessMethods":"x"}',
        b'\x03{"connectionClose":[{"phase":"perhaps"}]}',
        b"\x02{}",
        b'\x02{"data":[]}',
        b'\x02{"data":[{"header":[]}]}',
        b'\x01{"a":NaN}',
        b'\x01{"a":"\\ud800"}',
        b"\x01\xff\xfe",
        b"\x02" + b'{"a":' * 200 + b"1" + b"}" * 200,
        b"\x02" + b"[" * 200_000,
        b"\x02[" + b"9" * 5000 + b"]",
    ],
)
def test_nonsense_is_the_peers_error(frame):
    with pytest.raises(RemoteProtocolError):
        decode(frame)


def test_data_passes_the_payload_in_its_own_shape():
    frame = encode_data('{"datagram":[{"header":[{"msgCounter":1}]}]}')
    assert frame == (
        b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},'
        b'{"payload":{"datagram":[{"header":[{"msgCounter":1}]}]}}]}'
    )
    assert decode(frame) == Data({"datagram": [{"header": [{"msgCounter": 1}]}]}, len(frame))


def test_an_extension_beside_the_payload_is_ignored():
    frame = b'\x02{"data":[{"header":[]},{"payload":{"datagram":[]}},{"extension":[{"a":1}]}]}'
    assert decode(frame) == Data({"datagram": []}, len(frame))


def test_the_worked_example_converts_both_ways():
    header = {"addressDestination": {"entity": [1, 1], "feature": 3}, "msgCounter": 7}
    shaped = [{"addressDestination": [{"entity": [1, 1]}, {"feature": 3}]}, {"msgCounter": 7}]
    assert to_eebus(header) == shaped
    assert from_eebus(shaped) == header
    assert to_eebus([{"a": 1}, {"a": 2}]) == [[{"a": 1}], [{"a": 2}]]
    assert from_eebus([[{"a": 1}], [{"a": 2}]]) == [{"a": 1}, {"a": 2}]


scalars = st.none() | st.booleans() | st.integers() | st.text()
trees = st.recursive(
    scalars,
    lambda child: (
        st.lists(child, min_size=1, max_size=4)
        | st.dictionaries(st.text(min_size=1), child, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


def _is_of_one_kind(value):
    """EEBUS-JSON knows lists of scalars, of objects and of lists, not of mixed things."""
    if isinstance(value, dict):
        return all(map(_is_of_one_kind, value.values()))
    if isinstance(value, list):
        return not any(isinstance(v, list) for v in value) and all(map(_is_of_one_kind, value))
    return True


@given(trees.filter(_is_of_one_kind))
def test_every_schema_shaped_value_survives_both_conversions(value):
    assert from_eebus(parse(compact(to_eebus(value)).encode())) == value


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing_but_our_error(frame):
    with suppress(EebusError):
        decode(frame)


@given(st.sampled_from([0, 1, 2, 3]), trees)
def test_any_json_raises_nothing_but_our_error(kind, value):
    with suppress(EebusError):
        decode(bytes([kind]) + json.dumps(value).encode())


NAMES = st.sampled_from(
    [
        "connectionHello",
        "messageProtocolHandshake",
        "messageProtocolHandshakeError",
        "connectionPinState",
        "accessMethodsRequest",
        "accessMethods",
        "connectionClose",
        "error",
        "data",
    ]
)


@given(st.sampled_from([1, 2, 3]), NAMES, trees)
def test_known_names_with_any_content_raise_nothing_but_our_error(kind, name, value):
    with suppress(EebusError):
        decode(bytes([kind]) + json.dumps({name: value}).encode())


def test_depth_is_bounded_exactly():
    parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(RemoteProtocolError, match="deeper"):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
