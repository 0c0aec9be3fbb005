/** A tariff as it is typed, in the small coin of its currency, and as it goes to the API. */

import type { Tariff, TariffWanted } from "../api/types";
import { parseNumber } from "./format";
import { asTyped, wrongNumber, type Wrong } from "./validation";

/** What a kWh's energy is priced by. */
export const ENERGY_KINDS = ["market", "fixed", "windows"] as const;
export type EnergyKind = (typeof ENERGY_KINDS)[number];
export const BILLED = ["", "15", "30", "60"] as const;

export interface WindowForm {
  price: string;
  start: string;
  end: string;
  weekdays: number[];
  months: number[];
}

export interface TariffForm {
  kind: EnergyKind;
  source: string;
  zone: string;
  /** Typed anew; empty: the one that is held stays. */
  token: string;
  forgetsToken: boolean;
  currency: string;
  energyOtherwise: string;
  energyWindows: WindowForm[];
  markup: string;
  fee: string;
  feeWindows: WindowForm[];
  levies: string;
  tax: string;
  billed: (typeof BILLED)[number];
  feedFixed: string;
  feedMarket: string;
  feedDeduction: string;
  nothingWhenNegative: boolean;
  co2Source: string;
  co2Zone: string;
}

export type TariffErrors = Partial<Record<string, Wrong>>;

const COINS: Readonly<Record<string, string>> = {
  EUR: "ct", CHF: "Rp.", GBP: "p", USD: "¢", SEK: "öre", NOK: "øre", DKK: "øre", PLN: "gr", CZK: "hal.",
};

/** What prices are typed in: "ct", else the currency itself. */
export const coinOf = (currency: string): string => COINS[currency.trim().toUpperCase()] ?? currency;
const factorOf = (currency: string): number => (currency.trim().toUpperCase() in COINS ? 100 : 1);

/** Decimals of a hundredth are no tenths of a binary: cut what only reckoning left. */
const tidy = (value: number): number => Number(value.toPrecision(12));

type Rates = NonNullable<Tariff["bought"]["energy"]>;

/** Return the form of a tariff; one that was never set begins with the market of the sample. */
export function tariffForm(tariff: Tariff | null, language: string): TariffForm {
  const currency = tariff?.currency ?? "EUR";
  const price = (value: number | null | undefined) =>
    asTyped(value === null || value === undefined ? null : tidy(value * factorOf(currency)), language);
  const isNew = !tariff || tariff.revision === 0;
  const windows = (rates: Rates | null | undefined): WindowForm[] =>
    (rates?.windows ?? []).map(({ per_kwh, start, end, weekdays, months }) => ({
      price: price(per_kwh), start, end, weekdays: [...weekdays], months: [...months],
    }));
  const bought = tariff?.bought;
  const fed = tariff?.fed_in;
  const or = (text: string, empty: string) => (isNew ? empty : text);
  return {
    kind: bought?.energy ? (bought.energy.windows.length > 0 ? "windows" : "fixed") : "market",
    source: tariff?.source ?? (isNew ? "sample" : ""),
    zone: tariff?.zone ?? (isNew ? "sample" : ""),
    token: "",
    forgetsToken: false,
    currency,
    energyOtherwise: price(bought?.energy?.otherwise),
    energyWindows: windows(bought?.energy),
    markup: or(price(bought?.markup_per_kwh), ""),
    fee: price(bought?.grid_fee?.otherwise),
    feeWindows: windows(bought?.grid_fee),
    levies: or(price(bought?.levies_per_kwh), ""),
    tax: or(asTyped(bought?.tax_percent, language), ""),
    billed: BILLED.find((each) => each === String(bought?.billed_minutes ?? "")) ?? "",
    feedFixed: or(price(fed?.fixed_per_kwh), ""),
    feedMarket: or(asTyped(fed?.market_percent, language), ""),
    feedDeduction: or(price(fed?.deduction_per_kwh), ""),
    nothingWhenNegative: fed?.nothing_when_negative ?? false,
    co2Source: tariff?.co2_source ?? "",
    co2Zone: tariff?.co2_zone ?? "",
  };
}

export const emptyWindow = (): WindowForm => ({ price: "", start: "22:00", end: "06:00", weekdays: [], months: [] });

const QUARTER = /^([01]\d|2[0-3]):(00|15|30|45)$/;

/** Return what is wrong with the form, by its place. */
export function wrongTariff(form: TariffForm): TariffErrors {
  const wrong: TariffErrors = {};
  const check = (place: string, found: Wrong | null) => {
    if (found) wrong[place] = found;
  };
  const optional = { optional: true };
  check("currency", /^[A-Za-z]{3}$/.test(form.currency.trim()) ? null : { key: "invalid.currency" });
  if (form.kind === "market") check("source", form.source ? null : { key: "invalid.empty" });
  if (form.kind === "fixed") check("energyOtherwise", wrongNumber(form.energyOtherwise, {}));
  if (form.kind === "windows") {
    check("energyOtherwise", wrongNumber(form.energyOtherwise, optional));
    if (form.energyWindows.length === 0) check("energyWindows", { key: "invalid.window" });
    form.energyWindows.forEach((each, at) => checkWindow(each, `energyWindows.${at}`, check));
  }
  for (const place of ["markup", "fee", "levies", "feedFixed", "feedDeduction"] as const) {
    check(place, wrongNumber(form[place], optional));
  }
  check("tax", wrongNumber(form.tax, { min: 0, max: 100, optional: true }));
  check("feedMarket", wrongNumber(form.feedMarket, { min: 0, max: 200, optional: true }));
  form.feeWindows.forEach((each, at) => checkWindow(each, `feeWindows.${at}`, check));
  return wrong;
}

function checkWindow(window: WindowForm, place: string, check: (place: string, found: Wrong | null) => void) {
  check(`${place}.price`, wrongNumber(window.price, {}));
  check(`${place}.start`, QUARTER.test(window.start) ? null : { key: "invalid.quarter" });
  check(`${place}.end`, QUARTER.test(window.end) ? null : { key: "invalid.quarter" });
}

/** Return what goes to the API. Only for a form without wrong places. */
export function tariffOf(form: TariffForm): TariffWanted {
  const currency = form.currency.trim().toUpperCase();
  const number = (text: string) => (text.trim() === "" ? 0 : parseNumber(text));
  const price = (text: string) => tidy(number(text) / factorOf(currency));
  const orNull = (text: string) => (text.trim() === "" ? null : price(text));
  const windows = (some: readonly WindowForm[]) =>
    some.map(({ price: typed, start, end, weekdays, months }) => ({
      per_kwh: price(typed), start, end,
      weekdays: [...weekdays].sort((one, other) => one - other),
      months: [...months].sort((one, other) => one - other),
    }));
  const isMarket = form.kind === "market";
  const hasFee = form.fee.trim() !== "" || form.feeWindows.length > 0;
  return {
    source: isMarket ? form.source : null,
    zone: isMarket ? form.zone.trim() || null : null,
    token: form.token.trim() || (form.forgetsToken ? "" : null),
    currency,
    bought: {
      energy: isMarket
        ? null
        : {
            windows: form.kind === "windows" ? windows(form.energyWindows) : [],
            otherwise: orNull(form.energyOtherwise),
          },
      markup_per_kwh: price(form.markup),
      grid_fee: hasFee ? { windows: windows(form.feeWindows), otherwise: orNull(form.fee) } : null,
      levies_per_kwh: price(form.levies),
      tax_percent: number(form.tax),
      billed_minutes: isMarket && form.billed ? (Number(form.billed) as 15 | 30 | 60) : null,
    },
    fed_in: {
      fixed_per_kwh: price(form.feedFixed),
      market_percent: number(form.feedMarket),
      deduction_per_kwh: price(form.feedDeduction),
      nothing_when_negative: form.nothingWhenNegative,
    },
    co2_source: form.co2Source || null,
    co2_zone: form.co2Zone.trim() || null,
  };
}

/** The place of the form that a JSON pointer of the API speaks of; null where none shows it. */
export function tariffPlace(pointer: string): string | null {
  const [, window, name, at, field] =
    /^\/bought\/(energy|grid_fee)\/(windows)\/(\d+)\/(\w+)$/.exec(pointer)?.slice(0) ?? [];
  if (name && window) {
    return `${window === "energy" ? "energyWindows" : "feeWindows"}.${at}.${field === "per_kwh" ? "price" : field}`;
  }
  return PLACES[pointer] ?? null;
}

const PLACES: Readonly<Record<string, string>> = {
  "/source": "source",
  "/zone": "zone",
  "/token": "token",
  "/currency": "currency",
  "/bought/energy": "energyOtherwise",
  "/bought/energy/otherwise": "energyOtherwise",
  "/bought/markup_per_kwh": "markup",
  "/bought/grid_fee": "fee",
  "/bought/grid_fee/otherwise": "fee",
  "/bought/levies_per_kwh": "levies",
  "/bought/tax_percent": "tax",
  "/bought/billed_minutes": "billed",
  "/fed_in/fixed_per_kwh": "feedFixed",
  "/fed_in/market_percent": "feedMarket",
  "/fed_in/deduction_per_kwh": "feedDeduction",
  "/co2_source": "co2Source",
  "/co2_zone": "co2Zone",
};
