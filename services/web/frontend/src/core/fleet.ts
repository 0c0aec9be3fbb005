/** Many sites: what is asked for, which rows are drawn, where points lie on the map. Pure. */

import type { Site } from "../api/types";

export const STATES = ["attention", "online", "charging", "plugged", "idle", "off", "offline"] as const;
export const SORTS = ["-attention", "name", "-power", "-load", "last_seen"] as const;
export type State = (typeof STATES)[number];
export type Sort = (typeof SORTS)[number];

/** What the list is asked for; "" = everything. */
export interface Filter {
  search: string;
  state: State | "";
  tag: string;
  sort: Sort;
}

export interface SavedFilter extends Filter {
  name: string;
}

export const EVERYTHING: Filter = { search: "", state: "", tag: "", sort: "-attention" };

/** The query of the list; what is empty is left out. */
export function queryOf(filter: Filter): { search?: string; state?: State; tag?: string; sort: Sort } {
  return {
    sort: filter.sort,
    ...(filter.search.trim() ? { search: filter.search.trim() } : {}),
    ...(filter.state ? { state: filter.state } : {}),
    ...(filter.tag ? { tag: filter.tag } : {}),
  };
}

/** Read saved filters; what is none of ours, or of another version, is left out. */
export function savedFilters(text: string | null): SavedFilter[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  return Array.isArray(found) ? found.filter(isSaved) : [];
}

function isSaved(one: unknown): one is SavedFilter {
  const filter = one as Partial<SavedFilter> | null;
  const isText = (value: unknown) => typeof value === "string";
  return (
    isText(filter?.name) && isText(filter?.search) && isText(filter?.tag) &&
    (filter?.state === "" || STATES.includes(filter?.state as State)) &&
    SORTS.includes(filter?.sort as Sort)
  );
}

/** The rows to be drawn of a long list: those in view and some around, so that scrolling never shows a gap. */
export function rowsInView(
  top_px: number, height_px: number, row_px: number, count: number, spare = 6,
): { from: number; to: number } {
  const from = Math.max(0, Math.floor(top_px / row_px) - spare);
  const to = Math.min(count, Math.ceil((top_px + height_px) / row_px) + spare);
  return { from: Math.min(from, to), to };
}

// --- the map ---------------------------------------------------------------------------------------

export interface Point {
  x: number;
  y: number;
}
/** What the map shows: its middle in degrees, and px per degree of latitude. */
export interface View {
  longitude: number;
  latitude: number;
  scale: number;
}
export interface Cluster extends Point {
  sites: Site[];
  needsSomebody: boolean;
}

export const LEAST_SCALE = 1.5;
export const MOST_SCALE = 6000;
const CELL_PX = 34;
const FARTHEST = 85;

type Placed = Site & { place: NonNullable<Site["place"]> };
export const isPlaced = (site: Site): site is Placed => site.place !== null;

/** How much narrower a degree of longitude is there than one of latitude. */
const narrowing = (latitude: number) => Math.cos((Math.min(FARTHEST, Math.abs(latitude)) * Math.PI) / 180);

/** Where a place lies in the picture (equirectangular about the view's middle). */
export function project(place: { latitude: number; longitude: number }, view: View, size: Point): Point {
  return {
    x: size.x / 2 + (place.longitude - view.longitude) * view.scale * narrowing(view.latitude),
    y: size.y / 2 - (place.latitude - view.latitude) * view.scale,
  };
}

/** The view that holds all sites with some room around; the whole of Europe where there is none. */
export function viewOf(sites: readonly Site[], size: Point): View {
  const placed = sites.filter(isPlaced);
  if (placed.length === 0) return { longitude: 12, latitude: 53, scale: 14 };
  const lats = placed.map(({ place }) => place.latitude);
  const lons = placed.map(({ place }) => place.longitude);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const latitude = (south + north) / 2;
  const tall = Math.max(0.02, north - south);
  const wide = Math.max(0.02, (east - west) * narrowing(latitude));
  return {
    longitude: (west + east) / 2,
    latitude,
    scale: bounded((0.84 * Math.min(size.x / wide, size.y / tall))),
  };
}

export const bounded = (scale: number) => Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));

/** Sites that would lie on each other drawn as one; only what is in the picture. */
export function clusters(sites: readonly Site[], view: View, size: Point): Cluster[] {
  const cells = new Map<string, { x: number; y: number; sites: Site[] }>();
  for (const site of sites) {
    if (!isPlaced(site)) continue;
    const { x, y } = project(site.place, view, size);
    if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
    const key = `${Math.floor(x / CELL_PX)}/${Math.floor(y / CELL_PX)}`;
    const cell = cells.get(key) ?? { x: 0, y: 0, sites: [] };
    cells.set(key, { x: cell.x + x, y: cell.y + y, sites: [...cell.sites.slice(-999), site] });
  }
  return [...cells.values()].map((cell) => ({
    x: cell.x / cell.sites.length,
    y: cell.y / cell.sites.length,
    sites: cell.sites,
    needsSomebody: cell.sites.some(({ concerns }) => concerns.length > 0),
  }));
}

/** Meridians and parallels that cross the picture, at a round distance. */
export function graticule(view: View, size: Point): { lines: { from: Point; to: Point; at: string }[] } {
  const degrees = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 45].find((step) => step * view.scale > 70) ?? 90;
  const narrow = narrowing(view.latitude);
  const [high, wide] = [size.y / 2 / view.scale, size.x / 2 / view.scale / narrow];
  const steps = (middle: number, reach: number) => {
    const first = Math.ceil((middle - reach) / degrees);
    const last = Math.min(first + 60, Math.floor((middle + reach) / degrees));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => round((first + place) * degrees));
  };
  const lines = [
    ...steps(view.latitude, high).map((latitude) => {
      const { y } = project({ latitude, longitude: view.longitude }, view, size);
      return { from: { x: 0, y }, to: { x: size.x, y }, at: `${latitude}°` };
    }),
    ...steps(view.longitude, wide).map((longitude) => {
      const { x } = project({ latitude: view.latitude, longitude }, view, size);
      return { from: { x, y: 0 }, to: { x, y: size.y }, at: `${longitude}°` };
    }),
  ];
  return { lines };
}

const round = (degrees: number) => Math.round(degrees * 100) / 100;

/** Zoom about a point of the picture: what lies there stays there. */
export function zoomed(view: View, factor: number, at: Point, size: Point): View {
  const scale = bounded(view.scale * factor);
  const narrow = narrowing(view.latitude);
  const shift = 1 / view.scale - 1 / scale;
  return {
    scale,
    longitude: view.longitude + ((at.x - size.x / 2) / narrow) * shift,
    latitude: clamped(view.latitude - (at.y - size.y / 2) * shift),
  };
}

/** Move the picture by so many px. */
export function panned(view: View, by: Point): View {
  return {
    ...view,
    longitude: view.longitude - by.x / view.scale / narrowing(view.latitude),
    latitude: clamped(view.latitude + by.y / view.scale),
  };
}

const clamped = (latitude: number) => Math.min(FARTHEST, Math.max(-FARTHEST, latitude));
