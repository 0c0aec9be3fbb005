/** The record of changes in words of the page: what differs, and how it ended. Pure. */

import { deviceName, type Named } from "./names";
import type { CircuitName } from "./reason";
import type { Say } from "./say";
import { inGroups, skiProblem } from "./ski";

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** One value of a setting, before and after; null = not there. */
export interface Difference {
  path: string;
  before: string | null;
  after: string | null;
}

const LONGEST = 200;

function flat(value: Json, path: string, into: Map<string, string>): void {
  if (value !== null && typeof value === "object") {
    const entries = Array.isArray(value) ? value.map((each, index) => [String(index + 1), each] as const) : Object.entries(value);
    for (const [name, each] of entries) flat(each, path ? `${path} ${name}` : name, into);
    return;
  }
  const text = value === null ? "–" : String(value);
  into.set(path, text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text);
}

function values(value: Json): Map<string, string> {
  const found = new Map<string, string>();
  if (value !== null) flat(value, "", found);
  return found;
}

/** Return what differs between two states, in the order of the newer one. */
export function differences(before: Json, after: Json): Difference[] {
  const [old, young] = [values(before), values(after)];
  const paths = [...young.keys(), ...[...old.keys()].filter((path) => !young.has(path))];
  return paths
    .map((path) => ({ path, before: old.get(path) ?? null, after: young.get(path) ?? null }))
    .filter((each) => each.before !== each.after);
}

/** Return a value as lines of `name: value`, for what was asked. */
export function lines(value: Json): { path: string; text: string }[] {
  return [...values(value)].map(([path, text]) => ({ path, text }));
}

/** What a site records of its settings; `mode` stands for `mode/{ski}`. */
export const SETTINGS = [
  "acceptance", "car", "car-soc", "charger", "circuit", "energy-management", "fact", "failsafe-test", "goal",
  "grid-connection", "mode", "operator", "operator-limit", "planning", "pv-system", "rotation-test", "tariff", "tariff-token",
] as const;

/** What a front door writes for an action that concerns the whole site: its own words say it. */
const TOLD_BY_THE_ACTION: ReadonlySet<string> = new Set([...SETTINGS, "site-file", "accept-window", "others", "back"]);

/** What was done, as the page says it: the key of its words, and whom it concerned. */
export interface Told {
  key: string;
  about: string;
}

/** Return what an entry tells. A site names a setting `charger/{ski}`, a front door an action `users.create`. */
export function toldBy(entry: { source: string; action: string; about: string }): Told {
  if (entry.source !== "site") {
    const about = TOLD_BY_THE_ACTION.has(entry.about) ? "" : entry.about;
    return { key: `audit-action.${entry.action.replace(".", "-")}`, about };
  }
  const [setting = "", ...whom] = entry.action.split("/");
  return { key: `audit-setting.${setting}`, about: whom.join("/") };
}

/** Return whom an entry concerned as people call it: a device or circuit by its name, else its SKI to be read. */
export function namedIn(about: string, chargers: readonly Named[], circuits: readonly CircuitName[], say: Say): string {
  const charger = chargers.find(({ ski }) => ski === about);
  if (charger) return deviceName(charger, say);
  return circuits.find(({ id }) => id === about)?.name || (skiProblem(about) ? about : inGroups(about));
}

export type Ending = "done" | "begun" | "refused";

/** Return how a change ended. */
export function endingOf(outcome: string): Ending {
  return outcome === "done" ? "done" : outcome === "begun" ? "begun" : "refused";
}
