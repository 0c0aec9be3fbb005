/** One request a button starts: whether it runs, how it ended. */

import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { ApiProblem } from "../api/problem";

export interface Task {
  busy: Ref<boolean>;
  problem: ShallowRef<ApiProblem | null>;
  done: Ref<boolean>;
  /** Run it; its problem is kept to be shown. Returns whether it went well. */
  run(act: () => Promise<void>): Promise<boolean>;
  /** Do something behind it, such as reading the list anew; its problem stays to be seen. */
  behind(act: () => Promise<unknown>): Promise<void>;
  reset(): void;
}

export function useTask(): Task {
  const busy = ref(false);
  const done = ref(false);
  const problem = shallowRef<ApiProblem | null>(null);
  let running = 0;
  const reset = () => {
    problem.value = null;
    done.value = false;
  };
  return {
    busy,
    problem,
    done,
    reset,
    async run(act) {
      reset();
      running += 1;
      busy.value = true;
      // Another run may begin or end meanwhile: what is returned is how this one went.
      try {
        await act();
        done.value = true;
        return true;
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        problem.value = error;
        done.value = false;
        return false;
      } finally {
        running -= 1;
        busy.value = running > 0;
      }
    },
    async behind(act) {
      const told = problem.value;
      await act();
      problem.value ??= told;
    },
  };
}
