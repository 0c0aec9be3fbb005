"""When a profile's revision grows: with what can change a plan, not with every Wh. Pure.

What people do, who is plugged and what somebody tells of a battery counts at once. What a car still
needs counts when it is not what was to be expected: that needed before, less what the plan in
force gave it since.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from cem.core.plan import Plan
from volthus_wire.v1 import planning_pb2

DEVIATION_WH, DEVIATION_PART, LEAST_WH = 500.0, 0.10, 100.0
PACE_A = 1.0
MOVING = ("needed_wh", "most_wh", "max_a", "is_charging", "soc_percent", "soc_uncertainty_percent")
ALWAYS = ("max_a", "is_charging")  # of these; the others may be unknown


@dataclass(frozen=True, slots=True)
class Mark:
    """One session as it was when its part last counted.

    revision: of the profile that last changed what people, car and charger want of it.
    needed_wh at at_s (Unix s), and max_a: what deviations are measured from. is_here: it stood in
    the profile; one that does not, and was not seen to end (after our restart, or out of reach), is
    the same when it is back.
    """

    digest: str
    revision: int
    needed_wh: float | None = None
    at_s: float = 0.0
    is_here: bool = True
    max_a: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told last. plan: id of the one in force when needs were marked."""

    revision: int = 0
    digest: str = ""
    sessions: Mapping[str, Mark] = field(default_factory=dict)
    plan: str = ""


def revised(  # noqa: PLR0913, PLR0917 - all that a revision grows with
    before: Standing,
    profile: planning_pb2.SiteProfile,
    words: Mapping[str, str],
    plan: Plan | None,
    now_s: float,
    unended: Collection[str] = (),
) -> Standing:
    """Return where a site stands with a profile; a higher revision = plans should be made anew.

    words: by session, what was last told of its car's battery and by whom. now_s: Unix seconds;
    a revision is never below it once it grows, so that it also grows over a lost database.
    unended: the sessions that the records hold open.
    """
    digest = _digest_of_site(profile)
    found: dict[str, tuple[str, planning_pb2.ProfileSession]] = {
        session.session: (_digest_of_session(session, words.get(session.session, "")), session)
        for session in profile.sessions
    }
    next_revision = max(before.revision + 1, int(now_s))
    plan_id = "" if plan is None else plan.id
    here = {name for name, mark in before.sessions.items() if mark.is_here}
    marks, is_news = {}, digest != before.digest or found.keys() != here
    for name, (told, session) in found.items():
        mark = before.sessions.get(name)
        needed_wh = session.needed_wh if session.HasField("needed_wh") else None
        if mark is None or mark.digest != told:
            mark = Mark(told, next_revision, needed_wh, now_s, max_a=session.max_a)
            marks[name], is_news = mark, True
        elif _deviates(mark, session, plan, now_s):
            marks[name], is_news = (
                replace(mark, needed_wh=needed_wh, at_s=now_s, is_here=True, max_a=session.max_a),
                True,
            )
        elif plan_id != before.plan:
            marks[name] = replace(
                mark, needed_wh=needed_wh, at_s=now_s, is_here=True, max_a=session.max_a
            )
        else:
            marks[name] = replace(mark, is_here=True)
    for name in before.sessions.keys() - found.keys():
        if name in unended:
            marks[name] = replace(before.sessions[name], is_here=False)
    revision = next_revision if is_news else before.revision
    return Standing(revision, digest, marks, plan_id)


def _deviates(
    mark: Mark, session: planning_pb2.ProfileSession, plan: Plan | None, now_s: float
) -> bool:
    if mark.max_a is not None and abs(session.max_a - mark.max_a) >= PACE_A:
        return True  # the car takes less than was thought, or more
    if mark.needed_wh is None or not session.HasField("needed_wh"):
        return False
    expected_wh = mark.needed_wh
    course = None if plan is None else plan.course(session.ski, session.session)
    if plan is not None and course is not None:
        expected_wh = max(0.0, expected_wh - plan.planned_wh(course, now_s, mark.at_s))
    off_wh = abs(session.needed_wh - expected_wh)
    return off_wh > DEVIATION_WH or off_wh > max(LEAST_WH, DEVIATION_PART * mark.needed_wh)


def _digest_of_site(profile: planning_pb2.SiteProfile) -> str:
    message = planning_pb2.SiteProfile()
    message.CopyFrom(profile)
    for name in ("at", "revision", "sessions"):
        message.ClearField(name)
    return _hashed(message.SerializeToString(deterministic=True))


def _digest_of_session(session: planning_pb2.ProfileSession, word: str) -> str:
    message = planning_pb2.ProfileSession()
    message.CopyFrom(session)
    told = [name for name in MOVING if name not in ALWAYS and session.HasField(name)]
    for name in MOVING:
        message.ClearField(name)
    return _hashed(message.SerializeToString(deterministic=True) + "|".join([word, *told]).encode())


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
