/** Circuits as a tree: which hangs on which, in the order they are drawn. */

export const MAIN = "main";

export interface Branch {
  id: string;
  name: string;
  parent: string | null;
}

export interface Placed<B extends Branch> {
  circuit: B;
  /** 0 for those right below the main fuse. */
  depth: number;
}

/** Return circuits in the order of the tree, each below the one it hangs on. */
export function asTree<B extends Branch>(circuits: readonly B[], language: string): Placed<B>[] {
  const byName = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  const known = new Set(circuits.map(({ id }) => id));
  const above = ({ parent }: B) => (parent !== null && known.has(parent) ? parent : null);
  const below = (parent: string | null, depth: number): Placed<B>[] =>
    circuits
      .filter((circuit) => above(circuit) === parent)
      .sort((one, other) => byName.compare(one.name, other.name))
      // No deeper than there are circuits: what hangs in a circle would never end.
      .flatMap((circuit) =>
        depth > circuits.length ? [] : [{ circuit, depth }, ...below(circuit.id, depth + 1)],
      );
  return below(null, 0);
}

/** Return the circuits that one may hang on: not itself, and nothing that hangs on it. */
export function parentsFor<B extends Branch>(id: string, circuits: readonly B[]): B[] {
  const isBelow = (circuit: B, left = circuits.length): boolean => {
    if (circuit.id === id) return true;
    const parent = circuits.find((each) => each.id === circuit.parent);
    return parent !== undefined && left > 0 && isBelow(parent, left - 1);
  };
  return circuits.filter((circuit) => !isBelow(circuit));
}

/** Make an id of a name that is not taken: "Garage, north" becomes "garage-north". */
export function idOf(name: string, taken: readonly string[]): string {
  const plain = name
    .toLowerCase()
    .replace(/ß/g, "ss")
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  const base = plain || "circuit";
  const used = new Set([...taken, MAIN]);
  if (!used.has(base)) return base;
  let number = 2;
  while (used.has(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
