/** A plan in words: when it charges, what it costs, what will be missing, and why a slot is as it is. */

import type { Lane, SessionPlanNow, Timeline } from "../api/types";
import { shortfallText } from "./notices";
import type { Formats } from "./format";
import { minuteOf, moment } from "./moments";
import type { Say } from "./say";
import { money, unitPrice } from "./money";
import { blocks, type Block, type Slot, type Values } from "./timeline";

/** So much missing is worth a word. */
const WORTH_WH = 100;
/** As many blocks as a line can carry. */
const MOST_BLOCKS = 3;

export interface Teller {
  say: Say;
  has: (key: string) => boolean;
  formats: Formats;
  language: string;
  now_ms: number;
}

/** What stands around a session's plan. */
export interface Around {
  departure: string | null;
  currency: string | null;
  /** Mean price of a kWh from the grid, where all prices are known. */
  gridPrice: number | null;
}

/** Say when charging is planned: "until 23:40, then 03:00–04:15"; null where nothing is. */
export function blocksText(planned: readonly Block[], { say, language, now_ms }: Teller): string | null {
  if (planned.length === 0) return null;
  const shown = planned.slice(0, MOST_BLOCKS).map((block, place) => {
    const end = minuteOf(block.to_ms, language);
    if (place === 0 && block.from_ms <= now_ms) return say("plan.until", { end });
    return `${moment(block.from_ms, now_ms, language)}–${end}`;
  });
  const text = shown.join(`, ${say("plan.then")} `);
  const more = planned.length - shown.length;
  return more > 0 ? say("plan.and-more", { text, n: more }, more) : text;
}

/** Say what a session's energy is made of and what it costs beside charging at once. */
export function sessionText(
  plan: SessionPlanNow,
  { departure, currency, gridPrice }: Around,
  teller: Teller,
): string {
  const { say, formats, language, now_ms } = teller;
  // What is missing has words of its own: "nothing to do" beside them would be untrue.
  if (plan.energy_wh < WORTH_WH) return plan.shortfall_wh < WORTH_WH ? say("plan.nothing-to-do") : "";
  const energy = formats.energy(plan.energy_wh);
  const first = departure
    ? say("plan.energy-by", { energy, when: moment(Date.parse(departure), now_ms, language) })
    : say("plan.energy", { energy });
  const parts: string[] = [];
  if (plan.sun_wh >= WORTH_WH) parts.push(say("plan.from-sun", { energy: formats.energy(plan.sun_wh) }));
  if (plan.grid_wh >= WORTH_WH) parts.push(gridText(plan, currency, gridPrice, teller));
  const head = parts.length > 0 ? `${first}: ${parts.join(", ")}` : first;
  const compared = comparison(plan, currency, teller);
  return `${head}${compared ? `; ${compared}` : ""}.`;
}

function gridText(
  plan: SessionPlanNow,
  currency: string | null,
  gridPrice: number | null,
  { say, formats, language }: Teller,
): string {
  const energy = formats.energy(plan.grid_wh);
  if (gridPrice === null || currency === null) return say("plan.from-grid", { energy });
  return say("plan.from-grid-at", { energy, price: unitPrice(gridPrice, currency, language) });
}

/** Return what a kWh from the grid costs on average over what is still planned in a lane. */
export function gridPriceOf(line: Timeline, lane: Lane, slots: readonly Slot[], now_ms: number): number | null {
  let cost = 0;
  let energy = 0;
  for (const slot of slots) {
    const planned = lane.planned_w[slot.at] ?? 0;
    if (planned <= 0 || slot.to_ms <= now_ms) continue;
    const price = line.import_price_per_kwh[slot.at] ?? null;
    if (price === null) return null;
    const grid = Math.max(0, planned - (line.surplus_forecast_w[slot.at] ?? 0));
    const part = grid * (slot.to_ms - Math.max(slot.from_ms, now_ms));
    cost += part * price;
    energy += part;
  }
  return energy > 0 ? cost / energy : null;
}

function comparison(plan: SessionPlanNow, currency: string | null, { say, language }: Teller): string | null {
  if (plan.cost === null || plan.at_once_cost === null || currency === null) return null;
  const more = plan.at_once_cost - plan.cost;
  const amount = money({ amount: Math.abs(more), currency }, language);
  if (Math.abs(more) < 0.005) return say("plan.at-once-same");
  return say(more > 0 ? "plan.at-once-more" : "plan.at-once-less", { amount });
}

/** Say what will be missing at departure, and why; null where nothing is. */
export function missingText(plan: SessionPlanNow, teller: Teller): string | null {
  const { say, has, formats } = teller;
  if (plan.shortfall_wh < WORTH_WH) return null;
  const energy = formats.energy(plan.shortfall_wh);
  const missing =
    plan.shortfall_s > 0
      ? say("plan.missing-time", { energy, time: spanText(plan.shortfall_s, teller) })
      : say("plan.missing", { energy });
  return `${missing} ${shortfallText(plan.shortfall_code, say, has)}`;
}

/** Minutes up to two hours, then hours. */
function spanText(seconds: number, { say, formats }: Teller): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return minutes <= 120
    ? say("plan.minutes", { n: formats.number(minutes) }, minutes)
    : say("plan.hours", { n: formats.number(minutes / 60, 1) });
}

/** Return the planned blocks of a lane from now on. */
export const upcoming = (slots: readonly Slot[], lane: Pick<Lane, "planned_w">, now_ms: number): Block[] =>
  blocks(slots, lane.planned_w, now_ms);

/** Why a car is planned to charge or wait in a slot, as a key below `slot-why`. */
export function slotWhy(line: Timeline, lane: Lane, slots: readonly Slot[], slot: Slot, now_ms: number): string | null {
  if (slot.to_ms <= now_ms) return past(lane, slot);
  const planned = lane.planned_w[slot.at] ?? null;
  if (planned === null || lane.plan === null) return lane.session ? "no-plan" : "no-car";
  if (planned > 0) return charging(line, slot, planned);
  if (lane.departure && slot.from_ms >= Date.parse(lane.departure)) return "departed";
  return waiting(line, lane, slots, slot);
}

function past(lane: Lane, slot: Slot): string | null {
  const real = lane.power_w[slot.at] ?? null;
  const planned = lane.planned_w[slot.at] ?? null;
  if (real === null || planned === null) return null;
  if (planned > 0 && real < planned * 0.5) return "less-than-planned";
  return planned <= 0 && real > 300 ? "more-than-planned" : "as-planned";
}

function charging(line: Timeline, slot: Slot, planned: number): string {
  const sun = line.surplus_forecast_w[slot.at] ?? 0;
  if (sun >= planned * 0.8) return "sun";
  const price = line.import_price_per_kwh[slot.at] ?? null;
  if (price !== null && price < 0) return "paid";
  if (sun >= planned * 0.2) return "sun-and-grid";
  return price === null ? "needed" : "cheap";
}

function waiting(line: Timeline, lane: Lane, slots: readonly Slot[], slot: Slot): string {
  const next = slots.find(({ at, from_ms }) => from_ms > slot.from_ms && (lane.planned_w[at] ?? 0) > 0);
  if (!next) return (lane.plan?.shortfall_wh ?? 0) < WORTH_WH ? "done" : "no-room";
  const sun = line.surplus_forecast_w[next.at] ?? 0;
  return sun >= (lane.planned_w[next.at] ?? 0) * 0.5 ? "waits-sun" : "waits-price";
}

/** Whether anything of a series is known. */
export const isKnown = (values: Values): boolean => values.some((value) => value !== null);
