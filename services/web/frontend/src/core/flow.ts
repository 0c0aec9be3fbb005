/** Where the power of a site comes from and where it goes, at this moment. */

import type { Dashboard } from "../api/types";
import type { Formats } from "./format";
import type { Say } from "./say";

export const PLACES = ["grid", "sun", "battery", "house", "cars"] as const;
export type Place = (typeof PLACES)[number];

export interface Stream {
  place: Place;
  /** Watts into the house's wiring; negative: out of it. Null: not known. */
  into_w: number | null;
  /** Whether anything flows that is worth a line. */
  flows: boolean;
}

/** Less than this is noise between instruments. */
const LEAST_W = 30;

/** Return the streams of a site: grid and cars always, sun and battery where meters tell of them. */
export function streams(site: Dashboard): Stream[] {
  const grid_w = site.grid_import_w === null ? null : site.grid_import_w - (site.grid_export_w ?? 0);
  const battery = site.meters.filter(({ role }) => role === "battery");
  // A battery's meter counts what charges it as positive.
  const battery_w = battery.length > 0 ? total(battery.map(({ power_total_w }) => power_total_w)) : null;
  const cars_w = site.charging_power_w;
  const house_w = house(grid_w, site.sun_w, battery_w, cars_w, battery.length > 0);
  const found: Stream[] = [stream("grid", grid_w)];
  if (site.sun_w !== null) found.push(stream("sun", site.sun_w));
  if (battery.length > 0) found.push(stream("battery", negative(battery_w)));
  found.push(stream("house", negative(house_w)), stream("cars", negative(cars_w)));
  return found;
}

/** What the house takes beside cars and battery; null where a part of it is not known. */
function house(
  grid_w: number | null,
  sun_w: number | null,
  battery_w: number | null,
  cars_w: number | null,
  hasBattery: boolean,
): number | null {
  if (grid_w === null || cars_w === null || (hasBattery && battery_w === null)) return null;
  return Math.max(0, grid_w + (sun_w ?? 0) - (battery_w ?? 0) - cars_w);
}

/** Say all streams in words, for those who do not see the picture. */
export function told(found: readonly Stream[], say: Say, f: Formats): string[] {
  return found.map(({ place, into_w, flows }) => {
    if (into_w === null) return say(`flow.${place}-unknown`);
    if (!flows) return say(`flow.${place}-none`);
    const way = into_w > 0 ? "gives" : "takes";
    const key = place === "grid" || place === "battery" ? `${place}-${way}` : `${place}-flows`;
    return say(`flow.${key}`, { power: f.power(Math.abs(into_w)) });
  });
}

/** How thick a line is drawn: it grows with the power, but never hides the picture. */
export const thickness = (watts: number): number => Math.min(7, 1.5 + Math.sqrt(Math.abs(watts) / 1000));

const stream = (place: Place, into_w: number | null): Stream => ({
  place,
  into_w,
  flows: into_w !== null && Math.abs(into_w) >= LEAST_W,
});
const negative = (watts: number | null) => (watts === null ? null : -watts);

function total(values: readonly (number | null)[]): number | null {
  return values.some((value) => value === null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
