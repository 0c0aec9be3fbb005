/** Taps on a mode: the last one stands, however slow the answers are. */
import { expect, test } from "vitest";
import { inTurn } from "../src/stores/wish";

function slowly() {
  const sent: string[] = [];
  const settled: boolean[] = [];
  const answers: ((taken: boolean) => void)[] = [];
  const send = (wish: string) => {
    sent.push(wish);
    return new Promise<boolean>((resolve) => answers.push(resolve));
  };
  return { sent, settled, answers, wish: inTurn(send, (taken) => settled.push(taken)) };
}

const rest = () => new Promise((done) => setTimeout(done));

test("of what is tapped while one is on its way, only the last follows it", async () => {
  const { sent, settled, answers, wish } = slowly();
  void wish("solar");
  void wish("smart");
  void wish("fast");
  expect(sent).toEqual(["solar"]);
  answers[0]?.(true);
  await rest();
  expect([sent, settled]).toEqual([["solar", "fast"], []]);
  answers[1]?.(true);
  await rest();
  expect([sent, settled]).toEqual([["solar", "fast"], [true]]);
});

test("a tap that was refused does not undo the one after it", async () => {
  const { settled, answers, wish } = slowly();
  void wish("solar");
  void wish("fast");
  answers[0]?.(false);
  await rest();
  expect(settled).toEqual([]);
  answers[1]?.(true);
  await rest();
  expect(settled).toEqual([true]);
});

test("the next tap goes out at once when nothing is on its way", async () => {
  const { sent, settled, answers, wish } = slowly();
  void wish("solar");
  answers[0]?.(false);
  await rest();
  expect(settled).toEqual([false]);
  void wish("fast");
  expect(sent).toEqual(["solar", "fast"]);
});
