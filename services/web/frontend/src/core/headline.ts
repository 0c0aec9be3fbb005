/** The first sentence of the dashboard: the state of the site in plain words. */

import type { Dashboard } from "../api/types";
import type { Formats } from "./format";
import { fuseBar, tightest } from "./fuse";
import type { Say } from "./say";

/**
 * Return the sentences that open the dashboard, most important first. An old picture is told as
 * what was last known: nobody knows what the cars do now.
 */
export function headline(
  site: Dashboard,
  say: Say,
  formats: Formats,
  isOld = false,
  when: (at_ms: number) => string = () => "",
): string[] {
  const second = management(site, say) ?? phase(site, say, formats);
  const told = cars(site, say, when);
  const first = isOld ? say("headline.last-known", { sentence: told }) : told;
  return second === null ? [first] : [first, second];
}

/** What waiting cars wait for, where all wait for the same: a lower price or the sun, and till when. */
function waited(site: Dashboard, say: Say, when: (at_ms: number) => string): string {
  const waiting = site.chargers.filter(({ state }) => state === "waiting" || state === "paused");
  const kinds = new Set(waiting.map(({ limited_by }) => limited_by?.kind ?? ""));
  const [kind = ""] = kinds;
  if (kinds.size !== 1 || !WAITS.has(kind)) return "";
  const starts = waiting.flatMap(({ limited_by }) => (limited_by?.until ? [Date.parse(limited_by.until)] : []));
  // To the minute, as the card and the plan say it: the site tells 21:14:59.999 for 21:15.
  const time = starts.length > 0 ? when(Math.round(Math.min(...starts) / MINUTE_MS) * MINUTE_MS) : "";
  return ` ${say(`headline.${kind}${time ? "-until" : ""}`, { time })}`;
}

const MINUTE_MS = 60_000;
const WAITS: ReadonlySet<string> = new Set(["waiting-for-price", "waiting-for-forecast"]);

function cars(site: Dashboard, say: Say, when: (at_ms: number) => string): string {
  if (site.chargers.length === 0) return say("headline.no-chargers");
  const count = (...states: string[]) =>
    site.chargers.filter((charger) => states.includes(charger.state)).length;
  const charging = count("charging");
  const counts: [string, number][] = [
    ["charging", charging],
    // Beside charging cars "1 waiting" is enough; alone it needs its noun.
    [charging > 0 ? "waiting" : "waiting-only", count("waiting", "paused")],
    ["finished", charging > 0 ? 0 : count("finished")],
    ["fault", count("fault")],
    ["offline", count("offline")],
  ];
  const parts = counts
    .filter(([, cars]) => cars > 0)
    .map(([word, cars]) => say(`headline.${word}`, { n: cars }, cars) + (word.startsWith("waiting") ? waited(site, say, when) : ""));
  return parts.length > 0 ? `${parts.join(", ")}.` : say("headline.no-car");
}

function management(site: Dashboard, say: Say): string | null {
  switch (site.load_management) {
    case "off":
      return say("headline.off");
    case "not-configured":
      return say("headline.not-configured");
    default:
      return null;
  }
}

function phase(site: Dashboard, say: Say, formats: Formats): string | null {
  const worst = tightest((site.fuse ?? []).map((each) => fuseBar(each)));
  if (!worst) return null;
  const values = {
    phase: worst.phase,
    percent: formats.loadShare(worst.ratio),
    current: formats.load(worst.total_a),
    fuse: formats.room(worst.fuse_a),
  };
  if (worst.house_a === null) return say("headline.phase-static", values);
  return say(worst.level === "above" ? "headline.phase-above" : "headline.phase", values);
}
