/** The timeline of the site: asked for while somebody looks, again each minute and with each new plan. */

import { onBeforeUnmount, shallowRef, watch } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { Timeline } from "../api/types";
import { dashboard } from "./live";

export const timeline = shallowRef<Timeline | null>(null);
export const timelineProblem = shallowRef<ApiProblem | null>(null);

const EVERY_MS = 60_000;
let of: string | null = null;
let asked = 0;

async function load(site: string): Promise<void> {
  const mine = (asked += 1);
  try {
    const found = await answered(api.GET("/api/v1/sites/{site}/timeline", { params: { path: { site } } }));
    if (mine !== asked) return;
    timeline.value = found;
    timelineProblem.value = null;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    // The last one stays: its moment "now" tells how old it is.
    if (mine === asked) timelineProblem.value = error;
  }
}

/** Keep the timeline of a site fresh for as long as the component that asks is there. */
export function useTimeline(site: () => string | null): void {
  const renew = () => {
    const now = site();
    if (now === null) return;
    if (of !== now) timeline.value = null;
    of = now;
    void load(now);
  };
  const timer = setInterval(renew, EVERY_MS);
  const stop = watch([site, () => dashboard.value?.plan?.plan ?? null], renew, { immediate: true });
  onBeforeUnmount(() => {
    clearInterval(timer);
    stop();
  });
}
