"""Row A18 in the browser: an operator rolls a release out in rings, holds it, and sees it stop."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe import told, violations
from browser import shoot, type_log_in, visit, words
from fleet_stage import OPERATOR, PASSWORD, staged
from own_loop import turning
from playwright.sync_api import Page, expect

from volthus_kit.bus import Bus
from volthus_wire.subjects import RELEASE_APPLY, UPDATE_STATE
from volthus_wire.v1 import updating_pb2
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.updating_pb2 import ApplyReleaseRequest, UpdateState

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(180)]

SITES = [f"fleet-{number:05d}" for number in range(1, 5)]
FIRST = SITES[0]
NEWER = "9.9.0"
RELEASE = {
    "version": NEWER,
    "published": "2026-11-20T08:00:00Z",
    "image": "volthus@sha256:" + "1" * 64,
    "signature": "AAAA",
    "notes": {"en": "Cars find their phase faster.", "de": "Autos finden ihre Phase schneller."},
    "if_declined": {"en": "Overloads are seen later."},
}
RINGS = {
    "rings": [
        {"name": "canary", "sites": [FIRST], "soak_s": 3600},
        {"name": "everybody", "soak_s": 7200},
    ]
}
SPEAKS_EVERY_S = 1.0


@dataclass
class Updaters:
    """The updaters of all sites: at work on what they are asked for, until `went_wrong`."""

    went_wrong: threading.Event = field(default_factory=threading.Event)
    states: dict[str, UpdateState] = field(default_factory=dict)

    async def run(self, url: str) -> None:
        """Answer and speak until cancelled."""
        async with Bus.connect(url, "updater") as bus:
            await bus.serve_many(RELEASE_APPLY, self._apply)
            while True:
                for site in SITES:
                    await bus.publish(UPDATE_STATE, self._state(site), site=site)
                await asyncio.sleep(SPEAKS_EVERY_S)

    async def _apply(
        self, asked: ApplyReleaseRequest, _: Caller, at: dict[str, str]
    ) -> UpdateState:
        phase = updating_pb2.UPDATE_PHASE_PATCHING
        self.states[at["site"]] = UpdateState(phase=phase, version=asked.version)
        return self._state(at["site"])

    def _state(self, site: str) -> UpdateState:
        state = self.states.setdefault(site, UpdateState(phase=updating_pb2.UPDATE_PHASE_IDLE))
        if state.version and self.went_wrong.is_set():
            state.phase, state.reason = updating_pb2.UPDATE_PHASE_ROLLED_BACK, "cem-silent"
        return state


@dataclass
class Cloud:
    """A front door with a fleet that hears of a newer release."""

    address: str
    updaters: Updaters


@asynccontextmanager
async def told_of_a_release(feed: Path) -> AsyncIterator[Cloud]:
    settings = {"VOLTHUS_RELEASES": str(feed)}
    arguments = ("--no-facts", "--state-every", "2")
    async with staged(len(SITES), *arguments, environment=settings) as stage:
        updaters = Updaters()
        speaking = asyncio.create_task(updaters.run(stage.nats.url))
        yield Cloud(f"http://127.0.0.1:{stage.port}", updaters)
        speaking.cancel()
        await asyncio.wait([speaking])


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Four sites whose updaters answer, and a feed with one release."""
    feed: Path = tmp_path_factory.mktemp("feed") / "releases.json"
    feed.write_text(json.dumps({"format": "volthus-releases/1", "releases": [RELEASE]}))
    with turning(told_of_a_release(feed)) as running:
        yield running


def log_in(page: Page) -> None:
    type_log_in(page, OPERATOR, PASSWORD)
    expect(page.locator("input[name=password]")).to_have_count(0)


def until_alerted(page: Page, alerts: str) -> None:
    """Wait until the front door tells of the roll-out: it looks at itself every ten seconds."""
    end_s = time.monotonic() + 60
    while "rollout-stopped" not in page.request.get(alerts).text():
        assert time.monotonic() < end_s, "no alert"
        page.wait_for_timeout(300)


def test_a_release_goes_out_in_rings_is_held_and_stops_by_itself(browser, cloud: Cloud) -> None:
    say = words("en")
    with visit(browser, f"{cloud.address}/fleet/releases") as page:
        log_in(page)
        api = f"{cloud.address}/api/v1"
        token = page.request.get(f"{api}/auth/me").json()["csrf_token"]
        rings = page.request.put(
            f"{api}/rollout-rings",
            data=RINGS,
            headers={"If-Match": "*", "Origin": cloud.address, "X-CSRF-Token": token},
        )
        assert rings.ok, rings.text()
        page.goto(f"{cloud.address}/fleet/releases")
        expect(page.get_by_text(RELEASE["notes"]["en"])).to_be_visible()
        start = say["rollouts.start"].format(version=NEWER)
        page.get_by_role("button", name=start).click()
        page.get_by_role("alertdialog").get_by_role("button", name=start).click()

        card = page.get_by_role("article", name=NEWER)
        canary, others = card.get_by_role("listitem").first, card.get_by_role("listitem").last
        # Only the first ring is asked.
        expect(canary).to_contain_text(f"{say['rollouts.stage-asked']}: 1", timeout=30_000)
        expect(canary).to_have_attribute("aria-current", "step")
        expect(others).to_contain_text(f"{say['rollouts.stage-waiting']}: 3")
        expect(card).to_contain_text(say["rollouts.running"])
        shoot(page, "rollout-running")
        assert not (wrong := violations(page)), told("releases", wrong)

        card.get_by_role("button", name=say["rollouts.stop"], exact=True).click()
        expect(card.get_by_role("status")).to_have_text(say["rollouts.why-asked"])
        expect(card).to_contain_text(say["rollouts.stopped"])
        card.get_by_role("button", name=say["rollouts.resume"]).click()
        expect(card.get_by_role("status")).to_have_count(0)

        cloud.updaters.went_wrong.set()
        why = say["rollouts.why-update-failed"].format(count=1, site=FIRST)
        expect(card.get_by_role("status")).to_contain_text(why, timeout=30_000)
        expect(card.get_by_role("status")).to_contain_text(say["software.reason-cem-silent"])
        expect(others).to_contain_text(f"{say['rollouts.stage-waiting']}: 3")
        shoot(page, "rollout-stopped")

    # And it comes to somebody who was not looking.
    say = words("de")
    with visit(browser, f"{cloud.address}/", language="de") as page:
        log_in(page)
        until_alerted(page, f"{cloud.address}/api/v1/alerts")
        page.goto(f"{cloud.address}/alerts")
        open_now = page.get_by_role("region", name=say["alerts.open"])
        expect(open_now).to_contain_text(say["alert.rollout-stopped"])
        expect(open_now).to_contain_text(NEWER)
        page.goto(f"{cloud.address}/fleet/releases")
        card = page.get_by_role("article", name=NEWER)
        card.get_by_role("button", name=say["rollouts.end"], exact=True).click()
        expect(card).to_contain_text(say["rollouts.ended"])
