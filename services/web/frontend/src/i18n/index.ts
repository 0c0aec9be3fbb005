/** The page's words: English at hand, the other languages fetched when they are chosen. */

import { createI18n } from "vue-i18n";
import type { Language } from "../core/language";
import en from "./en.json";

type Words = typeof en;

const OTHERS: Record<Exclude<Language, "en">, () => Promise<{ default: Words }>> = {
  de: () => import("./de.json"),
  sv: () => import("./sv.json"),
};

export const i18n = createI18n<[Words], Language, false>({
  legacy: false,
  locale: "en",
  fallbackLocale: "en",
  messages: { en } as Record<Language, Words>,
});

/** Speak this language from now on. */
export async function speak(language: Language): Promise<void> {
  if (language !== "en" && !i18n.global.availableLocales.includes(language)) {
    i18n.global.setLocaleMessage(language, (await OTHERS[language]()).default);
  }
  i18n.global.locale.value = language;
  document.documentElement.lang = language;
}
