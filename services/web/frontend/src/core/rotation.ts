/** The rotation test: what it says, and what is offered to be taken. */

import type { RotationTest } from "../api/types";
import type { Say } from "./say";

/** Why a test may bring nothing. */
export const TEST_TROUBLES = [
  "car-not-charging",
  "too-little-change",
  "too-little-room",
  "car-takes-little",
  "range-too-small",
  "test-interrupted",
  "meter-silent",
  "load-too-noisy",
  "needs-one-phase-car",
  "charger-not-seen",
  "phase-not-seen",
  "charger-lost",
  "settings-changed",
  "energy-management-off",
  "one-phase-site",
] as const;

export const isRunning = (test: RotationTest | null): boolean => test?.state === "running";

/** Say why a test brought nothing, in words. */
export function troubleText(code: string | null, say: Say): string {
  const known = (TEST_TROUBLES as readonly string[]).includes(code ?? "");
  return known ? say(`rotation-trouble.${code}`) : say("rotation-trouble.other", { code: code ?? "" });
}

export interface Proposal {
  /** What is proposed: the charger's wiring, or the meter's rotation. */
  of: "wiring" | "rotation";
  value: string;
}

/** Return what a finished test proposes that is not set already: nothing where both fit together. */
export function proposals(test: RotationTest, wiring: string | null, rotation: string | null): Proposal[] {
  const found: Proposal[] = [];
  if (test.proposed_wiring && test.proposed_wiring === wiring) return found;
  if (test.proposed_wiring) {
    found.push({ of: "wiring", value: test.proposed_wiring });
  }
  if (test.proposed_rotation && test.proposed_rotation !== rotation) {
    found.push({ of: "rotation", value: test.proposed_rotation });
  }
  return found;
}
