/** Circuits, chargers, cars, operator, meter search and phase test: what installers set. */
import { describe, expect, test } from "vitest";
import { carForm, carOf, wrongCar } from "../src/core/car-form";
import { chargerForm, chargerOf, wrongCharger } from "../src/core/charger-form";
import { asTree, idOf, parentsFor } from "../src/core/circuits";
import { findingLines } from "../src/core/findings";
import { LANGUAGES } from "../src/core/language";
import { isManaged } from "../src/core/managed";
import { emptyForm, placeOf, withPlace } from "../src/core/meter-form";
import { operatorForm, operatorOf, wrongOperator } from "../src/core/operator-form";
import { inForce, sentenceOf } from "../src/core/operator";
import { proposals, TEST_TROUBLES, troubleText } from "../src/core/rotation";
import type { MeterFinding, OperatorLimit, RotationTest } from "../src/api/types";
import { CATALOGUES, speaking } from "./words";

const branch = (id: string, parent: string | null = null) => ({ id, name: id.toUpperCase(), parent });

describe("circuits", () => {
  const circuits = [branch("row", "garage"), branch("yard"), branch("garage"), branch("lost", "gone")];

  test("stand as a tree, each below the one it hangs on", () => {
    expect(asTree(circuits, "en").map(({ circuit, depth }) => [circuit.id, depth])).toEqual([
      ["garage", 0],
      ["row", 1],
      ["lost", 0],
      ["yard", 0],
    ]);
  });

  test("that hang in a circle do not hang the page", () => {
    expect(asTree([branch("a", "b"), branch("b", "a")], "en")).toEqual([]);
    expect(parentsFor("x", [branch("a", "b"), branch("b", "a")])).toHaveLength(2);
  });

  test("hang on anything but themselves and what hangs on them", () => {
    expect(parentsFor("garage", circuits).map(({ id }) => id)).toEqual(["yard", "lost"]);
  });

  test.each([
    ["Garage, north", "garage-north"],
    ["Große Straße", "grosse-strasse"],
    ["Över gården", "over-garden"],
    ["Main", "main-2"],
    ["   ", "circuit"],
    ["yard", "yard-2"],
  ])("named %s get the id %s", (name, id) => {
    expect(idOf(name, ["yard"])).toBe(id);
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});

describe("a charger's settings", () => {
  const form = { ...chargerForm(null, "en"), failsafe_a: "6" };

  test("left empty are null, not zero", () => {
    expect(chargerOf(form)).toMatchObject({ start_a: null, weight: null, guaranteed_a: null, circuit: null });
  });

  test("ask for the confirmation and an address where phases are switched", () => {
    expect(wrongCharger(form)).toEqual({});
    expect(Object.keys(wrongCharger({ ...form, phase_switching: "automatic" }))).toEqual([
      "phase_switching_confirmed",
    ]);
    const local = { ...form, phase_switching: "local-api" as const, phase_switching_confirmed: true };
    expect(Object.keys(wrongCharger(local))).toEqual(["phase_switching_url"]);
    expect(wrongCharger({ ...local, phase_switching_url: "ftp://x" }).phase_switching_url?.key).toBe("invalid.url");
    expect(wrongCharger({ ...local, phase_switching_url: "http://10.0.0.7/" })).toEqual({});
  });

  test("of one phase never switch phases, and an address is sent only where it counts", () => {
    const was = { ...form, phase_switching: "automatic" as const, phase_switching_confirmed: true, phase_switching_url: "x" };
    expect(chargerOf(was)).toMatchObject({ phase_switching: "automatic", phase_switching_url: null });
    expect(chargerOf({ ...was, phases: 1 }).phase_switching).toBe("none");
  });
});

describe("a car", () => {
  test("is typed in kWh and sent in Wh", () => {
    const form = { ...carForm(null, "de"), name: " Blau ", battery: "58,5", phases: "3" as const };
    expect(carOf(form)).toMatchObject({ name: "Blau", battery_wh: 58_500, phases: 3, max_a: null, charger: null });
    expect(carForm({ ...carOf(form), id: "c", revision: 1 } as never, "de").battery).toBe("58,5");
  });

  test("needs a name, and nothing else", () => {
    expect(Object.keys(wrongCar(carForm(null, "en")))).toEqual(["name"]);
  });
});

describe("the grid operator", () => {
  const limit = (change: Partial<OperatorLimit>): OperatorLimit => ({
    kind: "lpc",
    source: "api",
    ski: null,
    name: null,
    state: "limited",
    limit_w: 4200,
    until: null,
    since: null,
    failsafe_w: null,
    failsafe_s: null,
    connected: true,
    heard: null,
    ...change,
  });

  test("is told with the strictest limit of what is drawn", () => {
    const limits = [limit({ limit_w: 5000 }), limit({}), limit({ kind: "lpp", limit_w: 0 }), limit({ state: "unlimited_controlled", limit_w: null })];
    expect(inForce(limits).map(({ limit_w }) => limit_w)).toEqual([4200, 5000]);
  });

  test("has a sentence for until, until lifted, and a silent box", () => {
    expect(sentenceOf(limit({ until: "2026-11-22T19:00:00Z" }))).toBe("until");
    expect(sentenceOf(limit({}))).toBe("open");
    expect(sentenceOf(limit({ state: "failsafe", until: "2026-11-22T19:00:00Z" }))).toBe("failsafe");
  });

  test("is set in kW and hours", () => {
    const form = { ...operatorForm(null, "de"), contract: "30", others: "11; 4,2" };
    expect(wrongOperator(form)).toEqual({});
    expect(operatorOf(form)).toEqual({
      credits_sun: false,
      contract_w: 30_000,
      failsafe_w: 4200,
      failsafe_s: 7200,
      other_devices_w: [11_000, 4200],
      appliance_choices: [],
    });
    expect(Object.keys(wrongOperator({ ...form, hours: "1", others: "11; x" })).sort()).toEqual(["hours", "others"]);
  });
});

describe("finding a meter", () => {
  test("needs its address only", () => {
    const form = { ...emptyForm(), host: "10.0.0.9" };
    expect(placeOf(form, {})).toEqual({ kind: "tcp", host: "10.0.0.9", port: 502 });
    expect(placeOf(form, { host: { key: "invalid.host" } })).toBeNull();
    expect(placeOf({ ...form, kind: "rtu", device: "/dev/ttyUSB0" }, {})).toEqual({ kind: "rtu", device: "/dev/ttyUSB0" });
  });

  test("fills in on which way it answered", () => {
    const found = { kind: "tcp" as const, host: null, port: 1502, unit_id: 7, device: null, baud: null, parity: null, stop_bits: null, closes_after_poll: false };
    expect(withPlace(emptyForm(), found)).toMatchObject({ port: "1502", unit_id: "7", kind: "tcp" });
  });
});

describe("a meter test", () => {
  const finding = (change: Partial<MeterFinding>): MeterFinding => ({
    check: "voltage",
    phase: "L1",
    verdict: "fine",
    value: 231.4,
    detail: "In English.",
    ...change,
  });

  test("says first what asks for a look", () => {
    const { say, f } = speaking("en");
    const lines = findingLines([finding({}), finding({ check: "direction", verdict: "suspect", phase: "L2", value: -900 })], say, f);
    expect(lines[0]?.text).toMatch(/^L2: 0\.9\u00a0kW to the grid\./);
    expect(lines[1]?.text).toBe("L1: voltage 231.4\u00a0V, as it should be.");
  });

  test("tells a new check in the reader's own words", () => {
    const { say, f } = speaking("de");
    expect(findingLines([finding({ check: "magic" })], say, f)).toMatchObject([{ text: "In English.", isEnglish: true }]);
  });

  test.each(LANGUAGES)("has a sentence for each check and verdict in %s", (language) => {
    for (const check of ["voltage", "frequency", "direction", "rotation"]) {
      for (const verdict of ["fine", "suspect", "unknown"]) {
        expect(CATALOGUES[language].finding).toHaveProperty(`${check}-${verdict}`);
      }
    }
  });
});

describe("a test of the phases", () => {
  const test_: RotationTest = {
    ski: "a".repeat(40),
    state: "done",
    step: null,
    until: null,
    ended_at: null,
    code: null,
    proposed_wiring: "STR",
    proposed_rotation: "TRS",
    confidence: 0.9,
    phases: ["L2", "L3", "L1"],
    reversed: false,
  };

  test("proposes only what is not set already", () => {
    expect(proposals(test_, "RST", null)).toEqual([
      { of: "wiring", value: "STR" },
      { of: "rotation", value: "TRS" },
    ]);
    expect(proposals(test_, "RST", "TRS")).toEqual([{ of: "wiring", value: "STR" }]);
    expect(proposals({ ...test_, proposed_wiring: null }, "RST", "RST")).toEqual([{ of: "rotation", value: "TRS" }]);
  });

  test("proposes nothing where charger and meter fit together", () => {
    expect(proposals(test_, "STR", "RST")).toEqual([]);
  });

  test.each(LANGUAGES)("says in %s why it brought nothing", (language) => {
    const { say } = speaking(language);
    for (const code of TEST_TROUBLES) expect(troubleText(code, say)).toMatch(/^\p{Lu}.*[.?]$/u);
    expect(troubleText("brand-new", say)).toContain("brand-new");
  });
});

describe("a setting of the site file", () => {
  const pointers = ["/grid_connection/fuse_a/l1", "/circuits/garage/name"];

  test("is managed where the file set it or anything below it", () => {
    expect(isManaged(pointers, "/grid_connection")).toBe(true);
    expect(isManaged(pointers, "/grid_connection/fuse_a")).toBe(true);
    expect(isManaged(pointers, "/grid_connection/fuse")).toBe(false);
    expect(isManaged(pointers, "/circuits/garage-2")).toBe(false);
    expect(isManaged([], "/circuits")).toBe(false);
  });
});
