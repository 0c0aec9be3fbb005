/** The list of all sites: pages as they are scrolled to, and what changes of those in view. */

import { computed, ref, shallowRef, triggerRef } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { FleetSummary, Site, SiteWanted } from "../api/types";
import { EVERYTHING, queryOf, savedFilters, type Filter, type SavedFilter } from "../core/fleet";
import { recall, remember } from "./storage";

const FIRST = 200;
const MORE = 1000;
const SAVED_KEY = "volthus.fleet-filters";

export const filter = ref<Filter>({ ...EVERYTHING });
export const rows = shallowRef<Site[]>([]);
export const total = ref<number | null>(null);
export const summary = shallowRef<FleetSummary | null>(null);
export const problem = shallowRef<ApiProblem | null>(null);
export const saved = ref<SavedFilter[]>(savedFilters(recall(SAVED_KEY)));
export const isComplete = computed(() => total.value !== null && rows.value.length >= total.value);

let next: string | null = null;
let asked = 0;
let isLoading = false;

/** Ask for the first page of what is filtered; a list that was asked for later wins. */
export async function reload(): Promise<void> {
  const mine = (asked += 1);
  try {
    const page = await ask(FIRST, null);
    if (mine !== asked) return;
    rows.value = page.items;
    total.value = page.total;
    next = page.next;
    problem.value = null;
  } catch (error) {
    if (mine === asked) problem.value = toldOf(error);
  }
}

/** Ask for pages until row `until` is there, or there are no more. */
export async function reach(until: number): Promise<void> {
  if (isLoading) return;
  isLoading = true;
  const mine = asked;
  try {
    while (next !== null && rows.value.length < until && mine === asked) {
      const page = await ask(MORE, next);
      if (mine !== asked) return;
      const had = new Set(rows.value.map(({ id }) => id)); // what moved between two pages
      rows.value = [...rows.value, ...page.items.filter(({ id }) => !had.has(id))];
      next = page.next;
    }
    if (next === null && mine === asked) total.value = rows.value.length;
  } catch (error) {
    problem.value = toldOf(error);
  } finally {
    isLoading = false;
  }
}

function ask(limit: number, cursor: string | null) {
  const query = { ...queryOf(filter.value), limit, ...(cursor === null ? {} : { cursor }) };
  return answered(api.GET("/api/v1/sites", { params: { query } }));
}

function toldOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  throw error;
}

/** Show this instead of what is in the list. */
export function change(part: Partial<Filter>): void {
  filter.value = { ...filter.value, ...part };
  void reload();
}

export function saveFilter(name: string): void {
  saved.value = [...saved.value.filter((one) => one.name !== name), { ...filter.value, name }];
  remember(SAVED_KEY, JSON.stringify(saved.value));
}

export function forgetFilter(name: string): void {
  saved.value = saved.value.filter((one) => one.name !== name);
  remember(SAVED_KEY, JSON.stringify(saved.value));
}

/** Take a site as it is now, where the list has it. */
export function take(site: Site): void {
  const place = rows.value.findIndex(({ id }) => id === site.id);
  if (place < 0) return;
  rows.value[place] = site;
  triggerRef(rows);
}

/** Follow the sums and these sites until the function that comes back is called. */
export function followFleet(ids: readonly string[]): () => void {
  const query = new URLSearchParams(ids.map((id) => ["site", id]));
  const source = new EventSource(`/api/v1/fleet/events?${query.toString()}`);
  source.addEventListener("summary", (event) => {
    summary.value = JSON.parse(event.data as string) as FleetSummary;
  });
  source.addEventListener("rows", (event) => {
    for (const site of JSON.parse(event.data as string) as Site[]) take(site);
  });
  return () => source.close();
}

/** Write what people say of a site. Throws {@link ApiProblem}. */
export async function describe(site: Site, wanted: SiteWanted): Promise<Site> {
  const changed = await answered(
    api.PATCH("/api/v1/sites/{site}", {
      params: { path: { site: site.id }, header: { "if-match": `"${site.revision}"` } },
      body: wanted,
    }),
  );
  take(changed);
  return changed;
}
