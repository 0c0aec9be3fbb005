/** Whose clock a time is told by. */
import { describe, expect, test } from "vitest";
import { goalText } from "../src/core/goal";
import { LANGUAGES } from "../src/core/language";
import { otherPlace } from "../src/core/zones";
import { speaking } from "./words";

const SUMMER = Date.UTC(2026, 6, 1, 12);
const WINTER = Date.UTC(2026, 0, 1, 12);

describe("the clock of the site", () => {
  test("is named where it shows another time than this device", () => {
    expect(otherPlace("Europe/Berlin", SUMMER, "Europe/London")).toBe("Berlin");
    expect(otherPlace("America/New_York", SUMMER, "Europe/Berlin")).toBe("New York");
    expect(otherPlace("Europe/Berlin", SUMMER, "Europe/Stockholm")).toBeNull();
  });

  test("is judged at the moment: two places may share one half of the year", () => {
    expect(otherPlace("Europe/London", WINTER, "UTC")).toBeNull();
    expect(otherPlace("Europe/London", SUMMER, "UTC")).toBe("London");
  });

  test("is not named where nobody knows it", () => {
    expect(otherPlace(null, SUMMER)).toBeNull();
    expect(otherPlace("", SUMMER)).toBeNull();
    expect(otherPlace("localtime", SUMMER, "UTC")).toBeNull();
  });

  test.each(LANGUAGES)("stands beside the time of a weekly goal in %s, and not beside one departure", (language) => {
    const { say, f } = speaking(language);
    const goal = { soc_percent: 80, energy_wh: null, departure: null, weekly: [{ weekday: 1, time: "07:00" }], car: null, revision: 1 };
    expect(goalText(goal, say, f, language, SUMMER, "Berlin")).toContain("Berlin");
    expect(goalText(goal, say, f, language, SUMMER)).not.toContain("Berlin");
    const once = { ...goal, weekly: [], departure: new Date(SUMMER + 3_600_000).toISOString() };
    expect(goalText(once, say, f, language, SUMMER, "Berlin")).not.toContain("Berlin");
  });
});
