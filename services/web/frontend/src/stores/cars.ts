/** The cars of the site, asked for once and again after a change. */

import { shallowRef } from "vue";
import { answered, api } from "../api/client";
import type { Car } from "../api/types";

export const cars = shallowRef<Car[] | null>(null);
let of: string | null = null;

/** Ask for the cars of a site. Throws {@link ApiProblem}. */
export async function loadCars(site: string): Promise<void> {
  const params = { path: { site } };
  const found = (await answered(api.GET("/api/v1/sites/{site}/cars", { params }))).items;
  of = site;
  cars.value = found;
}

/** Ask for the cars unless they are known; a page that only names them does without. */
export async function knowCars(site: string): Promise<void> {
  if (of !== site) await loadCars(site).catch(() => undefined);
}
