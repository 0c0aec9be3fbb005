/** SKIs as people read and type them: forty hex digits in groups of four. */

const LENGTH = 40;

export type SkiProblem = { code: "empty" } | { code: "character"; found: string } | { code: "length"; found: number };

/** Show a SKI in groups of four. */
export const inGroups = (ski: string): string => ski.replace(/(.{4})(?=.)/g, "$1 ");

/** Strip what people put between the digits. */
export const plainSki = (text: string): string => text.replace(/[\s:.\-]/g, "").toLowerCase();

/** Return what is wrong with a typed SKI, or null. */
export function skiProblem(text: string): SkiProblem | null {
  const ski = plainSki(text);
  if (ski === "") return { code: "empty" };
  const stranger = /[^0-9a-f]/.exec(ski);
  if (stranger) return { code: "character", found: stranger[0] };
  return ski.length === LENGTH ? null : { code: "length", found: ski.length };
}
