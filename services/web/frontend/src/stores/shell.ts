/** The page as an app: its service worker, a new version, installing it on a phone. */

import { computed, ref, shallowRef } from "vue";
import { recall, remember } from "./storage";

interface InstallPrompt extends Event {
  prompt(): Promise<void>;
}

const RELOADED_KEY = "volthus.reloaded";
const RELOAD_AGAIN_MS = 60_000;
const INSTALL_KEY = "volthus.install-asked";

/** A new version waits to be taken. */
export const waiting = shallowRef<ServiceWorker | null>(null);
const prompt = shallowRef<InstallPrompt | null>(null);
const asked = ref(recall(INSTALL_KEY) !== null);
let isTaking = false;
let onRang: () => void = () => undefined;
let onGo: (url: string) => void = () => undefined;

export const canWork = "serviceWorker" in navigator && window.isSecureContext;
const isApp = window.matchMedia("(display-mode: standalone)").matches;
// Safari on a phone offers no event: there a sentence has to do. Such an iPad calls itself a Mac.
const isApple = /iphone|ipad|ipod/i.test(navigator.userAgent) || (/macintosh/i.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

/** How this device can keep the page like an app; null: it cannot, it does, or it was declined. */
export const installWay = computed<"prompt" | "by-hand" | null>(() => {
  if (isApp || asked.value) return null;
  if (prompt.value !== null) return "prompt";
  return isApple ? "by-hand" : null;
});

/** Start the service worker of a built page, and watch for newer ones. */
export async function startShell(): Promise<void> {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt.value = event as InstallPrompt;
  });
  window.addEventListener("vite:preloadError", loadAnew);
  if (!canWork || !import.meta.env.PROD) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // Only where a person took the new version: a first worker changes nothing.
    if (isTaking) location.reload();
  });
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ type?: string; url?: string }>) => {
    if (data.type === "rang") onRang();
    if (data.type === "go" && data.url) onGo(data.url);
  });
  try {
    const registration = await navigator.serviceWorker.register("/sw.js");
    notice(registration);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => notice(registration));
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
    });
  } catch {
    return; // a browser that forbids it: the page works as before, but not without a network
  }
}

/** A part of this page is gone: another tab took a newer version, or it was deployed. Once, not for ever. */
function loadAnew(event: Event): void {
  if (Date.now() - Number(recall(RELOADED_KEY) ?? 0) < RELOAD_AGAIN_MS) return;
  event.preventDefault();
  remember(RELOADED_KEY, String(Date.now()));
  location.reload();
}

/** Call these when something rang, and when a notification leads to an address. */
export function whenRung(rang: () => void, go: (url: string) => void): void {
  onRang = rang;
  onGo = go;
}

function notice(registration: ServiceWorkerRegistration): void {
  // Without a controller it is the first one, and no news.
  if (registration.waiting && navigator.serviceWorker.controller) waiting.value = registration.waiting;
}

export function takeUpdate(): void {
  isTaking = true;
  waiting.value?.postMessage({ type: "take-over" });
}

export function declineInstall(): void {
  asked.value = true;
  remember(INSTALL_KEY, "yes");
}

export async function install(): Promise<void> {
  await prompt.value?.prompt();
  prompt.value = null;
  declineInstall();
}
