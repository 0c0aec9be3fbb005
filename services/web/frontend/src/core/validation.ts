/** What a typed figure must be, checked at the field before the server is asked. */

import { parseNumber } from "./format";

export interface Wrong {
  /** Key of the sentence under `invalid`. */
  key: string;
  values?: Record<string, string | number>;
}

export interface Bounds {
  min?: number;
  max?: number;
  /** May the field stay empty? */
  optional?: boolean;
  whole?: boolean;
}

/** Return what is wrong with a typed number, or null. */
export function wrongNumber(text: string, bounds: Bounds): Wrong | null {
  if (text.trim() === "") return bounds.optional ? null : { key: "invalid.empty" };
  const value = parseNumber(text);
  if (Number.isNaN(value)) return { key: "invalid.number" };
  if (bounds.whole && !Number.isInteger(value)) return { key: "invalid.whole" };
  if (bounds.min !== undefined && value < bounds.min) {
    return { key: "invalid.min", values: { min: bounds.min } };
  }
  if (bounds.max !== undefined && value > bounds.max) {
    return { key: "invalid.max", values: { max: bounds.max } };
  }
  return null;
}

/** Return what is wrong with a host as typed: an address without scheme, port or path. */
export function wrongHost(text: string): Wrong | null {
  const host = text.trim();
  if (host === "") return { key: "invalid.empty" };
  if (host.includes("://")) return { key: "invalid.host-url" };
  const isIpv6 = /^[0-9a-f:]+$/i.test(host) && host.split(":").length > 2;
  if (!isIpv6 && host.includes(":")) return { key: "invalid.host-port" };
  if (/^[\d.]+$/.test(host) && !isIpv4(host)) return { key: "invalid.ipv4" };
  return isIpv6 || /^[\w.-]+$/.test(host) ? null : { key: "invalid.host" };
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

/** Return the number typed, or null for an empty field. */
export const numberOrNull = (text: string): number | null =>
  text.trim() === "" ? null : parseNumber(text);

/** Show a number as somebody of this language would type it, without grouping. */
export const asTyped = (value: number | null | undefined, language: string): string =>
  value === null || value === undefined
    ? ""
    : new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 3 }).format(value);
