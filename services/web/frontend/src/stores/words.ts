/** Words and formats of the language in use, for components and cores alike. */

import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";
import { formatsFor, type Formats } from "../core/format";
import type { Say } from "../core/say";

export interface Words {
  /** Say a message of the catalogue. */
  t: Say;
  /** Whether the catalogue has this message. */
  has: (key: string) => boolean;
  f: ComputedRef<Formats>;
}

/** Return words and formats; both follow the language switch. */
export function useWords(): Words {
  const { t, te, locale } = useI18n({ useScope: "global" });
  return {
    t: (key, values = {}, count) => (count === undefined ? t(key, values) : t(key, values, count)),
    // A key that only English has would still be a word: te looks there too.
    has: (key) => te(key) || te(key, "en"),
    f: computed(() => formatsFor(locale.value)),
  };
}
