"""A living site under a fault: what really flows four times a second, what the page says once."""

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from browser import ANSWER_MS, LOCALES, WIDE, type_log_in
from living import PHASES, LivingSite
from playwright.sync_api import Browser, Error, Page

EVERY_S = 0.25
FIGURE = re.compile(r"[\d.]+")
READ_PAGE_EVERY_S = 1.0
QUIET_W = 230.0  # per phase: the base load the demo site is designed for, 1 A
OPENS_MS = 60_000.0  # all programs have just been started
FULL_A = 6.5  # a car that draws more charges on a limit of the CEM, not on its failsafe


@dataclass(frozen=True, slots=True)
class Moment:
    """What flowed at a time (s since the fault): the fullest phase, and each charger's fullest."""

    at_s: float
    site_a: float
    chargers_a: tuple[float, ...]


@dataclass
class Record:
    """All moments of one fault, and the page's sentences in the order they came."""

    fuse_a: float
    moments: list[Moment] = field(default_factory=list)
    said: list[tuple[float, str]] = field(default_factory=list)

    def note(self, at_s: float, sentence: str) -> None:
        """Keep a sentence of the page, once, whatever figures it has."""
        shape = FIGURE.sub("", sentence)
        if sentence and all(shape != FIGURE.sub("", known) for _, known in self.said):
            self.said.append((at_s, sentence))

    @property
    def worst_over_a(self) -> float:
        """The most that flowed above the fuse (A), 0 = never above."""
        return max([0.0, *(m.site_a - self.fuse_a for m in self.moments)])

    @property
    def over_s(self) -> float:
        """How long more than the fuse flowed (s)."""
        return EVERY_S * sum(m.site_a > self.fuse_a for m in self.moments)

    def safe_after_s(self, is_safe: Callable[[Moment], bool], until_s: float) -> float | None:
        """Return when the site became safe and stayed so until then; None = never."""
        within = [m for m in self.moments if m.at_s <= until_s]
        unsafe = [m.at_s for m in within if not is_safe(m)]
        if not unsafe:
            return 0.0
        later = [m.at_s for m in within if m.at_s > unsafe[-1]]
        return later[0] if later else None


class Player:
    """Prepares a site, watches it, and reads its page."""

    def __init__(self, site: LivingSite, browser: Browser | None, fuse_a: float) -> None:
        self.site = site
        self.fuse_a = fuse_a
        self.http = httpx.Client(timeout=5)
        self._page = None if browser is None else self._opened(browser)

    def calm(self) -> None:
        """Bring back a small, steady household without sun."""
        for name in ("oven", "hob", "kettle", "heat_pump", "sauna"):
            self.outside("POST", f"appliances/{name}", {"on": False})
        self.house(QUIET_W)
        self.outside("POST", "sun", {"w": 0})
        self.outside("DELETE", "fault")
        self.outside("POST", "meter/fault", {"fault": "none"})

    def house(self, watt: float) -> None:
        """Set the household's power on every phase (W)."""
        self.outside("POST", "household", {f"{phase}_w": watt for phase in PHASES})

    def outside(self, method: str, path: str, body: object = None) -> None:
        """Command the virtual world."""
        answer = self.http.request(method, f"{self.site.outside}/api/{path}", json=body)
        answer.raise_for_status()

    def until_charging(self, within_s: float = 180.0, cars: int = 2) -> float:
        """Wait until so many cars charge on limits of the CEM; return the seconds it took."""
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            moment = self.moment(0.0)
            if moment and sum(a > FULL_A for a in moment.chargers_a) >= cars:
                return time.monotonic() - began
            time.sleep(EVERY_S)
        raise TimeoutError(f"{cars} cars do not charge within {within_s:.0f} s")

    def moment(self, at_s: float) -> Moment | None:
        """Return what flows now; None while the virtual world does not answer."""
        with contextlib.suppress(httpx.TransportError):
            truth = self.http.get(f"{self.site.outside}/api/state").json()
            chargers = tuple(
                max((c["current_a"] or {"a": 0.0}).values()) for c in truth["chargers"]
            )
            return Moment(at_s, max(truth["current_a"][phase] for phase in PHASES), chargers)
        return None

    def watch(self, record: Record, began_s: float, until_s: float) -> None:
        """Keep moments and sentences until a time (s since the fault began)."""
        read_s = float("-inf")
        while (at_s := time.monotonic() - began_s) < until_s:
            moment = self.moment(at_s)
            if moment:
                record.moments.append(moment)
            if self._page is not None and at_s - read_s >= READ_PAGE_EVERY_S:
                read_s = at_s
                for sentence in self._sentences(self._page):
                    record.note(at_s, sentence)
            time.sleep(max(0.0, EVERY_S - (time.monotonic() - began_s - at_s)))

    def close(self) -> None:
        """Close the page and the connections."""
        if self._page is not None:
            self._page.context.close()
        self.http.close()

    def _opened(self, browser: Browser) -> Page:
        context = browser.new_context(
            locale=LOCALES["en"], viewport={"width": WIDE, "height": 900}, reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(OPENS_MS)
        page.goto(self.site.demo["url"])
        user = self.site.demo["users"]["service"]
        type_log_in(page, user["username"], user["password"])
        page.get_by_role("heading", level=1).wait_for()
        page.set_default_timeout(ANSWER_MS)
        return page

    @staticmethod
    def _sentences(page: Page) -> list[str]:
        """Return the page's first sentence and its notices."""
        with contextlib.suppress(Error):
            found = page.get_by_role("heading", level=1).all_inner_texts()
            found += page.locator(".notices li, .old").all_inner_texts()
            found += page.get_by_role("alert").all_inner_texts()
            return [" ".join(text.split()) for text in found]
        return []
