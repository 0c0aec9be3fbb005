"""EEBUS-JSON <-> data, driven by the declared shapes.

On the wire an object is an array of single-key objects in schema order (ship.md section 5).
Decoding drops what the model does not know, or what has the wrong type, and never raises;
encoding writes compact text directly, so that nothing is built twice.
"""

from collections.abc import Callable
from functools import cache
from json.encoder import encode_basestring
from typing import Final

from eebus.spine.model.shape import Kind, Many, Scalar, Shape
from eebus.spine.values import Item, Value

Decoder = Callable[[object], Value | None]
Encoder = Callable[[Value], str]

MAX_ITEMS: Final = 512  # of one list; what a peer sends beyond is dropped
MAX_CHARS: Final = 4096  # the longest text of the specification is a description
MAX_INTEGER: Final = 2**63


@cache
def decoder(kind: Kind) -> Decoder:
    """Return the function that turns raw EEBUS-JSON into data; it answers None for junk."""
    match kind:
        case Shape():
            return _object_decoder(kind)
        case Many():
            return _list_decoder(decoder(kind.of))
        case Scalar.STR:
            return _read_text
        case Scalar.BOOL:
            return _read_bool
        case Scalar.INT:
            return _read_integer
        case _:
            return _read_count


@cache
def encoder(kind: Kind) -> Encoder:
    """Return the function that writes data as EEBUS-JSON text; "" for an empty list."""
    match kind:
        case Shape():
            return _object_encoder(kind)
        case Many():
            return _list_encoder(encoder(kind.of))
        case Scalar.STR:
            return _write_text
        case Scalar.BOOL:
            return _write_bool
        case _:
            return str


def decode(shape: Shape, raw: object) -> Item | None:
    """Return the object in `raw`, None when it is none."""
    item = decoder(shape)(raw)
    return item if isinstance(item, dict) else None


def encode(shape: Shape, item: Item) -> str:
    """Return the object as EEBUS-JSON text, elements in schema order, unknown ones left out."""
    return encoder(shape)(item)


def _object_decoder(shape: Shape) -> Decoder:
    decoders = {name: decoder(kind) for name, kind in shape.fields.items()}

    def read(raw: object) -> Item | None:
        if isinstance(raw, dict):  # tolerated: a peer that sends normal JSON
            raw = [raw]
        if not isinstance(raw, list):
            return None
        item: Item = {}
        for piece in raw:
            if not isinstance(piece, dict):
                continue
            for name, written in piece.items():
                read_value = decoders.get(name)
                if read_value is not None:
                    value = read_value(written)
                    if value is not None:
                        item[name] = value
        return item

    return read


def _list_decoder(read_one: Decoder) -> Decoder:
    def read(raw: object) -> list[Value] | None:
        if not isinstance(raw, list):
            return None
        return [value for each in raw[:MAX_ITEMS] if (value := read_one(each)) is not None]

    return read


def _read_text(raw: object) -> str | None:
    if not isinstance(raw, str) or len(raw) > MAX_CHARS:
        return None
    if not raw.isascii():
        try:
            raw.encode()
        except UnicodeEncodeError:  # half a surrogate pair: it could never be sent back
            return None
    return raw


def _read_bool(raw: object) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _read_integer(raw: object) -> int | None:
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    return raw if -MAX_INTEGER <= raw < MAX_INTEGER else None


def _read_count(raw: object) -> int | None:
    count = _read_integer(raw)
    return count if count is not None and count >= 0 else None


def _object_encoder(shape: Shape) -> Encoder:
    pieces = [(name, f'{{"{name}":', encoder(kind)) for name, kind in shape.fields.items()]

    def write(value: Value) -> str:
        if not isinstance(value, dict):
            return "[]"
        written = []
        for name, opening, write_value in pieces:
            element = value.get(name)
            if element is not None:
                text = write_value(element)
                if text:
                    written.append(f"{opening}{text}}}")
        return f"[{','.join(written)}]"

    return write


def _list_encoder(write_one: Encoder) -> Encoder:
    def write(value: Value) -> str:
        # An empty list must never be sent: replacement-style decoders make an object of it.
        if not isinstance(value, list) or not value:
            return ""
        return f"[{','.join(map(write_one, value))}]"

    return write


def _write_text(value: Value) -> str:
    return encode_basestring(str(value))


def _write_bool(value: Value) -> str:
    return "true" if value else "false"
