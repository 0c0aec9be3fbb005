/** What people write of a site, as it is typed and as it goes to the API. Pure. */

import type { Site, SiteWanted } from "../api/types";
import { numberOrNull, wrongNumber, type Wrong } from "./validation";

export interface EntryForm {
  name: string;
  tags: string;
  address: string;
  latitude: string;
  longitude: string;
  notes: string;
}

/** A place as precise as a house is large. */
const degrees = (value: number, language: string) =>
  new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 5 }).format(value);

/** Where the site itself says it is, for an empty field; "" where it says nothing, or something else is written. */
export const ownPlace = (site: Site, at: "latitude" | "longitude", language: string): string =>
  site.place === null || site.place_written ? "" : degrees(site.place[at], language);

export function entryForm(site: Site, language: string): EntryForm {
  const written = site.place_written ? site.place : null;
  return {
    name: site.name,
    tags: site.tags.join(" "),
    address: site.address,
    latitude: written ? degrees(written.latitude, language) : "",
    longitude: written ? degrees(written.longitude, language) : "",
    notes: site.notes,
  };
}

const tagsOf = (form: EntryForm): string[] => form.tags.toLowerCase().split(/[\s,]+/).filter(Boolean);

export type EntryErrors = Partial<Record<keyof EntryForm, Wrong>>;

/** Return what is wrong, by field: both degrees or neither. */
export function wrongEntry(form: EntryForm): EntryErrors {
  const isHalf = (form.latitude.trim() === "") !== (form.longitude.trim() === "");
  const isTag = (tag: string) => /^[a-z0-9][a-z0-9-]{0,31}$/.test(tag);
  const found: [keyof EntryForm, Wrong | null][] = [
    ["tags", tagsOf(form).every(isTag) ? null : { key: "invalid.tags" }],
    ["latitude", wrongNumber(form.latitude, { min: -90, max: 90, optional: !isHalf })],
    ["longitude", wrongNumber(form.longitude, { min: -180, max: 180, optional: !isHalf })],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

/** A name that was left alone is left out: a site goes on under its own when that changes. */
export const entryOf = (form: EntryForm, site: Site): SiteWanted => ({
  ...(form.name.trim() === site.name ? {} : { name: form.name.trim() }),
  tags: tagsOf(form),
  address: form.address.trim(),
  latitude: numberOrNull(form.latitude),
  longitude: numberOrNull(form.longitude),
  notes: form.notes.trim(),
});
