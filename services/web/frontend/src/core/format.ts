/** Numbers, units and times in the words of a language. Knows Intl, no state, no clock. */

export const UNKNOWN = "–";
const NBSP = "\u00a0";
const HAIR = 1e-6;

export interface Formats {
  /** Power in kW with one decimal; a dash when unknown. */
  power(watts: number | null | undefined): string;
  /** Only the figure of `power`, for places that set the unit apart. */
  kilowatts(watts: number | null | undefined): string;
  /** Current in A, whole above 10 A, else one decimal. */
  amperes(amperes: number | null | undefined): string;
  /** Only the figure of `amperes`. */
  ampereFigure(amperes: number | null | undefined): string;
  /**
   * What may be relied on (a fuse, a limit, what is free) in A, rounded down to a tenth: nobody
   * may load a phase by what rounding added.
   */
  room(amperes: number | null | undefined): string;
  /** What may be relied on, as power in kW, rounded down to a tenth. */
  powerRoom(watts: number | null | undefined): string;
  /** What is taken of a fuse in A, rounded up to a tenth. */
  load(amperes: number | null | undefined): string;
  /** The share of a fuse that is taken as percent, rounded up: 100.2 % is "101 %". */
  loadShare(ratio: number | null | undefined): string;
  energy(wattHours: number | null | undefined): string;
  /** A ratio as percent: 0.92 is "92 %" (or "92%", as the language has it). */
  percent(ratio: number | null | undefined): string;
  /** At most so many digits after the comma. */
  number(value: number | null | undefined, digits?: number): string;
  /** Exactly so many digits after the comma, for columns of figures. */
  fixed(value: number | null | undefined, digits: number): string;
  /** "12 seconds ago", "3 minutes ago". */
  age(seconds: number): string;
}

/** Return the formats of a language, as a BCP 47 tag. */
export function formatsFor(language: string): Formats {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(language, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });

  const kilowatts = (w: number | null | undefined) =>
    known(w) ? tenths.format(withoutMinusZero(w / 1000, 1)) : UNKNOWN;
  const ampereFigure = (a: number | null | undefined) => {
    if (!known(a)) return UNKNOWN;
    const digits = Math.abs(a) < 9.95 ? 1 : 0;
    const rounded = withoutMinusZero(a, digits);
    return digits && !Number.isInteger(rounded) ? tenths.format(rounded) : whole.format(rounded);
  };
  const tenth = (a: number) => {
    const shown = withoutMinusZero(a, 1);
    return `${Number.isInteger(shown) ? whole.format(shown) : tenths.format(shown)}${NBSP}A`;
  };
  return {
    room: (a) => (known(a) ? tenth(roundedDown(a, 1)) : UNKNOWN),
    powerRoom: (w) => (known(w) ? `${kilowatts(roundedDown(w / 1000, 1) * 1000)}${NBSP}kW` : UNKNOWN),
    load: (a) => (known(a) ? tenth(roundedUp(a, 1)) : UNKNOWN),
    loadShare: (ratio) => (known(ratio) ? percent.format(roundedUp(ratio, 2)) : UNKNOWN),
    kilowatts,
    ampereFigure,
    power: (w) => (known(w) ? `${kilowatts(w)}${NBSP}kW` : UNKNOWN),
    amperes: (a) => (known(a) ? `${ampereFigure(a)}${NBSP}A` : UNKNOWN),
    energy: (wh) => (known(wh) ? `${tenths.format(wh / 1000)}${NBSP}kWh` : UNKNOWN),
    percent: (ratio) => (known(ratio) ? percent.format(ratio) : UNKNOWN),
    number: (value, digits = 0) =>
      known(value)
        ? new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)
        : UNKNOWN,
    fixed: (value, digits) =>
      known(value)
        ? new Intl.NumberFormat(language, {
            minimumFractionDigits: digits,
            maximumFractionDigits: digits,
          }).format(value)
        : UNKNOWN,
    age: (s) =>
      s < 90
        ? relative.format(-Math.round(s), "second")
        : s < 5400
          ? relative.format(-Math.round(s / 60), "minute")
          : relative.format(-Math.round(s / 3600), "hour"),
  };
}

/** Return a span as a clock: 80 s is "1:20". Never negative. */
export function clock(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  const [minutes, rest] = [Math.floor(left / 60), left % 60];
  if (minutes < 60) return `${minutes}:${String(rest).padStart(2, "0")}`;
  const hours = Math.floor(minutes / 60);
  return `${hours}:${String(minutes % 60).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/** Read a number as people of this language type it: comma or point. NaN when it is none. */
export function parseNumber(text: string): number {
  const plain = text.trim().replace(/\s/g, "").replace(",", ".");
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : Number.NaN;
}

/** Round down; what is a hair below a step by sums of decimals is that step. */
export function roundedDown(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.floor(value * factor + HAIR) / factor;
}

/** Round up; what is a hair above a step by sums of decimals is that step. */
export function roundedUp(value: number, digits: number): number {
  const factor = 10 ** digits;
  // A hair below nothing is nothing, not minus nothing.
  return Math.ceil(value * factor - HAIR) / factor + 0;
}

function known(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function withoutMinusZero(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor + 0;
}
