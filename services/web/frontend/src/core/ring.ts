/** A push message as a notification, in the words of its language. Pure: the service worker shows it. */

/** The parts of a catalogue that are needed: group -> name -> text. */
export type RingWords = Readonly<Record<"alert" | "detail" | "ring", Readonly<Record<string, string>>>>;

/** What the front door pushes; every part of it may be missing in a message of another version. */
export interface Ring {
  type?: string;
  language?: string;
  group?: string;
  alert?: string;
  rule?: string;
  severity?: string;
  params?: Readonly<Record<string, string>>;
  site?: string;
  site_name?: string;
  open?: number;
  at?: number;
}

export interface Notice {
  title: string;
  body: string;
  /** A later one of the same tag replaces it: several alerts of a kind are one notification. */
  tag: string;
  url: string;
  language: string;
  urgent: boolean;
  at_ms: number | null;
}

const filled = (pattern: string, values: Readonly<Record<string, string>>): string =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "–");

/** Return a text by its key, undefined where there is none. */
function text(words: RingWords, key: string): string | undefined {
  const [group, ...name] = key.split(".");
  return (words as Readonly<Record<string, Readonly<Record<string, string>>>>)[group ?? ""]?.[name.join(".")];
}

/** Return a text of the push service as a message; one that is none of ours is empty. */
export function asRing(message: string): Ring {
  try {
    const said: unknown = JSON.parse(message);
    return typeof said === "object" && said !== null ? said : {};
  } catch {
    return {};
  }
}

/** Return what to show for a message. words: by language, "en" always. */
export function noticeOf(ring: Ring, words: Readonly<Record<string, RingWords>> & { en: RingWords }): Notice {
  const language = ring.language && ring.language in words ? ring.language : "en";
  const spoken = words[language] ?? words.en;
  const at_ms = ring.at ?? null;
  const open = { language, at_ms, url: "/alerts" };
  if (ring.type === "test") {
    return { ...open, title: text(spoken, "ring.test") ?? "", body: text(spoken, "ring.test-text") ?? "", tag: "test", urgent: false };
  }
  const name = text(spoken, `alert.${ring.rule}`);
  if (name === undefined) {
    return { ...open, title: text(spoken, "ring.unknown") ?? "", body: ring.site_name ?? "", tag: ring.group ?? "unknown", urgent: false };
  }
  const over = ring.type === "alert.resolved";
  return {
    ...open,
    title: over ? filled(text(spoken, "ring.over") ?? "", { title: name }) : name,
    body: [ring.site_name, ring.params?.["name"], detailOf(ring, spoken), countOf(ring, spoken)].filter(Boolean).join(" · "),
    tag: ring.group ?? "unknown",
    urgent: !over && ring.severity === "alarm",
  };
}

function detailOf(ring: Ring, words: RingWords): string {
  const told = text(words, `detail.${ring.rule}`);
  if (told === undefined) return "";
  const at = Date.parse(ring.params?.["at"] ?? "");
  const when = Number.isNaN(at) ? "–" : new Date(at).toLocaleDateString(ring.language ?? "en");
  return filled(told, { ...ring.params, when });
}

const countOf = (ring: Ring, words: RingWords): string =>
  (ring.open ?? 0) > 1 ? filled(text(words, "ring.more") ?? "", { count: String(ring.open) }) : "";
