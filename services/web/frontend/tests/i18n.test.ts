/** Every text is there in every language, says the same values, and is used somewhere. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EVENTS } from "../src/core/alerts";
import { chosenLanguage } from "../src/core/language";
import { CATALOGUES } from "./words";

type Tree = { [key: string]: string | Tree };

const flat = (tree: Tree, before = ""): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[before + key, value] as [string, string]] : flat(value, `${before}${key}.`),
  );
const messages = {
  en: new Map(flat(CATALOGUES.en)),
  de: new Map(flat(CATALOGUES.de)),
  sv: new Map(flat(CATALOGUES.sv)),
};
const keys = [...messages.en.keys()];

const source = readdirSync(join(import.meta.dirname, "../src"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|vue)$/.test(name) && !name.endsWith(".d.ts"))
  .map((name) => readFileSync(join(import.meta.dirname, "../src", name), "utf8"))
  .join("\n");

/** Keys written out in the source: strings of the shape of a key, but no attribute's expression. */
const written = new Set(
  [...source.matchAll(/(?<!=)["'`]([a-z][a-z-]*\.[\w-]+)["'`]/g)].map((match) => match[1] ?? ""),
);
/** Families whose last part comes from data: "state." in `state.${charger.state}`. */
const families = new Set(
  [...source.matchAll(/`([a-z][a-z-]*\.[a-z-]*)\$\{/g)].map((match) => match[1] ?? ""),
);
const isUsed = (key: string) =>
  written.has(key) || [...families].some((family) => key.startsWith(family));

describe.each(["de", "sv"] as const)("%s", (language) => {
  test("has every message that English has, and no other", () => {
    expect([...messages[language].keys()].sort()).toEqual([...keys].sort());
  });

  test("names the same values and as many plurals as English", () => {
    const shape = (text = "") => ({
      values: [...new Set(text.match(/\{\w+\}/g))].sort(),
      plurals: text.split(" | ").length,
    });
    for (const key of keys) {
      expect(shape(messages[language].get(key)), key).toEqual(shape(messages.en.get(key)));
    }
  });

  test("leaves no sentence in English", () => {
    const same = keys.filter((key) => {
      const text = messages.en.get(key) ?? "";
      return text.split(" ").length > 3 && text === messages[language].get(key);
    });
    expect(same).toEqual([]);
  });
});

test("every message is used", () => {
  expect(keys.filter((key) => !isUsed(key))).toEqual([]);
});

test("every key that is written in the source has a message", () => {
  const groups = new Set(keys.map((key) => key.split(".")[0]));
  const events: readonly string[] = EVENTS; // names of the API, which look like keys
  const meant = [...written].filter((key) => groups.has(key.split(".")[0]) && !events.includes(key));
  expect(meant.filter((key) => !messages.en.has(key))).toEqual([]);
});

test("every family has messages", () => {
  const groups = [...families].filter((family) => keys.every((key) => !key.startsWith(family)));
  expect(groups).toEqual([]);
});

test("no message is empty or carries spaces at its ends", () => {
  for (const language of ["en", "de", "sv"] as const) {
    for (const [key, text] of messages[language]) expect(text.trim() || key, key).toBe(text);
  }
});

describe("the language", () => {
  test("is the remembered one, else the browser's first that we speak, else English", () => {
    expect(chosenLanguage("sv", ["de-DE"])).toBe("sv");
    expect(chosenLanguage(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(chosenLanguage("xx", ["fr"])).toBe("en");
  });
});
