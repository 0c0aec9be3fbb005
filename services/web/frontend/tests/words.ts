/** The real catalogues and formats, as the page speaks them. */
import { createI18n } from "vue-i18n";
import { formatsFor, type Formats } from "../src/core/format";
import type { Language } from "../src/core/language";
import type { Say } from "../src/core/say";
import de from "../src/i18n/de.json";
import en from "../src/i18n/en.json";
import sv from "../src/i18n/sv.json";

export const CATALOGUES = { en, de, sv };

export function speaking(language: Language): { say: Say; f: Formats; has: (key: string) => boolean } {
  const { t, te } = createI18n({ legacy: false, locale: language, messages: CATALOGUES }).global;
  const say: Say = (key, values = {}, count) =>
    count === undefined ? t(key, values) : t(key, values, count);
  return { say, f: formatsFor(language), has: (key) => te(key) };
}
