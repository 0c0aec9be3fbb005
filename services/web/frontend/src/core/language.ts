/** Which of our languages to speak to a person. */

export const LANGUAGES = ["en", "de", "sv"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language by its own name. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: "English",
  de: "Deutsch",
  sv: "Svenska",
};

export const isLanguage = (text: unknown): text is Language =>
  LANGUAGES.includes(text as Language);

/** Return the remembered language, else the first the browser wants that we speak, else English. */
export function chosenLanguage(remembered: string | null, wanted: readonly string[]): Language {
  if (isLanguage(remembered)) return remembered;
  const spoken = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return spoken ?? "en";
}
