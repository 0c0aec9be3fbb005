import { describe, expect, test } from "vitest";
import type { LimitedBy } from "../src/api/types";
import { LANGUAGES } from "../src/core/language";
import { reason, REASON_KINDS } from "../src/core/reason";
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

  test("says how little is free where the minimum does not fit", () => {
    expect(text({ kind: "minimum-does-not-fit", value: 1.1 })).toBe(
      "Paused: the minimum current does not fit on L2, only 1.1\u00a0A are free.",
    );
  });

  test("tells whose start the current is kept free for", () => {
    expect(text({ kind: "start-reserved", element: "b".repeat(40), value: 16, phase: null })).toBe(
      "Another car is just starting: current is kept free for it (16\u00a0A).",
    );
    expect(text({ kind: "start-reserved", element: "a".repeat(40), value: 16, phase: null })).toBe(
      "Starting: current is kept free for it (16\u00a0A).",
    );
  });

  test("carries the moment of the next look for the countdown", () => {
    const until = "2026-11-22T09:01:20Z";
    const told = reason(charger({ limited_by: limit({ until }) }), say, f);
    expect(told?.until_ms).toBe(Date.parse(until));
  });

  test("shows a kind that is newer than this page by its name", () => {
    expect(text({ kind: "grid-operator" })).toBe("Limited by: grid-operator");
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
