/** Why a charger draws what it draws: one sentence, and the moment it is looked at again. */

import type { ChargerNow, LimitedBy } from "../api/types";
import { clock, type Formats } from "./format";
import type { Say } from "./say";

/** Every `limited_by.kind` the CEM gives. */
export const REASON_KINDS = [
  "energy-management-off",
  "no-fuse-set",
  "fuse",
  "static-limit",
  "static-share",
  "failsafe",
  "minimum-does-not-fit",
  "waiting-for-turn",
  "increase-held-back",
  "operator-limit",
  "unbalance",
  "waiting-for-sun",
  "sun-share",
  "contract-power",
  "mode-off",
  "latest-start",
  "charges-now-no-plan",
  "waiting-for-price",
  "waiting-for-forecast",
  "plan",
  "minimum-soc",
  "goal-reached",
  "departure-first",
  "guaranteed-minimum",
  "one-phase-to-fit",
  "phases-switching",
  "rotation-test",
  "pulse",
  "failsafe-test",
  "start-reserved",
  "charger-offline",
  "charger-disobeys",
  "charger-maximum",
  "car-maximum",
  "car-not-asking",
  "charger-fault",
] as const;
export type ReasonKind = (typeof REASON_KINDS)[number];

/** Kinds that are no fault of load management and stay quiet on the page. */
const CALM: ReadonlySet<string> = new Set([
  "charger-maximum",
  "car-maximum",
  "car-not-asking",
  "energy-management-off",
  "sun-share",
  "waiting-for-sun",
  "mode-off",
  "latest-start",
  "charges-now-no-plan",
  "waiting-for-price",
  "waiting-for-forecast",
  "plan",
  "minimum-soc",
  "goal-reached",
  "one-phase-to-fit",
  "phases-switching",
  "rotation-test",
  "pulse",
  "failsafe-test",
]);
const GRAVE: ReadonlySet<string> = new Set([
  "failsafe",
  "charger-offline",
  "charger-disobeys",
  "charger-fault",
  "no-fuse-set",
]);

/** Kinds whose sentence is built around a figure. */
const NEEDS_VALUE: ReadonlySet<string> = new Set(["minimum-does-not-fit", "increase-held-back"]);

/** Kinds whose value is a power in W; of all others it is a current in A. */
const OF_POWER: ReadonlySet<string> = new Set(["operator-limit", "contract-power", "sun-share"]);

/** A surplus below this (W) is none: the car has its minimum from the grid. */
const NO_SUN_W = 50;

/** Kinds that name the circuit they speak of, where it is not the main fuse. */
const OF_CIRCUITS: ReadonlySet<string> = new Set(["fuse", "minimum-does-not-fit"]);

/** What a circuit is called. */
export interface CircuitName {
  id: string;
  name: string;
}

export type ReasonTone = "calm" | "notable" | "grave";

export interface Reason {
  text: string;
  tone: ReasonTone;
  kind: string;
  /** When the pending change is looked at again, in ms since the epoch. */
  until_ms: number | null;
}

/** Return the reason of a charger, or null where nothing needs one. */
export function reason(
  charger: Pick<ChargerNow, "ski" | "limited_by">,
  say: Say,
  formats: Formats,
  circuits: readonly CircuitName[] = [],
): Reason | null {
  const limit = charger.limited_by;
  if (!limit) return null;
  const until = limit.until ? Date.parse(limit.until) : Number.NaN;
  return {
    text: sentence(limit, charger.ski, say, formats, circuits),
    tone: toneOf(limit.kind),
    kind: limit.kind,
    until_ms: Number.isNaN(until) ? null : until,
  };
}

/** How much a kind asks for attention. */
export function toneOf(kind: string): ReasonTone {
  if (GRAVE.has(kind)) return "grave";
  return CALM.has(kind) ? "calm" : "notable";
}

function sentence(
  limit: LimitedBy,
  ski: string,
  say: Say,
  formats: Formats,
  circuits: readonly CircuitName[],
): string {
  if (!(REASON_KINDS as readonly string[]).includes(limit.kind)) {
    return say("reason.unknown", { kind: limit.kind });
  }
  const on = limit.phase ? say("reason.on-phase", { phase: limit.phase.toUpperCase() }) : "";
  // Less than nothing is free while more is reserved than there is: to a person that is nothing.
  const free = limit.value === null ? null : Math.max(0, limit.value);
  const value = OF_POWER.has(limit.kind) ? formats.powerRoom(free) : formats.room(free);
  const at = limit.value === null ? "" : say("reason.at-value", { value });
  const circuit = circuits.find(({ id }) => id === limit.element)?.name ?? "";
  const variant = variantOf(limit, ski, circuit);
  return tidy(say(`reason.${limit.kind}${variant}`, { on, at, value, circuit }));
}

/** Which of the sentences of a kind is meant: "" for its plain one. */
function variantOf(limit: LimitedBy, ski: string, circuit: string): string {
  if (limit.value !== null && circuit && OF_CIRCUITS.has(limit.kind)) return "-circuit";
  if (limit.kind === "sun-share" && limit.value !== null && limit.value < NO_SUN_W) return "-none";
  return plainer(limit, ski);
}

/** Kinds whose clock has its own words: what happens when it has run down. */
const OWN_CLOCK: ReadonlySet<string> = new Set([
  "increase-held-back",
  "minimum-does-not-fit",
  "waiting-for-turn",
]);

/** Kinds that speak of hours ahead: they tell the time of day, not a countdown. */
const OF_PLANS: ReadonlySet<string> = new Set(["waiting-for-price", "waiting-for-forecast", "plan"]);

/** Say when a reason is looked at again, so many seconds from now; `when` is that as time of day. */
export function nextLook(kind: string, left_s: number, say: Say, when = ""): string {
  if (left_s <= 0) return say("next.now");
  if (OF_PLANS.has(kind)) return say(`next.${kind}`, { when });
  return say(`next.${OWN_CLOCK.has(kind) ? kind : "other"}`, { clock: clock(left_s) });
}

/** Some kinds have a second wording: current kept for another car, or no figure at hand. */
function plainer(limit: LimitedBy, ski: string): string {
  if (limit.kind === "start-reserved" && limit.element && limit.element !== ski) return "-other";
  return limit.value === null && NEEDS_VALUE.has(limit.kind) ? "-plain" : "";
}

/** A place left empty leaves no double or dangling space. */
const tidy = (text: string) => text.replace(/ {2,}/g, " ").replace(/ ([.,:;)])/g, "$1").trim();
