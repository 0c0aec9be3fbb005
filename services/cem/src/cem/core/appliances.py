"""Appliances of the house that we may limit (heat pumps, batteries ...): what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """What came of the last limit written to an appliance; also the words of the wire."""

    NONE = ""
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ApplianceState(StrEnum):
    """How an appliance stands to its share; also the words of the API."""

    UNLIMITED = "unlimited"
    PENDING = "pending"
    ACCEPTED = "accepted"
    EXCEEDED = "exceeded"  # it accepted, and draws more
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    FAILSAFE = "failsafe"  # out of contact so long that it must keep to its own failsafe value
    NOT_OURS = "not-ours"  # nobody allowed us to limit it


@dataclass(frozen=True, slots=True)
class Appliance:
    """One paired appliance as the gateway tells it; watts, None = unknown.

    is_only_this: to be limited is all it is paired for. silent_s: since contact was lost, None =
    there is contact, or never was any. held_w: the active limit it holds by its own word. asked_w:
    the limit written last, answer: what came of it, answer_age_s ago.
    """

    ski: str
    name: str = ""
    is_only_this: bool = True
    is_in_contact: bool = False
    silent_s: float | None = None
    power_w: float | None = None
    nominal_w: float | None = None
    failsafe_w: float | None = None
    held_w: float | None = None
    asked_w: float | None = None
    answer: Answer = Answer.NONE
    answer_age_s: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ApplianceShare:
    """What an appliance may draw of the operator's limit (W), and how it stands to that.

    limit_w: None = no limit. reserved_w: taken off what the others may draw; at least what it may
    really draw, so more than its limit where it does not follow. fallback_w: what it keeps to when
    nobody speaks to it. until: when the limit ends (aware), None = until further notice.
    is_release: not ours to limit, a limit of ours is withdrawn.
    """

    appliance: Appliance
    state: ApplianceState
    limit_w: float | None = None
    reserved_w: float = 0.0
    fallback_w: float = 0.0
    until: datetime | None = None
    is_release: bool = False


@dataclass(frozen=True, slots=True)
class Division:
    """Who may draw what of an operator's limit (W). shares: by SKI.

    chargers_w: all chargers together, None = no limit.
    """

    chargers_w: float | None = None
    shares: Mapping[str, ApplianceShare] = field(default_factory=dict)
