/** A request that a button starts: what went wrong stays to be seen. */
import { describe, expect, test } from "vitest";
import { ApiProblem } from "../src/api/problem";
import { useTask } from "../src/stores/task";

const fails = (code: string) => () => Promise.reject(new ApiProblem({ status: 409, code }));
const works = () => Promise.resolve();

describe("a list that is read anew behind a command", () => {
  test("leaves the command's problem to be seen", async () => {
    const { run, behind, problem } = useTask();
    await run(fails("changed-meanwhile"));
    await behind(() => run(works));
    expect(problem.value?.code).toBe("changed-meanwhile");
  });

  test("tells its own problem, where the command had none", async () => {
    const { run, behind, problem } = useTask();
    await run(works);
    await behind(() => run(fails("service-silent")));
    expect(problem.value?.code).toBe("service-silent");
  });

  test("shows nothing once both went well", async () => {
    const { run, behind, problem } = useTask();
    await run(fails("changed-meanwhile"));
    await run(works);
    await behind(() => run(works));
    expect(problem.value).toBeNull();
  });
});

describe("two requests at a time", () => {
  const later = () => {
    let settle!: (problem?: ApiProblem) => void;
    const answer = new Promise<void>((resolve, reject) => (settle = (problem) => (problem ? reject(problem) : resolve())));
    return { act: () => answer, settle };
  };

  test("the one that failed does not pass for done because another was", async () => {
    const { run, problem } = useTask();
    const slow = later();
    const command = run(slow.act);
    await run(works);
    slow.settle(new ApiProblem({ status: 409, code: "changed-meanwhile" }));
    expect(await command).toBe(false);
    expect(problem.value?.code).toBe("changed-meanwhile");
  });

  test("are busy until both are answered", async () => {
    const { run, busy } = useTask();
    const slow = later();
    const first = run(slow.act);
    await run(works);
    expect(busy.value).toBe(true);
    slow.settle();
    await first;
    expect(busy.value).toBe(false);
  });
});
