/** The failsafe sum as the CEM checks it: what all chargers take when everything is silent. */

import { housePhases, phasesOf, type ByPhase, type PhaseKey } from "./phases";

export interface FailsafeCharger {
  ski: string;
  name: string;
  phases: number;
  wiring: string;
  failsafe_a: number;
}

export interface FailsafePhase {
  phase: PhaseKey;
  base_load_a: number;
  chargers: { ski: string; name: string; current_a: number }[];
  sum_a: number;
  fuse_a: number;
  fits: boolean;
}

/** Add up base load and failsafe currents on every phase and hold them against the fuse. */
export function failsafeSum(
  chargers: readonly FailsafeCharger[],
  baseLoad: ByPhase,
  fuse: ByPhase,
  phases: number,
): FailsafePhase[] {
  return phasesOf(phases).map((phase) => {
    const parts = chargers
      .filter((charger) => housePhases(charger.wiring, charger.phases).includes(phase))
      .map(({ ski, name, failsafe_a }) => ({ ski, name, current_a: failsafe_a }));
    const base = baseLoad[phase] ?? 0;
    const sum = parts.reduce((total, part) => total + part.current_a, base);
    const limit = fuse[phase] ?? 0;
    // Half a milliampere: sums of decimals must not refuse what exactly fits.
    const fits = sum <= limit + 0.0005;
    return { phase, base_load_a: base, chargers: parts, sum_a: sum, fuse_a: limit, fits };
  });
}
