"""Releases, and how a site stands to them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from web.models.common import Model, Wanted

UrgencyName = Literal["normal", "security", "safety"]
ChoiceName = Literal["install", "decline"]
StandingName = Literal["current", "offered", "declined", "chosen", "unknown"]
PhaseName = Literal[
    "idle",
    "patching",
    "settling",
    "installed",
    "rolling-back",
    "rolled-back",
    "failed",
    "unknown",
]


class Texts(Model):
    """A text in each language of the page."""

    en: str
    de: str
    sv: str


class SoftwareRelease(Model):
    """A release as its makers describe it."""

    version: str = Field(examples=["0.2.0"])
    published: datetime
    urgency: UrgencyName
    notes: Texts = Field(description="What is new.")
    if_declined: Texts = Field(description="What it means to go on without it.")
    one_way: bool = Field(description="With the data it changes, it cannot be taken back.")
    installs_itself: bool = Field(
        description="A site's updater can install it; else somebody runs a command."
    )


class ReleaseFeed(Model):
    """Where releases are announced, and whether that place answers."""

    answered_at: datetime | None = Field(description="When it was read well last.")
    problem: str | None = Field(description="One English sentence; null = well.")


class Releases(Model):
    """Every release that is known, newest first."""

    items: list[SoftwareRelease]
    next: str | None = None
    feed: ReleaseFeed | None = Field(description="Null: no feed is set, nothing new gets known.")


class SoftwareDecision(Model):
    """What was decided about a release."""

    version: str
    choice: ChoiceName
    actor: str
    at: datetime


class SoftwareDecisionWanted(Wanted):
    """A decision about the release that is offered."""

    version: str = Field(examples=["0.2.0"], max_length=64)
    choice: ChoiceName
    confirm_one_way: bool = Field(
        default=False, description="To install a release that cannot be taken back."
    )


class SiteUpdate(Model):
    """What the site's updater does."""

    phase: PhaseName = Field(
        description="patching: one program after the other; settling: all run it and are watched."
    )
    version: str | None = Field(description="The release that it is, was or is being applied.")
    reason: str | None = Field(
        description="Why it was taken back or failed, such as cem-silent or not-ready."
    )
    element: str | None = Field(description="What the reason is about: a program or a SKI.")
    since: datetime | None
    declined: str | None = Field(description="The release that was declined at the site.")
    can_go_back: bool


class SiteSoftware(Model):
    """What a site runs, what is newer, and what was decided."""

    version: str | None = Field(examples=["0.1.0"], description="Null: the site never told it.")
    standing: StandingName = Field(
        description="`chosen`: it is to be installed and does not run yet; the rest says itself."
    )
    offered: SoftwareRelease | None = Field(description="The newest release the site can take.")
    newer: list[SoftwareRelease] = Field(description="All that is newer, newest first.")
    decision: SoftwareDecision | None
    command: str | None = Field(
        description="With `chosen`: what to run on the site's machine; null where not known, and "
        "where the site's updater does it."
    )
    update: SiteUpdate | None = Field(description="Null: no updater is heard; install by hand.")
    feed: ReleaseFeed | None
