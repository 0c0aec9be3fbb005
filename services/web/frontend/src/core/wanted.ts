/** What somebody asked for from afar, as lines that an electrician reads: a name and a value. */

export interface WantedValue {
  pointer: string;
  value: string;
}

export interface WantedLine {
  /** Key of the setting's name; null = show `name` as it is. */
  key: string | null;
  name: string;
  value: string;
}

const NAMES: Readonly<Record<string, string>> = {
  fuse_a: "grid.fuse",
  phases: "grid.phases",
  margin_a: "grid.margin",
  base_load_a: "grid.base-load",
  static_share_a: "grid.static-share",
  unbalance_a: "grid.unbalance",
  max_a: "charger.max",
  min_a: "charger.min",
  failsafe_a: "charger.failsafe",
  start_a: "charger.start",
  wiring: "charger.wiring",
  priority: "charger.priority",
  weight: "charger.weight",
  guaranteed_a: "charger.guaranteed",
  circuit: "charger.circuit",
  parent: "circuit.parent",
  meter: "circuit.meter",
  name: "circuit.name",
};
const PHASES = ["l1", "l2", "l3"];

const ampere = (name: string, value: string) => (name.endsWith("_a") && value !== "" ? `${Number(value)} A` : value);

/** Return the lines: phases of one setting stand together, once where all are alike. */
export function wantedLines(wanted: readonly WantedValue[]): WantedLine[] {
  const byName = new Map<string, WantedValue[]>();
  for (const one of wanted) {
    const parts = one.pointer.replace("/settings", "").split("/").filter(Boolean);
    if (PHASES.includes(parts.at(-1) ?? "")) parts.pop();
    const name = parts.join("/");
    byName.set(name, [...(byName.get(name) ?? []), one]);
  }
  return [...byName].map(([name, values]) => {
    const texts = values.map(({ value }) => ampere(name, value));
    const isAlike = texts.every((text) => text === texts[0]);
    const told = values.map(({ pointer }, at) => `${pointer.slice(-2).toUpperCase()} ${texts[at]}`);
    return { key: NAMES[name] ?? null, name, value: isAlike ? (texts[0] ?? "") : told.join(" · ") };
  });
}
