/** Whose clock a time is told by: the site's may be another than this device's. */

/** The minutes a zone's clock stands before UTC at a moment; null for a name nobody knows. */
function offsetOf(zone: string | undefined, at_ms: number): number | null {
  try {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    }).formatToParts(at_ms);
    const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
    const there_ms = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"));
    return Math.round((there_ms - at_ms) / 60_000);
  } catch {
    return null;
  }
}

/**
 * Return the place by whose clock the site lives ("Berlin"), where it shows another time than this
 * device does at a moment; null where both show the same, or the zone is not known.
 *
 * own: this device's zone, where that is not what the browser says.
 */
export function otherPlace(zone: string | null | undefined, at_ms: number, own?: string): string | null {
  if (!zone) return null;
  const there = offsetOf(zone, at_ms);
  if (there === null || there === offsetOf(own, at_ms)) return null;
  return zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;
}
