/** What will happen by itself at a charger: each change with its clock, in words. */

import type { ChargerNow, PendingChange } from "../api/types";
import { clock } from "./format";
import type { Say } from "./say";

/** Every kind of pending change the CEM gives. */
export const PENDING_KINDS = ["start", "stop", "increase", "phases-1", "phases-3", "turn", "wake"] as const;

/** Clocks this close together count down to one and the same thing. */
const SAME_MS = 2000;

export interface Pending {
  kind: string;
  at_ms: number;
}

/** Return the changes worth a line: soonest first, without what the reason counts down already. */
export function pendingOf(charger: Pick<ChargerNow, "pending" | "limited_by">): Pending[] {
  const until = charger.limited_by?.until;
  const told_ms = until ? Date.parse(until) : Number.NaN;
  return charger.pending
    .flatMap(({ kind, at }: PendingChange) => (at ? [{ kind, at_ms: Date.parse(at) }] : []))
    .filter(({ at_ms }) => !(Math.abs(at_ms - told_ms) < SAME_MS))
    .sort((one, other) => one.at_ms - other.at_ms);
}

/** Say a change that comes in so many seconds. */
export function pendingText(kind: string, left_s: number, say: Say): string {
  const known = (PENDING_KINDS as readonly string[]).includes(kind) ? kind : "other";
  return left_s <= 0 ? say("next.now") : say(`pending.${known}`, { clock: clock(left_s) });
}
