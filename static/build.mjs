/**
 * Bundles the front end into static/dist: `node static/build.mjs [--watch]`.
 *
 * It makes one JavaScript bundle per page and one stylesheet per design; pages without an entry file
 * are left out. Prints the size of each bundle as transferred.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "dist");

const ENTRIES = {
  annotate: "src/annotate/main.ts",
  closed: "src/annotate/closed.ts",
  review: "src/queue/main.ts",
  review_worker: "src/queue/comparing/worker.ts",
  bulk: "src/queue/bulk.ts",
  rated: "src/queue/rated.ts",
  charts: "src/shared/charts.ts",
  progress: "src/releases/main.ts",
  imports: "src/images/imports/main.ts",
  curate: "src/images/curate/main.ts",
  rover_mask: "src/images/rover_mask.ts",
  gold: "src/gold/main.ts",
  results: "src/benchmark/main.ts",
  tutorial: "src/training/tutorial.ts",
  forget_others: "src/shared/offline/main.ts",
  offline_worker: "src/shared/offline/worker.ts",
  illustration: "src/training/illustration/main.ts",
};
const STYLES = {
  site: "css/site.css",
  annotate: "css/annotate.css",
};

const present = (entries) =>
  Object.entries(entries)
    .map(([out, file]) => ({ out, in: path.join(here, file) }))
    .filter((entry) => existsSync(entry.in));

const options = {
  bundle: true,
  minify: true,
  sourcemap: true,
  outdir: dist,
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  logLevel: "info",
  legalComments: "linked",
};
const scripts = { ...options, entryPoints: present(ENTRIES), format: "esm" };
const styles = { ...options, entryPoints: present(STYLES) };

async function reportSizes(result) {
  for (const file of Object.keys(result.metafile.outputs)) {
    if (!/\.(js|css)$/.test(file)) continue;
    const gzipped = gzipSync(await readFile(file)).length;
    console.log(`${path.basename(file).padEnd(14)} ${(gzipped / 1024).toFixed(1)} KB gzipped`);
  }
}

if (process.argv.includes("--watch")) {
  for (const each of [scripts, styles]) await (await esbuild.context(each)).watch();
} else {
  await rm(dist, { recursive: true, force: true });
  for (const each of [scripts, styles]) {
    await reportSizes(await esbuild.build({ ...each, metafile: true, logLevel: "warning" }));
  }
}
