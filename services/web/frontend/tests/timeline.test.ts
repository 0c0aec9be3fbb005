/** The timeline: what stands where in the picture, and what is said of it. */
import { describe, expect, test } from "vitest";
import type { Lane, SessionPlanNow, Timeline } from "../src/api/types";
import { LANGUAGES } from "../src/core/language";
import { unitPrice } from "../src/core/money";
import { laneName } from "../src/core/names";
import { blocksText, gridPriceOf, missingText, sessionText, slotWhy, upcoming } from "../src/core/plan";
import { area, blocks, bounds, levels, marks, meanOver, runs, scaleOf, slotAt, slotsOf } from "../src/core/timeline";
import { CATALOGUES, speaking } from "./words";

const NOW = new Date(2026, 10, 22, 22, 30).getTime();
const QUARTER = 900_000;
const iso = (at_ms: number) => new Date(at_ms).toISOString();
const span = (count: number, from_ms = NOW) =>
  Array.from({ length: count }, (_, at) => ({ start: iso(from_ms + at * QUARTER), end: iso(from_ms + (at + 1) * QUARTER) }));
const slots = slotsOf({ slots: span(4) });
const identity = (value: number) => value;

describe("the picture", () => {
  test("has a scale for a span of values, and a middle for a span of nothing", () => {
    expect(scaleOf(0, 10, 100, 0)(5)).toBe(50);
    expect(scaleOf(3, 3, 0, 100)(3)).toBe(50);
  });

  test("always shows 0, and negative values below it", () => {
    expect(bounds([0.2, null, -0.1])).toEqual({ low: -0.1, high: 0.2 });
    expect(bounds([null])).toEqual({ low: 0, high: 1 });
  });

  test("draws an area for each run of known values: a hole is a hole, not zero", () => {
    const path = area(slots, [1, null, 2, 2], (ms) => (ms - NOW) / QUARTER, identity, 0);
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.startsWith("M0 0V1H1V0Z")).toBe(true);
  });

  test("finds the slot of a moment, and where something holds", () => {
    expect(slotAt(slots, NOW + QUARTER)?.at).toBe(1);
    expect(slotAt(slots, NOW - 1)).toBeNull();
    expect(runs(slots, (at) => at !== 1)).toEqual([
      { from_ms: NOW, to_ms: NOW + QUARTER },
      { from_ms: NOW + 2 * QUARTER, to_ms: NOW + 4 * QUARTER },
    ]);
  });

  test("colours prices from cheap to dear by their value", () => {
    expect(levels([0.1, 0.2, 0.5, null])).toEqual([0, 1, 4, null]);
    expect(levels([0.2, 0.2, 0.2001])).toEqual([2, 2, 2]);
    expect(levels([-5, 0.1, 0.5])).toEqual([0, 0, 4]);
  });

  test("marks full hours by the clock, also on the day that has 25", () => {
    const day = { from_ms: new Date(2026, 9, 25).getTime(), to_ms: new Date(2026, 9, 26).getTime() };
    const hours = marks(day, 6).map(({ at_ms }) => new Date(at_ms).getHours());
    expect(hours).toEqual([0, 6, 12, 18]);
    expect(marks(day, 6)[0]?.isMidnight).toBe(true);
  });

  test("adds power up to blocks and cuts the one that runs", () => {
    const found = blocks(slots, [4000, 8000, 0, 4000], NOW + QUARTER / 2);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ from_ms: NOW + QUARTER / 2, peak_w: 8000, energy_wh: 2500 });
    expect(blocks(slots, [null, null, null, null])).toEqual([]);
  });

  test("has a mean over an hour where anything is known", () => {
    expect(meanOver(slots, [1, null, 3, null], { from_ms: NOW, to_ms: NOW + 4 * QUARTER })).toBe(2);
    expect(meanOver(slots, [null], { from_ms: NOW, to_ms: NOW + QUARTER })).toBeNull();
  });
});

const plan = (change: Partial<SessionPlanNow> = {}): SessionPlanNow => ({
  session: "s",
  ski: "a".repeat(40),
  energy_wh: 24_300,
  sun_wh: 9100,
  grid_wh: 15_200,
  cost: 2.9,
  at_once_cost: 6,
  co2_g: null,
  shortfall_wh: 0,
  shortfall_s: 0,
  shortfall_code: null,
  reached_at: null,
  soc_at_departure_percent: null,
  ...change,
});
const lane = (change: Partial<Lane> = {}): Lane => ({
  ski: "a".repeat(40),
  name: "Garage left",
  session: "s",
  car_name: null,
  power_w: [],
  planned_w: [0, 11_000, 0, 11_000],
  departure: null,
  plan: plan(),
  ...change,
});
const none = [null, null, null, null];
const line = (change: Partial<Timeline> = {}): Timeline => ({
  now: iso(NOW),
  currency: "EUR",
  slots: span(4),
  contract_w: null,
  time_zone: "Europe/Berlin",
  import_price_per_kwh: [0.3, 0.19, 0.3, 0.21],
  export_price_per_kwh: none,
  co2_g_per_kwh: none,
  sun_w: none,
  sun_forecast_w: none,
  surplus_forecast_w: [0, 0, 0, 5500],
  load_w: none,
  load_forecast_w: none,
  grid_w: none,
  lanes: [lane()],
  plan: null,
  inputs: [],
  prices_known_until: null,
  room_w: none,
  operator_limit_w: none,
  ...change,
});
const teller = (language: "en" | "de" | "sv" = "en") => {
  const { say, f, has } = speaking(language);
  return { say, has, formats: f, language, now_ms: NOW };
};
const departure = iso(new Date(2026, 10, 23, 7, 0).getTime());
const around = { departure, currency: "EUR", gridPrice: 0.19 };

describe("a plan in words", () => {
  test("says until when it charges and when it goes on", () => {
    const at = (hour: number, minute: number, day = 22) => new Date(2026, 10, day, hour, minute).getTime();
    const block = (from_ms: number, to_ms: number) => ({ from_ms, to_ms, energy_wh: 1, peak_w: 1 });
    const night = [block(at(22, 0), at(23, 40)), block(at(3, 0, 23), at(4, 15, 23))];
    expect(blocksText(night, teller())).toBe("until 23:40, then Mon 03:00–04:15");
    expect(blocksText([], teller())).toBeNull();
    const many = [1, 2, 3, 4, 5].map((hour) => block(at(hour, 0, 23), at(hour, 30, 23)));
    expect(blocksText(many, teller())).toContain("and 2 more times");
  });

  test("says what the energy is made of and what charging at once would cost", () => {
    expect(sessionText(plan(), around, teller())).toBe(
      "24.3\u00a0kWh by Mon 07:00: 9.1\u00a0kWh from the sun, 15.2\u00a0kWh from the grid at 19.0\u00a0ct on average; " +
        "charging at once would cost €3.10 more.",
    );
    expect(sessionText(plan({ at_once_cost: 2.5 }), around, teller())).toContain("€0.40 less");
    expect(sessionText(plan({ cost: null }), { ...around, gridPrice: null }, teller())).toBe(
      "24.3\u00a0kWh by Mon 07:00: 9.1\u00a0kWh from the sun, 15.2\u00a0kWh from the grid.",
    );
  });

  test("weighs the price by what comes from the grid, and is silent where one is not known", () => {
    const price = gridPriceOf(line(), lane(), slots, NOW) ?? 0;
    expect(price).toBeCloseTo((11 * 0.19 + 5.5 * 0.21) / 16.5, 6);
    expect(gridPriceOf(line({ import_price_per_kwh: [0.3, null, 0.3, 0.2] }), lane(), slots, NOW)).toBeNull();
  });

  test("says how much is missing and why, in every language", () => {
    const short = plan({ shortfall_wh: 4100, shortfall_s: 1490, shortfall_code: "departure-too-early" });
    expect(missingText(short, teller())).toBe(
      "4.1\u00a0kWh will be missing at departure; 25 minutes more would do. The time until departure is too short.",
    );
    expect(missingText({ ...short, shortfall_s: 29_100 }, teller())).toContain("8.1 hours more would do");
    expect(missingText(plan(), teller())).toBeNull();
    expect(sessionText(plan({ energy_wh: 0, shortfall_wh: 4100 }), around, teller())).toBe("");
    for (const language of LANGUAGES) {
      const unknown = missingText({ ...short, shortfall_code: "brand-new" }, teller(language));
      expect(unknown).toContain(CATALOGUES[language].shortfall.other);
    }
  });

  test("gives each slot its reason", () => {
    const why = (at: number, change: Partial<Lane> = {}, now_ms = NOW) => {
      const slot = slots[at];
      return slot ? slotWhy(line(), lane(change), slots, slot, now_ms) : null;
    };
    expect(why(0)).toBe("waits-price");
    expect(why(1)).toBe("cheap");
    expect(why(2)).toBe("waits-sun");
    expect(why(3)).toBe("sun-and-grid");
    expect(why(3, { planned_w: [0, 11_000, 0, 0] })).toBe("done");
    expect(why(3, { planned_w: [0, 11_000, 0, 0], plan: plan({ shortfall_wh: 4100 }) })).toBe("no-room");
    expect(why(3, { planned_w: [0, 11_000, 0, 0], departure: new Date(slots[3]?.from_ms ?? 0).toISOString() })).toBe("departed");
    expect(why(0, { session: null, plan: null })).toBe("no-car");
    expect(why(1, { power_w: [null, 2000] }, NOW + 3 * QUARTER)).toBe("less-than-planned");
    for (const language of LANGUAGES) {
      for (const key of ["sun", "paid", "needed", "as-planned", "more-than-planned", "no-plan"]) {
        expect(CATALOGUES[language]["slot-why"]).toHaveProperty(key);
      }
    }
  });

  test("leaves out what is already over", () => {
    expect(upcoming(slots, lane(), NOW + 2 * QUARTER)).toHaveLength(1);
  });

  test("says a price as it stands on the bill, and never minus nothing", () => {
    expect(unitPrice(0.193, "EUR", "en")).toBe("19.3\u00a0ct");
    expect(unitPrice(-0.0001, "EUR", "en")).toBe("0.0\u00a0ct");
    expect(unitPrice(1.234, "PLN", "en")).toBe("1.23\u00a0PLN");
    expect(unitPrice(null, "EUR", "en")).toBe("–");
  });

  test("calls a lane as its charger is called elsewhere", () => {
    const chargers = [{ ski: "a".repeat(40), name: null, brand: "Fjordstrom", model: "Box 11" }];
    const { say } = speaking("en");
    expect(laneName({ ski: "a".repeat(40), name: null }, chargers, say)).toBe("Fjordstrom Box 11 · aaaa");
    expect(laneName({ ski: "a".repeat(40), name: "Garage" }, chargers, say)).toBe("Garage");
    expect(laneName({ ski: "b".repeat(40), name: null }, chargers, say)).toBe(say("charger.unnamed", { end: "bbbb" }));
  });
});
