/** How many alerts fire at the sites one may see; asked every 30 s, and when something rang. */

import { ref } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { AlertCounts } from "../api/types";

const EVERY_MS = 30_000;

export const counts = ref<AlertCounts | null>(null);
let timer: ReturnType<typeof setInterval> | undefined;

export async function countAlerts(): Promise<void> {
  try {
    counts.value = await answered(api.GET("/api/v1/alerts/summary"));
  } catch (error) {
    // The badge keeps what it knew: that the service is away is told elsewhere.
    if (!(error instanceof ApiProblem)) throw error;
  }
}

export function watchAlerts(): void {
  stopAlerts();
  void countAlerts();
  timer = setInterval(() => {
    if (document.visibilityState === "visible") void countAlerts();
  }, EVERY_MS);
}

export function stopAlerts(): void {
  clearInterval(timer);
  counts.value = null;
}
