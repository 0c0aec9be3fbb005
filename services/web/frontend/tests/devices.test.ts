/** Lists of devices: their order, chargers apart from others, and what stands below a name. */
import { describe, expect, test } from "vitest";
import type { DiscoveredDevice } from "../src/api/types";
import { found } from "../src/core/found";
import { LANGUAGES } from "../src/core/language";
import { factsBelow } from "../src/core/names";
import { inOrder } from "../src/core/order";
import { charger } from "./pictures";
import { speaking } from "./words";

const device = (ski: string, change: Partial<DiscoveredDevice> = {}): DiscoveredDevice => ({
  ski: ski.repeat(40),
  ship_id: `Volthus-One-${ski}`,
  brand: "Volthus",
  model: "One",
  type: "ChargingStation",
  host: null,
  port: null,
  requests_pairing: false,
  ...change,
});
const skis = (devices: readonly { ski: string }[]) => devices.map(({ ski }) => ski.slice(0, 1)).join("");

describe("devices found", () => {
  test("are parted into chargers and others, whatever a maker calls an energy manager", () => {
    const types = ["EnergyManagementSystem", "HEMS", "Energy Management System", "Inverter"];
    const all = [...types.map((type, n) => device(String(n), { type })), device("a")];
    expect(skis(found(all).chargers)).toBe("a");
    expect(skis(found(all).others)).toBe("0123");
  });

  test("of an unknown type stand among the chargers: one may be one", () => {
    expect(skis(found([device("a", { type: "" }), device("b", { type: "Wallbox" })]).chargers)).toBe("ab");
  });

  test("that wait for our yes come first", () => {
    const all = [device("a"), device("b", { requests_pairing: true })];
    expect(skis(found(all).chargers)).toBe("ba");
  });
});

describe("chargers", () => {
  const named = (ski: string, name: string | null, own = false) =>
    charger({ ski: ski.repeat(40), name, own });

  test("stand with the site's own first, then by name, then by SKI", () => {
    const all = [named("d", "Öster"), named("c", "Garage 10"), named("b", "Garage 2"), named("e", "Zoo", true)];
    expect(skis(inOrder(all, "de"))).toBe("ebcd");
    expect(skis(inOrder([named("2", "Same"), named("1", "same")], "en"))).toBe("12");
  });

  test("sort Å and Ö where the language has them", () => {
    const all = [named("o", "Öster"), named("z", "Zoo")];
    expect([skis(inOrder(all, "de")), skis(inOrder(all, "sv"))]).toEqual(["oz", "zo"]);
  });

  test("keep their places when one is paired or connects", () => {
    const before = [named("a", "Carport"), named("b", "Garage")];
    const after = inOrder([named("c", "Yard"), ...before].reverse(), "en");
    expect(skis(after.filter(({ ski }) => !ski.startsWith("c")))).toBe(skis(inOrder(before, "en")));
  });
});

test("a meter without a name of its own does not show its model twice", () => {
  expect(factsBelow(null, "Acme 3", "Grid", "RST")).toBe("Grid · RST");
  expect(factsBelow("Acme 3", "Acme 3", "Grid")).toBe("Grid");
  expect(factsBelow("Cellar", "Acme 3", "Grid", "")).toBe("Acme 3 · Grid");
});

test("every connection state has its sentence in every language", () => {
  const states = ["not_connected", "connecting", "waiting_for_peer", "request_received", "connected", "denied", "error"];
  for (const language of LANGUAGES) {
    const { has } = speaking(language);
    expect(states.filter((state) => !has(`pairing-state.${state}`))).toEqual([]);
  }
});
