/** How charger and car talk, and what to do where a car does it badly (A15). */

import type { ChargerNow } from "../api/types";

/** After so long without a start, a car of ISO 15118 counts as one that starts late or not at all. */
const LATE_S = 120;

export const isPlc = (charger: ChargerNow): boolean => charger.communication?.startsWith("iso15118") ?? false;

/** Whether a car that talks ISO 15118 may charge and has not begun for long. */
export function startsBadly(charger: ChargerNow, now_ms: number): boolean {
  const why = charger.limited_by;
  if (!isPlc(charger) || charger.state === "charging" || why?.kind !== "car-not-asking") return false;
  return why.since !== null && now_ms - Date.parse(why.since) > LATE_S * 1000;
}
