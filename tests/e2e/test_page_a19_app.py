"""Row A19: the page as an app on a phone: opens without the service, rings, and tells of alerts."""

import json
import os
import re
import signal

import httpx
import pytest
from browser import PHONE, said, shoot, type_log_in, visit, words
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

LIVE_MS = 40_000.0
ALERT_MS = 60_000.0
CONTROLLED = "navigator.serviceWorker.controller !== null"
SHELL_KEPT = """async () => {
  const names = await caches.keys();
  const files = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return files.some((kept) => kept.length > 5);
}"""


def until(page: Page, expression: str, seconds: float = 40) -> None:
    """Wait for a fact of the page. Playwright's own way needs `eval`, which the page forbids."""
    for _ in range(int(seconds / 0.25)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(250)
    pytest.fail(f"not within {seconds} s: {expression}")


def enter(page: Page, site, role: str = "service") -> None:
    user = site.demo["users"][role]
    type_log_in(page, user["username"], user["password"])
    expect(page.locator("input[name=password]")).to_have_count(0)


def connection(page: Page):
    return page.get_by_role("status", name=words("en")["live.label"])


def api(site, method: str, path: str, body: object = None) -> dict:
    user = site.demo["users"]["service"]
    with httpx.Client(base_url=site.api_url, timeout=20) as client:
        told = client.post("/auth/token", data={k: user[k] for k in ("username", "password")})
        client.headers["Authorization"] = f"Bearer {told.json()['access_token']}"
        answer = client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()


def test_the_page_can_be_installed(browser, site):
    with visit(browser, site.demo["url"], width=PHONE) as page:
        client = page.context.new_cdp_session(page)
        problems = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
        # A headless browser has nowhere to install to, and says so.
        kinds = {one["errorId"] for one in problems} - {"in-incognito"}
        assert kinds == set(), problems
        manifest = client.send("Page.getAppManifest")
        assert (manifest["errors"], manifest["url"].rsplit("/", 1)[1]) == (
            [],
            "manifest.webmanifest",
        )


def test_without_the_service_the_page_opens_with_what_was_seen_last(browser, site):
    with visit(browser, site.demo["url"], width=PHONE, as_app=True) as page:
        enter(page, site, "standard")
        expect(connection(page)).to_contain_text(said("live.live"), timeout=LIVE_MS)
        until(page, CONTROLLED)
        until(page, SHELL_KEPT)
        until(page, "localStorage.getItem('volthus.last-seen') !== null")
        web = site.pid("web")
        os.kill(web, signal.SIGSTOP)
        try:
            page.reload(wait_until="commit")
            expect(page.get_by_text(said("live.stale-lost"))).to_be_visible(timeout=LIVE_MS)
            expect(page.get_by_role("heading", name="Garage left", level=3)).to_be_visible()
            expect(page.locator("input[name=password]")).to_have_count(0)
            shoot(page, "overview-without-service-390-en")
        finally:
            os.kill(web, signal.SIGCONT)
        expect(connection(page)).to_contain_text(said("live.live"), timeout=LIVE_MS)
        expect(page.get_by_text(said("live.stale-lost"))).to_have_count(0)
        # Whoever logs out leaves nothing behind.
        page.get_by_role("button", name=words("en")["menu.open"]).click()
        page.get_by_role("menuitem", name=words("en")["menu.log-out"]).click()
        expect(page.locator("input[name=password]")).to_be_visible()
        assert page.evaluate("localStorage.getItem('volthus.last-seen')") is None


def test_a_charger_that_is_cut_is_an_alert_that_somebody_sees_to(browser, site):
    rule = {"enabled": True, "severity": "alarm", "after_s": 2}
    api(site, "PUT", "/alert-rules/charger-offline", rule)
    charger = site.charger(0)
    cut = {"kind": "link_loss", "seconds": 30}
    with visit(browser, site.demo["url"] + "/alerts", language="de", width=PHONE) as page:
        enter(page, site)
        expect(page.get_by_text(words("de")["alerts.none-open"])).to_be_visible(timeout=LIVE_MS)
        httpx.post(f"{charger['url']}/api/fault", json=cut, timeout=10).raise_for_status()
        line = page.get_by_role("listitem").filter(has_text=words("de")["alert.charger-offline"])
        expect(line).to_contain_text("Garage left", timeout=ALERT_MS)
        expect(line).to_contain_text(words("de")["severity.alarm"])
        bell = page.get_by_role("link", name=re.compile(words("de")["nav.alerts"] + ":"))
        expect(bell).to_contain_text("1", timeout=LIVE_MS)
        shoot(page, "alerts-390-de")
        line.get_by_role("button").click()
        expect(line).to_contain_text("service")
        expect(line.get_by_role("button")).to_have_count(0)


def test_a_push_message_rings_in_the_language_it_was_asked_for(browser, site):
    with visit(browser, site.demo["url"], as_app=True) as page:
        page.context.grant_permissions(["notifications"], origin=site.demo["url"])
        until(page, "navigator.serviceWorker.ready.then(() => true)")
        client = page.context.new_cdp_session(page)
        registrations: list[dict] = []
        client.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: registrations.extend(told["registrations"]),
        )
        client.send("ServiceWorker.enable")
        page.wait_for_timeout(500)
        message = {
            "type": "alert.fired", "language": "sv", "group": "demo|overload", "rule": "overload",
            "severity": "alarm", "params": {"seconds": "12"}, "site_name": "Storgatan 1", "open": 2,
        }  # fmt: skip
        for _ in range(2):  # two of a group are one notification
            client.send(
                "ServiceWorker.deliverPushMessage",
                {
                    "origin": site.demo["url"],
                    "registrationId": registrations[-1]["registrationId"],
                    "data": json.dumps(message),
                },
            )
        until(
            page,
            "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length",
        )
        [shown] = page.evaluate(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
            ".map(({ title, body, tag, lang }) => ({ title, body, tag, lang }))"
        )
        assert shown == {
            "title": words("sv")["alert.overload"],
            "body": "Storgatan 1 · 12 s över säkringen · 2 av detta slag",
            "tag": "demo|overload",
            "lang": "sv",
        }
