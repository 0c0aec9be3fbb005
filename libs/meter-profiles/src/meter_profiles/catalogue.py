"""All meter models that ship with the product: one file each in `models/`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from meter_profiles.errors import ModelFileError, UnknownModelError
from meter_profiles.modelfile import parse
from meter_profiles.profile import Profile


@cache
def profiles() -> Mapping[str, Profile]:
    """Return every model by its id, sorted by manufacturer and name.

    Raises ModelFileError naming the file that cannot be used.
    """
    found = []
    for file in files("meter_profiles").joinpath("models").iterdir():
        if not file.name.endswith(".toml"):
            continue
        try:
            found.append(parse(file.read_text(encoding="utf-8")))
        except ModelFileError as error:
            raise ModelFileError(f"{file.name}: {error}") from error
        if f"{found[-1].model}.toml" != file.name:
            raise ModelFileError(f"{file.name} describes {found[-1].model}: one name for both")
    found.sort(key=lambda profile: (profile.manufacturer.lower(), profile.name))
    return MappingProxyType({profile.model: profile for profile in found})


def profile(model: str) -> Profile:
    """Return one model. Raises UnknownModelError."""
    try:
        return profiles()[model]
    except KeyError:
        raise UnknownModelError(f"no meter model {model!r} in the catalogue") from None
