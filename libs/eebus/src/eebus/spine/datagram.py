"""The SPINE datagram: header and commands, to and from EEBUS-JSON (spine.md section 1)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from eebus.spine.addresses import FeatureAddress
from eebus.spine.codec import decode, encode
from eebus.spine.errors import DatagramError
from eebus.spine.model.common import FEATURE_ADDRESS
from eebus.spine.model.functions import FUNCTIONS, Function
from eebus.spine.model.shape import BOOL, STR, TAG, UINT, Many, Shape, many
from eebus.spine.values import Item, flag, number, part, parts, text

SPECIFICATION_VERSION: Final = "1.3.0"
MAX_COMMANDS: Final = 16  # in practice there is exactly one


class Classifier(StrEnum):
    """What a datagram wants (`cmdClassifier`)."""

    READ = "read"
    REPLY = "reply"
    NOTIFY = "notify"
    WRITE = "write"
    CALL = "call"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Cmd:
    """One command. function None = none that we know by name (`unknown` says what came)."""

    function: Function | None
    content: Item
    filters: tuple[Item, ...] = ()
    unknown: str | None = None

    @property
    def name(self) -> str:
        """The function's name, also of one we do not know."""
        return self.function.name if self.function else self.unknown or ""

    @property
    def is_partial(self) -> bool:
        """Whether filters say that only a part is meant."""
        return bool(self.filters)


@dataclass(frozen=True, slots=True)
class Datagram:
    """One message. Addresses may lack a device: then it is this connection's peer."""

    source: FeatureAddress
    destination: FeatureAddress
    counter: int | None
    classifier: Classifier | None  # None: missing, or a word we do not know
    cmds: tuple[Cmd, ...]
    reference: int | None = None
    wants_answer: bool = False
    version: str | None = SPECIFICATION_VERSION
    timestamp: str | None = None


_HEADER = Shape(
    specificationVersion=STR,
    addressSource=FEATURE_ADDRESS,
    addressDestination=FEATURE_ADDRESS,
    addressOriginator=FEATURE_ADDRESS,
    msgCounter=UINT,
    msgCounterReference=UINT,
    cmdClassifier=STR,
    ackRequest=BOOL,
    timestamp=STR,
)
_CMD_CONTROL = Shape(delete=TAG, partial=TAG)
FILTER = Shape(
    filterId=UINT,
    cmdControl=_CMD_CONTROL,
    **{f.selectors_name: f.selectors for f in FUNCTIONS.values() if f.selectors},
    **{f.elements_name: f.elements for f in FUNCTIONS.values()},
)
_FILTERS: Final[Many] = many(FILTER)
_LIST_OF_FILTERS = Shape(filter=_FILTERS)

PARTIAL: Final[Item] = {"cmdControl": {"partial": {}}}
DELETE: Final[Item] = {"cmdControl": {"delete": {}}}


def cmd(name: str, content: Item | None = None, *filters: Item) -> Cmd:
    """Return a command of a function we know. Raises KeyError for one we do not."""
    return Cmd(FUNCTIONS[name], content or {}, filters)


def read_datagram(raw: object) -> Datagram:
    """Return the datagram in a decoded payload `{"datagram": [...]}`.

    Unknown elements are left out, unknown functions stay visible by name. Raises DatagramError
    when there is no header or no command to speak of.
    """
    body = _merged(raw.get("datagram")) if isinstance(raw, dict) else {}
    header = decode(_HEADER, body.get("header"))
    commands = _merged(body.get("payload")).get("cmd")
    if header is None or not isinstance(commands, list):
        raise DatagramError("a payload without datagram header or cmd list")
    return Datagram(
        source=FeatureAddress.read(part(header, "addressSource")),
        destination=FeatureAddress.read(part(header, "addressDestination")),
        counter=number(header, "msgCounter"),
        classifier=_classifier(text(header, "cmdClassifier")),
        cmds=tuple(_read_cmd(each) for each in commands[:MAX_COMMANDS]),
        reference=number(header, "msgCounterReference"),
        wants_answer=flag(header, "ackRequest") or False,
        version=text(header, "specificationVersion"),
        timestamp=text(header, "timestamp"),
    )


def write_datagram(datagram: Datagram) -> str:
    """Return the datagram as compact EEBUS-JSON text, ready to be a SHIP payload."""
    header = [
        f'{{"specificationVersion":{encode_basestring(datagram.version)}}}'
        if datagram.version is not None
        else "",
        f'{{"addressSource":{_address(datagram.source)}}}',
        f'{{"addressDestination":{_address(datagram.destination)}}}',
        f'{{"msgCounter":{datagram.counter}}}' if datagram.counter is not None else "",
        f'{{"msgCounterReference":{datagram.reference}}}' if datagram.reference is not None else "",
        f'{{"cmdClassifier":"{datagram.classifier}"}}' if datagram.classifier else "",
        '{"ackRequest":true}' if datagram.wants_answer else "",
        f'{{"timestamp":{encode_basestring(datagram.timestamp)}}}' if datagram.timestamp else "",
    ]
    commands = ",".join(map(_write_cmd, datagram.cmds))
    return (
        f'{{"datagram":[{{"header":[{",".join(filter(None, header))}]}},'
        f'{{"payload":[{{"cmd":[{commands}]}}]}}]}}'
    )


def answer(datagram: Datagram, our_device: str, classifier: Classifier, command: Cmd) -> Datagram:
    """Return the answer to `datagram`, without its counter: addresses turned round."""
    return Datagram(
        source=replace(datagram.destination, device=our_device),
        destination=datagram.source,
        counter=None,
        classifier=classifier,
        cmds=(command,),
        reference=datagram.counter,
    )


@lru_cache(maxsize=4096)
def _address(address: FeatureAddress) -> str:
    return encode(FEATURE_ADDRESS, address.item())


def _merged(raw: object) -> dict[str, object]:
    """Return an array of single-key objects as one object, not looking inside."""
    merged: dict[str, object] = {}
    for piece in raw if isinstance(raw, list) else [raw]:
        if isinstance(piece, dict):
            merged.update(piece)
    return merged


def _classifier(word: str | None) -> Classifier | None:
    try:
        return Classifier(word) if word else None
    except ValueError:
        return None


def _read_cmd(raw: object) -> Cmd:
    merged = _merged(raw)
    named = merged.pop("function", None)
    filters = decode(_LIST_OF_FILTERS, {"filter": merged.pop("filter", None)}) or {}
    for name, written in merged.items():
        function = FUNCTIONS.get(name)
        if function is not None:
            content = decode(function.data, written) or {}
            return Cmd(function, content, tuple(parts(filters, "filter")))
    function = FUNCTIONS.get(named) if isinstance(named, str) else None
    if function is not None:  # a delete may come without any data
        return Cmd(function, {}, tuple(parts(filters, "filter")))
    unknown = next(iter(merged), named if isinstance(named, str) else None)
    return Cmd(None, {}, (), unknown=unknown)


def _write_cmd(command: Cmd) -> str:
    if command.function is None:
        return "[]"
    function = command.function
    data = f'{{"{function.name}":{encode(function.data, command.content)}}}'
    if not command.filters:
        return f"[{data}]"
    filters = ",".join(encode(FILTER, each) for each in command.filters)
    return f'[{{"function":"{function.name}"}},{{"filter":[{filters}]}},{data}]'
