/** Phases of the house, and which conductor of a charger sits on which. */

export const PHASES = ["l1", "l2", "l3"] as const;
export type PhaseKey = (typeof PHASES)[number];
/** A value by phase; null is unknown, never zero. */
export type ByPhase = { [phase in PhaseKey]?: number | null };

/** The six wirings, those with a right-hand rotary field first. */
export const ROTATIONS = ["RST", "STR", "TRS", "RTS", "SRT", "TSR"] as const;
export type RotationName = (typeof ROTATIONS)[number];
const RIGHT_HAND: ReadonlySet<string> = new Set(["RST", "STR", "TRS"]);

export const isRightHand = (rotation: string): boolean => RIGHT_HAND.has(rotation);
export const phaseName = (phase: PhaseKey): string => phase.toUpperCase();

/** Return the phases a site has. */
export const phasesOf = (count: number): readonly PhaseKey[] => (count === 1 ? ["l1"] : PHASES);

/** Return the house phases that the first `conductors` conductors of a device are wired to. */
export function housePhases(rotation: string, conductors: number): PhaseKey[] {
  const letters = ROTATIONS.includes(rotation as RotationName) ? rotation : "RST";
  return [...letters.slice(0, conductors)].map((letter) => PHASES["RST".indexOf(letter)] ?? "l1");
}

/** The value of each phase; the API says one number where all are alike. */
export function onEach(value: number | ByPhase | null | undefined): ByPhase {
  return typeof value === "number" ? { l1: value, l2: value, l3: value } : (value ?? {});
}
