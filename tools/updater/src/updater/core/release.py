"""A release as the updater is asked to apply it: what its makers signed, and whether it fits."""

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

# A tag can be moved to another image tomorrow; a digest cannot.
PINNED = re.compile(r"[\w.\-:/]{1,400}@sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Release:
    """What is to run. since: the oldest version it installs over, "" = any."""

    version: str
    image: str
    since: str = ""
    one_way: bool = False

    @property
    def is_pinned(self) -> bool:
        """Whether the image is named by its digest."""
        return PINNED.fullmatch(self.image) is not None

    def signed_text(self) -> bytes:
        """Return what the makers' signature is over."""
        way = "one-way" if self.one_way else "both-ways"
        lines = ("volthus-release-image/1", self.version, self.image, self.since, way)
        return "\n".join(lines).encode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a release is not applied: a code of docs/words.md and an English sentence."""

    code: str
    detail: str


def misfit(release: Release, running: str) -> Refusal | None:
    """Return why a release cannot be put over the version `running`; None: it can."""
    try:
        wanted, now = Version(release.version), Version(running)
        since = Version(release.since or "0")
    except InvalidVersion:
        return Refusal("site-not-healthy", f"The version that runs is not known: {running!r}.")
    if not release.is_pinned:
        return Refusal("image-not-pinned", "The image is not named by its digest (@sha256:...).")
    if wanted <= now:  # an old release with a hole in it is signed, too
        return Refusal("release-not-newer", f"{running} runs here; {release.version} is not newer.")
    if now < since:
        return Refusal(
            "release-not-for-this-version", f"It installs over {since} or newer; {now} runs here."
        )
    return None
