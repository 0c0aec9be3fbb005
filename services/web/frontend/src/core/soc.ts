/** What a car's battery holds, in words: how much, how sure, told by whom and when. */

import type { CarSoc } from "../api/types";
import type { Formats } from "./format";
import type { Say } from "./say";

const SOURCES: ReadonlySet<string> = new Set(["car", "push", "connector", "user"]);
/** What is this sure needs no doubt beside it. */
const SURE_PERCENT = 1.5;

/** Say how much is in the battery: "Battery about 43 % (± 4 %)". */
export function socText(soc: CarSoc | null, say: Say, formats: Formats): string {
  if (soc?.soc_percent == null) return say("soc.unknown");
  const percent = formats.percent(soc.soc_percent / 100);
  const spread = soc.uncertainty_percent ?? 0;
  return spread < SURE_PERCENT
    ? say("soc.told", { percent })
    : say("soc.about", { percent, spread: formats.percent(spread / 100) });
}

/** Say where that is from and how old it is; empty where nobody told it. */
export function socOrigin(soc: CarSoc | null, say: Say, formats: Formats, now_ms: number): string {
  if (!soc?.told_at || !soc.source) return "";
  const age = formats.age(Math.max(0, (now_ms - Date.parse(soc.told_at)) / 1000));
  return say(`soc.from-${SOURCES.has(soc.source) ? soc.source : "push"}`, { age });
}
