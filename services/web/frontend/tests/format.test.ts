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
