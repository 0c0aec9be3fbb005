"""ETag and If-Match: a setting's revision is its entity tag (RFC 9110 8.8.3, 13.1.1)."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Response

from volthus_wire.revisions import ANY, NEVER_SET
from web.problems import ProblemError

_TAG = re.compile(r'"(\d{1,18})"')


async def _wanted_revision(
    if_match: Annotated[
        str | None,
        Header(
            description='The ETag last read, as `"3"`; left out or `*` = whatever is there now; '
            '`"0"` = only if it was never set.',
            examples=['"3"'],
        ),
    ] = None,
) -> int:
    """Return the revision the caller means to replace, ANY without a condition.

    Raises ProblemError `revision-conflict` for a tag that was never ours.
    """
    if if_match is None or if_match.strip() == "*":
        return ANY
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise ProblemError(
            HTTPStatus.PRECONDITION_FAILED,
            "revision-conflict",
            f'If-Match {if_match!r} is no revision of this setting; it looks like "3".',
            params={"wanted": if_match},
        )
    return int(tag[1]) or NEVER_SET


IfMatch = Annotated[int, Depends(_wanted_revision)]


def tag(response: Response, revision: int) -> None:
    """Put a revision on a response as its ETag."""
    response.headers["ETag"] = f'"{revision}"'
