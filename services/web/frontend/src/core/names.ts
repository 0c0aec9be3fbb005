/** What to call a device: the user's name for it, else its maker's, with the end of its SKI. */

import type { Say } from "./say";

/** What stands below a device's heading: its model only where the heading is a name of its own. */
export const factsBelow = (name: string | null, model: string, ...facts: string[]): string =>
  [name && name !== model ? model : "", ...facts].filter(Boolean).join(" · ");

export interface Named {
  ski: string;
  name?: string | null;
  brand?: string;
  model?: string;
}

export function deviceName(device: Named, say: Say): string {
  if (device.name) return device.name;
  const made = [device.brand, device.model].filter(Boolean).join(" ");
  const end = device.ski.slice(-4);
  return made ? `${made} · ${end}` : say("charger.unnamed", { end });
}

/** What to call a lane of the timeline, which knows no maker: as the charger it belongs to. */
export function laneName(lane: Named, chargers: readonly Named[], say: Say): string {
  const charger = chargers.find(({ ski }) => ski === lane.ski);
  return deviceName({ ...charger, ski: lane.ski, name: lane.name ?? charger?.name ?? null }, say);
}
