/// <reference lib="webworker" />
/**
 * The service worker: opens the page without a network, and rings.
 *
 * It answers pages and files only; the API always goes to the network, so nothing old can look new.
 * A new version waits until a person takes it.
 */

import { alert as deAlert, detail as deDetail, ring as deRing } from "../i18n/de.json";
import { alert as enAlert, detail as enDetail, ring as enRing } from "../i18n/en.json";
import { alert as svAlert, detail as svDetail, ring as svRing } from "../i18n/sv.json";
import { asRing, noticeOf } from "../core/ring";
import { wayOf } from "../core/shell";

declare const self: ServiceWorkerGlobalScope;
/** Put in by the build: what it consists of, and the files of the page. */
declare const __BUILD__: string;
declare const __FILES__: string[];

const CACHE = `volthus-${__BUILD__}`;
const PAGE = "/index.html";
const PATIENCE_MS = 4000;
const WORDS = {
  en: { alert: enAlert, detail: enDetail, ring: enRing },
  de: { alert: deAlert, detail: deDetail, ring: deRing },
  sv: { alert: svAlert, detail: svDetail, ring: svRing },
};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...__FILES__])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder().then(() => self.clients.claim()));
});

async function forgetOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("volthus-") && name !== CACHE).map((name) => caches.delete(name)));
}

self.addEventListener("message", (event) => {
  if ((event.data as { type?: string } | null)?.type === "take-over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const way = wayOf(request.method, request.mode, request.url, self.location.origin);
  if (way === "page") event.respondWith(page(request));
  else if (way === "file") event.respondWith(file(request));
});

/** The page as the server has it now; without an answer in time, the one of last time. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match(PAGE, { cacheName: CACHE });
  try {
    // The browser's own patience where there is nothing to fall back on.
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {});
    return answer.status >= 500 && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE, ignoreSearch: true })) ?? fetch(request);
}

self.addEventListener("push", (event) => {
  const notice = noticeOf(asRing(event.data?.text() ?? ""), WORDS);
  const options: NotificationOptions & { renotify?: boolean; timestamp?: number } = {
    body: notice.body,
    tag: notice.tag,
    renotify: true,
    lang: notice.language,
    icon: "/icons/icon-192.png",
    badge: "/icons/badge-96.png",
    requireInteraction: notice.urgent,
    data: { url: notice.url },
    ...(notice.at_ms === null ? {} : { timestamp: notice.at_ms }),
  };
  event.waitUntil(
    Promise.all([
      self.registration.showNotification(notice.title, options),
      self.clients.matchAll({ type: "window" }).then((pages) => pages.forEach((one) => one.postMessage({ type: "rang" }))),
    ]),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data as { url: string };
  event.waitUntil(show(url));
});

/** Show an address in a page that is open, else in a new one. */
async function show(url: string): Promise<void> {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!open) {
    await self.clients.openWindow(url);
    return;
  }
  await open.focus();
  open.postMessage({ type: "go", url });
}
