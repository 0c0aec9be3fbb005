/** What the server said about one field of a form, in the person's language. */

import type { ShallowRef } from "vue";
import { spoken, type ApiProblem } from "../api/problem";
import { useWords } from "./words";

/** Return a function that says what a refusal tells about a JSON pointer, or null. */
export function useRefusals(problem: ShallowRef<ApiProblem | null>): (pointer: string) => string | null {
  const { t, has, f } = useWords();
  return (pointer) => {
    const named = problem.value?.fields.get(pointer);
    if (!named) return null;
    const key = `problem.${named.code}`;
    return has(key) ? t(key, spoken(problem.value?.params ?? {}, f.value)) : named.detail;
  };
}
