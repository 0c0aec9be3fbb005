"""Between messages of updaters and what the API says of them."""

from typing import get_args

from volthus_wire.convert import from_timestamp
from volthus_wire.v1 import updating_pb2
from volthus_wire.v1.updating_pb2 import ApplyReleaseRequest, UpdateState
from web.models.software import PhaseName, SiteUpdate
from web.software.release import Release

_NAMES: dict[int, PhaseName] = {
    getattr(updating_pb2, f"UPDATE_PHASE_{name.upper().replace('-', '_')}"): name
    for name in get_args(PhaseName)
    if name != "unknown"
}


def phase_name(phase: int) -> PhaseName:
    """Return the name of a phase; `unknown` for one of a newer updater."""
    return _NAMES.get(phase, "unknown")


def apply_request(release: Release, *, confirmed: bool) -> ApplyReleaseRequest:
    """Return what asks a site's updater to install a release."""
    return ApplyReleaseRequest(
        version=release.version,
        image=release.image or "",
        since=release.since or "",
        one_way=release.one_way,
        signature=release.signature or "",
        one_way_confirmed=confirmed,
    )


def site_update(state: UpdateState) -> SiteUpdate:
    """Return how an updater stands, as the API says it."""
    return SiteUpdate(
        phase=phase_name(state.phase),
        version=state.version or None,
        reason=state.reason or None,
        element=state.element or None,
        since=from_timestamp(state.since) if state.HasField("since") else None,
        declined=state.declined or None,
        can_go_back=state.can_go_back,
    )
