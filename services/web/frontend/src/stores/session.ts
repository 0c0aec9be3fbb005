/** Who is logged in at this page, and which site is being looked at. */

import { computed, ref, shallowRef } from "vue";
import { answered, api, useCsrfToken, whenLoggedOut } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { Me, Site } from "../api/types";
import { forgetKnown, known } from "./known";
import { recall, remember } from "./storage";

/** The cookie of a session cannot be seen from here: this remembers that there may be one. */
const LOGGED_IN_KEY = "volthus.logged-in";
const FIRST_SITE_MS = 2000;
/** How long a service that hangs is waited for where there is something to show without it. */
const PATIENCE_MS = 5000;
let asking: ReturnType<typeof setTimeout> | undefined;

export const me = shallowRef<Me | null>(null);
export const sites = shallowRef<Site[]>([]);
export const siteId = ref<string | null>(null);
/** How many sites this person may see; the list holds the first of them only. */
export const siteCount = ref(0);
/** Whether the site that is looked at was chosen, and is not just the first. */
export const hasChosen = ref(false);
/** Who is here is only remembered: the service could not be asked yet. */
export const isUnsure = ref(false);

/** Whether settings and pairing are this person's business (the server enforces it, not we). */
export const canInstall = computed(() => me.value !== null && me.value.role !== "standard");

/** Whether there is more than one site to look after. */
export const seesFleet = computed(() => me.value?.role === "operator" && siteCount.value > 1);

/** Look at this site from now on. */
export function choose(site: { id: string; name?: string }): void {
  if (!sites.value.some(({ id }) => id === site.id) && site.name !== undefined) {
    sites.value = [...sites.value, site as Site];
  }
  siteId.value = site.id;
  hasChosen.value = true;
}

whenLoggedOut(forget);

/** Find out who is logged in; null when nobody is. Who never logged in here is not asked after. */
export async function recognise(): Promise<Me | null> {
  if (me.value === null && recall(LOGGED_IN_KEY) === null) return null;
  try {
    await enter(await answered(api.GET("/api/v1/auth/me")));
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
    forget();
  }
  return me.value;
}

/** Find out who is here; where the service does not answer in time, start with what was seen last. */
export async function begin(): Promise<void> {
  const patience = known() === null ? null : new Promise<"late">((late) => setTimeout(() => late("late"), PATIENCE_MS));
  const asked = recognise().then(() => "known" as const, () => "away" as const);
  if ((await (patience ? Promise.race([asked, patience]) : asked)) !== "known") startWithout();
}

/** Without a network: show who was here last what was seen last. Who that is, is asked again later. */
function startWithout(): void {
  const last = recall(LOGGED_IN_KEY) === null ? null : known();
  if (!last) return;
  sites.value = last.sites;
  siteId.value = last.site;
  me.value = { ...last.me, csrf_token: null };
  isUnsure.value = true;
}

/** The service is there again: make sure who is here, for until then nothing can be changed. */
export async function makeSure(): Promise<void> {
  if (!isUnsure.value) return;
  isUnsure.value = false; // asked once, however many pictures come meanwhile
  try {
    await recognise();
  } catch (error) {
    isUnsure.value = true;
    if (!(error instanceof ApiProblem)) throw error;
  }
}

export async function logIn(username: string, password: string): Promise<void> {
  await enter(await answered(api.POST("/api/v1/auth/session", { body: { username, password } })));
}

/** Go on after a provider of identities sent the browser back with a session. */
export async function enterSignedIn(): Promise<void> {
  await enter(await answered(api.GET("/api/v1/auth/me")));
}

/** Log out here; who came by a provider of identities is sent there, to be logged out there too. */
export async function logOut(): Promise<void> {
  try {
    const { at_provider } = await answered(api.POST("/api/v1/auth/log-out"));
    if (at_provider !== null) window.location.assign(at_provider);
  } finally {
    forget();
  }
}

async function enter(person: Me): Promise<void> {
  useCsrfToken(person.csrf_token);
  if (!person.must_change_password) await learnSites();
  me.value = person;
  isUnsure.value = false;
  remember(LOGGED_IN_KEY, "yes");
  askForTheFirst();
}

async function learnSites(): Promise<void> {
  const page = await answered(api.GET("/api/v1/sites"));
  sites.value = page.items;
  siteCount.value = page.total;
  if (!hasChosen.value && !sites.value.some((site) => site.id === siteId.value)) {
    siteId.value = sites.value[0]?.id ?? null;
  }
}

/** While no site has been heard, ask again: the page says that it appears by itself. */
function askForTheFirst(): void {
  clearTimeout(asking);
  if (me.value === null || siteId.value !== null || me.value.must_change_password) return;
  asking = setTimeout(() => {
    void learnSites().catch(() => undefined).then(askForTheFirst);
  }, FIRST_SITE_MS);
}

function forget(): void {
  remember(LOGGED_IN_KEY, null);
  forgetKnown();
  isUnsure.value = false;
  useCsrfToken(null);
  me.value = null;
  sites.value = [];
  siteId.value = null;
  siteCount.value = 0;
  hasChosen.value = false;
}
