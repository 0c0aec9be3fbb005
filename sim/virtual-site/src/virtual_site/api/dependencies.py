"""What requests work on: the site, and the charger that the path names."""

from typing import Annotated

from fastapi import Depends, Request

from virtual_site.api.errors import ApiError
from virtual_site.site import VirtualSite


def _site(request: Request) -> VirtualSite:
    site = request.app.state.site
    assert isinstance(site, VirtualSite)  # noqa: S101 - the app is built with it
    return site


def _url(request: Request) -> str:
    return str(request.app.state.url)


SiteDep = Annotated[VirtualSite, Depends(_site)]
UrlDep = Annotated[str, Depends(_url)]


def _index(number: int, site: SiteDep) -> int:
    """Return the index of charger `number`. Raises ApiError if there is none."""
    if not 1 <= number <= len(site.wallboxes):
        raise ApiError(404, "unknown-charger", f"there is no charger {number} on this site")
    return number - 1


IndexDep = Annotated[int, Depends(_index)]


def target(site: VirtualSite, told: str | int | None) -> int | None:
    """Return the index of a charger told by number, id or SKI; None for the meter.

    Raises ApiError for what is neither.
    """
    if told is None or told == "meter":
        return None
    for index, charger in enumerate(site.world.chargers):
        if str(told) in {str(index + 1), charger.model.id, site.wallboxes[index].ski}:
            return index
    raise ApiError(
        422, "unknown-target", f"{told!r} is no charger's number, id or SKI, nor 'meter'"
    )
