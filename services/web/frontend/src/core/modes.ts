/** The modes of a charger and the switches of Smart, in the order they stand on the page. */

import type { ModeName, SmartSwitches } from "../api/types";

export const MODES = ["off", "solar-only", "min-solar", "smart", "fast"] as const satisfies readonly ModeName[];

export const SWITCHES = ["forecast", "surplus", "price"] as const satisfies readonly (keyof SmartSwitches)[];

/** Return the switches with one of them turned. */
export const turned = (switches: SmartSwitches, name: keyof SmartSwitches): SmartSwitches => ({
  ...switches,
  [name]: !switches[name],
});
