/** Modes, goals and what is pending: what drivers look at every day. */
import { describe, expect, test } from "vitest";
import { formOf, goalOf, goalText, nextAt, wrongGoal } from "../src/core/goal";
import { LANGUAGES } from "../src/core/language";
import { MODES, tapped, turned } from "../src/core/modes";
import { iso } from "../src/core/moments";
import { PENDING_KINDS, pendingOf, pendingText } from "../src/core/pending";
import { charger } from "./pictures";
import { CATALOGUES, speaking } from "./words";

const { say, f } = speaking("en");
const NOW = new Date(2026, 10, 22, 12, 0).getTime();
const goal = { soc_percent: null, energy_wh: null, departure: null, weekly: [], car: null, revision: 1 };
const off = { forecast: false, surplus: false, price: false };

describe("a mode", () => {
  test("has a word and a hint in every language", () => {
    for (const language of LANGUAGES) {
      for (const mode of MODES) {
        expect(CATALOGUES[language].mode).toHaveProperty(mode);
        expect(CATALOGUES[language]["mode-hint"]).toHaveProperty(mode);
      }
    }
  });

  test("keeps its switches, but Smart is never blind", () => {
    const surplus = { ...off, surplus: true };
    expect(tapped("smart", { smart: surplus }).smart).toEqual(surplus);
    expect(tapped("off", { smart: off })).toEqual({ mode: "off", smart: off });
    expect(tapped("smart", { smart: off }).smart).toEqual({ forecast: true, surplus: true, price: true });
  });

  test("turns one switch and leaves the others", () => {
    expect(turned(off, "price")).toEqual({ ...off, price: true });
  });
});

describe("a goal", () => {
  test("is asked in percent where the car tells its charge, else in kWh", () => {
    expect(formOf(null, true).aim).toBe("percent");
    expect(formOf(null, false)).toMatchObject({ aim: "energy", value: "20", time: "07:00" });
  });

  test("of a time that is past today is meant for tomorrow", () => {
    expect(nextAt("13:00", NOW)).toBe(new Date(2026, 10, 22, 13, 0).getTime());
    expect(nextAt("07:00", NOW)).toBe(new Date(2026, 10, 23, 7, 0).getTime());
    expect(nextAt("12:00", NOW)).toBe(new Date(2026, 10, 23, 12, 0).getTime());
  });

  test("goes out as energy and instant, or as days of the week in their order", () => {
    const form = { ...formOf(null, false), value: "12,5" };
    expect(goalOf(form, NOW)).toMatchObject({
      energy_wh: 12_500,
      soc_percent: null,
      departure: iso(new Date(2026, 10, 23, 7, 0).getTime()),
      weekly: [],
    });
    expect(goalOf({ ...form, days: [5, 1] }, NOW)).toMatchObject({
      departure: null,
      weekly: [
        { weekday: 1, time: "07:00" },
        { weekday: 5, time: "07:00" },
      ],
    });
  });

  test("comes back into the form as it was set", () => {
    const weekly = [{ weekday: 2, time: "06:30" }];
    expect(formOf({ ...goal, soc_percent: 90, weekly }, false)).toEqual({
      aim: "percent",
      value: "90",
      time: "06:30",
      days: [2],
      car: "",
    });
  });

  test("that cannot be is told at its field", () => {
    const form = formOf(null, true);
    expect(wrongGoal(form)).toEqual({});
    expect(Object.keys(wrongGoal({ ...form, value: "101" }))).toEqual(["value"]);
    expect(Object.keys(wrongGoal({ ...form, value: "", time: "" }))).toEqual(["value", "time"]);
  });

  test("is said with its day, and by the week", () => {
    const departure = iso(new Date(2026, 10, 23, 7, 0).getTime());
    expect(goalText({ ...goal, soc_percent: 80, departure }, say, f, "en", NOW)).toBe("80% by Mon 07:00");
    const weekly = [1, 2].map((weekday) => ({ weekday, time: "07:00" }));
    expect(goalText({ ...goal, energy_wh: 20_000, weekly }, say, f, "en", NOW)).toBe(
      "20.0\u00a0kWh by 07:00 · Mon, Tue",
    );
    const daily = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, time: "07:00" }));
    expect(goalText({ ...goal, soc_percent: 80, weekly: daily }, say, f, "en", NOW)).toBe("80% every day by 07:00");
  });
});

describe("what is pending", () => {
  const at = (s: number) => iso(NOW + s * 1000);
  const limited_by = { kind: "increase-held-back", element: null, phase: null, value: 8, since: null, until: at(6) };

  test("stands soonest first, without what the reason counts down already", () => {
    const pending = [
      { kind: "phases-3", at: at(90), value: null },
      { kind: "start", at: at(6.4), value: 8 },
      { kind: "wake", at: at(30), value: null },
      { kind: "stop", at: null, value: null },
    ];
    expect(pendingOf(charger({ pending, limited_by })).map(({ kind }) => kind)).toEqual(["wake", "phases-3"]);
    expect(pendingOf(charger({ pending })).map(({ kind }) => kind)).toEqual(["start", "wake", "phases-3"]);
  });

  test.each(LANGUAGES)("has a sentence for every kind in %s, and for one that is new", (language) => {
    const words = speaking(language).say;
    for (const kind of [...PENDING_KINDS, "brand-new"]) {
      expect(pendingText(kind, 80, words)).toMatch(/^\p{Lu}.*1:20.*\.$/u);
    }
    expect(pendingText("start", -1, words)).toBe(CATALOGUES[language].next.now);
  });
});
