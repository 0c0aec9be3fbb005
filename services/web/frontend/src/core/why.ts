/** The why-history of a charger as lines of text, by day. */

import type { Decision } from "../api/types";
import type { Formats } from "./format";
import { longDay, secondOf } from "./moments";
import { PHASES } from "./phases";
import { reason, type CircuitName, type ReasonTone } from "./reason";
import type { Say } from "./say";

export interface WhyLine {
  number: number;
  time: string;
  text: string;
  limit: string;
  tone: ReasonTone;
}

export interface WhyDay {
  day: string;
  lines: WhyLine[];
}

export interface Speech {
  say: Say;
  formats: Formats;
  language: string;
  circuits: readonly CircuitName[];
}

/** Return the decisions as lines, in their order, under the day they were made on. */
export function whyLines(decisions: readonly Decision[], speech: Speech): WhyDay[] {
  const days: WhyDay[] = [];
  for (const decision of decisions) {
    if (!decision.at) continue;
    const at_ms = Date.parse(decision.at);
    const day = longDay(at_ms, speech.language);
    if (days.at(-1)?.day !== day) days.push({ day, lines: [] });
    const lines = days.at(-1)?.lines ?? [];
    const next = line(decision, at_ms, speech);
    const later = lines.at(-1);
    // What reads the same began with the older one.
    if (later?.text === next.text && later.limit === next.limit) lines.pop();
    lines.push(next);
  }
  return days;
}

function line(decision: Decision, at_ms: number, { say, formats, language, circuits }: Speech): WhyLine {
  const told = reason(decision, say, formats, circuits);
  return {
    number: decision.number,
    time: secondOf(at_ms, language),
    text: told?.text ?? say("reason.none"),
    limit: limitText(decision, say, formats),
    tone: told?.tone ?? "calm",
  };
}

/** "16 A", "L1 10 A · L2 8 A", or that nothing limits. */
function limitText({ limit_a }: Decision, say: Say, formats: Formats): string {
  if (!limit_a) return say("why.no-limit");
  const known = PHASES.flatMap((phase) => {
    const amperes = limit_a[phase];
    return amperes === null || amperes === undefined ? [] : [{ phase, amperes }];
  });
  const [first] = known;
  if (!first) return say("why.no-limit");
  if (known.every(({ amperes }) => amperes === first.amperes)) {
    return say("why.limit", { limit: `${known.length} × ${formats.room(first.amperes)}` });
  }
  const parts = known.map(({ phase, amperes }) => `${phase.toUpperCase()} ${formats.room(amperes)}`);
  return say("why.limit", { limit: parts.join(" · ") });
}
