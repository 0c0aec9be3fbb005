/** The fuse picture in numbers: per phase what the house takes, what each car takes, the line. */

import type { FusePhase } from "../api/types";
import { roundedUp } from "./format";

/** From 90 % of the fuse on, a phase is named as close to it. */
export const CLOSE = 0.9;

/** Below that a negative house is noise between two instruments. */
const LEAST_SURPLUS_A = 1;

export interface CarShare {
  ski: string;
  current_a: number;
}

export type FuseLevel = "calm" | "close" | "above";

export interface FuseBar {
  phase: string;
  fuse_a: number;
  margin_a: number;
  /** What the house takes beside the cars; negative while the sun gives more. Null: no meter. */
  house_a: number | null;
  cars: CarShare[];
  reserved_a: number;
  /** What flows through the fuse; without a meter, what all chargers take. Null: not known. */
  total_a: number | null;
  ratio: number | null;
  level: FuseLevel;
}

/** Turn what the site tells of a phase into a bar; its cars stand in the order of these SKIs. */
export function fuseBar(from: FusePhase, order: readonly string[] = []): FuseBar {
  const place = ({ ski }: { ski: string }) => (order.includes(ski) ? order.indexOf(ski) : order.length);
  const shares = [...from.chargers].sort((one, other) => place(one) - place(other));
  const cars = shares.flatMap(({ ski, current_a }) =>
    current_a !== null && current_a >= 0.05 ? [{ ski, current_a }] : [],
  );
  const carsTotal = cars.reduce((sum, share) => sum + share.current_a, 0);
  const grid = from.grid_current_a;
  const total_a = grid ?? from.charging_a;
  const ratio = total_a !== null && from.fuse_a > 0 ? total_a / from.fuse_a : null;
  return {
    phase: from.phase,
    fuse_a: from.fuse_a,
    margin_a: from.margin_a,
    house_a: grid === null ? null : house(grid - carsTotal, from.other_load_a),
    cars,
    reserved_a: from.reserved_a ?? 0,
    total_a,
    ratio,
    level: level(ratio),
  };
}

/** By the share as it is shown, rounded up: nothing at "90 %" stays calm. */
function level(ratio: number | null): FuseLevel {
  if (ratio === null) return "calm";
  const shown = roundedUp(ratio, 2);
  if (shown > 1) return "above";
  return shown < CLOSE ? "calm" : "close";
}

/** Return the bar closest to its fuse, or null where nothing is known. */
export function tightest(bars: readonly FuseBar[]): FuseBar | null {
  return bars
    .filter((each) => each.ratio !== null)
    .reduce<FuseBar | null>(
      (worst, next) => (worst === null || (next.ratio ?? 0) > (worst.ratio ?? 0) ? next : worst),
      null,
    );
}

export interface FuseScale {
  from_a: number;
  to_a: number;
}

/** Return the scale all bars share: from the deepest surplus to a little above the line. */
export function fuseScale(bars: readonly FuseBar[]): FuseScale {
  const deepest = Math.min(0, ...bars.map((each) => each.house_a ?? 0));
  const highest = Math.max(1, ...bars.map((each) => Math.max(each.fuse_a * 1.12, each.total_a ?? 0)));
  // Steps of five below, of one above: the picture does not breathe with every reading.
  return { from_a: Math.floor(deepest / 5) * 5, to_a: Math.ceil(highest) };
}

/** A charger is read a moment later than the meter: a small difference makes no surplus. */
function house(difference: number, other: number | null): number {
  const isSurplus = difference <= -LEAST_SURPLUS_A && (other === null || other < 0);
  return difference >= 0 || isSurplus ? difference : 0;
}
