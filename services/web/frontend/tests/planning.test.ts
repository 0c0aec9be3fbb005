/** Tariff, roofs, goals within reach and batteries: as typed, as sent, as told. */
import { describe, expect, test } from "vitest";
import type { CarSoc, Tariff } from "../src/api/types";
import { formOf } from "../src/core/goal";
import { LANGUAGES } from "../src/core/language";
import { spokenParams } from "../src/core/notices";
import { beyondReach, phasesOf, reachOf } from "../src/core/reach";
import { socOrigin, socText } from "../src/core/soc";
import { azimuthOf, DIRECTIONS, directionOf, placeForm, placeOf, roofForm, roofOf, wrongPlace, wrongRoof } from "../src/core/sun-form";
import { coinOf, emptyWindow, tariffForm, tariffOf, tariffPlace, wrongTariff } from "../src/core/tariff-form";
import { CATALOGUES, speaking } from "./words";

const NOW = new Date(2026, 10, 22, 22, 30).getTime();
const { say, f, has } = speaking("en");
const tariff: Tariff = {
  source: "energy-charts",
  zone: "DE-LU",
  has_token: false,
  currency: "EUR",
  bought: {
    energy: null,
    markup_per_kwh: 0.018,
    grid_fee: {
      windows: [{ per_kwh: 0.03, start: "23:00", end: "05:00", months: [1, 12], weekdays: [] }],
      otherwise: 0.085,
    },
    levies_per_kwh: 0.065,
    tax_percent: 19,
    billed_minutes: 60,
  },
  fed_in: { fixed_per_kwh: 0.08, market_percent: 0, deduction_per_kwh: 0, nothing_when_negative: true },
  co2_source: null,
  co2_zone: null,
  revision: 3,
};

describe("a tariff", () => {
  test("is typed in the small coin and comes back as it was set", () => {
    const form = tariffForm(tariff, "de");
    expect(form).toMatchObject({ kind: "market", markup: "1,8", fee: "8,5", tax: "19", billed: "60", feedFixed: "8" });
    const { has_token: _token, revision: _revision, ...rest } = tariff;
    expect(tariffOf(form)).toEqual({ ...rest, token: null });
  });

  test("knows the coin of a currency, or takes the currency itself", () => {
    expect([coinOf("eur"), coinOf("SEK"), coinOf("HUF")]).toEqual(["ct", "öre", "HUF"]);
    const form = { ...tariffForm(null, "en"), currency: "HUF", kind: "fixed" as const, energyOtherwise: "36.9" };
    expect(tariffOf(form).bought?.energy).toEqual({ windows: [], otherwise: 36.9 });
  });

  test("keeps a token that is held, takes a new one, and forgets it when told", () => {
    const form = tariffForm({ ...tariff, has_token: true }, "en");
    expect(tariffOf(form).token).toBeNull();
    expect(tariffOf({ ...form, token: " abc " }).token).toBe("abc");
    expect(tariffOf({ ...form, forgetsToken: true }).token).toBe("");
  });

  test("by time of day needs a window, on full quarters", () => {
    const form = { ...tariffForm(null, "en"), kind: "windows" as const };
    expect(wrongTariff(form)).toHaveProperty("energyWindows");
    const window = { ...emptyWindow(), price: "20", end: "06:10" };
    expect(Object.keys(wrongTariff({ ...form, energyWindows: [window] }))).toEqual(["energyWindows.0.end"]);
    const sent = tariffOf({ ...form, energyWindows: [{ ...window, end: "06:00", weekdays: [5, 1] }] });
    expect(sent.source).toBeNull();
    expect(sent.bought?.energy?.windows?.[0]).toMatchObject({ per_kwh: 0.2, start: "22:00", weekdays: [1, 5] });
  });

  test("shows a refusal at its place", () => {
    expect(tariffPlace("/bought/grid_fee/windows/2/per_kwh")).toBe("feeWindows.2.price");
    expect(tariffPlace("/token")).toBe("token");
    expect(tariffPlace("/brand_new")).toBeNull();
  });
});

describe("place and roofs", () => {
  test("a place is whole or none", () => {
    expect(wrongPlace({ ...placeForm(null, "en"), latitude: "52.4" })).toHaveProperty("longitude");
    expect(wrongPlace(placeForm(null, "en"))).toEqual({});
    expect(placeOf({ ...placeForm(null, "en"), carFirst: true }).car_before_battery).toBe(true);
    expect(placeOf(placeForm(null, "en")).car_before_battery).toBe(false);
    expect(placeOf({ ...placeForm(null, "en"), latitude: "-33,9", longitude: "18.4" })).toMatchObject({
      latitude: -33.9,
      longitude: 18.4,
      time_zone: null,
    });
  });

  test("a roof is typed in kWp and faces one of eight directions", () => {
    const form = { ...roofForm(null, "en"), name: "South", peak: "9.8", azimuth: "360" };
    expect(wrongRoof(form)).toEqual({});
    expect(roofOf(form)).toMatchObject({ peak_w: 9800, azimuth_deg: 0, inverter_w: null });
    expect(wrongRoof({ ...form, peak: "", tilt: "91" })).toMatchObject({ peak: {}, tilt: {} });
    for (const direction of DIRECTIONS) expect(directionOf(azimuthOf(direction))).toBe(direction);
    expect(directionOf(350)).toBe("n");
    expect(directionOf(160)).toBe("s");
    for (const language of LANGUAGES) {
      expect(Object.keys(CATALOGUES[language].direction)).toEqual([...DIRECTIONS]);
    }
  });
});

describe("a goal's reach", () => {
  const charger = { max_a: 16, phases: 3 };
  const form = { ...formOf(null, true), value: "80", time: "07:00" };
  const facts = { battery_wh: 58_000, soc_percent: 43, max_a: null, phases: null };

  test("says what is missing to plan at all", () => {
    expect(reachOf(form, null, charger, NOW).kind).toBe("needs-car");
    expect(reachOf(form, { ...facts, battery_wh: null }, charger, NOW).kind).toBe("needs-battery");
    expect(reachOf(form, { ...facts, soc_percent: null }, charger, NOW).kind).toBe("needs-soc");
    expect(reachOf(form, { ...facts, soc_percent: 90 }, charger, NOW).kind).toBe("past-goal");
    expect(reachOf({ ...form, value: "x" }, facts, charger, NOW).kind).toBe("unknown");
  });

  test("tells the time to spare, or how much will be missing", () => {
    const fits = reachOf(form, facts, charger, NOW);
    expect(fits).toMatchObject({ kind: "fits", span_h: 8.5 });
    expect(fits.kind === "fits" && Math.round(fits.need_wh)).toBe(23_844);
    const misses = reachOf(form, facts, { max_a: 6, phases: 1 }, NOW);
    expect(misses.kind === "misses" && Math.round(misses.most_wh)).toBe(11_730);
  });

  test("tells of the presets which are too much by then, before one is tapped", () => {
    const early = new Date(2026, 10, 22, 6, 30).getTime();
    const energy = { ...formOf(null, false), time: "07:00" };
    expect(beyondReach(energy, [5, 10, 20], null, charger, early)).toEqual({ values: [10, 20], most_wh: 5520 });
    expect(beyondReach(energy, [5, 10, 20], null, charger, NOW)).toBeNull();
    const percent = { ...form, time: "07:00" };
    expect(beyondReach(percent, [40, 50, 80], facts, charger, early)?.values).toEqual([80]);
    expect(beyondReach(percent, [60, 80], null, charger, early)).toBeNull();
  });

  test("counts the phases that a car of unknown make is seen to charge on", () => {
    const seen = { state: "charging" as const, phases_in_use: ["L1" as const] };
    expect([phasesOf(null, seen), phasesOf(3, seen), phasesOf(null, null)]).toEqual([1, 3, null]);
    expect(phasesOf(null, { ...seen, state: "paused" })).toBeNull();
    const early = new Date(2026, 10, 22, 6, 0).getTime();
    const one = { battery_wh: null, soc_percent: null, max_a: null, phases: phasesOf(null, seen) };
    expect(reachOf({ ...formOf(null, false), value: "10" }, one, charger, early)).toMatchObject({ kind: "misses", most_wh: 3680 });
  });

  test("counts to the first of the chosen days", () => {
    // The 22nd is a Sunday: the next Tuesday is two nights away.
    const weekly = reachOf({ ...form, days: [2] }, facts, charger, NOW);
    expect(weekly).toMatchObject({ kind: "fits", span_h: 32.5 });
  });
});

describe("a battery", () => {
  const soc: CarSoc = {
    car: "c",
    soc_percent: 43,
    uncertainty_percent: 4,
    told_at: new Date(NOW - 7_200_000).toISOString(),
    source: "push",
  };

  test("is told with its doubt, its source and its age", () => {
    expect(socText(soc, say, f)).toBe("Battery about 43% (± 4%)");
    expect(socText({ ...soc, uncertainty_percent: 0 }, say, f)).toBe("Battery 43%");
    expect(socText(null, say, f)).toBe("Battery not known");
    expect(socOrigin(soc, say, f, NOW)).toBe("told by a program 2 hours ago");
    expect(socOrigin({ ...soc, source: null }, say, f, NOW)).toBe("");
    for (const language of LANGUAGES) {
      for (const source of ["car", "push", "connector", "user"]) {
        expect(CATALOGUES[language].soc).toHaveProperty(`from-${source}`);
      }
    }
  });
});

test("a notice says its instant and its reason in words", () => {
  const at = new Date(2026, 10, 23, 7, 0).toISOString();
  expect(spokenParams({ at, code: "room-too-small" }, say, has, NOW, "en")).toEqual({
    when: "Mon 07:00",
    why: "The fuse and other cars leave too little.",
  });
  expect(spokenParams({ known_until: "" }, say, has, NOW, "en")).toEqual({ when: "–", why: "" });
});
