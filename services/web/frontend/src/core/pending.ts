/** What will happen by itself at a charger: each change with its clock, in words. */

import type { ChargerNow, PendingChange } from "../api/types";
import { clock } from "./format";
import type { Say } from "./say";

/** Every kind of pending change the CEM gives. */
export const PENDING_KINDS = ["start", "stop", "increase", "phases-1", "phases-3", "turn", "wake"] as const;

/** Reasons whose own clock counts down to the same thing. */
const SAME_CLOCK: Readonly<Record<string, string>> = {
  increase: "increase-held-back",
  turn: "waiting-for-turn",
  start: "minimum-does-not-fit",
};

export interface Pending {
  kind: string;
  at_ms: number;
}

/** Return the changes worth a line: soonest first, without what the reason counts down already. */
export function pendingOf(charger: Pick<ChargerNow, "pending" | "limited_by">): Pending[] {
  const reason = charger.limited_by;
  return charger.pending
    .filter((change) => !reason?.until || SAME_CLOCK[change.kind] !== reason.kind)
    .flatMap(({ kind, at }: PendingChange) => (at ? [{ kind, at_ms: Date.parse(at) }] : []))
    .sort((one, other) => one.at_ms - other.at_ms);
}

/** Say a change that comes in so many seconds. */
export function pendingText(kind: string, left_s: number, say: Say): string {
  const known = (PENDING_KINDS as readonly string[]).includes(kind) ? kind : "other";
  return left_s <= 0 ? say("next.now") : say(`pending.${known}`, { clock: clock(left_s) });
}
