/** What a person chose for this browser: language and light or dark. */

import { ref, watch } from "vue";
import { chosenLanguage, type Language } from "../core/language";
import { speak } from "../i18n";
import { recall, remember } from "./storage";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const LANGUAGE_KEY = "volthus.language";
const THEME_KEY = "volthus.theme";

export const language = ref<Language>(chosenLanguage(recall(LANGUAGE_KEY), navigator.languages));
export const theme = ref<Theme>(THEMES.find((each) => each === recall(THEME_KEY)) ?? "auto");

/** Apply the choices and keep applying them; resolves once the words are there. */
export async function applyPreferences(): Promise<void> {
  watch(theme, applyTheme, { immediate: true });
  watch(language, (chosen) => void speak(chosen));
  await speak(language.value);
}

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  remember(LANGUAGE_KEY, chosen);
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  remember(THEME_KEY, chosen);
}

function applyTheme(chosen: Theme): void {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}
