/** The record of changes in words of the page: what differs, and how it ended. Pure. */

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

export type Ending = "done" | "begun" | "refused";

/** Return how a change ended. */
export function endingOf(outcome: string): Ending {
  return outcome === "done" ? "done" : outcome === "begun" ? "begun" : "refused";
}
