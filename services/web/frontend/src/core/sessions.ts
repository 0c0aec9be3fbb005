/** What charging sessions cost and got from the sun. Unknown stays unknown. */

import type { Session, SessionTotals } from "../api/types";

type Known = Pick<SessionTotals, "cost" | "currency">;

/** Return what is known of a cost; null: nothing. */
export const costOf = ({ cost, currency }: Known): { amount: number; currency: string } | null =>
  cost === null || currency === null ? null : { amount: cost, currency };

export const sunShare = ({ energy_wh, sun_wh }: Pick<Session, "energy_wh" | "sun_wh">): number | null =>
  energy_wh > 0 ? Math.min(1, sun_wh / energy_wh) : null;

export { money } from "./money";
