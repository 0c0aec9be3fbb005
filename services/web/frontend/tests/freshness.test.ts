import { expect, test } from "vitest";
import { freshness, retryDelay } from "../src/core/freshness";

const picture = { age_s: 0.5, stale: false };

test("a picture ages here from the moment it arrived", () => {
  expect(freshness(picture, 1000, 3500, false)).toEqual({ age_s: 3, stale: false });
});

test("what the service calls stale is stale", () => {
  expect(freshness({ age_s: 42, stale: true }, 0, 0, false).stale).toBe(true);
});

test("silence makes a picture stale, sooner where the line is known to be lost", () => {
  expect(freshness(picture, 0, 5_000, false).stale).toBe(false);
  expect(freshness(picture, 0, 5_000, true).stale).toBe(true);
  expect(freshness(picture, 0, 13_000, false).stale).toBe(true);
});

test("a clock set back makes nothing younger than it was", () => {
  expect(freshness(picture, 10_000, 2_000, false).age_s).toBe(0.5);
});

test("attempts to reconnect come ever less often, but never rarely", () => {
  expect([0, 1, 2, 3, 4, 9].map(retryDelay)).toEqual([1, 2, 4, 8, 15, 15]);
});
