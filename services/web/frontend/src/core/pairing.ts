/** Whose turn it is while a pairing is under way. */

/** The person at the charger, the person here, or nobody. */
export type Turn = "charger" | "here" | null;

const TURNS: Readonly<Record<string, Turn>> = {
  waiting_for_peer: "charger",
  denied: "charger",
  request_received: "here",
};

/** Return who must act, by the connection state in full. */
export const turnOf = (device: { state: string }): Turn => TURNS[device.state] ?? null;
