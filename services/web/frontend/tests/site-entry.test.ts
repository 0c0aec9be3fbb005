/** What people write of a site: as typed, and as it goes to the API. */
import { describe, expect, test } from "vitest";
import type { Site } from "../src/api/types";
import { entryForm, entryOf, ownPlace, wrongEntry } from "../src/core/site-entry";

const site: Site = {
  id: "demo", name: "Green Street 4", online: true, last_seen: null, version: null, energy_management_on: true,
  load_management: null, chargers: 1, plugged: 0, charging: 0, alarms: 0, state: "idle", concerns: [],
  charging_power_w: null, grid_power_w: null, load_percent: null, overload_seconds_week: 0, tags: ["north", "pilot"],
  address: "Green Street 4", place: { latitude: 52.520012, longitude: 13.4 }, place_written: true, notes: "", revision: 3,
};

describe("what is written of a site", () => {
  test("is typed in the person's language and goes as figures", () => {
    const form = entryForm(site, "de");
    expect(form).toMatchObject({ latitude: "52,52001", longitude: "13,4", tags: "north pilot" });
    const wanted = entryOf({ ...form, tags: "North,  Depot ", latitude: "52,6" }, site);
    expect(wanted).toEqual({ tags: ["north", "depot"], address: "Green Street 4", latitude: 52.6, longitude: 13.4, notes: "" });
  });

  test("leaves the name out where nobody changed it, so that the site may go on under its own", () => {
    const form = entryForm(site, "en");
    expect(entryOf({ ...form, name: " North depot " }, site)).toMatchObject({ name: "North depot" });
    expect(entryOf({ ...form, name: "" }, site)).toMatchObject({ name: "" });
    expect("name" in entryOf(form, site)).toBe(false);
  });

  test("shows the site's own place beside empty fields, which stay empty", () => {
    const own = { ...site, place_written: false };
    const form = entryForm(own, "sv");
    expect([form.latitude, form.longitude]).toEqual(["", ""]);
    expect(ownPlace(own, "latitude", "sv")).toBe("52,52001");
    expect(entryOf(form, own)).toMatchObject({ latitude: null, longitude: null });
    expect(ownPlace({ ...own, place: null }, "latitude", "sv")).toBe("");
    expect(ownPlace(site, "latitude", "sv")).toBe("");
  });

  test("takes tags that a list can be filtered by", () => {
    const form = entryForm(site, "en");
    expect(wrongEntry({ ...form, tags: "North, depot-2" })).toEqual({});
    for (const tags of ["nörd", "a_b", "-x", "x".repeat(33)]) expect(wrongEntry({ ...form, tags })).toEqual({ tags: { key: "invalid.tags" } });
  });

  test("takes both degrees or neither, in bounds", () => {
    const form = entryForm(site, "en");
    expect(wrongEntry(form)).toEqual({});
    expect(wrongEntry({ ...form, latitude: "" })).toEqual({ latitude: { key: "invalid.empty" } });
    expect(wrongEntry({ ...form, latitude: "", longitude: "" })).toEqual({});
    expect(Object.keys(wrongEntry({ ...form, latitude: "91", longitude: "-181" }))).toEqual(["latitude", "longitude"]);
    expect(wrongEntry({ ...form, latitude: "north" })).toEqual({ latitude: { key: "invalid.number" } });
  });
});
