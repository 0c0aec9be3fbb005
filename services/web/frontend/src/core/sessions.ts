/** Charging sessions of a month, added up. Unknown stays unknown. */

import type { Session } from "../api/types";

export interface Totals {
  count: number;
  energy_wh: number;
  sun_wh: number;
  /** Part of the energy that came from the sun; null without energy. */
  sunShare: number | null;
  /** What it cost, by currency; null while the cost of any session is not known. */
  cost: { amount: number; currency: string } | null;
}

export function totals(sessions: readonly Session[]): Totals {
  const sum = (of: (session: Session) => number) => sessions.reduce((total, each) => total + of(each), 0);
  const energy_wh = sum((each) => each.energy_wh);
  const sun_wh = sum((each) => each.sun_wh);
  return {
    count: sessions.length,
    energy_wh,
    sun_wh,
    sunShare: sunShare({ energy_wh, sun_wh }),
    cost: costOf(sessions),
  };
}

export const sunShare = ({ energy_wh, sun_wh }: Pick<Session, "energy_wh" | "sun_wh">): number | null =>
  energy_wh > 0 ? Math.min(1, sun_wh / energy_wh) : null;

function costOf(sessions: readonly Session[]): Totals["cost"] {
  const [first] = sessions;
  const currency = first?.currency ?? null;
  const isKnown = sessions.every((each) => each.cost !== null && each.currency === currency);
  if (!first || currency === null || !isKnown) return null;
  return { amount: sessions.reduce((total, each) => total + (each.cost ?? 0), 0), currency };
}

/** Say an amount of money; a dash while it is not known. */
export function money(cost: { amount: number; currency: string } | null, language: string): string {
  if (cost === null) return "–";
  return new Intl.NumberFormat(language, { style: "currency", currency: cost.currency }).format(cost.amount);
}
