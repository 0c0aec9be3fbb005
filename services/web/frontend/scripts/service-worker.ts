/** Builds the service worker behind the page: one file at the root, which knows the page's files. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const ENTRY = fileURLToPath(new URL("../src/sw/sw.ts", import.meta.url));
const BESIDE = ["/favicon.svg", "/icons/icon-192.png", "/icons/badge-96.png"];

export function serviceWorker(): Plugin {
  let outDir = "";
  return {
    name: "volthus-service-worker",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async writeBundle(_, bundle) {
      const files = [...Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`), ...BESIDE].sort();
      const page = bundle["index.html"];
      const text = page?.type === "asset" ? String(page.source) : "";
      // Names of files tell their content; index.html has none, so its text counts too.
      const id = createHash("sha256").update(files.join() + text).digest("hex").slice(0, 16);
      await build({
        configFile: false,
        publicDir: false,
        logLevel: "error",
        define: { __BUILD__: JSON.stringify(id), __FILES__: JSON.stringify(files) },
        build: {
          outDir,
          emptyOutDir: false,
          target: "es2022",
          lib: { entry: ENTRY, formats: ["es"], fileName: () => "sw.js" },
        },
      });
    },
  };
}
