/** The modes of a charger and the switches of Smart, in the order they stand on the page. */

import type { ChargingMode, ModeName, SmartSwitches } from "../api/types";

export const MODES = ["off", "solar-only", "min-solar", "smart", "fast"] as const satisfies readonly ModeName[];

export const SWITCHES = ["forecast", "surplus", "price"] as const satisfies readonly (keyof SmartSwitches)[];

/** Return the switches with one of them turned. */
export const turned = (switches: SmartSwitches, name: keyof SmartSwitches): SmartSwitches => ({
  ...switches,
  [name]: !switches[name],
});

const ALL_ON: SmartSwitches = { forecast: true, surplus: true, price: true };

/** Return what a tap on a mode asks for: Smart that looks at nothing would not be smart. */
export function tapped(mode: ModeName, before: Pick<ChargingMode, "smart">): Pick<ChargingMode, "mode" | "smart"> {
  const isBlind = SWITCHES.every((each) => !before.smart[each]);
  return { mode, smart: mode === "smart" && isBlind ? ALL_ON : before.smart };
}
