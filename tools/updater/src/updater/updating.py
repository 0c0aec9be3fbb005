"""Carries an update through: asks the core what is next, has it done, keeps it, tells it."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Protocol

from updater.core.job import (
    Enter,
    Job,
    Limits,
    Patch,
    Phase,
    Program,
    Reason,
    Since,
    step,
    symptoms,
)
from updater.core.release import Release, misfit
from updater.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotThereError,
)
from updater.metrics import BUSY, CLUSTER_ERRORS, UPDATES
from updater.signing import is_signed
from updater.site import Site
from updater.store import Memory, Store
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

TICK_S = 1.0
CLUSTER_REFUSES = "cluster-refuses"
GATEWAY = "eebus-gateway"


class Deployments(Protocol):
    """The programs of the site, wherever they run."""

    async def programs(self) -> dict[str, Program]:
        """Return every program. Raises ClusterError."""

    async def patch(self, program: str, image: str, *, instead_of: str) -> None:
        """Give a program an image, if it still has the one of before. Raises ClusterError."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a release. rollout: the roll-out of an operator, "" = a person."""

    actor: str
    is_far: bool
    rollout: str = ""
    one_way_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What is accepted. key: the makers'."""

    key: str
    limits: Limits = field(default_factory=Limits)
    from_afar: bool = True


class Updater:
    """The one update of a site. All calls on the event loop."""

    def __init__(
        self, cluster: Deployments, site: Site, store: Store, clock: Clock, rules: Rules
    ) -> None:
        """Go on with what `store` keeps. Raises OSError, ValueError where that cannot be read."""
        self._cluster, self._site, self._store = cluster, site, store
        self._clock, self._rules = clock, rules
        self._lock = asyncio.Lock()
        self._entered_s = self._stepped_s = clock.monotonic()
        self._well_s: float | None = None
        self.changed = asyncio.Event()
        self.memory: Memory = store.read()

    # --- what is asked ---------------------------------------------------------------------------

    async def apply(self, release: Release, signature: str, asking: Asking) -> Memory:
        """Begin to install a release; again for the one under way changes nothing.

        Raises RefusedError as docs/words.md lists them.
        """
        async with self._lock:
            if self._has(release.version):
                return self.memory
            self._check(release, signature, asking)
            programs = await self._programs()
            if GATEWAY in programs and self._site.trust is None:
                raise RefusedError(
                    "site-not-healthy", "The gateway was not heard yet: whom does it trust?"
                )
            if asking.rollout:
                self._check_well(programs)
            before = {name: program.image for name, program in programs.items()}
            new = Job(
                Phase.PATCHING,
                release.version,
                release.image,
                before,
                release.one_way,
                self._site.trust,
            )
            declined = self.memory.declined
            kept = replace(
                self.memory, job=new, declined="" if declined == release.version else declined
            )
            await self._keep(replace(kept, since_s=self._now_s()))
            self._begin_phase()
            logger.info("update begun", extra={"version": release.version, "actor": asking.actor})
            return self.memory

    async def decline(self, version: str) -> Memory:
        """Decline a release, "" = none any more. Raises RefusedError `store-failing`."""
        async with self._lock:
            await self._keep(replace(self.memory, declined=version))
            return self.memory

    async def roll_back(self, actor: str, *, is_far: bool) -> Memory:
        """Put back what ran before.

        Raises RefusedError `updates-from-afar-off`, `no-way-back`, `store-failing`.
        """
        async with self._lock:
            self._check_place(is_far=is_far)
            if not self.memory.job.can_go_back:
                raise RefusedError("no-way-back", "There is nothing that could be put back.")
            logger.info("roll-back asked for", extra={"actor": actor})
            await self._enter(Enter(Phase.ROLLING_BACK, Reason.ASKED, ""))
            return self.memory

    def _has(self, version: str) -> bool:
        """Whether a release is on its way or in place, unless something older was put back."""
        job = self.memory.job
        if job.version != version:
            return False
        is_there = job.phase is Phase.INSTALLED and self._site.version in ("", version)
        return is_there or job.phase in (Phase.PATCHING, Phase.SETTLING)

    def _check_place(self, *, is_far: bool) -> None:
        if is_far and not self._rules.from_afar:
            raise RefusedError(
                "updates-from-afar-off", "This site installs only what its own page is asked for."
            )

    def _check(self, release: Release, signature: str, asking: Asking) -> None:
        memory, version = self.memory, release.version
        self._check_place(is_far=asking.is_far)
        if not is_signed(release, signature, self._rules.key):
            raise RefusedError(
                "release-not-signed", f"The signature of {version} is not its makers'."
            )
        if (no := misfit(release, self._site.version)) is not None:
            raise RefusedError(no.code, no.detail, version=version)
        if memory.job.phase.is_busy:
            raise RefusedError(
                "update-running", f"{memory.job.version} is {memory.job.phase} at this moment."
            )
        if release.one_way and not asking.one_way_confirmed:
            raise RefusedError(
                "release-one-way", f"{version} cannot be taken back: confirm that.", version=version
            )
        if asking.rollout and version == memory.declined:
            raise RefusedError(
                "release-declined", f"{version} was declined at the site.", version=version
            )
        if asking.rollout and version == memory.refused:
            raise RefusedError(
                "release-rolled-back", f"{version} was rolled back here before.", version=version
            )

    def _check_well(self, programs: dict[str, Program]) -> None:
        """Let a roll-out begin only where all is well: else nobody can tell what it did."""
        ill = [name for name, program in programs.items() if not program.is_ready]
        probe = Job(version=self._site.version, trust=self._site.trust)
        ill += [str(what) for what, _ in symptoms(probe, self._site.view({}), self._rules.limits)]
        if ill:
            raise RefusedError("site-not-healthy", f"Not well before the update: {ill[0]}.")

    async def _programs(self) -> dict[str, Program]:
        try:
            return await self._cluster.programs()
        except ClusterError as error:
            code = "cluster-refuses" if _is_final(error) else "cluster-unreachable"
            raise RefusedError(code, f"{error}.") from error

    # --- what is done ----------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry on until cancelled, also with what was under way before a restart of ours."""
        while True:
            await self.tick()
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Do the next step of what is under way, if any."""
        async with self._lock:
            BUSY.set(self.memory.job.phase.is_busy)
            if not self.memory.job.phase.is_busy:
                return
            try:
                await self._step()
            except ConflictError as error:
                logger.warning("update met another", extra={"error": str(error)})
                await self._enter(Enter(Phase.FAILED, Reason.CHANGED_BY_ANOTHER))
            except ClusterError as error:
                await self._not_done(error)

    async def _step(self) -> None:
        job = self.memory.job
        view = self._site.view(await self._cluster.programs())
        now_s, limits = self._clock.monotonic(), self._rules.limits
        is_well = job.phase is Phase.SETTLING and not any(symptoms(job, view, limits))
        self._well_s = (self._well_s or now_s) if is_well else None
        well_s = 0.0 if self._well_s is None else now_s - self._well_s
        since = Since(now_s - self._entered_s, now_s - self._stepped_s, well_s)
        match step(job, view, since, limits):
            case Patch() as patch:
                await self._cluster.patch(patch.program, patch.image, instead_of=patch.instead_of)
                self._stepped_s = now_s
                logger.info("image changed", extra={"program": patch.program, "to": patch.image})
            case Enter() as enter:
                await self._enter(enter)
            case None:
                pass

    async def _not_done(self, error: ClusterError) -> None:
        """Note that the API server did not do it; what it will never do ends the update."""
        CLUSTER_ERRORS.labels(type(error).__name__).inc()
        logger.warning("cluster did not answer", extra={"error": str(error)})
        is_late = self._clock.monotonic() - self._stepped_s >= self._rules.limits.ready_s
        if _is_final(error) and is_late:
            await self._enter(Enter(Phase.FAILED, CLUSTER_REFUSES))

    async def _enter(self, enter: Enter) -> None:
        job = replace(
            self.memory.job, phase=enter.phase, reason=enter.reason, element=enter.element
        )
        memory = replace(self.memory, job=job, since_s=self._now_s())
        if enter.phase is Phase.ROLLED_BACK:
            memory = replace(memory, refused=job.version)
        self._begin_phase()
        if enter.phase in (Phase.SETTLING, Phase.ROLLED_BACK):
            self._site.forget()  # what was heard until now, other programs said
        if not enter.phase.is_busy:
            UPDATES.labels(enter.phase).inc()
        say = logger.info if enter.phase in (Phase.SETTLING, Phase.INSTALLED) else logger.warning
        say("update", extra={"phase": enter.phase, "version": job.version, "reason": job.reason})
        try:
            await self._keep(memory)
        except RefusedError as error:
            # A full disk must not keep a bad release in place: it goes on from memory.
            logger.error("update not stored", extra={"error": error.detail})
            self._take(memory)

    def _begin_phase(self) -> None:
        self._entered_s = self._stepped_s = self._clock.monotonic()
        self._well_s = None

    async def _keep(self, memory: Memory) -> None:
        await asyncio.to_thread(self._store.write, memory)
        self._take(memory)

    def _take(self, memory: Memory) -> None:
        self.memory = memory
        self.changed.set()

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _is_final(error: ClusterError) -> bool:
    return isinstance(error, ForbiddenError | NotThereError)
