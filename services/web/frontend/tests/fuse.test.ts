import { describe, expect, test } from "vitest";
import { fuseBar, fuseScale, tightest } from "../src/core/fuse";
import { phase } from "./pictures";

describe("a bar of the fuse picture", () => {
  test("ends at what the meter measures: the house is what the cars leave of it", () => {
    const bar = fuseBar(phase({ grid_current_a: 15 }));
    expect([bar.house_a, bar.total_a, bar.ratio]).toEqual([5, 15, 0.6]);
  });

  test("is as close to its fuse as the share that is shown", () => {
    const levels = [22.2, 22.4, 25, 25.01].map((a) => fuseBar(phase({ grid_current_a: a })).level);
    expect(levels).toEqual(["calm", "close", "close", "above"]);
  });

  test("stacks the cars in the order of their cards", () => {
    const chargers = ["a", "b", "c"].map((ski) => ({ ski, name: null, current_a: 5, limit_a: null }));
    expect(fuseBar(phase({ chargers }), ["c", "a"]).cars.map(({ ski }) => ski)).toEqual(["c", "a", "b"]);
  });

  test("shows a real surplus as a negative house", () => {
    expect(fuseBar(phase({ grid_current_a: 2, other_load_a: -8 })).house_a).toBe(-8);
  });

  test("takes a charger read later than the meter for no surplus", () => {
    expect(fuseBar(phase({ grid_current_a: 8, other_load_a: 3 })).house_a).toBe(0);
  });

  test("takes less than an ampere for noise between two instruments", () => {
    expect(fuseBar(phase({ grid_current_a: 9.8, other_load_a: -0.2 })).house_a).toBe(0);
  });

  test("knows no house without a meter and counts the chargers alone", () => {
    const bar = fuseBar(phase({ grid_current_a: null, other_load_a: null, charging_a: 10 }));
    expect([bar.house_a, bar.total_a]).toEqual([null, 10]);
  });

  test("knows no total where a charger's current is unknown and no meter tells it", () => {
    const bar = fuseBar(phase({ grid_current_a: null, charging_a: null }));
    expect([bar.total_a, bar.ratio, bar.level]).toEqual([null, null, "calm"]);
  });

  test.each([
    [22.2, "calm"],
    [22.5, "close"],
    [25, "close"],
    [25.1, "above"],
  ])("with %s A of 25 A is %s", (grid_current_a, level) => {
    expect(fuseBar(phase({ grid_current_a })).level).toBe(level);
  });

  test("leaves out cars that take nothing", () => {
    const chargers = [{ ski: "b".repeat(40), name: null, current_a: 0, limit_a: null }];
    expect(fuseBar(phase({ chargers })).cars).toEqual([]);
  });
});

test("the tightest phase is the one closest to its own fuse, not the one with most amperes", () => {
  const bars = [phase({ phase: "L1", grid_current_a: 20 }), phase({ phase: "L2", fuse_a: 16, grid_current_a: 15 })];
  expect(tightest(bars.map((each) => fuseBar(each)))?.phase).toBe("L2");
});

test("all bars share one scale that has room above the line and for a surplus", () => {
  const bars = [phase(), phase({ grid_current_a: 3, other_load_a: -7 })].map((each) => fuseBar(each));
  expect(fuseScale(bars)).toEqual({ from_a: -10, to_a: 29 });
});
