/** What the other services may say is known to the page: codes of refusals, reasons, notices. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { REASON_KINDS } from "../src/core/reason";
import { CATALOGUES } from "./words";

const services = join(import.meta.dirname, "../../..");
const python = (folder: string) =>
  readdirSync(join(services, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py"))
    .map((name) => readFileSync(join(services, folder, name), "utf8"))
    .join("\n");
const all = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ""))].sort();
const without = (codes: readonly string[], words: object) => codes.filter((code) => !(code in words));

describe("every code has a sentence", () => {
  const web = python("web/src/web");

  test("what an owner may refuse", () => {
    const codes = all(web, /^ {4}"([a-z][a-z-]*)": (?:HTTPStatus\.|_)/gm);
    expect(codes.length).toBeGreaterThan(10);
    expect(without(codes, CATALOGUES.en.problem)).toEqual([]);
  });

  test("what is wrong with a meter", () => {
    const codes = all(python("meter-reader/src"), /(?:Problem|LineError|ReadError)\(\s*"([a-z-]+)"/g);
    expect(codes.length).toBeGreaterThan(5);
    expect(without(codes, CATALOGUES.en.problem)).toEqual([]);
  });

  test("what the front door says itself", () => {
    const codes = all(web, /HTTPStatus\.\w+,\s*"([a-z][a-z-]*)",/g);
    expect(codes.length).toBeGreaterThan(5);
    expect(without(codes, CATALOGUES.en.problem)).toEqual([]);
  });

  test("why a charger draws what it draws", () => {
    const reasons = readFileSync(join(services, "cem/src/cem/core/reasons.py"), "utf8");
    const kinds = all(reasons, /^ {4}[A-Z_]+ = "([a-z][a-z-]*)"$/gm);
    expect(kinds.length).toBeGreaterThan(10);
    expect(without(kinds, CATALOGUES.en.reason)).toEqual([]);
    expect(kinds.filter((kind) => !(REASON_KINDS as readonly string[]).includes(kind))).toEqual([]);
  });

  test("what concerns the whole site", () => {
    // The words' page lists them all (a test of the documentation sees to that).
    const words = readFileSync(join(services, "../docs/words.md"), "utf8");
    const list = words.split("\n## Notices\n")[1]?.split("\n## ")[0] ?? "";
    const codes = all(list, /^\| `([a-z-]+)` \|/gm);
    expect(codes.length).toBeGreaterThan(8);
    expect(without(codes, CATALOGUES.en.notice)).toEqual([]);
  });
});
