/** What the service worker does with a request. Pure. */

export type Way =
  /** Not ours: the browser asks as if there were no worker. The API is never answered from a cache. */
  | "leave"
  /** A page: from the network, from the cache only where that fails. */
  | "page"
  /** A file whose name tells its content: from the cache where it is. */
  | "file";

export function wayOf(method: string, mode: string, url: string, origin: string): Way {
  const { origin: of, pathname } = new URL(url);
  if (method !== "GET" || of !== origin || pathname === "/api" || pathname.startsWith("/api/")) return "leave";
  if (pathname === "/metrics" || pathname === "/healthz" || pathname === "/readyz") return "leave";
  if (mode === "navigate") return "page";
  return pathname.startsWith("/assets/") || pathname.startsWith("/icons/") || pathname === "/favicon.svg" ? "file" : "leave";
}
