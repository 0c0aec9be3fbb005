import { describe, expect, test } from "vitest";
import { clock, formatsFor, parseNumber } from "../src/core/format";

const [en, de] = [formatsFor("en"), formatsFor("de")];

describe("figures", () => {
  test("are said in kW with the comma of the language", () => {
    expect([en.power(11_040), de.power(11_040)]).toEqual(["11.0\u00a0kW", "11,0\u00a0kW"]);
  });

  test("show unknown as a dash and zero as zero", () => {
    expect([en.power(null), en.power(0), en.amperes(undefined), en.amperes(0)]).toEqual([
      "–",
      "0.0\u00a0kW",
      "–",
      "0\u00a0A",
    ]);
  });

  test("never show a minus before zero", () => {
    expect([en.kilowatts(-3), en.amperes(-0.02)]).toEqual(["0.0", "0\u00a0A"]);
  });

  test("round amperes to whole ones from ten on", () => {
    expect([9.94, 9.96, 16.4, 6, 5.75].map((a) => en.ampereFigure(a))).toEqual([
      "9.9",
      "10",
      "16",
      "6",
      "5.8",
    ]);
  });

  test("of what may be relied on are rounded down, in every language", () => {
    expect([24.25, 23.755, 5.99, 24, 24.5].map((a) => en.room(a))).toEqual([
      "24.2\u00a0A",
      "23.7\u00a0A",
      "5.9\u00a0A",
      "24\u00a0A",
      "24.5\u00a0A",
    ]);
    expect([de.room(24.25), formatsFor("sv").room(24.25), en.room(null)]).toEqual([
      "24,2\u00a0A",
      "24,2\u00a0A",
      "–",
    ]);
  });

  test("of power that may be relied on are rounded down", () => {
    expect([en.powerRoom(17_250), en.powerRoom(4200), en.powerRoom(null)]).toEqual([
      "17.2\u00a0kW",
      "4.2\u00a0kW",
      "–",
    ]);
  });

  test("of what is taken of a fuse are rounded up", () => {
    expect([25.01, 25, 0].map((a) => en.load(a))).toEqual(["25.1\u00a0A", "25\u00a0A", "0\u00a0A"]);
    expect([1.002, 0.92, 0.995].map((a) => en.loadShare(a))).toEqual(["101%", "92%", "100%"]);
  });

  test("are not moved a step by sums of decimals", () => {
    expect([en.room(8.1 + 16.2), en.load(0.1 + 0.2), en.room(25 * 3 * 1.1)]).toEqual([
      "24.3\u00a0A",
      "0.3\u00a0A",
      "82.5\u00a0A",
    ]);
  });

  test("say ages in words", () => {
    expect([en.age(42), de.age(200), en.age(7300)]).toEqual([
      "42 seconds ago",
      "vor 3 Minuten",
      "2 hours ago",
    ]);
  });
});

test("a countdown is a clock that stops at zero", () => {
  expect([80, 0.2, -5, 3725].map(clock)).toEqual(["1:20", "0:01", "0:00", "1:02:05"]);
});

test("typed numbers may have comma or point, and nothing else", () => {
  expect([parseNumber("6,5"), parseNumber(" 16 "), parseNumber("0.75")]).toEqual([6.5, 16, 0.75]);
  expect([parseNumber("6 A"), parseNumber(""), parseNumber("1.2.3"), parseNumber("1e3")]).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
});
