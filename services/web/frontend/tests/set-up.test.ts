/** The guided set-up: its steps, the kettle, the proof, and the picture of what flows. */
import { describe, expect, test } from "vitest";
import type { AcceptanceValues, OpenPoint } from "../src/api/types";
import { isPlc } from "../src/core/car-talk";
import { streams, thickness, told } from "../src/core/flow";
import { judged, turned, type Sample } from "../src/core/kettle";
import { PROOF_TROUBLES, proofTrouble } from "../src/core/proof";
import { nextStep, standing, STEPS } from "../src/core/set-up";
import { charger, site } from "./pictures";
import { CATALOGUES, speaking } from "./words";

const { say, f } = speaking("en");

describe("what flows", () => {
  const into = (...change: Parameters<typeof site>) =>
    Object.fromEntries(streams(site(...change)).map(({ place, into_w }) => [place, into_w]));

  test("the house takes what grid and sun give beside the cars", () => {
    expect(into({ grid_import_w: 500, grid_export_w: 0, sun_w: 4000, charging_power_w: 3700, meters: [] })).toEqual({
      grid: 500,
      sun: 4000,
      house: -800,
      cars: -3700,
    });
  });

  test("what is fed in flows out, and without a PV meter no sun is drawn", () => {
    expect(into({ grid_import_w: 0, grid_export_w: 900, sun_w: null, charging_power_w: 0, meters: [] })).toEqual({
      grid: -900,
      house: -0,
      cars: -0,
    });
  });

  test("a battery that charges takes, one that does not say leaves the house unknown", () => {
    const battery = (power_total_w: number | null) =>
      ({ id: "b", name: null, role: "battery", kind: "tcp", quality: "good", age_s: 1, problem: null, problem_detail: null, power_total_w, current_a: null }) as const;
    const known = { grid_import_w: 0, grid_export_w: 0, sun_w: 3000, charging_power_w: 0 };
    expect(into({ ...known, meters: [battery(2500)] })).toMatchObject({ battery: -2500, house: -500 });
    expect(into({ ...known, meters: [battery(null)] })).toMatchObject({ battery: null, house: null });
  });

  test("it is told in words, unknown as unknown and noise as nothing", () => {
    const picture = site({ grid_import_w: 20, grid_export_w: 0, sun_w: null, charging_power_w: 7400, meters: [] });
    expect(told(streams(picture), say, f)).toEqual([
      "Nothing flows to or from the grid.",
      "The house takes nothing.",
      "The chargers take 7.4\u00a0kW.",
    ]);
    const silent = site({ grid_import_w: null, grid_export_w: null, sun_w: null, charging_power_w: 0, meters: [] });
    expect(told(streams(silent), say, f)[0]).toBe("What flows from the grid is not known.");
    expect(thickness(50)).toBeLessThan(thickness(11_000));
    expect(thickness(500_000)).toBeLessThanOrEqual(7);
  });
});

describe("the kettle", () => {
  const series = (...rows: [number, number, number][]): Sample[] =>
    rows.map(([l1, l2, l3], at_s) => ({ at_s, current_a: { l1, l2, l3 } }));
  const calm: [number, number, number][] = [[2, 1, 0.5], [2.1, 1, 0.5], [2, 1.1, 0.4]];
  const after = (row: [number, number, number]) => series(...calm, row, row, row);

  test("the right phase rose", () => {
    expect(judged(after([10.7, 1, 0.5]), "l1", 3)).toMatchObject({ state: "fits", phase: "l1" });
    expect(judged(after([2, 1, 9.2]), "l3", 3)).toMatchObject({ state: "fits", phase: "l3" });
  });

  test("another phase rose, or it fell", () => {
    expect(judged(after([2, 9.8, 0.5]), "l1", 3)).toMatchObject({ state: "other-phase", phase: "l2" });
    const reversed = judged(after([-6.7, 1, 0.5]), "l1", 3);
    expect(reversed).toMatchObject({ state: "reversed", phase: "l1" });
    expect(reversed.state === "reversed" && Math.round(reversed.by_a)).toBe(9);
  });

  test("nothing is said before it is steady, and two changes are unclear", () => {
    expect(judged(series(...calm.slice(0, 2)), "l1", 3).state).toBe("looking");
    expect(judged(series(...calm), "l1", 3).state).toBe("waiting");
    expect(judged(series(...calm, [2, 1, 0.5], [10.7, 1, 0.5]), "l1", 3).state).toBe("waiting");
    expect(judged(after([10, 9, 0.5]), "l1", 3).state).toBe("unclear");
    expect(judged(after([25, 1, 0.5]), "l1", 3).state).toBe("unclear");
    expect(judged(after([4, 1, 0.5]), "l1", 3).state).toBe("waiting");
  });

  test("on one phase the others are nothing to look at", () => {
    expect(judged(after([10.7, 9, 9]), "l1", 1)).toMatchObject({ state: "fits" });
  });

  test("the rotation is turned so that it fits, with the same sense of rotation", () => {
    expect(turned("RST", "l2", "l1")).toBe("TRS");
    expect(turned("TRS", "l1", "l2")).toBe("RST");
    expect(turned("RTS", "l2", "l1")).toBe("TSR");
    expect(turned("odd", "l1", "l1")).toBe("RST");
  });
});

describe("the steps", () => {
  const values = (change: Partial<AcceptanceValues> = {}, points: OpenPoint[] = []) =>
    ({
      grid_connection: { fuse_a: null, phases: 3 },
      energy_management: { on: false },
      load_management: "not-configured",
      meters: [],
      chargers: [],
      open_points: points,
      ...change,
    }) as unknown as AcceptanceValues;

  test("a bare site begins with the fuse", () => {
    const states = standing(values(), false, false);
    expect(Object.values(states)).toEqual(STEPS.map(() => "open"));
    expect(nextStep(states)).toBe("fuse");
  });

  test("what is saved counts, and it goes on where it ended", () => {
    const fused = { grid_connection: { fuse_a: { l1: 25, l2: 25, l3: 25 }, phases: 3 } } as unknown as Partial<AcceptanceValues>;
    expect(nextStep(standing(values(fused), false, false))).toBe("meter");
    expect(nextStep(standing(values(fused), true, false))).toBe("chargers");
    const one = { ...fused, chargers: [{ ski: "a" }] } as unknown as Partial<AcceptanceValues>;
    const states = standing(values(one, [{ code: "charger-not-set", about: "a" }]), true, false);
    expect(states).toMatchObject({ chargers: "attention", failsafe: "done", on: "open" });
    const high = standing(values(one, [{ code: "failsafe-sum-too-high", about: null }]), true, false);
    expect(high.failsafe).toBe("attention");
  });

  test("all is done once the protocol is signed", () => {
    const whole = values({
      grid_connection: { fuse_a: { l1: 25, l2: 25, l3: 25 }, phases: 3 },
      energy_management: { on: true },
      load_management: "dynamic",
      meters: [{ role: "grid", problem: null }],
      chargers: [{ ski: "a" }],
    } as unknown as Partial<AcceptanceValues>);
    expect(nextStep(standing(whole, false, false))).toBe("protocol");
    expect(Object.values(standing(whole, false, true))).toEqual(STEPS.map(() => "done"));
  });
});

test("every trouble of a proof has a sentence, an unknown one its code", () => {
  for (const code of PROOF_TROUBLES) expect(CATALOGUES.en["proof-trouble"][code]).toBeTruthy();
  expect(proofTrouble("not-fallen", say, { measured: "16 A" })).toContain("16 A");
  expect(proofTrouble("new-code", say)).toBe("The proof brought no result (new-code).");
});

describe("a car that talks ISO 15118", () => {
  test("is told from one that talks IEC 61851", () => {
    expect(isPlc(charger({ communication: "iso15118-2ed1" }))).toBe(true);
    expect(isPlc(charger({ communication: "iec61851" }))).toBe(false);
    expect(isPlc(charger({ communication: null }))).toBe(false);
  });

  test("and does it badly is named with what helps, in every language", () => {
    for (const words of Object.values(CATALOGUES)) {
      for (const symptom of ["late-start", "no-start", "poor-following"] as const) expect(words["car-talk"][symptom]).toContain("PLC");
    }
  });
});
