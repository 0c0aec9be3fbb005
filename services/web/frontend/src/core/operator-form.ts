/** How the site obeys the grid operator, as it is typed (kW, hours) and as it goes to the API. */

import type { Operator, OperatorSettings } from "../api/types";
import { parseNumber } from "./format";
import { asTyped, wrongNumber, type Wrong } from "./validation";

export interface OperatorForm {
  credits_sun: boolean;
  /** kW; empty: none. */
  contract: string;
  /** kW */
  failsafe: string;
  hours: string;
  /** kW of each steerable device, parted by semicolons. */
  others: string;
  /** Appliances people chose to have limited or spared, by SKI. */
  limited: Record<string, boolean>;
}

export type OperatorErrors = Partial<Record<keyof OperatorForm, Wrong>>;

const LEAST_W = 4200;
const LEAST_S = 7200;
const parts = (text: string): string[] => text.split(";").map((part) => part.trim()).filter(Boolean);

export function operatorForm(known: Operator | null, language: string): OperatorForm {
  const kilowatts = (watts: number | null | undefined) =>
    asTyped(watts === null || watts === undefined ? null : watts / 1000, language);
  return {
    credits_sun: known?.credits_sun ?? false,
    contract: kilowatts(known?.contract_w),
    failsafe: kilowatts(known?.failsafe_w ?? LEAST_W),
    hours: asTyped((known?.failsafe_s ?? LEAST_S) / 3600, language),
    limited: Object.fromEntries((known?.appliance_choices ?? []).map(({ ski, limited }) => [ski, limited])),
    others: (known?.other_devices_w ?? []).map(kilowatts).join("; "),
  };
}

/** Return what is wrong with the form, by field. */
export function wrongOperator(form: OperatorForm): OperatorErrors {
  const found: [keyof OperatorForm, Wrong | null][] = [
    ["contract", wrongNumber(form.contract, { min: 0.1, max: 10_000, optional: true })],
    ["failsafe", wrongNumber(form.failsafe, { min: 0, max: 10_000 })],
    ["hours", wrongNumber(form.hours, { min: 2, max: 24 })],
    ["others", parts(form.others).map((part) => wrongNumber(part, { min: 0, max: 10_000 })).find(Boolean) ?? null],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function operatorOf(form: OperatorForm): OperatorSettings {
  const watts = (text: string) => Math.round(parseNumber(text) * 1000);
  return {
    credits_sun: form.credits_sun,
    contract_w: form.contract.trim() === "" ? null : watts(form.contract),
    failsafe_w: watts(form.failsafe),
    failsafe_s: Math.round(parseNumber(form.hours) * 3600),
    other_devices_w: parts(form.others).map(watts),
    appliance_choices: Object.entries(form.limited).map(([ski, limited]) => ({ ski, limited })),
  };
}
