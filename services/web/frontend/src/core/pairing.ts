/** What is going on with a paired device, and which side must act. */

import type { PairedDevice } from "../api/types";

/** Connection states that have a sentence of their own. */
export const PAIRING_STATES = [
  "not_connected",
  "connecting",
  "waiting_for_peer",
  "request_received",
  "connected",
  "denied",
  "error",
] as const;

/** Whose turn it is: the person at the charger, the person here, or nobody's. */
export type Turn = "charger" | "here" | null;

const TURNS: Readonly<Record<string, Turn>> = {
  waiting_for_peer: "charger",
  denied: "charger",
  request_received: "here",
};

export const turnOf = (device: Pick<PairedDevice, "state">): Turn => TURNS[device.state] ?? null;

/** Device types that are chargers; every other type is marked by its name. */
export const DEVICE_TYPES = [
  "ChargingStation",
  "EnergyManagementSystem",
  "ElectricitySupplySystem",
  "Inverter",
  "SubMeter",
  "HeatGenerationSystem",
  "HeatSinkSystem",
  "HeatStorageSystem",
  "HVACController",
] as const;
