/** Which settings the site file manages: they are read-only here. */

import { computed, shallowRef, type ComputedRef } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import { isManaged } from "../core/managed";

const pointers = shallowRef<readonly string[]>([]);

/** Ask which settings a file manages; who may not know is refused in words when saving. */
export async function loadManaged(site: string): Promise<void> {
  try {
    const params = { path: { site } };
    pointers.value = (await answered(api.GET("/api/v1/sites/{site}/site-file/managed", { params }))).pointers;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    pointers.value = [];
  }
}

/** Return whether a setting below `at` is managed; without a field, whether any is. */
export function useManaged(at: () => string): ComputedRef<(field?: string) => boolean> {
  return computed(() => (field) => isManaged(pointers.value, field ? `${at()}/${field}` : at()));
}
