"""One look at a roll-out: who is asked, whether the next ring begins, what stops it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from packaging.version import InvalidVersion, Version

from web.core.rollouts.figures import Worsening

AT_ONCE = 50  # sites that update at the same time: a mistake shows before it is everywhere
FAILED_SHARE = 0.05  # of the sites that were asked
ASK_AGAIN_S = 60.0
LOST_S = 1800.0  # a site that went silent while it updated did not do well
FAILED = "update-failed"


class State(StrEnum):
    """How a roll-out stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    DONE = "done"
    ENDED = "ended"  # by somebody, before it was done

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self in (State.ROLLED_BACK, State.DONE, State.ENDED)


class Stage(StrEnum):
    """How a site of a roll-out stands."""

    WAITING = "waiting"  # for its ring, or to be heard
    ASKED = "asked"
    INSTALLED = "installed"
    DECLINED = "declined"  # somebody at the site said no
    BY_HAND = "by-hand"  # it has no updater: somebody must run the command there
    FAILED = "failed"  # it went back to what ran before by itself, or somebody must look
    WENT_BACK = "went-back"  # as it was asked to


@dataclass(frozen=True, slots=True)
class Rollout:
    """A release on its way. ring: the one that is open; complete_s: since when nothing waits in it.

    soaks_s: of each ring. forgiven: failures that somebody saw and went on after. Unix seconds.
    """

    version: str
    soaks_s: tuple[int, ...]
    state: State = State.RUNNING
    ring: int = 0
    complete_s: float | None = None
    forgiven: int = 0
    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """A site as it is known and heard. phase, of: what its updater does, with which release.

    asked_s: when this roll-out asked it last, None = never. note: why it stands at `stage`.
    """

    site: str
    ring: int
    stage: Stage = Stage.WAITING
    note: str = ""
    asked_s: float | None = None
    is_online: bool = False
    has_updater: bool = False
    version: str = ""
    phase: str = ""
    of: str = ""
    reason: str = ""
    has_declined: bool = False
    can_go_back: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What a look led to. ask: to be asked to install; back: to be asked to go back."""

    rollout: Rollout
    stages: Mapping[str, tuple[Stage, str]]
    ask: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


def look(rollout: Rollout, sites: Sequence[Seen], worse: Worsening | None, now_s: float) -> Look:
    """Return what to do next about a roll-out. worse: what the figures say; None = nothing."""
    stages = {one.site: stage_of(one, rollout, now_s) for one in sites}
    match rollout.state:
        case State.RUNNING:
            return _running(rollout, sites, stages, worse, now_s)
        case State.ROLLING_BACK:
            return _rolling_back(rollout, sites, stages)
        case _:
            return Look(rollout, stages)


def resumed(rollout: Rollout, failed: int) -> Rollout:
    """Return a stopped roll-out going on: what failed so far is no reason to stop again."""
    return replace(rollout, state=State.RUNNING, forgiven=failed, reason="", params={})


def stage_of(  # noqa: PLR0911 - a row for each way a site can stand
    one: Seen, rollout: Rollout, now_s: float
) -> tuple[Stage, str]:
    """Return how a site stands, and why. What it does not tell at this moment stays as it was."""
    if not one.is_online:
        is_lost = one.stage is Stage.ASKED and _age(one.asked_s, now_s) >= LOST_S
        return (Stage.FAILED, "site-lost") if is_lost else (one.stage, one.note)
    if one.of == rollout.version and one.has_updater:
        match one.phase:
            case "patching" | "settling" | "rolling-back":
                return Stage.ASKED, ""
            case "rolled-back" if one.reason == "asked":
                return Stage.WENT_BACK, ""
            case "rolled-back" | "failed":
                return Stage.FAILED, one.reason
            case _:
                pass
    if _has(one.version, rollout.version):
        return Stage.INSTALLED, ""
    if one.has_declined:
        return Stage.DECLINED, ""
    if not one.has_updater:
        return Stage.BY_HAND, ""
    # By hand with a note: it said why. Without one no updater was heard, and now there is one.
    if one.stage is Stage.ASKED or (one.stage is Stage.BY_HAND and one.note):
        return one.stage, one.note
    return Stage.WAITING, one.note


def _running(
    rollout: Rollout,
    sites: Sequence[Seen],
    stages: Mapping[str, tuple[Stage, str]],
    worse: Worsening | None,
    now_s: float,
) -> Look:
    stopped = _stopped(rollout, sites, stages, worse)
    if stopped is not None:
        return Look(stopped, stages)
    rollout = _onward(rollout, sites, stages, now_s)
    if rollout.state is not State.RUNNING:
        return Look(rollout, stages)
    busy = sum(stage is Stage.ASKED for stage, _ in stages.values())
    asked = [one.site for one in sites if _is_due(one, stages[one.site][0], rollout, now_s)]
    again = [site for site in asked if stages[site][0] is Stage.ASKED]
    fresh = [site for site in asked if stages[site][0] is Stage.WAITING]
    return Look(rollout, stages, ask=(*again, *fresh[: max(0, AT_ONCE - busy)]))


def _stopped(
    rollout: Rollout,
    sites: Sequence[Seen],
    stages: Mapping[str, tuple[Stage, str]],
    worse: Worsening | None,
) -> Rollout | None:
    failed = [site for site, (stage, _) in stages.items() if stage is Stage.FAILED]
    asked = sum(one.asked_s is not None for one in sites)
    if len(failed) - rollout.forgiven >= max(1.0, FAILED_SHARE * asked):
        about = {"count": str(len(failed)), "site": min(failed), "why": stages[min(failed)][1]}
        return replace(rollout, state=State.STOPPED, reason=FAILED, params=about)
    if worse is not None:
        about = {"found": f"{worse.found:.0f}", "allowed": f"{worse.allowed:.0f}"}
        return replace(rollout, state=State.STOPPED, reason=worse.measure, params=about)
    return None


def _onward(
    rollout: Rollout,
    sites: Iterable[Seen],
    stages: Mapping[str, tuple[Stage, str]],
    now_s: float,
) -> Rollout:
    """Open the next ring where the open one is through; one without a site is passed over."""
    inside = [one for one in sites if one.ring == rollout.ring]
    if rollout.complete_s is None:
        if inside and not _is_complete(inside, stages):
            return rollout
        rollout = replace(rollout, complete_s=now_s)
    soak_s = rollout.soaks_s[rollout.ring] if inside else 0
    if _age(rollout.complete_s, now_s) < soak_s:
        return rollout
    if rollout.ring + 1 == len(rollout.soaks_s):
        return replace(rollout, state=State.DONE)
    return replace(rollout, ring=rollout.ring + 1, complete_s=None)


def _is_complete(inside: Iterable[Seen], stages: Mapping[str, tuple[Stage, str]]) -> bool:
    """Whether somebody in a ring has it, and nobody waits for it who is here."""
    found = [(stages[one.site][0], one.is_online) for one in inside]
    is_held = any(
        stage is Stage.ASKED or (stage is Stage.WAITING and is_online) for stage, is_online in found
    )
    return not is_held and any(stage is Stage.INSTALLED for stage, _ in found)


def _is_due(one: Seen, stage: Stage, rollout: Rollout, now_s: float) -> bool:
    if one.ring > rollout.ring or not one.is_online or not one.has_updater:
        return False
    if stage not in (Stage.WAITING, Stage.ASKED) or _is_busy(one, rollout):
        return False
    return one.asked_s is None or now_s - one.asked_s >= ASK_AGAIN_S


def _is_busy(one: Seen, rollout: Rollout) -> bool:
    return one.of == rollout.version and one.phase in ("patching", "settling", "rolling-back")


def _rolling_back(
    rollout: Rollout,
    sites: Iterable[Seen],
    stages: Mapping[str, tuple[Stage, str]],
) -> Look:
    """Ask those back that this roll-out brought there; what somebody chose otherwise stays.

    Who is not heard at this moment is waited for: silence is no roll-back.
    """
    waiting = [
        one
        for one in sites
        if one.asked_s is not None and stages[one.site][0] in (Stage.INSTALLED, Stage.ASKED)
    ]
    heard = [one for one in waiting if one.is_online and one.has_updater]
    able = [one for one in heard if one.can_go_back or _is_busy(one, rollout)]
    if not able and len(heard) == len(waiting):
        return Look(replace(rollout, state=State.ROLLED_BACK), stages)
    return Look(rollout, stages, back=tuple(one.site for one in able if one.can_go_back))


def _age(at_s: float | None, now_s: float) -> float:
    return 0.0 if at_s is None else now_s - at_s


def _has(running: str, wanted: str) -> bool:
    try:
        return Version(running) >= Version(wanted)
    except InvalidVersion:
        return False
