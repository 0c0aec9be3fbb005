/** Many sites: filters, rows in view, and the map. */
import { describe, expect, test } from "vitest";
import type { Site } from "../src/api/types";
import {
  EVERYTHING, clusters, graticule, panned, project, queryOf, rowsInView, savedFilters, viewOf, zoomed,
} from "../src/core/fleet";

const SIZE = { x: 800, y: 600 };
const site = (id: string, latitude: number, longitude: number, concerns: Site["concerns"] = []): Site => ({
  id, name: id, online: true, last_seen: null, version: null, energy_management_on: true, load_management: null,
  chargers: 1, plugged: 0, charging: 0, alarms: 0, state: "idle", concerns, charging_power_w: null,
  grid_power_w: null, load_percent: null, overload_seconds_week: 0, tags: [], address: "",
  place: { latitude, longitude }, place_written: false, notes: "", revision: 0,
});

describe("the query of the list", () => {
  test("leaves out what is empty", () => {
    expect(queryOf(EVERYTHING)).toEqual({ sort: "-attention" });
    expect(queryOf({ search: " berlin ", state: "charging", tag: "pilot", sort: "name" })).toEqual({
      search: "berlin", state: "charging", tag: "pilot", sort: "name",
    });
  });

  test("reads saved views and drops what is none", () => {
    const good = { name: "Mine", search: "", state: "offline", tag: "", sort: "name" };
    expect(savedFilters(JSON.stringify([good, { name: "x" }, null, { ...good, sort: "color" }]))).toEqual([good]);
    for (const broken of [null, "", "{", "3", '{"a":1}']) expect(savedFilters(broken)).toEqual([]);
  });
});

describe("rows in view", () => {
  test("are those between top and bottom, with some to spare, and never beyond the ends", () => {
    expect(rowsInView(0, 600, 60, 10_000)).toEqual({ from: 0, to: 16 });
    expect(rowsInView(60_000, 600, 60, 10_000)).toEqual({ from: 994, to: 1016 });
    expect(rowsInView(599_400, 600, 60, 10_000)).toEqual({ from: 9984, to: 10_000 });
    expect(rowsInView(5000, 600, 60, 3)).toEqual({ from: 3, to: 3 });
    expect(rowsInView(0, 600, 60, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe("the map", () => {
  const sites = [site("a", 52.5, 13.4), site("b", 52.51, 13.41), site("c", 65.6, 22.1, [{ code: "x", severity: "alarm" }])];
  const view = viewOf(sites, SIZE);

  test("holds every site, and draws those that lie close as one", () => {
    const points = clusters(sites, view, SIZE);
    expect(points.map((point) => point.sites.map(({ id }) => id))).toEqual([["a", "b"], ["c"]]);
    expect(points.map(({ needsSomebody }) => needsSomebody)).toEqual([false, true]);
    expect(clusters([{ ...sites[0]!, place: null }], view, SIZE)).toEqual([]);
  });

  test("keeps the point under the pointer where it is while it zooms", () => {
    const at = { x: 200, y: 450 };
    const place = { latitude: view.latitude - (at.y - 300) / view.scale, longitude: view.longitude };
    const before = project(place, view, SIZE);
    const after = project(place, zoomed(view, 1.7, { x: before.x, y: before.y }, SIZE), SIZE);
    expect(after.y).toBeCloseTo(before.y, 3);
    expect(after.x).toBeCloseTo(before.x, 0);
  });

  test("moves by as much as the pointer does, and has its north up", () => {
    const here = project(sites[0]!.place!, view, SIZE);
    const there = project(sites[0]!.place!, panned(view, { x: 30, y: 20 }), SIZE);
    expect(there.y - here.y).toBeCloseTo(20, 3);
    expect(there.x - here.x).toBeGreaterThan(20);
    expect(project(sites[2]!.place!, view, SIZE).y).toBeLessThan(here.y);
  });

  test("draws some meridians and parallels at any scale, never hundreds", () => {
    for (const scale of [1.5, 14, 300, 6000]) {
      const { lines } = graticule({ ...view, scale }, SIZE);
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.length).toBeLessThan(80);
    }
  });

  test("shows Europe where no site has a place", () => {
    expect(viewOf([], SIZE).scale).toBeGreaterThan(5);
    expect(viewOf([sites[0]!], SIZE).scale).toBeGreaterThan(1000);
  });
});
