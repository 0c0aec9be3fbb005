/** The order devices stand in everywhere: it does not change while one connects or is paired. */

interface Placed {
  ski: string;
  own: boolean;
  name?: string | null;
  brand: string;
  model: string;
}

/** Return the devices in order: the site's own first, then by what they are called, then by SKI. */
export function inOrder<D extends Placed>(devices: readonly D[], language: string): D[] {
  const byName = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  return [...devices].sort(
    (one, other) =>
      Number(other.own) - Number(one.own) ||
      byName.compare(called(one), called(other)) ||
      (one.ski < other.ski ? -1 : 1),
  );
}

const called = ({ name, brand, model }: Placed) => name || `${brand} ${model}`.trim();
