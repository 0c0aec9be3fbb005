/** The live picture of one site: server-sent events, kept alive, with their age. */

import { computed, ref, shallowRef } from "vue";
import { answered, api } from "../api/client";
import { ApiProblem } from "../api/problem";
import type { Dashboard, EebusPicture } from "../api/types";
import { freshness, retryDelay } from "../core/freshness";
import { keep, known } from "./known";
import { now } from "./now";
import { isUnsure, makeSure, me, sites } from "./session";

export type Link = "opening" | "live" | "lost";

export const dashboard = shallowRef<Dashboard | null>(null);
export const eebus = shallowRef<EebusPicture | null>(null);
/** Why there is no picture at all, while there is none. */
export const trouble = shallowRef<ApiProblem | null>(null);
export const link = ref<Link>("opening");

/** A stream that says nothing for this long is taken for dead. */
const DEAD_AFTER_MS = 25_000;

const heard_ms = ref(0);
let stop: (() => void) | null = null;
let followed: string | null = null;

/** Age of the picture and whether it must look stale; null while there is none. */
export const freshnessNow = computed(() =>
  dashboard.value
    ? freshness(dashboard.value, heard_ms.value, now.value, link.value === "lost")
    : null,
);

/** Age of what is seen where it must look old, in seconds; null while it is of now. */
export const oldSince_s = computed(() =>
  freshnessNow.value?.stale ? freshnessNow.value.age_s : null,
);

/** The difference between the site's clock and ours, for its countdowns, in ms. */
export const siteClock_ms = computed(() => {
  const at = dashboard.value?.at;
  if (!at || !dashboard.value) return 0;
  return Date.parse(at) + dashboard.value.age_s * 1000 - heard_ms.value;
});

/** Follow this site until another is followed or {@link unfollow} is called. */
export function follow(site: string): void {
  if (site === followed) return; // somebody was only recognised again
  unfollow();
  followed = site;
  if (isUnsure.value) showKnown(site);
  const line = new EventLine(site);
  stop = () => line.close();
  line.open();
}

export function unfollow(): void {
  followed = null;
  stop?.();
  stop = null;
  dashboard.value = null;
  eebus.value = null;
  trouble.value = null;
  link.value = "opening";
}

/** Ask for identity and devices once, without waiting for the next event. */
export async function refreshEebus(site: string): Promise<void> {
  const params = { path: { site } };
  const [identity, discovered, paired, window] = await Promise.all([
    answered(api.GET("/api/v1/sites/{site}/eebus/identity", { params })),
    answered(api.GET("/api/v1/sites/{site}/eebus/discovered", { params })),
    answered(api.GET("/api/v1/sites/{site}/eebus/paired", { params })),
    answered(api.GET("/api/v1/sites/{site}/eebus/accept-window", { params })),
  ]);
  eebus.value = {
    identity,
    discovered: discovered.items,
    paired: paired.items,
    accepts_until: window.until,
  };
}

/** What was seen last, with its own age: better than nothing while the service is away. */
function showKnown(site: string): void {
  const last = known();
  if (last?.site !== site) return;
  dashboard.value = last.picture;
  heard_ms.value = last.heard_ms;
  link.value = "lost";
}

function hear(picture: Dashboard): void {
  dashboard.value = picture;
  heard_ms.value = Date.now();
  trouble.value = null;
  void makeSure();
  if (me.value) keep(me.value, sites.value, picture.site, picture, heard_ms.value);
}

/** One event stream that opens again by itself, however it ended. */
class EventLine {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private closed = false;
  private readonly watchdog = setInterval(() => this.watch(), 2000);
  private spoke_ms = Date.now();

  constructor(private readonly site: string) {}

  open(): void {
    void this.ask();
    this.spoke_ms = Date.now();
    const source = new EventSource(`/api/v1/sites/${encodeURIComponent(this.site)}/events`);
    source.addEventListener("open", () => this.spoke());
    source.addEventListener("state", (event) => {
      this.spoke();
      hear(JSON.parse(event.data) as Dashboard);
    });
    source.addEventListener("eebus", (event) => {
      this.spoke();
      eebus.value = JSON.parse(event.data) as EebusPicture;
    });
    source.addEventListener("error", () => {
      link.value = "lost";
      // The browser tries again by itself unless the answer was no stream at all.
      if (source.readyState === EventSource.CLOSED) this.again();
    });
    this.source = source;
  }

  close(): void {
    this.closed = true;
    clearInterval(this.watchdog);
    clearTimeout(this.timer);
    this.source?.close();
  }

  private spoke(): void {
    this.spoke_ms = Date.now();
    this.attempt = 0;
    link.value = "live";
  }

  /** A stream can stay open and be dead: after a long silence take a new one. */
  private watch(): void {
    if (this.timer === undefined && Date.now() - this.spoke_ms > DEAD_AFTER_MS) this.again();
  }

  private again(): void {
    this.source?.close();
    clearTimeout(this.timer);
    link.value = "lost";
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.closed) this.open();
    }, retryDelay(this.attempt++) * 1000);
  }

  /** The first picture, and the reason where there is none: a stream cannot tell it. */
  private async ask(): Promise<void> {
    try {
      const picture = await answered(
        api.GET("/api/v1/sites/{site}/dashboard", { params: { path: { site: this.site } } }),
      );
      if (!this.closed && dashboard.value === null) hear(picture);
    } catch (error) {
      if (!this.closed && dashboard.value === null && error instanceof ApiProblem) {
        trouble.value = error;
      }
    }
  }
}
