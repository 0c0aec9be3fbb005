/** Whether a goal can be reached, as far as the page can tell at once; the plan knows better soon. */

import type { ChargerNow } from "../api/types";
import type { GoalForm } from "./goal";
import { parseNumber } from "./format";
import { nextAt } from "./goal";

const VOLTS = 230;
/** Of what leaves the charger so much arrives in the battery. */
const EFFICIENCY = 0.9;
const HOUR_MS = 3_600_000;

export interface Facts {
  battery_wh: number | null;
  soc_percent: number | null;
  max_a: number | null;
  phases: number | null;
}

export type Reach =
  | { kind: "unknown" }
  | { kind: "needs-car" | "needs-battery" | "needs-soc" | "past-goal" }
  | { kind: "fits"; need_wh: number; span_h: number; spare_h: number }
  | { kind: "misses"; need_wh: number; span_h: number; most_wh: number };

/** Return whether the goal typed can be reached before its next departure. */
export function reachOf(form: GoalForm, facts: Facts | null, charger: Omit<Facts, "battery_wh" | "soc_percent">, now_ms: number): Reach {
  const value = parseNumber(form.value);
  if (Number.isNaN(value) || !/^\d{2}:\d{2}$/.test(form.time)) return { kind: "unknown" };
  let need_wh = value * 1000;
  if (form.aim === "percent") {
    if (!facts) return { kind: "needs-car" };
    if (facts.battery_wh === null) return { kind: "needs-battery" };
    if (facts.soc_percent === null) return { kind: "needs-soc" };
    need_wh = ((value - facts.soc_percent) / 100) * (facts.battery_wh / EFFICIENCY);
    if (need_wh <= 0) return { kind: "past-goal" };
  }
  const amps = Math.min(charger.max_a ?? 16, facts?.max_a ?? Infinity);
  const phases = Math.min(charger.phases ?? 3, facts?.phases ?? 3);
  const span_h = (nextOf(form, now_ms) - now_ms) / HOUR_MS;
  const most_wh = amps * phases * VOLTS * span_h;
  if (most_wh < need_wh) return { kind: "misses", need_wh, span_h, most_wh };
  return { kind: "fits", need_wh, span_h, spare_h: span_h - need_wh / (amps * phases * VOLTS) };
}

/**
 * Return on how many phases a car charges: as it is described, else as it is seen to. Null: not known.
 * What a charger that changes phases itself does now may be less than it can: described is better.
 */
export const phasesOf = (
  described: number | null | undefined,
  plugged: Pick<ChargerNow, "state" | "phases_in_use"> | null,
): number | null => described ?? ((plugged?.state === "charging" && plugged.phases_in_use.length) || null);

/** What of the presets is too much, and how much fits instead; null where all fit or nobody knows. */
export function beyondReach(
  form: GoalForm,
  presets: readonly number[],
  facts: Facts | null,
  charger: Omit<Facts, "battery_wh" | "soc_percent">,
  now_ms: number,
): { values: number[]; most_wh: number } | null {
  const values: number[] = [];
  let most_wh = 0;
  for (const value of presets) {
    const found = reachOf({ ...form, value: String(value) }, facts, charger, now_ms);
    if (found.kind !== "misses") continue;
    values.push(value);
    most_wh = found.most_wh;
  }
  return values.length > 0 ? { values, most_wh } : null;
}

/** The next departure: of the week where days are chosen, else the next time of that clock. */
function nextOf(form: GoalForm, now_ms: number): number {
  const first = nextAt(form.time, now_ms);
  if (form.days.length === 0) return first;
  for (let day = 0; day < 8; day += 1) {
    const at = new Date(first);
    at.setDate(at.getDate() + day);
    if (form.days.includes(at.getDay() || 7)) return at.getTime();
  }
  return first;
}
