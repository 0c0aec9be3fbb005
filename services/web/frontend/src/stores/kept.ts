/** What the site keeps: sessions and energy of a span of time, asked for as it is looked at. */

import { answered, api } from "../api/client";
import type { EnergySpan, Session, SessionSums } from "../api/types";
import { iso, pieces, type Span } from "../core/moments";
import type { Page } from "./listing";

const SESSIONS_AT_ONCE = 100;
const DAYS_AT_ONCE = 8;

/** Return the sessions of a month of the site, added up by it. Throws {@link ApiProblem}. */
export const sumsIn = (site: string, month: string): Promise<SessionSums> =>
  answered(
    api.GET("/api/v1/sites/{site}/sessions/summary", { params: { path: { site }, query: { month } } }),
  );

/** Return a page of the sessions that started in a span, newest first. Throws {@link ApiProblem}. */
export function sessionsIn(site: string, span: Span, cursor: string | null): Promise<Page<Session>> {
  const query = {
    from: iso(span.from_ms),
    to: iso(span.to_ms),
    limit: SESSIONS_AT_ONCE,
    ...(cursor === null ? {} : { cursor }),
  };
  return answered(api.GET("/api/v1/sites/{site}/sessions", { params: { path: { site }, query } }));
}

/** Return the energy of a span, hour by hour, up to now. Throws {@link ApiProblem}. */
export async function energyIn(site: string, span: Span, now_ms: number): Promise<EnergySpan[]> {
  const until = { from_ms: span.from_ms, to_ms: Math.min(span.to_ms, now_ms) };
  const found: EnergySpan[] = [];
  for (const { from_ms, to_ms } of pieces(until, DAYS_AT_ONCE)) {
    const query = { from: iso(from_ms), to: iso(to_ms), step: "hour" as const };
    const answer = await answered(
      api.GET("/api/v1/sites/{site}/energy", { params: { path: { site }, query } }),
    );
    found.push(...answer.items);
  }
  return found;
}

/** The address of the sessions of a span as a table. */
export const sessionsFile = (site: string, span: Span): string =>
  `/api/v1/sites/${encodeURIComponent(site)}/sessions.csv?` +
  new URLSearchParams({ from: iso(span.from_ms), to: iso(span.to_ms) }).toString();
