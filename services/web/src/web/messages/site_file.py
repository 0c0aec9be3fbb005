"""The site file: what applying it changed."""

import json

from pydantic import JsonValue, TypeAdapter

from volthus_wire.v1.records_pb2 import ApplySiteFileReply
from web.messages.plain import NotUnderstoodError
from web.models.site_file import SiteFileChange, SiteFileResult

_ANY: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def site_file_result(message: ApplySiteFileReply) -> SiteFileResult:
    """Return what applying a file changed. Raises NotUnderstoodError for no JSON."""
    return SiteFileResult(
        changes=[
            SiteFileChange(pointer=one.pointer, before=_value(one.before), after=_value(one.after))
            for one in message.changes
        ],
        applied=message.applied,
    )


def _value(text: str) -> JsonValue:
    try:
        return _ANY.validate_python(json.loads(text)) if text else None
    except ValueError as wrong:
        raise NotUnderstoodError(f"{text!r} is no JSON") from wrong
