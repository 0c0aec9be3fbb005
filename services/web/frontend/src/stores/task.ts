/** One request a button starts: whether it runs, how it ended. */

import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { ApiProblem } from "../api/problem";

export interface Task {
  busy: Ref<boolean>;
  problem: ShallowRef<ApiProblem | null>;
  done: Ref<boolean>;
  /** Run it; its problem is kept to be shown. Returns whether it went well. */
  run(act: () => Promise<void>): Promise<boolean>;
  reset(): void;
}

export function useTask(): Task {
  const busy = ref(false);
  const done = ref(false);
  const problem = shallowRef<ApiProblem | null>(null);
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
      busy.value = true;
      try {
        await act();
        done.value = true;
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        problem.value = error;
      } finally {
        busy.value = false;
      }
      return done.value;
    },
  };
}
