"""Releases and what a site's version makes of them: pure.

A feed is a JSON document `volthus-releases/1`; docs/operate/updates.md describes it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

FORMAT = "volthus-releases/1"
MOST_BYTES = 1_000_000
MOST_RELEASES = 500
LANGUAGES = ("en", "de", "sv")


class FeedError(Exception):
    """A feed that cannot be used; the text says why, in one English sentence."""


class Urgency(StrEnum):
    """What a release is for, the most pressing last."""

    NORMAL = "normal"
    SECURITY = "security"
    SAFETY = "safety"


class Choice(StrEnum):
    """What somebody decided about a release."""

    INSTALL = "install"
    DECLINE = "decline"


class Standing(StrEnum):
    """How a site stands to the newest release."""

    CURRENT = "current"  # nothing newer is known
    OFFERED = "offered"  # a newer one waits for a decision
    DECLINED = "declined"  # the newest one was declined
    CHOSEN = "chosen"  # it is to be installed, and the site does not run it yet
    UNKNOWN = "unknown"  # the site never told its version


def _version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion as error:
        raise ValueError(str(error)) from error
    return text


def _has_english(texts: dict[str, str]) -> dict[str, str]:
    if not texts.get("en"):
        raise ValueError("the English text is missing")
    return texts


VersionText = Annotated[str, Field(max_length=64), AfterValidator(_version)]
Texts = Annotated[
    dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(max_length=10_000)]],
    AfterValidator(_has_english),
]


class Release(BaseModel):
    """One release, as its makers describe it; texts by language, English always."""

    model_config = ConfigDict(frozen=True)

    version: VersionText
    published: AwareDatetime
    notes: Texts
    if_declined: Texts
    urgency: Urgency = Urgency.NORMAL
    since: VersionText | None = None  # the oldest version that it installs over
    image: str | None = Field(None, max_length=500)
    # Over version, image, since and one_way, by the makers' key: a site's updater asks for it.
    signature: str | None = Field(None, max_length=200)
    one_way: bool = False  # with the data it changed, what ran before cannot go on

    @property
    def installs_itself(self) -> bool:
        """Whether an updater can install it; else a person runs a command."""
        return bool(self.image and self.signature)

    @property
    def order(self) -> Version:
        """What releases are sorted by."""
        return Version(self.version)


class _Feed(BaseModel):
    format: Literal["volthus-releases/1"]
    releases: list[Release] = Field(max_length=MOST_RELEASES)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a release, by whom and when."""

    version: str
    choice: Choice
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """How a site stands, and the releases that are newer than what it runs, newest first."""

    standing: Standing
    newer: tuple[Release, ...] = ()
    decision: Decision | None = None

    @property
    def offered(self) -> Release | None:
        """The release to decide about: the newest, None when there is none."""
        return self.newer[0] if self.newer else None


def read_feed(body: bytes) -> tuple[Release, ...]:
    """Return a feed's releases, newest first. Raises FeedError."""
    if len(body) > MOST_BYTES:
        raise FeedError(f"The feed is larger than {MOST_BYTES} bytes.")
    try:
        feed = _Feed.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/".join(str(part) for part in first["loc"]) or "the document"
        raise FeedError(
            f"The feed is not of the format {FORMAT}: {where}: {first['msg']}"
        ) from error
    if len({one.order for one in feed.releases}) != len(feed.releases):
        raise FeedError("The feed names a version twice.")
    return newest_first(feed.releases)


def newest_first(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Return releases by version, the newest first."""
    return tuple(sorted(releases, key=lambda one: one.order, reverse=True))


def offer(running: str, releases: Iterable[Release], decision: Decision | None) -> Offer:
    """Return how a site that runs `running` ("" = not known) stands to the releases.

    A decision counts for its own release only: a newer one is offered anew. Releases that do not
    install over `running` are left out, and so are pre-releases unless the site runs one.
    """
    try:
        version = Version(running)
    except InvalidVersion:
        return Offer(Standing.UNKNOWN, decision=decision)
    newer = tuple(one for one in newest_first(releases) if _is_for(one, version))
    if decision is not None and Version(decision.version) <= version:
        decision = None  # it runs already, or was overtaken
    if not newer:
        return Offer(Standing.CURRENT)
    decided = decision is not None and decision.version == newer[0].version
    if not decided or decision is None:
        return Offer(Standing.OFFERED, newer, decision)
    standing = Standing.CHOSEN if decision.choice is Choice.INSTALL else Standing.DECLINED
    return Offer(standing, newer, decision)


def _is_for(release: Release, running: Version) -> bool:
    if release.order <= running:
        return False
    if release.order.is_prerelease and not running.is_prerelease:
        return False
    return release.since is None or Version(release.since) <= running


def written(release: Release) -> str:
    """Return a release as kept in the database."""
    return release.model_dump_json()


def kept(text: str) -> Release:
    """Return a release from the database. Raises ValueError."""
    return Release.model_validate(json.loads(text))


def in_languages(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts in the page's languages; English stands in for a missing one."""
    return {language: texts.get(language) or texts["en"] for language in LANGUAGES}
