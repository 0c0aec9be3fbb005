/** A colour for each charger's car, the same in every picture and after every restart. */

const COLOURS = 6;

/**
 * Return the colour of each SKI. It comes from the SKI itself, so that a charger that is paired or
 * unpaired leaves the others theirs; only where two want the same does the later SKI take the next.
 */
export function carColours(skis: readonly string[]): (ski: string) => string {
  const taken = new Map<string, number>();
  for (const ski of [...skis].sort()) {
    const wanted = Number.parseInt(ski.slice(-6), 16) % COLOURS;
    const free = steps(wanted).find((colour) => ![...taken.values()].includes(colour));
    taken.set(ski, free ?? wanted);
  }
  return (ski) => `var(--car-${(taken.get(ski) ?? 0) + 1})`;
}

const steps = (from: number) => Array.from({ length: COLOURS }, (_, n) => (from + n) % COLOURS);
