/** A list that the service gives page by page, for what is looked for at the moment. */

import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { Task } from "./task";

export interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export interface Listing<Item> {
  /** What was found so far; null until the first answer. */
  items: ShallowRef<Item[] | null>;
  /** Where the next page begins; null where there is none. */
  next: Ref<string | null>;
  /** Read the first page anew. Returns whether it went well. */
  load(): Promise<boolean>;
  /** Read the next page on. Returns whether it went well. */
  more(): Promise<boolean>;
}

/**
 * Read a list by `ask`, which is given the cursor of a page, null for the first.
 *
 * An answer to what was asked before the last `load` is no longer wanted, whether it is a page
 * or a problem: otherwise the slower answer to an older search would stand in place of the newer.
 */
export function useListing<Item>(
  { run }: Pick<Task, "run">,
  ask: (cursor: string | null) => Promise<Page<Item>>,
): Listing<Item> {
  const items = shallowRef<Item[] | null>(null);
  const next = ref<string | null>(null);
  let latest = 0;

  const read = (cursor: string | null, isWanted: () => boolean) =>
    run(async () => {
      try {
        const page = await ask(cursor);
        if (!isWanted()) return;
        items.value = cursor === null ? page.items : [...(items.value ?? []), ...page.items];
        next.value = page.next ?? null;
      } catch (error) {
        if (isWanted()) throw error;
      }
    });

  return {
    items,
    next,
    load() {
      const turn = (latest += 1);
      return read(null, () => turn === latest);
    },
    async more() {
      const [turn, cursor] = [latest, next.value];
      return cursor === null || read(cursor, () => turn === latest && next.value === cursor);
    },
  };
}
