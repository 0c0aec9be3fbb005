"""One web application for the control API and every page."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from virtual_site.api import chargers, errors, simulator
from virtual_site.site import VirtualSite

PAGES = Path(str(files("virtual_site").joinpath("pages")))


def build(site: VirtualSite, url: str) -> FastAPI:
    """Return the application. url: where it is served, without a slash at the end."""
    app = FastAPI(title="Virtual site", redoc_url=None)
    errors.install(app)
    app.include_router(simulator.routes(site, url))
    app.include_router(chargers.routes(site))
    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")

    @app.get("/", include_in_schema=False)
    async def simulator_page() -> FileResponse:
        return FileResponse(PAGES / "simulator.html")

    @app.get("/charger/{number}", include_in_schema=False)
    async def towards_charger(number: int) -> RedirectResponse:
        chargers.existing(site, number)
        return RedirectResponse(f"/charger/{number}/", status_code=307)

    @app.get("/charger/{number}/", include_in_schema=False)
    async def charger_page(number: int) -> FileResponse:
        chargers.existing(site, number)
        return FileResponse(PAGES / "charger.html")

    return app
