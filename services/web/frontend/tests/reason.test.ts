import { describe, expect, test } from "vitest";
import type { LimitedBy } from "../src/api/types";
import { LANGUAGES } from "../src/core/language";
import { nextLook, reason, REASON_KINDS } from "../src/core/reason";
import { charger } from "./pictures";
import { speaking } from "./words";

const { say, f } = speaking("en");
const limit = (change: Partial<LimitedBy>): LimitedBy => ({
  kind: "fuse",
  element: "main",
  phase: "L2",
  value: 25,
  since: null,
  until: null,
  ...change,
});
const text = (change: Partial<LimitedBy>) =>
  reason(charger({ limited_by: limit(change) }), say, f)?.text;

describe("a charger's reason", () => {
  test("names the phase and the amperes of the fuse", () => {
    expect(text({})).toBe("Limited by the main fuse on L2 (25\u00a0A).");
  });

  test("leaves out what is not known without a gap", () => {
    expect(text({ phase: null, value: null })).toBe("Limited by the main fuse.");
  });

  test("names the circuit whose fuse it is", () => {
    const circuits = [{ id: "garage", name: "Garage" }];
    const of = (kind: string) =>
      reason(charger({ limited_by: limit({ kind, element: "garage", value: 5 }) }), say, f, circuits)?.text;
    expect(of("fuse")).toBe("Limited by the fuse of Garage on L2 (5\u00a0A).");
    expect(of("minimum-does-not-fit")).toContain("only 5\u00a0A are free at Garage on L2");
  });

  test("says how little is free where the minimum does not fit", () => {
    expect(text({ kind: "minimum-does-not-fit", value: 1.1 })).toBe(
      "Paused: only 1.1\u00a0A are free on L2, less than a car needs to charge.",
    );
  });

  test("calls less than nothing nothing", () => {
    expect(text({ kind: "minimum-does-not-fit", value: -8.9 })).toContain("only 0\u00a0A are free");
    expect(text({ kind: "sun-share", phase: null, value: -816.9 })).toContain("from the grid");
  });

  test("gives in kW what is a power", () => {
    expect(text({ kind: "sun-share", phase: null, value: 4140 })).toBe(
      "Charging with the surplus of the sun (4.1\u00a0kW).",
    );
  });

  test("tells whose start the current is kept free for", () => {
    expect(text({ kind: "start-reserved", element: "b".repeat(40), value: 16, phase: null })).toBe(
      "Another car is just starting: until it is clear what it takes, current (16\u00a0A) is kept free for it.",
    );
    expect(text({ kind: "start-reserved", element: "a".repeat(40), value: 16, phase: null })).toBe(
      "Just starting: current (16\u00a0A) is kept free until it is clear what the car takes.",
    );
  });

  test("never rounds up what is free: 5.96 A are not the 6 A that would do", () => {
    expect(text({ kind: "minimum-does-not-fit", value: 5.96 })).toContain("only 5.9\u00a0A are free");
  });

  test.each([
    ["en", "Charging increases in 0:02.", "It can start again in 1:20 at the earliest."],
    ["de", "In 0:02 wird stärker geladen.", "Frühestens in 1:20 kann es weitergehen."],
    ["sv", "Laddningen ökar om 0:02.", "Den kan fortsätta tidigast om 1:20."],
  ] as const)("says in %s what its clock counts down to", (language, increase, start) => {
    const words = speaking(language).say;
    expect(nextLook("increase-held-back", 1.2, words)).toBe(increase);
    expect(nextLook("minimum-does-not-fit", 80, words)).toBe(start);
  });

  test("has words for a clock that has run down, and for one of an unknown kind", () => {
    expect(nextLook("waiting-for-turn", -1, say)).toBe("Any moment now.");
    expect(nextLook("brand-new", 5, say)).toBe("Checked again in 0:05.");
  });

  test("carries the moment of the next look for the countdown", () => {
    const until = "2026-11-22T09:01:20Z";
    const told = reason(charger({ limited_by: limit({ until }) }), say, f);
    expect(told?.until_ms).toBe(Date.parse(until));
  });

  test("shows a kind that is newer than this page by its name", () => {
    expect(text({ kind: "grid-operator" })).toBe("Limited for a reason this page does not know yet (grid-operator).");
  });

  test("is absent where nothing limits", () => {
    expect(reason(charger(), say, f)).toBeNull();
  });

  test.each(LANGUAGES)("is a whole sentence for every kind in %s, with and without figures", (language) => {
    const words = speaking(language);
    for (const kind of REASON_KINDS) {
      for (const change of [{}, { phase: null }, { value: null }, { phase: null, value: null }]) {
        const told = reason(charger({ limited_by: limit({ kind, ...change }) }), words.say, words.f);
        expect(told?.text, kind).toMatch(/^\p{Lu}[^{}]*[^\s.]\.$/u);
        expect(told?.text, kind).not.toMatch(/ {2}| [.,]|\(\)|reason\./);
      }
    }
  });
});
