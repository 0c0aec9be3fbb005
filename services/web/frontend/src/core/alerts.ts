/** Alerts in the words of a person. Pure. */

import type { Alert, AlertRule, Webhook } from "../api/types";
import type { Mark } from "./marks";
import { dateOf, moment } from "./moments";
import type { Say } from "./say";

export const RULES = [
  "site-offline", "charger-offline", "charger-fault", "charger-disobeys", "overload", "failsafe-active", "meter-lost",
  "control-box-lost", "goal-will-be-missed", "price-feed-stale", "certificate-expiring", "store-failing", "records-lost",
  "records-not-delivered", "site-file-refused", "webhook-disabled", "rollout-stopped", "rollout-waiting",
] as const satisfies readonly Alert["rule"][];

export const SEVERITIES = ["alarm", "warning", "info"] as const satisfies readonly Alert["severity"][];

export const EVENTS = [
  "alert.fired", "alert.resolved", "session.started", "session.ended", "charger.plugged", "charger.unplugged",
  "operator-limit.started", "operator-limit.ended", "plan.changed",
] as const satisfies readonly Webhook["events"][number][];

const MARKS: Record<Alert["severity"], Mark> = {
  alarm: { shape: "peak", tone: "bad" },
  warning: { shape: "half", tone: "wait" },
  info: { shape: "ring", tone: "idle" },
};

/** What stands beside how grave an alert is; one that is over is calm. */
export const alertMark = (alert: Alert): Mark =>
  alert.state === "resolved" ? { shape: "tick", tone: "idle" } : MARKS[alert.severity];

/** What an alert says beside its kind: where, at what, how much. */
export function alertFacts(alert: Alert, say: Say, has: (key: string) => boolean, language: string, withSite: boolean): string[] {
  const site = alert.site === null ? say("alerts.front-door") : (alert.site_name ?? alert.site);
  return [withSite || alert.site === null ? site : "", alert.params["name"] ?? "", detail(alert, say, has, language)].filter(Boolean);
}

function detail(alert: Alert, say: Say, has: (key: string) => boolean, language: string): string {
  const key = `detail.${alert.rule}`;
  if (!has(key)) return "";
  const at = Date.parse(alert.params["at"] ?? "");
  return say(key, { ...alert.params, when: Number.isNaN(at) ? "–" : dateOf(at, language) });
}

/** Since when it is so; of one that is over, from when to when. */
export function alertTimes(alert: Alert, say: Say, now_ms: number, language: string): string {
  const start = moment(Date.parse(alert.started_at), now_ms, language);
  if (alert.resolved_at === null) return say("alerts.since", { when: start });
  return say("alerts.from-to", { from: start, to: moment(Date.parse(alert.resolved_at), now_ms, language) });
}

const UNITS_S = { "held-for": 60, "held-for-seconds": 1, "at-least": 1, "at-most": 86_400 } as const;
type Threshold = Pick<AlertRule, "threshold" | "delivered_after_s">;

/** In which unit a person sets a rule: what is delivered as less than a minute, in seconds. */
export const unitOf = (rule: Threshold): keyof typeof UNITS_S =>
  rule.threshold === "held-for" && rule.delivered_after_s > 0 && rule.delivered_after_s < 60 ? "held-for-seconds" : rule.threshold;

/** The threshold of a rule in that unit. */
export const shownAfter = (rule: Threshold & Pick<AlertRule, "after_s">): number =>
  Math.round((rule.after_s / UNITS_S[unitOf(rule)]) * 100) / 100;

export const afterInSeconds = (rule: Threshold, shown: number): number => shown * UNITS_S[unitOf(rule)];

/** Key of an event's words. */
export const eventKey = (event: string): string => `event.${event.replace(".", "-")}`;
