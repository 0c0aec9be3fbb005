/** The values of a notice in the words of a person: instants as times of day, codes as sentences. */

import { moment } from "./moments";
import type { Say } from "./say";

const INSTANTS = ["at", "known_until"] as const;

/** Return the reason why a goal is missed, as a sentence. */
export function shortfallText(code: string | null, say: Say, has: (key: string) => boolean): string {
  const key = `shortfall.${code ?? "other"}`;
  return say(has(key) ? key : "shortfall.other");
}

/** Return what a notice's params say beside themselves: `when` and `why`. */
export function spokenParams(
  params: Readonly<Record<string, string>>,
  say: Say,
  has: (key: string) => boolean,
  now_ms: number,
  language: string,
): Record<string, string> {
  const at = INSTANTS.map((name) => Date.parse(params[name] ?? "")).find((ms) => !Number.isNaN(ms));
  return {
    when: at === undefined ? "–" : moment(at, now_ms, language),
    why: "code" in params ? shortfallText(params["code"] || null, say, has) : "",
  };
}
