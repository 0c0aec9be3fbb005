/** Place and roofs as they are typed, and as they go to the API. */

import type { Planning, PlanningWanted, PvSystem, PvSystemWanted } from "../api/types";
import { parseNumber } from "./format";
import { asTyped, numberOrNull, wrongNumber, type Wrong } from "./validation";

export interface PlaceForm {
  latitude: string;
  longitude: string;
  time_zone: string;
  threshold: string;
  objective: "cost" | "co2";
  carFirst: boolean;
  weather_source: string;
}

export const placeForm = (planning: Planning | null, language: string): PlaceForm => ({
  latitude: asTyped(planning?.latitude, language),
  longitude: asTyped(planning?.longitude, language),
  time_zone: planning?.time_zone ?? "",
  threshold: asTyped(planning?.solar_threshold_w, language),
  objective: planning?.objective === "co2" ? "co2" : "cost",
  carFirst: planning?.car_before_battery ?? false,
  weather_source: planning?.weather_source ?? "",
});

export type PlaceErrors = Partial<Record<keyof PlaceForm, Wrong>>;

/** Return what is wrong with a place, by field: both degrees or neither. */
export function wrongPlace(form: PlaceForm): PlaceErrors {
  const isHalf = (form.latitude.trim() === "") !== (form.longitude.trim() === "");
  const found: [keyof PlaceForm, Wrong | null][] = [
    ["latitude", wrongNumber(form.latitude, { min: -90, max: 90, optional: !isHalf })],
    ["longitude", wrongNumber(form.longitude, { min: -180, max: 180, optional: !isHalf })],
    ["threshold", wrongNumber(form.threshold, { min: 0, max: 100_000, optional: true })],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

export const placeOf = (form: PlaceForm): PlanningWanted => ({
  latitude: numberOrNull(form.latitude),
  longitude: numberOrNull(form.longitude),
  time_zone: form.time_zone.trim() || null,
  solar_threshold_w: numberOrNull(form.threshold),
  objective: form.objective,
  car_before_battery: form.carFirst,
  weather_source: form.weather_source || null,
});

export interface RoofForm {
  name: string;
  /** kWp */
  peak: string;
  tilt: string;
  azimuth: string;
  /** kW */
  inverter: string;
  loss: string;
}

export const roofForm = (roof: PvSystem | null, language: string): RoofForm => ({
  name: roof?.name ?? "",
  peak: asTyped(roof ? roof.peak_w / 1000 : null, language),
  tilt: asTyped(roof?.tilt_deg ?? 35, language),
  azimuth: asTyped(roof?.azimuth_deg ?? 180, language),
  inverter: asTyped(roof?.inverter_w ? roof.inverter_w / 1000 : null, language),
  loss: asTyped(roof?.loss_percent ?? 14, language),
});

export type RoofErrors = Partial<Record<keyof RoofForm, Wrong>>;

export function wrongRoof(form: RoofForm): RoofErrors {
  const found: [keyof RoofForm, Wrong | null][] = [
    ["name", form.name.trim() ? null : { key: "invalid.empty" }],
    ["peak", wrongNumber(form.peak, { min: 0.1, max: 10_000 })],
    ["tilt", wrongNumber(form.tilt, { min: 0, max: 90 })],
    ["azimuth", wrongNumber(form.azimuth, { min: 0, max: 360 })],
    ["inverter", wrongNumber(form.inverter, { min: 0.1, max: 10_000, optional: true })],
    ["loss", wrongNumber(form.loss, { min: 0, max: 99 })],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function roofOf(form: RoofForm): PvSystemWanted {
  const inverter = numberOrNull(form.inverter);
  return {
    name: form.name.trim(),
    peak_w: parseNumber(form.peak) * 1000,
    tilt_deg: parseNumber(form.tilt),
    azimuth_deg: parseNumber(form.azimuth) % 360,
    inverter_w: inverter === null ? null : inverter * 1000,
    loss_percent: parseNumber(form.loss),
  };
}

/** The eight directions a roof is said to face, clockwise from north. */
export const DIRECTIONS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Return the nearest of the eight directions of an azimuth (0 = north, 90 = east). */
export function directionOf(azimuth: number): Direction {
  const place = Math.round((((azimuth % 360) + 360) % 360) / 45) % DIRECTIONS.length;
  return DIRECTIONS[place] ?? "n";
}

export const azimuthOf = (direction: Direction): number => DIRECTIONS.indexOf(direction) * 45;

/** The field of a roof that a JSON pointer of the API speaks of. */
export const ROOF_POINTERS: Readonly<Record<string, keyof RoofForm>> = {
  "/name": "name",
  "/peak_w": "peak",
  "/tilt_deg": "tilt",
  "/azimuth_deg": "azimuth",
  "/inverter_w": "inverter",
  "/loss_percent": "loss",
};
