/** What was seen last, kept in this browser: shown, as old, when the page opens without a network. */

import type { Dashboard, Me, Site } from "../api/types";
import { recall, remember } from "./storage";

const KEY = "volthus.last-seen";
const EVERY_MS = 15_000;

export interface Known {
  me: Omit<Me, "csrf_token">;
  sites: Site[];
  site: string;
  picture: Dashboard;
  heard_ms: number;
}

let kept_ms = 0;

/** Keep what is seen now; at most every 15 s. */
export function keep(me: Me, sites: Site[], site: string, picture: Dashboard, heard_ms: number): void {
  if (heard_ms - kept_ms < EVERY_MS) return;
  kept_ms = heard_ms;
  // Who it is, not what they may send: a token has no place on the disk.
  const { csrf_token: _, ...person } = me;
  remember(KEY, JSON.stringify({ me: person, sites, site, picture, heard_ms } satisfies Known));
}

export function known(): Known | null {
  try {
    return JSON.parse(recall(KEY) ?? "null") as Known | null;
  } catch {
    return null;
  }
}

/** Forget it: whoever logs out leaves nothing behind. */
export function forgetKnown(): void {
  kept_ms = 0;
  remember(KEY, null);
}
