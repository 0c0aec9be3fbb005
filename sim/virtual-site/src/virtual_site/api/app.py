"""One web application for the control API and every page."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from virtual_site.api import chargers, errors, meter, partners, phase_switching, simulator
from virtual_site.api.dependencies import IndexDep
from virtual_site.api.partners import BoxDep, HemsDep, PumpDep
from virtual_site.site import VirtualSite

PAGES = Path(str(files("virtual_site").joinpath("pages")))
pages = APIRouter(include_in_schema=False)


def build(site: VirtualSite, url: str) -> FastAPI:
    """Return the application. url: where it is served, without a slash at the end."""
    # No interactive documentation: its scripts would come from the Internet.
    app = FastAPI(title="Virtual site", docs_url=None, redoc_url=None)
    app.state.site, app.state.url = site, url
    errors.install(app)
    for router in (
        simulator.router,
        meter.router,
        chargers.router,
        phase_switching.router,
        partners.router,
        pages,
    ):
        app.include_router(router)
    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")
    return app


@pages.get("/")
async def simulator_page() -> FileResponse:
    """Serve the page of the whole site."""
    return FileResponse(PAGES / "simulator.html")


@pages.get("/charger/{number}")
async def towards_charger_page(index: IndexDep) -> RedirectResponse:
    """Send a reader to the charger's page, whose links need the slash."""
    return RedirectResponse(f"/charger/{index + 1}/", status_code=307)


@pages.get("/charger/{number}/")
async def charger_page(index: IndexDep) -> FileResponse:  # noqa: ARG001 - it must exist
    """Serve the page of one charger."""
    return FileResponse(PAGES / "charger.html")


@pages.get("/hems/")
async def hems_page(hems: HemsDep) -> FileResponse:  # noqa: ARG001 - it must exist
    """Serve the page of the HEMS."""
    return FileResponse(PAGES / "partner.html")


@pages.get("/control-box/")
async def box_page(box: BoxDep) -> FileResponse:  # noqa: ARG001 - it must exist
    """Serve the page of the control box."""
    return FileResponse(PAGES / "partner.html")


@pages.get("/heat-pump/")
async def pump_page(pump: PumpDep) -> FileResponse:  # noqa: ARG001 - it must exist
    """Serve the page of the heat pump."""
    return FileResponse(PAGES / "partner.html")
