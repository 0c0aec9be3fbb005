"""How a release is put in place, watched over and taken back, one step after the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """Where an update stands."""

    IDLE = "idle"
    PATCHING = "patching"
    SETTLING = "settling"
    INSTALLED = "installed"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    FAILED = "failed"

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return self in (Phase.PATCHING, Phase.SETTLING, Phase.ROLLING_BACK)


class Reason(StrEnum):
    """Why an update was taken back or failed. The names are part of the API."""

    NOT_READY = "not-ready"
    CEM_SILENT = "cem-silent"
    WRONG_VERSION = "wrong-version"
    IDENTITY_CHANGED = "identity-changed"
    TRUST_LOST = "trust-lost"
    CHARGERS_AWAY = "chargers-away"
    CHANGED_BY_ANOTHER = "changed-by-another"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Trust:
    """Who the gateway is, and whom it trusts: SKIs."""

    own: str
    paired: frozenset[str] = frozenset()
    connected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Program:
    """One Deployment: the image it is to run, and whether all of it runs that and is ready."""

    image: str
    is_ready: bool


@dataclass(frozen=True, slots=True)
class View:
    """The site as it is seen now. cem_age_s: since the CEM last told a decision; None = never."""

    programs: Mapping[str, Program]
    cem_age_s: float | None = None
    cem_version: str = ""
    trust: Trust | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the updater is. Seconds."""

    ready_s: float = 180.0  # for one program to be ready with its new image
    settle_s: float = 60.0  # that all must be well without a break
    settle_within_s: float = 300.0
    silent_s: float = 25.0  # the CEM tells every 10 s


@dataclass(frozen=True, slots=True)
class Job:
    """An update. before: the image of each program, in the order in which they are patched.

    trust: as it was before; None where no gateway was heard.
    """

    phase: Phase = Phase.IDLE
    version: str = ""
    image: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    one_way: bool = False
    trust: Trust | None = None
    reason: str = ""
    element: str = ""

    @property
    def can_go_back(self) -> bool:
        """Whether what ran before can be put back."""
        way_back = (Phase.PATCHING, Phase.SETTLING, Phase.INSTALLED)
        return bool(self.before) and self.phase in way_back and not self.one_way


@dataclass(frozen=True, slots=True)
class Since:
    """Seconds it has been so. step: since the last patch; well: that all is well, 0 = it is not."""

    phase: float
    step: float
    well: float = 0.0


@dataclass(frozen=True, slots=True)
class Patch:
    """Give a program an image; only where it still has `instead_of`."""

    program: str
    image: str
    instead_of: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Go into a phase."""

    phase: Phase
    reason: str = ""
    element: str = ""


Step = Patch | Enter | None  # None: wait
Symptom = tuple[Reason, str]


def step(job: Job, view: View, since: Since, limits: Limits) -> Step:
    """Return what to do next about a job."""
    match job.phase:
        case Phase.PATCHING:
            return _patching(job, view, since, limits)
        case Phase.SETTLING:
            return _settling(job, view, since, limits)
        case Phase.ROLLING_BACK:
            return _rolling_back(job, view, since, limits)
        case _:
            return None


def symptoms(job: Job, view: View, limits: Limits) -> Iterator[Symptom]:
    """Yield what is not well at a site that runs the new release, the gravest first."""
    if job.trust is not None and view.trust is not None and view.trust.own != job.trust.own:
        yield Reason.IDENTITY_CHANGED, view.trust.own
    for name, program in view.programs.items():
        if not program.is_ready:
            yield Reason.NOT_READY, name
    if view.cem_age_s is None or view.cem_age_s > limits.silent_s:
        yield Reason.CEM_SILENT, "cem"
    elif view.cem_version != job.version:
        yield Reason.WRONG_VERSION, view.cem_version
    if job.trust is not None:
        yield from _strangers(job.trust, view.trust)


def _strangers(before: Trust, now: Trust | None) -> Iterator[Symptom]:
    if now is None:
        yield Reason.TRUST_LOST, before.own
        return
    if lost := before.paired - now.paired:
        yield Reason.TRUST_LOST, min(lost)
    # One may be switched off meanwhile; that all stay away is the release's doing.
    if before.connected and not before.connected & now.connected:
        yield Reason.CHARGERS_AWAY, min(before.connected)


def _patching(job: Job, view: View, since: Since, limits: Limits) -> Step:
    for name, before in job.before.items():
        program = view.programs.get(name)
        if program is None:
            return None  # the API server did not answer this time
        if program.image == before != job.image:
            return Patch(name, job.image, before)
        if program.image != job.image:
            return Enter(Phase.FAILED, Reason.CHANGED_BY_ANOTHER, name)
        if not program.is_ready:
            is_late = since.step >= limits.ready_s
            return _give_up(job, (Reason.NOT_READY, name)) if is_late else None
    return Enter(Phase.SETTLING)


def _settling(job: Job, view: View, since: Since, limits: Limits) -> Step:
    if any(view.programs.get(name) is None for name in job.before):
        return None
    ill = next(symptoms(job, view, limits), None)
    if ill is None:
        return Enter(Phase.INSTALLED) if since.well >= limits.settle_s else None
    is_late = since.phase >= limits.settle_within_s
    return _give_up(job, ill) if is_late or ill[0] is Reason.IDENTITY_CHANGED else None


def _give_up(job: Job, ill: Symptom) -> Enter:
    return Enter(Phase.FAILED if job.one_way else Phase.ROLLING_BACK, *ill)


def _rolling_back(job: Job, view: View, since: Since, limits: Limits) -> Step:
    late = None
    for name, before in reversed(tuple(job.before.items())):
        program = view.programs.get(name)
        if program is None:
            return None
        if program.image == job.image != before:
            return Patch(name, before, job.image)  # all at once: what ran well needs no watching
        if not program.is_ready:
            late = name
    if late is None:
        return Enter(Phase.ROLLED_BACK, job.reason, job.element)
    return Enter(Phase.FAILED, Reason.NOT_READY, late) if since.step >= limits.ready_s else None
