/** The grid operator's limits: which one the page must tell, and in what words. */

import type { OperatorLimit } from "../api/types";

const IN_FORCE: ReadonlySet<string> = new Set(["limited", "failsafe", "init"]);

/** Return the limits of consumption that hold now, the strictest first. */
export function inForce(limits: readonly OperatorLimit[]): OperatorLimit[] {
  return limits
    .filter(({ kind, state, limit_w }) => kind === "lpc" && limit_w !== null && IN_FORCE.has(state))
    .sort((one, other) => (one.limit_w ?? 0) - (other.limit_w ?? 0));
}

/** The family of sentences a limit is told with. */
export const sentenceOf = (limit: OperatorLimit): "failsafe" | "until" | "open" => {
  if (limit.state === "failsafe" || limit.state === "init") return "failsafe";
  return limit.until ? "until" : "open";
};
