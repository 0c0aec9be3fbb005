/** The check with a kettle: which phase rose, and whether that is the one it hangs on. */

import { PHASES, ROTATIONS, isRightHand, phasesOf, type ByPhase, type PhaseKey, type RotationName } from "./phases";

export interface Sample {
  at_s: number;
  /** Signed: what comes from the grid counts as positive. */
  current_a: ByPhase;
}

/** A kettle of 2 to 2.4 kW takes 8.7 to 10.4 A; a weak one, or a toaster, 4 A. */
const LEAST_A = 3.5;
const MOST_A = 14;
/** So long it must last to be no spike of something else. */
const STEADY_S = 2;
/** So many readings say how it was before. */
const BEFORE = 3;

export type KettleState =
  /** How it was before is not known yet. */
  | { state: "looking" }
  | { state: "waiting" }
  /** The phase it hangs on rose: all is right. */
  | { state: "fits"; phase: PhaseKey; by_a: number }
  /** Another phase rose. */
  | { state: "other-phase"; phase: PhaseKey; by_a: number }
  /** It fell instead: the clamps sit the wrong way round. */
  | { state: "reversed"; phase: PhaseKey; by_a: number }
  /** More than one changed: something else went on too. */
  | { state: "unclear" };

/** Judge the readings since somebody said "now". on: the phase the kettle hangs on. */
export function judged(samples: readonly Sample[], on: PhaseKey, phases: number): KettleState {
  if (samples.length < BEFORE) return { state: "looking" };
  const before = level(samples.slice(0, BEFORE));
  const newest = samples.at(-1);
  const last = samples.filter(({ at_s }) => newest !== undefined && newest.at_s - at_s <= STEADY_S);
  if (samples.length < BEFORE + last.length || last.length < 2) return { state: "waiting" };
  const after = level(last);
  const moved = phasesOf(phases).flatMap((phase) => {
    const by_a = (after[phase] ?? 0) - (before[phase] ?? 0);
    return Math.abs(by_a) >= LEAST_A && isSteady(last, phase) ? [{ phase, by_a }] : [];
  });
  const [only] = moved;
  if (only === undefined) return { state: "waiting" };
  if (moved.length > 1 || Math.abs(only.by_a) > MOST_A) return { state: "unclear" };
  if (only.by_a < 0) return { state: "reversed", phase: only.phase, by_a: -only.by_a };
  return only.phase === on
    ? { state: "fits", phase: on, by_a: only.by_a }
    : { state: "other-phase", phase: only.phase, by_a: only.by_a };
}

/**
 * Return the rotation under which what shows on `shown` stands on `meant`, with the same sense of
 * rotation where there is one.
 */
export function turned(rotation: string, shown: PhaseKey, meant: PhaseKey): RotationName {
  const letters = ROTATIONS.includes(rotation as RotationName) ? rotation : "RST";
  const letter = (phase: PhaseKey) => "RST"[PHASES.indexOf(phase)] ?? "R";
  const conductor = letters.indexOf(letter(shown));
  const fitting = ROTATIONS.filter((each) => each[conductor] === letter(meant));
  return fitting.find((each) => isRightHand(each) === isRightHand(letters)) ?? fitting[0] ?? "RST";
}

function level(samples: readonly Sample[]): ByPhase {
  const middle = (phase: PhaseKey) => {
    const sorted = samples.map(({ current_a }) => current_a[phase] ?? 0).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return { l1: middle("l1"), l2: middle("l2"), l3: middle("l3") };
}

function isSteady(samples: readonly Sample[], phase: PhaseKey): boolean {
  const values = samples.map(({ current_a }) => current_a[phase] ?? 0);
  return Math.max(...values) - Math.min(...values) <= LEAST_A / 2;
}
