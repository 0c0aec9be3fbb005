/** What a meter test found, phase by phase, in words. */

import type { MeterFinding } from "../api/types";
import type { Formats } from "./format";
import type { Mark } from "./marks";
import type { Say } from "./say";

const MARKS: Record<MeterFinding["verdict"], Mark> = {
  fine: { shape: "tick", tone: "good" },
  suspect: { shape: "peak", tone: "wait" },
  unknown: { shape: "ring", tone: "idle" },
};
const CHECKS: ReadonlySet<string> = new Set(["voltage", "frequency", "direction", "rotation"]);

export interface FindingLine {
  mark: Mark;
  text: string;
  /** Set where only the service's own sentence tells it. */
  isEnglish: boolean;
}

/** Return the findings as lines, what asks for a look first. */
export function findingLines(findings: readonly MeterFinding[], say: Say, formats: Formats): FindingLine[] {
  const rank = { suspect: 0, unknown: 1, fine: 2 };
  return [...findings]
    .sort((one, other) => rank[one.verdict] - rank[other.verdict])
    .map((finding) => ({
      mark: MARKS[finding.verdict],
      text: CHECKS.has(finding.check) ? text(finding, say, formats) : finding.detail,
      isEnglish: !CHECKS.has(finding.check),
    }));
}

function text({ check, phase, verdict, value }: MeterFinding, say: Say, formats: Formats): string {
  const where = phase ?? say("finding.whole");
  return say(`finding.${check}-${verdict}`, { where, value: figure(check, value, formats) });
}

function figure(check: string, value: number | null, formats: Formats): string {
  if (check === "voltage") return `${formats.fixed(value, 1)}\u00a0V`;
  if (check === "frequency") return `${formats.fixed(value, 2)}\u00a0Hz`;
  return formats.power(value === null ? null : Math.abs(value));
}
