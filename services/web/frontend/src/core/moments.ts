/** Moments in the words of a language and in this device's time zone. Knows no clock. */

const DAY_MS = 86_400_000;

/** English of the continent: day before month, and a clock of 24 hours. */
const localeOf = (language: string): string => (language === "en" ? "en-GB" : language);
const formatted = (at: number | Date, language: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(localeOf(language), options).format(at);

const startOfDay = (at: Date): number => new Date(at).setHours(0, 0, 0, 0);

/** Return a moment as briefly as it is clear: "07:00", "Mon 07:00", "22 Nov, 07:00". */
export function moment(at_ms: number, now_ms: number, language: string): string {
  const at = new Date(at_ms);
  // Days of 23 or 25 hours are days too: round.
  const days = Math.round((startOfDay(at) - startOfDay(new Date(now_ms))) / DAY_MS);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  if (days === 0) return formatted(at, language, time);
  if (Math.abs(days) < 7) return formatted(at, language, { weekday: "short", ...time });
  return formatted(at, language, { day: "numeric", month: "short", ...time });
}

/** "Sunday, 22 November". */
export const longDay = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { weekday: "long", day: "numeric", month: "long" });

/** "22 November 2027". */
export const dateOf = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { day: "numeric", month: "long", year: "numeric" });

/** "November 2026". */
export const longMonth = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { month: "long", year: "numeric" });

/** "14:05:09", for lists of what happened. */
export const secondOf = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** "14:05". */
export const minuteOf = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { hour: "2-digit", minute: "2-digit" });

/** Short name of a weekday, 1 = Monday. */
export const weekdayName = (weekday: number, language: string): string =>
  // 1 January 2024 was a Monday.
  formatted(new Date(2024, 0, weekday), language, { weekday: "short" });

/** Short name of a moment's weekday with its day: "Mon 23". */
export const weekdayOf = (at_ms: number, language: string): string =>
  formatted(at_ms, language, { weekday: "short", day: "numeric" });

/** Short name of a month, 1 = January. */
export const shortMonth = (month: number, language: string): string =>
  formatted(new Date(2024, month - 1, 1), language, { month: "short" });

/** Return a span as hours and minutes: 5400 s is "1:30". */
export function hoursAndMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** A span of the calendar that one steps through, in ms since the epoch. */
export interface Span {
  from_ms: number;
  to_ms: number;
}

/** The local day that lies `back` days before today's. */
export function daySpan(back: number, now_ms: number): Span {
  const now = new Date(now_ms);
  const day = (offset: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - back + offset).getTime();
  return { from_ms: day(0), to_ms: day(1) };
}

/** The local month that lies `back` months before this one. */
export function monthSpan(back: number, now_ms: number): Span {
  const now = new Date(now_ms);
  const month = (offset: number) => new Date(now.getFullYear(), now.getMonth() - back + offset, 1).getTime();
  return { from_ms: month(0), to_ms: month(1) };
}

/** The name of the month that lies `back` months before this one: "2026-11". */
export function monthName(back: number, now_ms: number): string {
  const begins = new Date(monthSpan(back, now_ms).from_ms);
  return `${begins.getFullYear()}-${String(begins.getMonth() + 1).padStart(2, "0")}`;
}

/** Cut a span into pieces of at most so many days: no answer gets too large. */
export function pieces(span: Span, days: number): Span[] {
  const found: Span[] = [];
  for (let from_ms = span.from_ms; from_ms < span.to_ms; from_ms += days * DAY_MS) {
    found.push({ from_ms, to_ms: Math.min(from_ms + days * DAY_MS, span.to_ms) });
  }
  return found;
}

export const iso = (at_ms: number): string => new Date(at_ms).toISOString();
