/** Energy as bars: what cars took from sun and grid, what the house took, hour by hour or by day. */

import type { EnergySpan } from "../api/types";
import type { Formats } from "./format";
import type { Say } from "./say";

export interface EnergyBar {
  from_ms: number;
  sun_wh: number;
  grid_wh: number;
  /** What the house took beside the cars; null where the meter said nothing. */
  house_wh: number | null;
  export_wh: number | null;
}

const HOUR_MS = 3_600_000;

/** Return one span as a bar. */
export function barOf(span: EnergySpan): EnergyBar {
  const grid_wh = Math.max(0, span.charging_wh - span.charging_sun_wh);
  return {
    from_ms: Date.parse(span.start),
    sun_wh: span.charging_sun_wh,
    grid_wh,
    house_wh: house(span),
    export_wh: span.export_wh,
  };
}

/** What came in, less what went out and what the cars took. */
function house(span: EnergySpan): number | null {
  if (span.import_wh === null) return null;
  const taken = span.import_wh + (span.sun_wh ?? 0) - (span.export_wh ?? 0);
  return Math.max(0, taken - span.charging_wh);
}

/** Return a bar for every hour of a span of time, empty where nothing was kept. */
export function byHour(spans: readonly EnergySpan[], from_ms: number, to_ms: number): EnergyBar[] {
  const found = new Map(spans.map((span) => [Date.parse(span.start), barOf(span)]));
  const bars: EnergyBar[] = [];
  for (let at = from_ms; at < to_ms; at += HOUR_MS) bars.push(found.get(at) ?? empty(at));
  return bars;
}

/** Return a bar for every local day of a span of time. */
export function byDay(spans: readonly EnergySpan[], from_ms: number, to_ms: number): EnergyBar[] {
  const bars = new Map<number, EnergyBar>();
  for (let day = new Date(from_ms); day.getTime() < to_ms; ) {
    bars.set(day.getTime(), empty(day.getTime()));
    day = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
  }
  for (const bar of spans.map(barOf)) {
    const key = new Date(bar.from_ms).setHours(0, 0, 0, 0);
    const day = bars.get(key);
    if (day) bars.set(key, added(day, bar));
  }
  return [...bars.values()];
}

const empty = (from_ms: number): EnergyBar => ({
  from_ms,
  sun_wh: 0,
  grid_wh: 0,
  house_wh: null,
  export_wh: null,
});

function added(day: EnergyBar, bar: EnergyBar): EnergyBar {
  const sum = (one: number | null, other: number | null) =>
    one === null ? other : other === null ? one : one + other;
  return {
    from_ms: day.from_ms,
    sun_wh: day.sun_wh + bar.sun_wh,
    grid_wh: day.grid_wh + bar.grid_wh,
    house_wh: sum(day.house_wh, bar.house_wh),
    export_wh: sum(day.export_wh, bar.export_wh),
  };
}

export const heightOf = (bar: EnergyBar): number => bar.sun_wh + bar.grid_wh + (bar.house_wh ?? 0);

/** Return the top of the scale: 1, 2 or 5 times a power of ten, never below 1 kWh. */
export function topOf(bars: readonly EnergyBar[]): number {
  const highest = Math.max(1000, ...bars.map(heightOf));
  const power = 10 ** Math.floor(Math.log10(highest));
  return ([1, 2, 5, 10].find((step) => step * power >= highest) ?? 10) * power;
}

/** Return everything added up. */
export const sumOf = (bars: readonly EnergyBar[]): EnergyBar => bars.reduce(added, empty(bars[0]?.from_ms ?? 0));

/** Say what a span of time brought: "The cars took 8.0 kWh, 25 % of it from the sun. Fed in: 1.0 kWh." */
export function energyTold(sum: EnergyBar, say: Say, formats: Formats): string {
  const cars_wh = sum.sun_wh + sum.grid_wh;
  const told = cars_wh > 0
    ? say("history.sum", { energy: formats.energy(cars_wh), share: formats.percent(sum.sun_wh / cars_wh) })
    : say("history.sum-none");
  return sum.export_wh === null ? told : `${told} ${say("history.sum-export", { energy: formats.energy(sum.export_wh) })}`;
}
