// Says how much the first view (log-in and overview, in the heaviest language) costs compressed.
//   npm run size            after a build; fails above the limit
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 300;
const folder = fileURLToPath(new URL("../../src/web/static/", import.meta.url));
const gzipped = async (file) => gzipSync(await readFile(folder + file)).length / 1000;

const index = await readFile(`${folder}index.html`, "utf8");
const named = [...index.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
const languages = (await readdir(`${folder}assets`)).filter((name) => /^(de|sv)-.*\.js$/.test(name));
const heaviest = Math.max(...(await Promise.all(languages.map((name) => gzipped(`assets/${name}`)))));
const sizes = await Promise.all(["index.html", ...named].map(gzipped));
const total = sizes.reduce((sum, size) => sum + size, heaviest);

console.log(`first view: ${total.toFixed(1)} kB compressed (limit ${LIMIT_KB} kB)`);
if (total > LIMIT_KB) process.exit(1);
