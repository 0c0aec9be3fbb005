/** Lists read page by page: what was asked for last is what is seen. */
import { describe, expect, test } from "vitest";
import { ApiProblem } from "../src/api/problem";
import { useListing, type Page } from "../src/stores/listing";
import { useTask } from "../src/stores/task";

/** A service that answers when the test says so, in the order the test says. */
function slowly() {
  const asked: { cursor: string | null; answer(page: Page<string>): void; fail(code: string): void }[] = [];
  const ask = (cursor: string | null) =>
    new Promise<Page<string>>((answer, reject) =>
      asked.push({ cursor, answer, fail: (code) => reject(new ApiProblem({ status: 503, code })) }),
    );
  return { asked, ask };
}

const open = () => {
  const { asked, ask } = slowly();
  const task = useTask();
  return { asked, task, list: useListing(task, ask) };
};

describe("a list that is searched", () => {
  test("keeps the answer to the newer search when the older one comes later", async () => {
    const { asked, list } = open();
    const [older, newer] = [list.load(), list.load()];
    asked[1]?.answer({ items: ["anna"], next: null });
    asked[0]?.answer({ items: ["anna", "bert"], next: "2" });
    await Promise.all([older, newer]);
    expect(list.items.value).toEqual(["anna"]);
    expect(list.next.value).toBeNull();
  });

  test("does not tell the problem of a search that nobody wants any more", async () => {
    const { asked, list, task } = open();
    const [older, newer] = [list.load(), list.load()];
    asked[1]?.answer({ items: ["anna"] });
    asked[0]?.fail("site-offline");
    await Promise.all([older, newer]);
    expect(task.problem.value).toBeNull();
  });

  test("tells the problem of the newest search", async () => {
    const { asked, list, task } = open();
    const only = list.load();
    asked[0]?.fail("site-offline");
    expect(await only).toBe(false);
    expect(task.problem.value?.code).toBe("site-offline");
  });

  test("reads on, and drops a page that belongs to the search before", async () => {
    const { asked, list } = open();
    const first = list.load();
    asked[0]?.answer({ items: ["a"], next: "2" });
    await first;
    const second = list.more();
    asked[1]?.answer({ items: ["b"], next: "3" });
    await second;
    expect([asked[1]?.cursor, list.items.value]).toEqual(["2", ["a", "b"]]);
    const [rest, anew] = [list.more(), list.load()];
    asked[3]?.answer({ items: ["z"], next: null });
    await anew;
    asked[2]?.answer({ items: ["c"], next: null });
    await rest;
    expect(list.items.value).toEqual(["z"]);
  });

  test("takes a page once, however often it was asked for", async () => {
    const { asked, list } = open();
    const first = list.load();
    asked[0]?.answer({ items: ["a"], next: "2" });
    await first;
    const twice = [list.more(), list.more()];
    asked[1]?.answer({ items: ["b"], next: null });
    asked[2]?.answer({ items: ["b"], next: null });
    await Promise.all(twice);
    expect(list.items.value).toEqual(["a", "b"]);
  });
});
