import { describe, expect, test } from "vitest";
import type { ChargerStateName } from "../src/api/types";
import { headline } from "../src/core/headline";
import { charger, phase, site } from "./pictures";
import { speaking } from "./words";

const { say, f } = speaking("en");
const said = (picture: ReturnType<typeof site>) => headline(picture, say, f).join(" ");
const with_ = (...states: ChargerStateName[]) =>
  site({ chargers: states.map((state, n) => charger({ state, ski: String(n).repeat(40) })) });

describe("the first sentence", () => {
  test("counts who charges and who waits, and names the tightest phase", () => {
    expect(said(with_("charging", "charging", "paused"))).toBe(
      "2 cars charging, 1 waiting. L2 is at 92% of the fuse.",
    );
  });

  test("says one car in the singular", () => {
    expect(said(with_("charging"))).toMatch(/^1 car charging\. /);
  });

  test("gives waiting cars their noun where none charges", () => {
    expect(said(with_("waiting", "paused"))).toMatch(/^2 cars waiting\. /);
  });

  test("says what all that wait wait for, and till when", () => {
    const waits = (kind: string, until: string | null) =>
      charger({ state: "paused", limited_by: { kind, element: null, phase: null, value: null, since: null, until } });
    const when = (at_ms: number) => new Date(at_ms).toISOString().slice(11, 16);
    const told = (...chargers: ReturnType<typeof charger>[]) => headline(site({ chargers }), say, f, false, when)[0];
    const price = waits("waiting-for-price", "2026-11-23T01:15:00Z");
    expect(told(charger(), price)).toBe("1 car charging, 1 waiting for a lower price (from 01:15).");
    expect(told(waits("waiting-for-forecast", null))).toBe("1 car waiting for the sun.");
    expect(told(price, waits("fuse", null))).toBe("2 cars waiting.");
  });

  test("names faults and chargers out of reach", () => {
    expect(said(with_("charging", "fault", "offline"))).toMatch(
      /^1 car charging, 1 charger with a fault, 1 charger out of reach\. /,
    );
  });

  test("says that no car is plugged in", () => {
    expect(said(with_("no_car", "no_car"))).toMatch(/^No car is plugged in\. /);
  });

  test("says that no charger is paired", () => {
    expect(said(site({ chargers: [] }))).toMatch(/^No charger is paired yet\. /);
  });

  test("says in amperes that a phase is above the fuse", () => {
    const fuse = [phase({ grid_current_a: 27 })];
    expect(said(site({ fuse }))).toContain("L1 is above the fuse: 27\u00a0A of 25\u00a0A.");
  });

  test("speaks only of the chargers where no meter tells of the house", () => {
    const fuse = [phase({ grid_current_a: null, other_load_a: null, charging_a: 20 })];
    expect(said(site({ fuse, ladder: "no-meter" }))).toContain("The chargers take 80% of the fuse on L1.");
  });

  test("says that energy management is off before any phase", () => {
    expect(headline(site({ load_management: "off" }), say, f)[1]).toBe(
      "Energy management is off: no limits are sent.",
    );
  });

  test("is silent about phases while no fuse is set", () => {
    expect(headline(site({ fuse: null }), say, f)).toHaveLength(1);
  });

  test("is told as what was last known where the picture is old", () => {
    const old = (language: "en" | "de" | "sv") => {
      const words = speaking(language);
      return headline(with_("charging"), words.say, words.f, true)[0];
    };
    expect([old("en"), old("de"), old("sv")]).toEqual([
      "Last known: 1 car charging.",
      "Zuletzt bekannt: 1 Auto lädt.",
      "Senast kända: 1 bil laddar.",
    ]);
  });

  test("never says that a phase above its fuse is at it", () => {
    const fuse = [phase({ grid_current_a: 25.04 })];
    expect(said(site({ fuse }))).toContain("L1 is above the fuse: 25.1\u00a0A of 25\u00a0A.");
  });

  test("follows the language with words and figures", () => {
    const german = speaking("de");
    expect(headline(with_("charging", "waiting"), german.say, german.f).join(" ")).toBe(
      "1 Auto lädt, 1 wartet. L2 liegt bei 92\u00a0% der Sicherung.",
    );
    const swedish = speaking("sv");
    expect(headline(with_("charging", "waiting"), swedish.say, swedish.f).join(" ")).toBe(
      "1 bil laddar, 1 väntar. L2 ligger på 92\u00a0% av säkringen.",
    );
  });
});
