"""The updater with its real client and file: what it accepts, carries through and takes back."""

import base64
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kubernetes_stand_in import StandInCluster

from updater import cli
from updater.core.job import Limits, Phase, Trust
from updater.core.release import Release
from updater.kubernetes import Cluster
from updater.signing import is_signed, signature_of
from updater.site import Site
from updater.store import Store
from updater.updating import Asking, Rules, Updater
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock

OLD, NEW = "volthus@sha256:" + "0" * 64, "volthus@sha256:" + "1" * 64
BAD = "bad@sha256:" + "2" * 64
PROGRAMS = {"web": "demo-web", "eebus-gateway": "demo-eebus-gateway", "cem": "demo-cem"}
TRUST = Trust("own", frozenset({"a"}), frozenset({"a"}))
MAKERS = Ed25519PrivateKey.generate()
KEY = base64.b64encode(MAKERS.public_key().public_bytes_raw()).decode()
ANNA = Asking("anna", is_far=False)
ROLLOUT = Asking("olga", is_far=True, rollout="7")


class Stage:
    """A site that runs 1.0, its updater, and a hand on the clock."""

    def __init__(self, stand_in, folder, token):
        self.stand_in, self.folder, self.token = stand_in, folder, token
        self.clock = FakeClock()
        self.site = Site(self.clock)
        self.heard("1.0")
        self.rules = Rules(KEY, Limits(ready_s=20, settle_s=5, settle_within_s=30))
        self.start()

    def start(self):
        self.cluster = Cluster(
            self.stand_in.url, self.stand_in.namespace, self.token, None, PROGRAMS
        )
        self.updater = Updater(self.cluster, self.site, Store(self.folder), self.clock, self.rules)

    def heard(self, version, trust=TRUST):
        self.site.heard_cem(version)
        self.site.heard_trust(trust)

    async def apply(self, image=NEW, asking=ANNA, *, version="2.0", one_way=False):
        release = Release(version, image, one_way=one_way)
        return await self.updater.apply(release, signature_of(release, MAKERS), asking)

    async def until_over(self, version="2.0", trust=TRUST, most=200):
        for _ in range(most):
            await self.settled()
            self.heard(version, trust)
            await self.updater.tick()
            if not self.updater.memory.job.phase.is_busy:
                return self.updater.memory.job
            self.clock.go_on(1)
        raise AssertionError(f"still {self.updater.memory.job}")

    async def settled(self):
        """Let the stand-in's controller catch up, without its own clock."""
        for name, found in self.stand_in.deployments.items():
            is_ready = await self.stand_in.runs(name, self.stand_in.image(name))
            found["status"] |= {"observedGeneration": found["metadata"]["generation"],
                                "availableReplicas": int(is_ready)}  # fmt: skip

    def images(self):
        return {self.stand_in.image(name) for name in PROGRAMS.values()}


@pytest.fixture
async def stage(tmp_path):
    (tmp_path / "token").write_text("first")
    async with staged(tmp_path) as ready:
        yield ready


@asynccontextmanager
async def staged(folder):
    async with StandInCluster(has_controller=False).serving() as stand_in:
        for program, name in PROGRAMS.items():
            stand_in.add(name, program, OLD)
        ready = Stage(stand_in, folder, folder / "token")
        async with ready.cluster:
            yield ready


async def refused(awaitable):
    with pytest.raises(RefusedError) as caught:
        await awaitable
    return caught.value.code


async def test_a_release_is_installed_on_every_program(stage):
    await stage.apply()
    job = await stage.until_over()
    assert (job.phase, job.reason) == (Phase.INSTALLED, "")
    assert stage.images() == {NEW}


async def test_an_image_that_does_not_start_is_taken_back_before_charging_is_touched(stage):
    await stage.apply(BAD)
    job = await stage.until_over(version="1.0")
    assert (job.phase, job.reason, job.element) == (Phase.ROLLED_BACK, "not-ready", "web")
    assert stage.images() == {OLD}
    patched = {path for method, path, _ in stage.stand_in.requests if method == "PATCH"}
    assert {path.rpartition("/")[2] for path in patched} == {"demo-web"}


async def test_a_release_that_forgets_whom_it_trusts_is_taken_back(stage):
    await stage.apply()
    job = await stage.until_over(trust=Trust("own"))
    assert (job.phase, job.reason, job.element) == (Phase.ROLLED_BACK, "trust-lost", "a")
    assert stage.images() == {OLD}


async def test_a_rolled_back_release_is_left_alone_by_roll_outs_and_not_by_people(stage):
    await stage.apply(BAD)
    await stage.until_over(version="1.0")
    # What the programs of the release told counts no more: they are gone.
    assert await refused(stage.apply(NEW)) == "site-not-healthy"
    stage.heard("1.0")
    assert await refused(stage.apply(BAD, ROLLOUT)) == "release-rolled-back"
    await stage.apply(NEW)
    assert (await stage.until_over()).phase is Phase.INSTALLED


async def test_an_update_goes_on_after_a_restart_of_the_updater(stage):
    await stage.apply()
    await stage.updater.tick()
    stage.start()
    assert stage.updater.memory.job.phase is Phase.PATCHING
    async with stage.cluster:
        assert (await stage.until_over()).phase is Phase.INSTALLED
    assert list(stage.updater.memory.job.before) == list(PROGRAMS)


async def test_a_person_goes_back_and_the_trust_that_was_is_not_asked_for_again(stage):
    await stage.apply()
    await stage.until_over()
    await stage.updater.roll_back("anna", is_far=False)
    job = await stage.until_over(version="1.0")
    assert (job.phase, job.reason) == (Phase.ROLLED_BACK, "asked")
    assert stage.images() == {OLD}
    assert await refused(stage.updater.roll_back("anna", is_far=False)) == "no-way-back"


async def test_what_was_declined_at_the_site_no_roll_out_installs(stage):
    await stage.updater.decline("2.0")
    assert await refused(stage.apply(asking=ROLLOUT)) == "release-declined"
    memory = await stage.apply(asking=ANNA)
    assert (memory.job.phase, memory.declined) == (Phase.PATCHING, "")


async def test_only_what_the_makers_signed_is_run(stage):
    release = Release("2.0", NEW)
    good = signature_of(release, MAKERS)
    for other in (
        replace(release, image=BAD),
        replace(release, version="3.0"),
        replace(release, since="0.9"),
        replace(release, one_way=True),
    ):
        assert await refused(stage.updater.apply(other, good, ANNA)) == "release-not-signed"
    for signature in ("", "AAAA", "?", signature_of(release, Ed25519PrivateKey.generate())):
        assert await refused(stage.updater.apply(release, signature, ANNA)) == "release-not-signed"
    assert stage.images() == {OLD}


async def test_an_older_release_is_refused_though_it_is_signed(stage):
    assert await refused(stage.apply(version="0.9")) == "release-not-newer"


async def test_a_release_without_a_way_back_needs_a_confirmation_and_stays_when_it_fails(stage):
    assert await refused(stage.apply(BAD, one_way=True)) == "release-one-way"
    await stage.apply(BAD, replace(ANNA, one_way_confirmed=True), one_way=True)
    job = await stage.until_over(version="1.0")
    assert (job.phase, job.reason) == (Phase.FAILED, "not-ready")
    assert await refused(stage.updater.roll_back("anna", is_far=False)) == "no-way-back"


async def test_one_update_at_a_time_and_the_same_again_is_no_second(stage):
    await stage.apply()
    assert await refused(stage.apply(version="3.0")) == "update-running"
    assert (await stage.apply()).job.version == "2.0"


async def test_what_somebody_put_back_otherwise_is_installed_again_when_it_is_asked_for(stage):
    await stage.apply()
    assert (await stage.until_over()).phase is Phase.INSTALLED
    assert (await stage.apply()).job.phase is Phase.INSTALLED  # it is there already
    for name in PROGRAMS.values():
        containers = stage.stand_in.deployments[name]["spec"]["template"]["spec"]["containers"]
        next(one for one in containers if one["image"] == NEW)["image"] = OLD
    stage.heard("1.0")
    assert (await stage.apply()).job.phase is Phase.PATCHING
    assert (await stage.until_over()).phase is Phase.INSTALLED
    assert stage.images() == {NEW}


async def test_a_site_may_keep_installing_to_itself(stage):
    stage.updater._rules = replace(stage.rules, from_afar=False)
    assert await refused(stage.apply(asking=ROLLOUT)) == "updates-from-afar-off"
    await stage.apply(asking=ANNA)
    back = stage.updater.roll_back
    assert await refused(back("olga", is_far=True)) == "updates-from-afar-off"
    await back("anna", is_far=False)


async def test_a_roll_out_begins_only_at_a_site_that_is_well(stage):
    stage.clock.go_on(60)
    assert await refused(stage.apply(asking=ROLLOUT)) == "site-not-healthy"


async def test_rights_that_are_missing_are_told_at_once(stage):
    stage.stand_in.forbidden = {"GET"}
    assert await refused(stage.apply()) == "cluster-refuses"
    stage.stand_in.forbidden = set()
    stage.stand_in.fail_next = [503]
    assert await refused(stage.apply()) == "cluster-unreachable"


async def test_rights_lost_on_the_way_end_the_update(stage):
    stage.stand_in.forbidden = {"PATCH"}
    await stage.apply()
    job = await stage.until_over(version="1.0")
    assert (job.phase, job.reason) == (Phase.FAILED, "cluster-refuses")


async def test_a_server_that_is_away_for_a_while_only_delays(stage):
    await stage.apply()
    stage.stand_in.fail_next = [503] * 7
    assert (await stage.until_over()).phase is Phase.INSTALLED


async def test_a_full_disk_keeps_no_bad_release_in_place(stage, tmp_path):
    await stage.apply(BAD)
    (tmp_path / "updater.new").mkdir()  # no file can be written any more
    job = await stage.until_over(version="1.0")
    assert job.phase is Phase.ROLLED_BACK
    assert await refused(stage.updater.decline("2.0")) == "store-failing"


def test_a_feed_is_signed_by_the_command_and_verified_by_the_updater(tmp_path, capsys, monkeypatch):
    feed = tmp_path / "releases.json"
    one = f'{{"version": "2.0", "image": "{NEW}", "since": "1.0"}}'
    feed.write_text(f'{{"releases": [{one}, {{"version": "1.0"}}]}}')
    monkeypatch.setattr("sys.argv", ["sign", "key", str(tmp_path / "makers.key")])
    cli.main()
    public = capsys.readouterr().out.strip()
    monkeypatch.setattr("sys.argv", ["sign", "feed", str(tmp_path / "makers.key"), str(feed)])
    cli.main()
    signed = cli.json.loads(feed.read_bytes())["releases"]
    assert is_signed(Release("2.0", NEW, "1.0"), signed[0]["signature"], public)
    assert "signature" not in signed[1]
    assert (tmp_path / "releases.json.sig").exists()
    assert (tmp_path / "makers.key").stat().st_mode & 0o777 == 0o600


def test_an_image_by_its_tag_is_not_signed(tmp_path, monkeypatch, capsys):
    feed = tmp_path / "releases.json"
    feed.write_text('{"releases": [{"version": "2.0", "image": "volthus:2.0"}]}')
    cli.make_key(tmp_path / "makers.key")
    monkeypatch.setattr("sys.argv", ["sign", "feed", str(tmp_path / "makers.key"), str(feed)])
    with pytest.raises(SystemExit):
        cli.main()
    assert "digest" in capsys.readouterr().err
