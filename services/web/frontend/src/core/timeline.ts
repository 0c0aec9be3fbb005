/** The timeline as a picture: one axis of time, prices as steps, sun as areas, a lane for each car. */

import type { Timeline } from "../api/types";

export type Values = readonly (number | null)[];

/** A span of time on the axis, in ms since the epoch. */
export interface Stretch {
  from_ms: number;
  to_ms: number;
}

export interface Slot extends Stretch {
  /** Its place in every series. */
  at: number;
}

/** Where a value or moment stands in the picture, in px. */
export type Scale = (value: number) => number;

export const slotsOf = (line: Pick<Timeline, "slots">): Slot[] =>
  line.slots.map(({ start, end }, at) => ({ at, from_ms: Date.parse(start), to_ms: Date.parse(end) }));

/** Return a scale from one span of values to one of px; a span of nothing stands in the middle. */
export function scaleOf(low: number, high: number, from_px: number, to_px: number): Scale {
  const span = high - low;
  if (!(span > 0)) return () => (from_px + to_px) / 2;
  return (value) => from_px + ((value - low) / span) * (to_px - from_px);
}

/** Return the bounds of the known values, with 0 among them; nothing known is 0 to 1. */
export function bounds(...series: Values[]): { low: number; high: number } {
  const known = series.flat().filter((value): value is number => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  return high - low > 0 ? { low, high } : { low: 0, high: 1 };
}

/** The slot a moment lies in, null outside of all. */
export function slotAt(slots: readonly Slot[], at_ms: number): Slot | null {
  return slots.find(({ from_ms, to_ms }) => at_ms >= from_ms && at_ms < to_ms) ?? null;
}

/** Return the runs of slots for which something holds, as stretches of time. */
export function runs(slots: readonly Slot[], holds: (at: number) => boolean): Stretch[] {
  const found: Stretch[] = [];
  for (const { at, from_ms, to_ms } of slots) {
    if (!holds(at)) continue;
    const last = found.at(-1);
    if (last && last.to_ms === from_ms) last.to_ms = to_ms;
    else found.push({ from_ms, to_ms });
  }
  return found;
}

/** Return the outline of a stepped area above `base_px`: a piece for each run of known values. */
export function area(slots: readonly Slot[], values: Values, x: Scale, y: Scale, base_px: number): string {
  let path = "";
  let open = false;
  const close = () => {
    if (open) path += `V${px(base_px)}Z`;
    open = false;
  };
  for (const { at, from_ms, to_ms } of slots) {
    const value = values[at] ?? null;
    if (value === null) {
      close();
      continue;
    }
    path += open ? `V${px(y(value))}` : `M${px(x(from_ms))} ${px(base_px)}V${px(y(value))}`;
    path += `H${px(x(to_ms))}`;
    open = true;
  }
  close();
  return path;
}

const px = (value: number) => String(Math.round(value * 10) / 10);

/** How many steps there are from cheap to dear. */
export const LEVELS = 5;

/**
 * Return how dear each value is among the known ones: 0 (cheapest) to LEVELS - 1, null where it
 * is not known. It goes by the value, not the rank: a day of nearly equal prices is all middling.
 * What is below 0 is as cheap as can be, and makes the others no dearer.
 */
export function levels(values: Values): (number | null)[] {
  const known = values.filter((value): value is number => value !== null && value >= 0).sort((one, other) => one - other);
  const low = known[Math.floor(known.length * 0.05)] ?? 0;
  const high = known[Math.ceil(known.length * 0.95) - 1] ?? 0;
  const even = high - low <= Math.max(1e-9, 0.02 * Math.abs(high));
  return values.map((value) => {
    if (value === null) return null;
    if (value < 0) return 0;
    if (even) return Math.floor(LEVELS / 2);
    return Math.min(LEVELS - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * LEVELS)));
  });
}

export interface Mark {
  at_ms: number;
  isMidnight: boolean;
}

/** Return the full hours worth a mark, by this device's clock, so many hours apart. */
export function marks({ from_ms, to_ms }: Stretch, everyHours: number): Mark[] {
  const found: Mark[] = [];
  const at = new Date(from_ms);
  at.setMinutes(0, 0, 0);
  while (at.getTime() < to_ms) {
    const hour = at.getHours();
    if (at.getTime() >= from_ms && hour % everyHours === 0) {
      found.push({ at_ms: at.getTime(), isMidnight: hour === 0 });
    }
    // By the clock of the place: a day of 23 or 25 hours keeps its marks on the hours.
    const before = at.getTime();
    at.setHours(hour + 1);
    if (at.getTime() <= before) at.setTime(before + 3_600_000);
  }
  return found;
}

/** A block of charging in a lane. */
export interface Block extends Stretch {
  energy_wh: number;
  /** The highest mean power of its slots. */
  peak_w: number;
}

const HOUR_MS = 3_600_000;

/** Return the blocks of a lane's power; what ends before `from_ms` is left out, what runs is cut. */
export function blocks(slots: readonly Slot[], power_w: Values, from_ms = -Infinity): Block[] {
  const found: Block[] = [];
  for (const slot of slots) {
    const power = power_w[slot.at] ?? 0;
    if (power <= 0 || slot.to_ms <= from_ms) continue;
    const start = Math.max(slot.from_ms, from_ms);
    const energy_wh = (power * (slot.to_ms - start)) / HOUR_MS;
    const last = found.at(-1);
    if (last && last.to_ms === start) {
      last.to_ms = slot.to_ms;
      last.energy_wh += energy_wh;
      last.peak_w = Math.max(last.peak_w, power);
    } else {
      found.push({ from_ms: start, to_ms: slot.to_ms, energy_wh, peak_w: power });
    }
  }
  return found;
}

/** Return the mean of a series over a stretch, weighted by time; null where nothing is known. */
export function meanOver(slots: readonly Slot[], values: Values, { from_ms, to_ms }: Stretch): number | null {
  let sum = 0;
  let span = 0;
  for (const slot of slots) {
    const value = values[slot.at] ?? null;
    const part = Math.min(slot.to_ms, to_ms) - Math.max(slot.from_ms, from_ms);
    if (value === null || part <= 0) continue;
    sum += value * part;
    span += part;
  }
  return span > 0 ? sum / span : null;
}
