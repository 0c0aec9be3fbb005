/** The wall clock of the page, one tick a second for everything that counts down or ages. */

import { readonly, ref } from "vue";

const ticking = ref(Date.now());
setInterval(() => (ticking.value = Date.now()), 1000);

/** Milliseconds since the epoch, renewed once a second. */
export const now = readonly(ticking);
