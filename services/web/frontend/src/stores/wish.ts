/** What is wished for by taps, sent so that the last tap is what stands. */

/**
 * Return a sender of wishes: one is on its way at a time, and of those tapped meanwhile only the
 * last one follows. Two on their way at once could arrive the other way round.
 *
 * `send` says whether the wish was taken; `settle` hears it for a wish that no other followed.
 */
export function inTurn<Wish>(
  send: (wish: Wish) => Promise<boolean>,
  settle: (wasTaken: boolean) => void,
): (wish: Wish) => Promise<void> {
  let waiting: { wish: Wish } | null = null;
  let isOnItsWay = false;
  return async (wish) => {
    waiting = { wish };
    if (isOnItsWay) return;
    isOnItsWay = true;
    try {
      for (let one = next(); one !== null; one = next()) {
        const wasTaken = await send(one.wish);
        if (waiting === null) settle(wasTaken);
      }
    } finally {
      isOnItsWay = false;
    }
  };

  function next(): { wish: Wish } | null {
    const one = waiting;
    waiting = null;
    return one;
  }
}
