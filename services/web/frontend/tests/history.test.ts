/** What is kept: energy as bars, sessions added up, the why-history in words. */
import { describe, expect, test } from "vitest";
import type { Decision, EnergySpan, Session } from "../src/api/types";
import { barOf, byDay, byHour, energyTold, sumOf, topOf } from "../src/core/energy";
import { daySpan, hoursAndMinutes, iso, moment, monthSpan, pieces } from "../src/core/moments";
import { costOf, money, sunShare } from "../src/core/sessions";
import { whyLines } from "../src/core/why";
import { speaking } from "./words";

const HOUR_MS = 3_600_000;
const DAY = new Date(2026, 10, 22).getTime();
const span = (hour: number, change: Partial<EnergySpan> = {}): EnergySpan => ({
  start: iso(DAY + hour * HOUR_MS),
  end: iso(DAY + (hour + 1) * HOUR_MS),
  import_wh: 3000,
  export_wh: 0,
  sun_wh: 1000,
  charging_wh: 2500,
  charging_sun_wh: 500,
  chargers: [],
  ...change,
});

describe("energy", () => {
  test("of a span parts what cars took from sun and grid from what the house took", () => {
    expect(barOf(span(8))).toMatchObject({ sun_wh: 500, grid_wh: 2000, house_wh: 1500 });
  });

  test("of the house is not known where the meter said nothing, and never negative", () => {
    expect(barOf(span(8, { import_wh: null })).house_wh).toBeNull();
    expect(barOf(span(8, { import_wh: 100, sun_wh: null })).house_wh).toBe(0);
  });

  test("by the hour has a place for every hour, kept or not", () => {
    const { from_ms, to_ms } = daySpan(0, DAY);
    const bars = byHour([span(8)], from_ms, to_ms);
    expect(bars).toHaveLength(24);
    expect(bars[8]?.grid_wh).toBe(2000);
    expect(bars[9]).toMatchObject({ grid_wh: 0, house_wh: null });
  });

  test("by the day adds up the hours of each", () => {
    const { from_ms, to_ms } = monthSpan(0, DAY);
    const bars = byDay([span(8), span(9), span(24)], from_ms, to_ms);
    expect(bars).toHaveLength(30);
    expect(bars[21]?.grid_wh).toBe(4000);
    expect(bars[22]?.grid_wh).toBe(2000);
    expect(sumOf(bars)).toMatchObject({ sun_wh: 1500, grid_wh: 6000, house_wh: 4500 });
  });

  test("stands on a scale of round figures", () => {
    expect(topOf([])).toBe(1000);
    expect(topOf([{ ...barOf(span(8)), house_wh: 0, grid_wh: 1900, sun_wh: 0 }])).toBe(2000);
    expect(topOf([{ ...barOf(span(8)), house_wh: 0, grid_wh: 21_000, sun_wh: 0 }])).toBe(50_000);
  });
});

describe("a span of the calendar", () => {
  test("is cut into pieces that leave nothing out", () => {
    const found = pieces(monthSpan(0, DAY), 8);
    expect(found).toHaveLength(4);
    expect(found[0]?.from_ms).toBe(new Date(2026, 10, 1).getTime());
    expect(found.at(-1)?.to_ms).toBe(new Date(2026, 11, 1).getTime());
    expect(found[1]?.from_ms).toBe(found[0]?.to_ms);
  });

  test("reaches back over the turn of the year", () => {
    expect(monthSpan(11, DAY).from_ms).toBe(new Date(2025, 11, 1).getTime());
  });

  test("a moment is said as briefly as it is clear", () => {
    const at = (day: number) => new Date(2026, 10, day, 7, 0).getTime();
    expect(moment(at(22), DAY, "en")).toBe("07:00");
    expect(moment(at(23), DAY, "de")).toMatch(/^Mo\.?, 07:00$/);
    expect(moment(at(2), DAY, "en")).toBe("2 Nov, 07:00");
    expect(hoursAndMinutes(5430)).toBe("1:31");
  });
});

describe("sessions", () => {
  const session = (change: Partial<Session>): Session => ({
    id: "s",
    ski: "a".repeat(40),
    charger_name: null,
    car: null,
    started: null,
    ended: null,
    state: "ended",
    energy_wh: 1000,
    sun_wh: 250,
    grid_wh: 750,
    charging_s: 60,
    highest_w: null,
    soc_start_percent: null,
    soc_end_percent: null,
    cost: 0.25,
    currency: "EUR",
    price_series: null,
    co2_g: null,
    at_once_cost: null,
    at_once_co2_g: null,
    mode: null,
    revision: 1,
    ...change,
  });

  test("have a cost where it is known with its currency", () => {
    expect(costOf(session({}))).toEqual({ amount: 0.25, currency: "EUR" });
    expect(costOf(session({ cost: null }))).toBeNull();
    expect(costOf(session({ currency: null }))).toBeNull();
  });

  test("without energy have no share, and no money is a dash", () => {
    expect(sunShare(session({ energy_wh: 0 }))).toBeNull();
    expect(sunShare(session({ sun_wh: 1001 }))).toBe(1);
    expect(money(null, "en")).toBe("–");
    expect(money({ amount: 1.5, currency: "EUR" }, "de")).toBe("1,50\u00a0€");
    expect(money({ amount: -0.0006, currency: "EUR" }, "en")).toBe("€0.00");
  });
});

describe("the why-history", () => {
  const { say, f: formats } = speaking("en");
  const speech = { say, formats, language: "en", circuits: [{ id: "garage", name: "Garage" }] };
  const decision = (number: number, change: Partial<Decision> = {}): Decision => ({
    number,
    at: iso(DAY + number * HOUR_MS),
    ski: "a".repeat(40),
    limit_a: { l1: 10, l2: 10, l3: null },
    limited_by: { kind: "fuse", element: "garage", phase: "L2", value: 20, since: null, until: null },
    mode: "fast",
    ladder: "fresh",
    ...change,
  });

  test("tells time, reason and limit of each change, under its day", () => {
    const days = whyLines([decision(25), decision(8)], speech);
    expect(days.map(({ day }) => day)).toEqual(["Monday 23 November", "Sunday 22 November"]);
    expect(days[1]?.lines[0]).toMatchObject({
      time: "08:00:00",
      text: "Limited by the fuse of Garage on L2 (20\u00a0A).",
      limit: "Limit: 2 × 10\u00a0A",
      tone: "notable",
    });
  });

  test("says what reads the same once, from when it began", () => {
    const lines = whyLines([decision(9), decision(8), decision(7, { limit_a: null, limited_by: null })], speech)[0]?.lines;
    expect(lines?.map(({ number }) => number)).toEqual([8, 7]);
    expect(lines?.[1]).toMatchObject({ text: "Nothing limits this charger.", limit: "No limit" });
  });

  test("names each phase where they differ", () => {
    const [day] = whyLines([decision(8, { limit_a: { l1: 10, l2: 8.5, l3: null } })], speech);
    expect(day?.lines[0]?.limit).toBe("Limit: L1 10\u00a0A · L2 8.5\u00a0A");
  });
});

describe("a span of energy in words", () => {
  const { say, f } = speaking("en");
  test("tells what cars took, and what was fed in where the meter said so", () => {
    expect(energyTold(barOf(span(9, { export_wh: null })), say, f)).not.toContain("Fed into");
    expect(energyTold(barOf(span(9, { charging_wh: 0, charging_sun_wh: 0, export_wh: 1000 })), say, f)).toBe(
      "No car was charged in this time. Fed into the grid: 1.0\u00a0kWh.",
    );
  });
});
