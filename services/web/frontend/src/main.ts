/** Puts the page together. */

import { createApp } from "vue";
import App from "./App.vue";
import { i18n } from "./i18n";
import { router } from "./router";
import { applyPreferences } from "./stores/preferences";
import { begin } from "./stores/session";
import { startShell } from "./stores/shell";
import "./styles/tokens.css";
import "./styles/elements.css";
import "./styles/parts.css";
import "./styles/print.css";

await applyPreferences();
// Who is there decides the first page. Unreachable is no reason to show none: the log-in says so.
await begin();
createApp(App).use(i18n).use(router).mount("#app");
void startShell();
