// Builds the page into the web service's package, from where it is served.
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import { serviceWorker } from "./scripts/service-worker.ts";

const api = process.env["VOLTHUS_API"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue(), serviceWorker()],
  // A small, fixed set of flags: without them the bundle carries code that is never used.
  define: {
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: false,
    __VUE_OPTIONS_API__: false,
  },
  build: {
    outDir: "../src/web/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: scripts and styles; pictures stay files too.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: api, changeOrigin: false } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
