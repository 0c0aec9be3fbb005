"""The program: reads a file, asks every few minutes, tells what is news."""

import importlib
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cem.car_connector.words import GarageLike, Word, words

logger = logging.getLogger(__name__)

TIMEOUT_S = 20.0
USAGE = "usage: cem car-connector FILE.json"
MISSING = "carconnectivity and a connector of it are not installed: the extra `car-connector`"


class Config(BaseModel):
    """The file. cars: our id of a car by its VIN; carconnectivity: the library's own settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    site: str
    token_file: Path
    every_s: Annotated[float, Field(ge=60, le=86_400)] = 600.0
    cars: dict[str, str]
    carconnectivity: dict[str, object]


class Teller:
    """Tells words by the public API, each once. client: with base address and token."""

    def __init__(self, client: httpx.Client, site: str) -> None:
        self._client = client
        self._site = site
        self._told: dict[str, Word] = {}

    def tell(self, found: Sequence[Word]) -> int:
        """Tell what is news; returns how many words were taken."""
        taken = 0
        for word in found:
            if self._told.get(word.car) == word:
                continue
            at = None if word.at is None else word.at.isoformat()
            body = {"soc_percent": word.soc_percent, "at": at, "source": "connector"}
            try:
                path = f"/api/v1/sites/{self._site}/cars/{word.car}/soc"
                self._client.put(path, json=body).raise_for_status()
            except httpx.HTTPError as error:
                logger.warning("state of charge not told", extra={"error": str(error)})
                continue
            self._told[word.car] = word
            taken += 1
        return taken


def main(arguments: Sequence[str]) -> int:
    """Run until interrupted; returns 2 where that cannot be."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        config = Config.model_validate_json(Path(arguments[0]).read_text())
        token = config.token_file.read_text().strip()
    except ValidationError as error:
        print(f"cem: {arguments[0]}: {_wrong(error)}", file=sys.stderr)
        return 2
    except (OSError, UnicodeDecodeError) as error:
        print(f"cem: {error}", file=sys.stderr)
        return 2
    library = _library(config)
    if library is None:
        print(f"cem: {MISSING}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO)
    cars = {vin.upper(): car for vin, car in config.cars.items()}
    header = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=config.url, headers=header, timeout=TIMEOUT_S) as client:
        teller = Teller(client, config.site)
        library.startup()
        try:
            while True:
                garage = library.get_garage()
                if garage is not None:
                    teller.tell(words(garage, cars))
                time.sleep(config.every_s)
        except KeyboardInterrupt:
            return 0
        finally:
            library.shutdown()


def _wrong(error: ValidationError) -> str:
    """Name what is wrong in the file, without its values: one of them is a password."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" if one["loc"] else one["msg"]
        for one in found
    )


class Library(Protocol):
    """What we use of the library's main object."""

    def startup(self) -> None:
        """Begin to ask."""
        ...

    def get_garage(self) -> GarageLike | None:
        """Return what is known."""
        ...

    def shutdown(self) -> None:
        """End asking."""
        ...


def _library(config: Config) -> Library | None:
    """Return the library with its settings; None where it is not installed."""
    try:
        carconnectivity = importlib.import_module("carconnectivity.carconnectivity")
    except ImportError:  # an optional extra
        return None
    settings = json.loads(json.dumps(config.carconnectivity))
    made: Library = carconnectivity.CarConnectivity(config={"carConnectivity": settings})
    return made
