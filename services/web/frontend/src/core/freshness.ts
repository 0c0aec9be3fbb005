/** How old what we see is, and whether it must look old. */

/** A site under watch speaks once a second, else every ten: after this silence it is old. */
export const SILENT_AFTER_S = 12;
/** With the line to the service lost we know that nothing will come: old sooner. */
export const LOST_AFTER_S = 4;

export interface Freshness {
  age_s: number;
  stale: boolean;
}

/**
 * Return the age of a picture: what it had when the service sent it plus what passed since it
 * arrived here, on this machine's own clock.
 */
export function freshness(
  picture: { age_s: number; stale: boolean },
  heard_ms: number,
  now_ms: number,
  isLost: boolean,
): Freshness {
  const silence_s = Math.max(0, now_ms - heard_ms) / 1000;
  const silent = silence_s > (isLost ? LOST_AFTER_S : SILENT_AFTER_S);
  return { age_s: picture.age_s + silence_s, stale: picture.stale || silent };
}

/** Seconds to wait before trying again: 1, 2, 4, 8, then 15. */
export const retryDelay = (attempt: number): number => Math.min(15, 2 ** attempt);
