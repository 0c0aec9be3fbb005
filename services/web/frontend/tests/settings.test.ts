import { describe, expect, test } from "vitest";
import type { MeterModel } from "../src/api/types";
import { failsafeSum } from "../src/core/failsafe";
import { asksPhase, emptyForm, fieldAt, settingsOf, withModel, wrongFields } from "../src/core/meter-form";
import { housePhases } from "../src/core/phases";
import { inGroups, plainSki, skiProblem } from "../src/core/ski";
import { asTyped, wrongHost, wrongNumber } from "../src/core/validation";

const model = (change: Partial<MeterModel> = {}): MeterModel => ({
  id: "em340",
  manufacturer: "Carlo Gavazzi",
  name: "EM340",
  phases: 3,
  transports: ["rtu", "rtu_over_tcp"],
  defaults: { port: null, unit_id: 3, baud: 19_200, parity: "E", stop_bits: 1 },
  quantities: [],
  has_phase_currents: true,
  note: null,
  ...change,
});

describe("the meter form", () => {
  test("takes over what a known model brings along", () => {
    const form = withModel(emptyForm(), model());
    expect(form).toMatchObject({ kind: "rtu", unit_id: "3", baud: "19200", parity: "E", port: "502" });
  });

  test("keeps the protocol where the model speaks it", () => {
    const form = withModel({ ...emptyForm(), kind: "rtu_over_tcp" }, model());
    expect(form.kind).toBe("rtu_over_tcp");
  });

  test("asks a serial meter for its port and nothing about hosts", () => {
    const form = withModel(emptyForm(), model());
    expect(Object.keys(wrongFields(form, model(), 3))).toEqual(["device"]);
    const { transport } = settingsOf({ ...form, device: "/dev/ttyUSB0" }, model(), 3);
    expect(transport).toMatchObject({ kind: "rtu", device: "/dev/ttyUSB0", host: null, port: null });
  });

  test("asks a network meter for its host", () => {
    const tcp = model({ transports: ["tcp"] });
    expect(Object.keys(wrongFields(withModel(emptyForm(), tcp), tcp, 3))).toEqual(["host"]);
  });

  test("asks which phase only where a meter cannot know it", () => {
    const form = emptyForm();
    const single = model({ phases: 1 });
    expect(asksPhase(form, model(), 3)).toBe(false);
    expect(asksPhase(form, model(), 1)).toBe(true);
    expect(asksPhase(form, single, 3)).toBe(false); // refused by the server: it must see all three
    expect(asksPhase({ ...form, role: "pv" }, single, 3)).toBe(true);
  });

  test("finds the field a refusal points at", () => {
    expect([fieldAt("/transport/unit_id"), fieldAt("/model"), fieldAt("/transport")]).toEqual([
      "unit_id",
      "model",
      null,
    ]);
  });
});

describe("typed figures", () => {
  test("are held against their bounds", () => {
    expect(wrongNumber("", {})?.key).toBe("invalid.empty");
    expect(wrongNumber("", { optional: true })).toBeNull();
    expect(wrongNumber("abc", {})?.key).toBe("invalid.number");
    expect(wrongNumber("0", { min: 1 })).toEqual({ key: "invalid.min", values: { min: 1 } });
    expect(wrongNumber("1,5", { whole: true })?.key).toBe("invalid.whole");
    expect(wrongNumber("24,5", { min: 1, max: 63 })).toBeNull();
  });

  test("come back the way they were typed", () => {
    expect([asTyped(0.75, "de"), asTyped(1250, "en"), asTyped(null, "sv")]).toEqual(["0,75", "1250", ""]);
  });
});

test.each([
  ["192.168.1.20", null],
  ["meter.local", null],
  ["fe80::1", null],
  ["http://meter", "invalid.host-url"],
  ["meter:502", "invalid.host-port"],
  ["192.168.1.300", "invalid.ipv4"],
  ["my meter", "invalid.host"],
  ["", "invalid.empty"],
])("host %s: %s", (host, key) => {
  expect(wrongHost(host)?.key ?? null).toBe(key);
});

describe("a SKI", () => {
  const ski = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91";

  test("is shown in groups of four and read back from any spelling", () => {
    expect(inGroups(ski)).toBe("8c2f 11d4 0e9a 77b3 5c60 9a1e d2f8 4b07 c3a5 6e91");
    expect(plainSki("8C2F-11D4 0e9a:77b3")).toBe("8c2f11d40e9a77b3");
  });

  test("with a typo says which digit, or how many there are", () => {
    expect(skiProblem(inGroups(ski))).toBeNull();
    expect(skiProblem("8c2g")).toEqual({ code: "character", found: "g" });
    expect(skiProblem("8c2f")).toEqual({ code: "length", found: 4 });
    expect(skiProblem(" ")).toEqual({ code: "empty" });
  });
});

describe("the failsafe sum", () => {
  const fuse = { l1: 25, l2: 25, l3: 25 };
  const charger = { ski: "a", name: "A", phases: 3, wiring: "RST", failsafe_a: 6 };

  test("counts a one-phase charger only on the phase its wiring names", () => {
    const sums = failsafeSum([{ ...charger, phases: 1, wiring: "TRS" }], {}, fuse, 3);
    expect(sums.map((each) => each.sum_a)).toEqual([0, 0, 6]);
  });

  test("fits exactly at the fuse and not above", () => {
    const four = [charger, charger, charger];
    expect(failsafeSum(four, { l1: 7, l2: 7, l3: 7.1 }, fuse, 3).map((each) => each.fits)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test("a wiring's letters name the house phases of the conductors", () => {
  expect(housePhases("TRS", 3)).toEqual(["l3", "l1", "l2"]);
});
