import { expect, test } from "vitest";
import { ApiProblem, asProblem, isTold, problemText } from "../src/api/problem";
import { LANGUAGES } from "../src/core/language";
import { speaking } from "./words";

const text = (problem: ApiProblem, language: (typeof LANGUAGES)[number] = "en") => {
  const { say, has, f } = speaking(language);
  return problemText(problem, say, has, f);
};
const refusal = new ApiProblem({
  status: 422,
  code: "failsafe-sum-too-high",
  detail: "x",
  params: { phase: "L1", sum_a: "22.5", base_load_a: "3", fuse_a: "25" },
  field: "/fuse_a/l1",
});

test("a refusal is said in the language in use, with its figures in that language's form", () => {
  expect(text(refusal, "de")).toContain("Auf L1 sind Failsafe-Ströme (22,5 A) und Grundlast (3 A)");
});

test("loads are rounded up and fuses down, so that no refusal looks as if it fitted", () => {
  const close = new ApiProblem({
    status: 422,
    code: "failsafe-sum-too-high",
    params: { phase: "L1", sum_a: "22.04", base_load_a: "3.01", fuse_a: "24.98" },
  });
  expect(text(close)).toContain("(22.1 A) and the base load (3.1 A) are more than the fuse of 24.9 A");
});

test("a refusal that its fields show is not told again below the form", () => {
  const shows = (pointer: string) => pointer.startsWith("/fuse_a");
  expect(isTold(refusal, shows)).toBe(true);
  expect(isTold(refusal, () => false)).toBe(false);
  expect(isTold(new ApiProblem({ status: 412, code: "revision-conflict" }), shows)).toBe(false);
  expect(isTold(null, shows)).toBe(false);
});

test("a refusal of one field is found at that field", () => {
  expect(refusal.fields.get("/fuse_a/l1")?.code).toBe("failsafe-sum-too-high");
});

test("a code without words shows what the API says", () => {
  const newer = asProblem({ code: "brand-new", detail: "The moon is full.", status: 409 }, 409);
  expect(text(newer)).toBe("That did not work: The moon is full.");
});

test("an answer that is no problem document still says something", () => {
  expect(asProblem("<html>", 502).code).toBe("http-502");
  expect(asProblem(undefined, 0).code).toBe("unreachable");
});
