/** Users, passwords and the record of changes, as the page shows them. */
import { describe, expect, test } from "vitest";
import { differences, endingOf, lines, namedIn, SETTINGS, toldBy } from "../src/core/audit";
import { agentName, isName, oidcProblem, OIDC_PROBLEMS, passwordFault, rolesFor } from "../src/core/people";
import { CATALOGUES, speaking } from "./words";

describe("a user", () => {
  test("gets no role above one's own", () => {
    expect(rolesFor("service")).toEqual(["standard", "service"]);
    expect(rolesFor("operator")).toContain("operator");
  });

  test("has a name that can stand in an address", () => {
    expect(["bo", "åsa.öberg@example.com", "a-b_c+d"].every(isName)).toBe(true);
    expect(["", "two words", "a/b", "x".repeat(65)].some(isName)).toBe(false);
  });

  test("chooses a password that is long, not the name, and typed alike twice", () => {
    expect(passwordFault("short", "short", "bo")).toBe("rule");
    expect(passwordFault("my Anna and me", "my Anna and me", "anna")).toBe("rule");
    expect(passwordFault("three green cars", "three green car", "bo")).toBe("differs");
    expect(passwordFault("three green cars", "three green cars", "bo")).toBeNull();
  });

  test("recognises where they are logged in", () => {
    const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36";
    expect(agentName(chrome)).toBe("Chrome, Linux");
    expect(agentName("Mozilla/5.0 (iPhone; CPU) AppleWebKit/605 Version/19 Mobile Safari/604.1")).toBe("Safari, iPhone");
    expect(agentName("curl/8.5.0")).toBe("curl/8.5.0");
    expect(agentName("")).toBe("");
  });

  test("is told why a company account did not open", () => {
    expect(oidcProblem("something-new")).toBe("failed");
    for (const code of OIDC_PROBLEMS) expect(CATALOGUES.en.oidc).toHaveProperty(oidcProblem(code));
  });
});

describe("the record of a change", () => {
  test("shows what differs, and only that", () => {
    const before = { settings: { phases: 3, fuse_a: { l1: 25 } }, gone: true };
    const after = { settings: { phases: 1, fuse_a: { l1: 25 } }, list: ["a"] };
    expect(differences(before, after)).toEqual([
      { path: "settings phases", before: "3", after: "1" },
      { path: "list 1", before: null, after: "a" },
      { path: "gone", before: "true", after: null },
    ]);
    expect(differences(null, { a: null })).toEqual([{ path: "a", before: null, after: "–" }]);
    expect(differences(before, before)).toEqual([]);
  });

  test("cuts what is too long to read", () => {
    expect(lines("x".repeat(500))[0]?.text.length).toBeLessThan(210);
    expect(lines(null)).toEqual([]);
  });

  test("says how it ended", () => {
    expect(["done", "begun", "role-not-allowed", "interrupted"].map(endingOf)).toEqual(["done", "begun", "refused", "refused"]);
  });
});

describe("what an entry of the record tells", () => {
  test("is an action of the front door, and about what", () => {
    const told = toldBy({ source: "front-door", action: "smart-charging.prices-push", about: "SE3" });
    expect(told).toEqual({ key: "audit-action.smart-charging-prices-push", about: "SE3" });
  });

  test("is a setting at the site, and whose", () => {
    const told = toldBy({ source: "site", action: "charger/4f5e", about: "" });
    expect(told).toEqual({ key: "audit-setting.charger", about: "4f5e" });
    expect(toldBy({ source: "site", action: "tariff", about: "" }).about).toBe("");
  });

  test("does not repeat as a code what its words say", () => {
    const told = (about: string) => toldBy({ source: "front-door", action: "cem.grid-connection-put", about }).about;
    expect(["grid-connection", "tariff", "planning", "energy-management", "accept-window"].map(told)).toEqual(["", "", "", "", ""]);
    expect(told("Roof south")).toBe("Roof south");
  });

  test("calls devices and circuits as people do", () => {
    const ski = "112a27159662f916a601e84ae470c140826e3431";
    const chargers = [{ ski, name: "Garage left" }];
    const circuits = [{ id: "c1", name: "Garage" }];
    const named = (about: string) => namedIn(about, chargers, circuits, speaking("en").say);
    expect([named(ski), named("c1"), named("anna")]).toEqual(["Garage left", "Garage", "anna"]);
    expect(namedIn(ski, [], [], speaking("en").say)).toMatch(/^112a 2715 .* 3431$/);
  });

  test("can be looked for by every setting that has words", () => {
    expect([...SETTINGS].sort()).toEqual(Object.keys(CATALOGUES.en["audit-setting"]).sort());
  });
});
