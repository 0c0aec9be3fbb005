/** The values of the site as a protocol would hold them, and what was signed. */

import { shallowRef, type ShallowRef } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { Acceptance, AcceptanceValues, SignedAcceptance } from "../api/types";
import { recall, remember } from "./storage";

export const PATH = "/api/v1/sites/{site}/acceptance";

/** Ask once. Throws {@link ApiProblem}. */
export const acceptanceOf = (site: string): Promise<Acceptance> =>
  answered(api.GET(PATH, { params: { path: { site } } }));

export interface Whole {
  signed: SignedAcceptance;
  values: AcceptanceValues;
}

/** Ask for one that was signed. Throws {@link ApiProblem}. */
export async function signedOf(site: string, id: string): Promise<Whole> {
  const params = { path: { site, acceptance_id: id } };
  const whole = await answered(api.GET("/api/v1/sites/{site}/acceptance/{acceptance_id}", { params }));
  return { signed: whole, values: whole.values as unknown as AcceptanceValues };
}

export interface Following {
  acceptance: ShallowRef<Acceptance | null>;
  problem: ShallowRef<ApiProblem | null>;
  look: () => Promise<void>;
}

/** Keep the values of a site at hand; ask again with `look`. */
export function useAcceptance(site: () => string | null): Following {
  const acceptance = shallowRef<Acceptance | null>(null);
  const problem = shallowRef<ApiProblem | null>(null);
  async function look() {
    const id = site();
    if (id === null) return;
    try {
      acceptance.value = await acceptanceOf(id);
      problem.value = null;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      problem.value = error;
    }
  }
  return { acceptance, problem, look };
}

const key = (site: string) => `volthus.without-meter.${site}`;

/** Whether somebody said at this browser that the site has no energy meter. */
export const isWithoutMeter = (site: string): boolean => recall(key(site)) !== null;
export const setWithoutMeter = (site: string, is: boolean): void => remember(key(site), is ? "yes" : null);
