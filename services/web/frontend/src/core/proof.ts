/** The proof of a failsafe: what it says. */

import type { FailsafeTest } from "../api/types";
import type { Say } from "./say";

/** Why a proof may bring nothing. */
export const PROOF_TROUBLES = [
  "not-fallen",
  "car-not-charging",
  "charges-too-little",
  "too-little-room",
  "meter-silent",
  "charger-lost",
  "settings-changed",
  "energy-management-off",
  "limited-by-operator",
  "rotation-test-running",
  "test-interrupted",
] as const;

export const isProving = (test: FailsafeTest | null): boolean => test?.state === "running";

/** Say why a proof brought nothing, in words. */
export function proofTrouble(code: string | null, say: Say, values: Record<string, string> = {}): string {
  const known = (PROOF_TROUBLES as readonly string[]).includes(code ?? "");
  return known ? say(`proof-trouble.${code}`, values) : say("proof-trouble.other", { code: code ?? "" });
}
