/** What went wrong, as the API tells it (RFC 9457), and how a page says it. */

import { roundedDown, roundedUp, type Formats } from "../core/format";
import type { Say } from "../core/say";
import type { ProblemDocument } from "./types";

/** The service was not reached at all. */
export const UNREACHABLE = "unreachable";

/** A refused or failed request. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly params: Readonly<Record<string, string>>;
  /** Field by JSON pointer: the problem of each, where the API names any. */
  readonly fields: ReadonlyMap<string, { code: string; detail: string }>;

  constructor(document: Partial<ProblemDocument> & { status: number; code: string }) {
    super(document.detail ?? document.code);
    this.name = "ApiProblem";
    this.status = document.status;
    this.code = document.code;
    this.params = document.params ?? {};
    const fields = (document.fields ?? []).map(
      ({ field, code, detail }) => [field, { code, detail }] as const,
    );
    const own = document.field
      ? [[document.field, { code: document.code, detail: this.message }] as const]
      : [];
    this.fields = new Map([...own, ...fields]);
  }
}

/** Whether each field a problem speaks of shows it: then it needs no second telling. */
export function isTold(problem: ApiProblem | null, shows: (pointer: string) => boolean): boolean {
  const pointers = [...(problem?.fields.keys() ?? [])];
  return pointers.length > 0 && pointers.every(shows);
}

/** Make a problem of whatever a failed request left. */
export function asProblem(error: unknown, status: number): ApiProblem {
  if (isDocument(error)) return new ApiProblem({ ...error, status });
  return new ApiProblem({ status, code: status === 0 ? UNREACHABLE : `http-${status}` });
}

/** Say a problem in the language in use; one we have no words for is told as the API tells it. */
export function problemText(
  problem: { code: string; message: string; params?: Readonly<Record<string, string>> },
  say: Say,
  has: (key: string) => boolean,
  formats: Formats,
): string {
  const key = `problem.${problem.code}`;
  if (!has(key)) return say("problem.unknown", { detail: problem.message });
  return say(key, spoken(problem.params ?? {}, formats));
}

/** Put the numbers among the values into the language's own form. */
export function spoken(
  params: Readonly<Record<string, string>>,
  formats: Formats,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      /^-?\d+\.\d+$/.test(value) ? formats.number(safely(name, Number(value)), 1) : value,
    ]),
  );
}

const ROUNDED_DOWN: ReadonlySet<string> = new Set(["fuse_a", "most"]);
const ROUNDED_UP: ReadonlySet<string> = new Set(["sum_a", "base_load_a", "least"]);

/** Loads are rounded up, fuses and bounds so that what is shown is surely allowed. */
function safely(name: string, value: number): number {
  if (ROUNDED_DOWN.has(name)) return roundedDown(value, 1);
  return ROUNDED_UP.has(name) ? roundedUp(value, 1) : value;
}

function isDocument(error: unknown): error is ProblemDocument {
  return typeof error === "object" && error !== null && typeof (error as ProblemDocument).code === "string";
}
