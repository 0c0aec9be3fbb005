/** The guided set-up: its steps, and how each stands by what the site has saved. */

import type { AcceptanceValues, OpenPoint } from "../api/types";

export const STEPS = ["fuse", "meter", "chargers", "failsafe", "on", "proof", "protocol"] as const;
export type Step = (typeof STEPS)[number];
export type StepState = "done" | "open" | "attention";

/** The open points that belong to each step, as the site names them. */
const POINTS: Readonly<Record<Step, readonly string[]>> = {
  fuse: ["no-fuse"],
  meter: ["no-meter", "meter-failing"],
  chargers: ["no-charger", "charger-not-connected", "charger-not-set"],
  failsafe: ["failsafe-sum-too-high"],
  on: ["energy-management-off"],
  proof: ["phases-not-tested", "failsafe-not-proven"],
  protocol: [],
};

export const pointsOf = (step: Step, values: AcceptanceValues): OpenPoint[] =>
  values.open_points.filter(({ code }) => POINTS[step].includes(code));

/**
 * Return how each step stands. isWithoutMeter: somebody said that there is none, and knows what that
 * means; signed: whether a protocol was signed.
 */
export function standing(
  values: AcceptanceValues,
  isWithoutMeter: boolean,
  signed: boolean,
): Record<Step, StepState> {
  const hasFuse = values.grid_connection.fuse_a !== null;
  const hasGrid = values.meters.some(({ role }) => role === "grid") || values.load_management === "dynamic";
  const has = (step: Step) => pointsOf(step, values).length > 0;
  const meter = values.meters.some(({ problem }) => problem !== null) ? "attention" : hasGrid || isWithoutMeter ? "done" : "open";
  const isSet = values.chargers.length > 0;
  return {
    fuse: hasFuse ? "done" : "open",
    meter,
    chargers: !isSet ? "open" : has("chargers") ? "attention" : "done",
    failsafe: has("failsafe") ? "attention" : hasFuse && isSet ? "done" : "open",
    on: values.energy_management.on ? "done" : "open",
    proof: isSet && !has("proof") ? "done" : "open",
    protocol: signed ? "done" : "open",
  };
}

/** Return the step to go on with: the first that is not done. */
export const nextStep = (states: Readonly<Record<Step, StepState>>): Step =>
  STEPS.find((step) => states[step] !== "done") ?? "protocol";
