/** A car as it is typed, and as it goes to the API. */

import type { Car, CarWanted } from "../api/types";
import { parseNumber } from "./format";
import { asTyped, wrongNumber, type Wrong } from "./validation";

export interface CarForm {
  name: string;
  /** kWh */
  battery: string;
  max_a: string;
  phases: "" | "1" | "2" | "3";
  min_soc_percent: string;
  ev_id: string;
  charger: string;
}

export type CarErrors = Partial<Record<keyof CarForm, Wrong>>;

export const carForm = (car: Car | null, language: string): CarForm => ({
  name: car?.name ?? "",
  battery: asTyped(car?.battery_wh == null ? null : car.battery_wh / 1000, language),
  max_a: asTyped(car?.max_a, language),
  phases: car?.phases === 1 ? "1" : car?.phases === 2 ? "2" : car?.phases === 3 ? "3" : "",
  min_soc_percent: asTyped(car?.min_soc_percent, language),
  ev_id: car?.ev_id ?? "",
  charger: car?.charger ?? "",
});

/** Return what is wrong with the form, by field. */
export function wrongCar(form: CarForm): CarErrors {
  const found: [keyof CarForm, Wrong | null][] = [
    ["name", form.name.trim() ? null : { key: "invalid.empty" }],
    ["battery", wrongNumber(form.battery, { min: 1, max: 1000, optional: true })],
    ["max_a", wrongNumber(form.max_a, { min: 1, max: 80, optional: true })],
    ["min_soc_percent", wrongNumber(form.min_soc_percent, { min: 0, max: 100, optional: true })],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function carOf(form: CarForm): CarWanted {
  const number = (text: string) => (text.trim() === "" ? null : parseNumber(text));
  const battery = number(form.battery);
  return {
    name: form.name.trim(),
    battery_wh: battery === null ? null : battery * 1000,
    max_a: number(form.max_a),
    phases: form.phases === "" ? null : (Number(form.phases) as 1 | 2 | 3),
    min_soc_percent: number(form.min_soc_percent),
    ev_id: form.ev_id.trim() || null,
    charger: form.charger || null,
  };
}

/** The field of the form that a JSON pointer of the API speaks of. */
export const carPointer = (field: keyof CarForm): string => (field === "battery" ? "/battery_wh" : `/${field}`);
