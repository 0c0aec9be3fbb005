/** What was found on the network: chargers to pair, and other EEBUS devices apart from them. */

import type { DiscoveredDevice } from "../api/types";

/** SPINE device types that are surely no charger, and how makers shorten some of them. */
const OTHERS: ReadonlySet<string> = new Set(
  [
    "EnergyManagementSystem",
    "HEMS",
    "CEM",
    "ElectricitySupplySystem",
    "Inverter",
    "SubMeter",
    "HeatGenerationSystem",
    "HeatSinkSystem",
    "HeatStorageSystem",
    "HVACController",
  ].map(plain),
);

export interface Found {
  /** Chargers, and whatever does not say what it is: it may be one. */
  chargers: DiscoveredDevice[];
  others: DiscoveredDevice[];
}

/** Part what was found. Those that wait for our yes come first; else the SKI keeps the order. */
export function found(devices: readonly DiscoveredDevice[]): Found {
  const sorted = [...devices].sort(
    (one, other) =>
      Number(other.requests_pairing) - Number(one.requests_pairing) ||
      (one.ski < other.ski ? -1 : 1),
  );
  return {
    chargers: sorted.filter((device) => !isOther(device.type)),
    others: sorted.filter((device) => isOther(device.type)),
  };
}

/** Whether a device type is no charger's. */
export const isOther = (type: string): boolean => OTHERS.has(plain(type));

function plain(type: string): string {
  return type.toLowerCase().replace(/[^a-z]/g, "");
}
