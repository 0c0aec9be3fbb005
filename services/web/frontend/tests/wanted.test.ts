import { expect, test } from "vitest";
import { wantedLines } from "../src/core/wanted";

const phases = (name: string, values: string[]) =>
  values.map((value, at) => ({ pointer: `/settings/${name}/l${at + 1}`, value }));

test("the phases of a setting stand together, once where all are alike", () => {
  const lines = wantedLines([...phases("fuse_a", ["63.0", "63.0", "63.0"]), ...phases("base_load_a", ["1", "2", "1"])]);
  expect(lines).toEqual([
    { key: "grid.fuse", name: "fuse_a", value: "63 A" },
    { key: "grid.base-load", name: "base_load_a", value: "L1 1 A · L2 2 A · L3 1 A" },
  ]);
});

test("what has no name on the page is shown as it was asked", () => {
  const lines = wantedLines([
    { pointer: "/ski", value: "8c2f" },
    { pointer: "/settings/transport/host", value: "10.0.0.9" },
  ]);
  expect(lines).toEqual([
    { key: null, name: "ski", value: "8c2f" },
    { key: null, name: "transport/host", value: "10.0.0.9" },
  ]);
});

test("zeros are shown: just they may raise the risk", () => {
  expect(wantedLines(phases("base_load_a", ["0.0", "0.0", "0.0"]))[0]?.value).toBe("0 A");
});
