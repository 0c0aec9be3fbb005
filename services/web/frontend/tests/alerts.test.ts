/** Alerts and notifications in words, and what the service worker does with a request. */
import { describe, expect, test } from "vitest";
import type { Alert } from "../src/api/types";
import { afterInSeconds, alertFacts, alertMark, alertTimes, eventKey, EVENTS, RULES, shownAfter } from "../src/core/alerts";
import { asRing, noticeOf } from "../src/core/ring";
import { wayOf } from "../src/core/shell";
import { CATALOGUES, speaking } from "./words";

const ALERT: Alert = {
  id: "a1",
  site: "demo",
  site_name: "Green Street 4",
  rule: "charger-offline",
  element: "8c2f",
  severity: "warning",
  state: "firing",
  params: { name: "Garage left" },
  started_at: "2026-11-22T09:00:00Z",
  fired_at: "2026-11-22T09:05:00Z",
  resolved_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
};
const { say, has } = speaking("en");
const wordsOf = (language: keyof typeof CATALOGUES) => {
  const { alert, ring, detail } = CATALOGUES[language];
  return { alert, ring, detail };
};
const WORDS = { en: wordsOf("en"), de: wordsOf("de"), sv: wordsOf("sv") };
const RING = {
  type: "alert.fired", language: "de", group: "demo|overload", alert: "a1", rule: "overload", severity: "alarm",
  params: { seconds: "12" }, site: "demo", site_name: "Green Street 4", open: 1, at: 1_790_000_000_000,
};

describe("an alert", () => {
  test("every rule and event has words", () => {
    expect(RULES.filter((rule) => !has(`alert.${rule}`))).toEqual([]);
    expect(EVENTS.filter((event) => !has(eventKey(event)))).toEqual([]);
  });

  test("says where, at what and how much", () => {
    expect(alertFacts(ALERT, say, has, "en", true)).toEqual(["Green Street 4", "Garage left"]);
    expect(alertFacts(ALERT, say, has, "en", false)).toEqual(["Garage left"]);
    const overload = { ...ALERT, rule: "overload" as const, params: { seconds: "12" } };
    expect(alertFacts(overload, say, has, "en", false)).toEqual(["12 s above the fuse"]);
    const own = { ...ALERT, site: null, rule: "certificate-expiring" as const, params: { at: "2026-12-01T00:00:00Z" } };
    expect(alertFacts(own, say, has, "en", false)).toEqual(["The service itself", "on 1 December 2026"]);
  });

  test("is calm when it is over, and tells from when to when", () => {
    expect(alertMark(ALERT)).toEqual({ shape: "half", tone: "wait" });
    const over = { ...ALERT, state: "resolved" as const, resolved_at: "2026-11-22T10:00:00Z" };
    expect(alertMark(over).tone).toBe("idle");
    const now = Date.parse("2026-11-22T11:00:00Z");
    expect(alertTimes(ALERT, say, now, "en")).toMatch(/^since \d\d:00$/);
    expect(alertTimes(over, say, now, "en")).toMatch(/^\d\d:00 to \d\d:00$/);
  });

  test("thresholds are set in the unit of their rule", () => {
    const cases = [["held-for", 300, 5], ["held-for", 30, 30], ["held-for", 0, 0], ["at-least", 10, 10], ["at-most", 2_592_000, 30]] as const;
    for (const [threshold, after_s, shown] of cases) {
      const rule = { threshold, after_s, delivered_after_s: after_s };
      expect(shownAfter(rule)).toBe(shown);
      expect(afterInSeconds(rule, shown)).toBe(after_s);
    }
  });
});

describe("a notification", () => {
  test("speaks the language it was asked for, and alarms stay", () => {
    const notice = noticeOf(RING, WORDS);
    expect(notice).toMatchObject({
      title: "Hauptsicherung überlastet", body: "Green Street 4 · 12 s über der Sicherung", tag: "demo|overload",
      urgent: true, url: "/alerts", language: "de",
    });
  });

  test("tells how many there are of a kind, and when one is over", () => {
    expect(noticeOf({ ...RING, language: "sv", open: 3 }, WORDS).body).toContain("3 av detta slag");
    const over = noticeOf({ ...RING, language: "en", type: "alert.resolved", open: 0 }, WORDS);
    expect([over.title, over.urgent]).toEqual(["Over: Main fuse overloaded", false]);
  });

  test("of a kind, language or shape it does not know is a notification all the same", () => {
    expect(noticeOf({ ...RING, language: "xx" }, WORDS).title).toBe("Main fuse overloaded");
    expect(noticeOf({ ...RING, rule: "of-tomorrow" }, WORDS)).toMatchObject({ body: "Green Street 4", language: "de" });
    for (const odd of ["", "no json", "null", "7", "[]"]) {
      expect(noticeOf(asRing(odd), WORDS).title).toBe(WORDS.en.ring["unknown"]);
    }
  });

  test("to try it has words in every language", () => {
    for (const language of ["en", "de", "sv"] as const) {
      expect(noticeOf({ type: "test", language }, WORDS).title).toBe(WORDS[language].ring["test"]);
    }
  });
});

describe("the service worker", () => {
  const origin = "https://volthus.example";
  test.each([
    ["GET", "navigate", "/alerts", "page"],
    ["GET", "navigate", "/api/docs", "leave"],
    ["GET", "cors", "/api/v1/sites", "leave"],
    ["POST", "navigate", "/log-in", "leave"],
    ["GET", "no-cors", "/assets/index-abc.js", "file"],
    ["GET", "no-cors", "/icons/icon-192.png", "file"],
    ["GET", "no-cors", "/sw.js", "leave"],
    ["GET", "cors", "/manifest.webmanifest", "leave"],
    ["GET", "navigate", "/metrics", "leave"],
  ] as const)("%s %s %s: %s", (method, mode, path, way) => {
    expect(wayOf(method, mode, origin + path, origin)).toBe(way);
  });

  test("leaves other origins alone", () => {
    expect(wayOf("GET", "cors", "https://elsewhere.example/assets/a.js", origin)).toBe("leave");
  });
});
