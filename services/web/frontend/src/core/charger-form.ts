/** A charger's settings as they are typed, and as they go to the API. */

import type { Charger, ChargerSettings } from "../api/types";
import { parseNumber } from "./format";
import { ROTATIONS, type RotationName } from "./phases";
import { asTyped, numberOrNull, wrongNumber, type Wrong } from "./validation";

export const SWITCHINGS = ["none", "automatic", "local-api"] as const;
export type Switching = (typeof SWITCHINGS)[number];

export interface ChargerForm {
  min_a: string;
  max_a: string;
  failsafe_a: string;
  priority: string;
  phases: 1 | 3;
  wiring: RotationName;
  /** Empty: the main fuse. */
  circuit: string;
  start_a: string;
  weight: string;
  guaranteed_a: string;
  phase_switching: Switching;
  phase_switching_url: string;
  phase_switching_confirmed: boolean;
}

export type ChargerErrors = Partial<Record<keyof ChargerForm, Wrong>>;

type Known = NonNullable<Charger["settings"]>;

export function chargerForm(known: Known | null, language: string): ChargerForm {
  const typed = (value: number | null | undefined) => asTyped(value, language);
  return {
    min_a: typed(known?.min_a ?? 6),
    max_a: typed(known?.max_a ?? 16),
    failsafe_a: typed(known?.failsafe_a),
    priority: String(known?.priority ?? 2),
    phases: known?.phases === 1 ? 1 : 3,
    wiring: ROTATIONS.find((each) => each === known?.wiring) ?? "RST",
    circuit: known?.circuit ?? "",
    start_a: typed(known?.start_a),
    weight: typed(known?.weight),
    guaranteed_a: typed(known?.guaranteed_a),
    phase_switching: known?.phase_switching ?? "none",
    phase_switching_url: known?.phase_switching_url ?? "",
    phase_switching_confirmed: known?.phase_switching_confirmed ?? false,
  };
}

/** Return what is wrong with the form, by field. */
export function wrongCharger(form: ChargerForm): ChargerErrors {
  const max = parseNumber(form.max_a);
  const most = Number.isNaN(max) ? {} : { max };
  const switches = form.phase_switching !== "none";
  const found: [keyof ChargerForm, Wrong | null][] = [
    ["min_a", wrongNumber(form.min_a, { min: 0, ...most })],
    ["max_a", wrongNumber(form.max_a, { min: 0, max: 1000 })],
    ["failsafe_a", wrongNumber(form.failsafe_a, { min: 0, ...most })],
    ["priority", wrongNumber(form.priority, { min: 1, max: 9, whole: true })],
    ["start_a", wrongNumber(form.start_a, { min: 0, optional: true, ...most })],
    ["weight", wrongNumber(form.weight, { min: 0.1, max: 100, optional: true })],
    ["guaranteed_a", wrongNumber(form.guaranteed_a, { min: 0, optional: true, ...most })],
    ["phase_switching_url", wrongUrl(form)],
    ["phase_switching_confirmed", switches && !form.phase_switching_confirmed ? { key: "invalid.confirm" } : null],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

function wrongUrl(form: ChargerForm): Wrong | null {
  if (form.phase_switching !== "local-api") return null;
  const url = form.phase_switching_url.trim();
  if (url === "") return { key: "invalid.empty" };
  return /^https?:\/\/[^\s/]+/.test(url) ? null : { key: "invalid.url" };
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function chargerOf(form: ChargerForm): ChargerSettings {
  const isLocal = form.phase_switching === "local-api";
  return {
    min_a: parseNumber(form.min_a),
    max_a: parseNumber(form.max_a),
    failsafe_a: parseNumber(form.failsafe_a),
    priority: parseNumber(form.priority),
    phases: form.phases,
    wiring: form.wiring,
    circuit: form.circuit || null,
    start_a: numberOrNull(form.start_a),
    weight: numberOrNull(form.weight),
    guaranteed_a: numberOrNull(form.guaranteed_a),
    // What has one phase cannot change between one and three.
    phase_switching: form.phases === 1 ? "none" : form.phase_switching,
    phase_switching_url: isLocal ? form.phase_switching_url.trim() : null,
    phase_switching_confirmed: form.phase_switching !== "none" && form.phase_switching_confirmed,
  };
}
