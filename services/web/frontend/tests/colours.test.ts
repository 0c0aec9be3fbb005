import { expect, test } from "vitest";
import { carColours } from "../src/core/colours";

const skis = ["1a0b33c4", "8c2f11d4", "f00dbabe"].map((start) => start.repeat(5));

test("no two cars share a colour while there are enough", () => {
  const same = "0".repeat(39);
  const alike = ["0", "6", "c", "1"].map((end) => same + end);
  const colourOf = carColours(alike);
  expect(new Set(alike.map(colourOf)).size).toBe(4);
});

test("the order of the list changes no colour", () => {
  const [one, other] = [carColours(skis), carColours([...skis].reverse())];
  expect(skis.map(one)).toEqual(skis.map(other));
});

test("more cars than colours still get one each", () => {
  const many = Array.from({ length: 9 }, (_, n) => n.toString(16).repeat(40));
  expect(many.map(carColours(many)).every((colour) => /^var\(--car-[1-6]\)$/.test(colour))).toBe(true);
});
