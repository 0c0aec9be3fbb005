/** Which shape and colour stand beside a word: colour is never alone. */

import type { ChargerStateName, Connection } from "../api/types";

export type Shape = "full" | "half" | "ring" | "bars" | "tick" | "cross" | "peak";
export type Tone = "good" | "wait" | "bad" | "idle";

export interface Mark {
  shape: Shape;
  tone: Tone;
}

/** Red, orange and green of the manual, each with its own shape. */
export const CONNECTION_MARKS: Record<Connection, Mark> = {
  not_connected: { shape: "cross", tone: "bad" },
  connecting: { shape: "half", tone: "wait" },
  connected: { shape: "tick", tone: "good" },
};

export const STATE_MARKS: Record<ChargerStateName, Mark> = {
  charging: { shape: "full", tone: "good" },
  waiting: { shape: "half", tone: "wait" },
  paused: { shape: "bars", tone: "wait" },
  finished: { shape: "tick", tone: "idle" },
  no_car: { shape: "ring", tone: "idle" },
  offline: { shape: "cross", tone: "bad" },
  fault: { shape: "peak", tone: "bad" },
};
