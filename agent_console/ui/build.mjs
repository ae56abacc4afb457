// Builds the console into ../static (or the tests into .test/).
// Everything the browser loads has its content's hash in the name, except index.html and the
// callback form for other people's websites, widget/cc-callback.js, whose address must not change;
// manifest.json maps every file to its sha384, so that a server or an auditor can check them.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");
const target = ["chrome123", "firefox121", "safari17.5"];
/** Bytes, gzipped: the widget is a guest on other people's pages. */
const WIDGET_MOST = 10 * 1024;

async function bundle(entry, extra = {}) {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [entry],
    outdir: join(out, "assets"),
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    format: "esm",
    minify: true,
    sourcemap: false,
    target,
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "file" },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    ...extra,
  });
  const made = Object.entries(result.metafile.outputs).find(([, o]) => o.entryPoint === entry);
  return { file: basename(made[0]), inputs: Object.keys(result.metafile.inputs) };
}

/** The widget's stylesheet as a text, so that no page has to allow a style for it; and its words
 * sorted by language, which packs better than by word. */
const widgetParts = {
  name: "widget-parts",
  setup(build) {
    build.onLoad({ filter: /widget[\\/]style\.css$/ }, async ({ path }) => {
      const css = await readFile(path, "utf8");
      const { code } = await esbuild.transform(css, { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text" };
    });
    build.onLoad({ filter: /widget[\\/]words\.json$/ }, async ({ path }) => {
      const words = JSON.parse(await readFile(path, "utf8"));
      const rows = [Object.keys(words), ...[0, 1, 2].map((n) => Object.values(words).map((w) => w[n]))];
      if (rows.flat().some((text) => typeof text !== "string" || text.includes("|")))
        throw new Error(`${path}: every word needs three texts, without |`);
      const contents = `const [keys, ...texts] = ${JSON.stringify(rows.map((row) => row.join("|")))}
        .map((row) => row.split("|"));
        export default Object.fromEntries(keys.map((key, n) => [key, texts.map((t) => t[n])]));`;
      return { contents, loader: "js" };
    });
  },
};

/** One script without any dependency; too large a one is not built. */
async function widget() {
  const file = join(out, "widget", "cc-callback.js");
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: ["src/widget/main.ts"],
    outfile: file,
    bundle: true,
    format: "iife",
    minify: true,
    target,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, strict: true } },
    plugins: [widgetParts],
    logLevel: "warning",
  });
  const foreign = Object.keys(result.metafile.inputs).filter((f) => !f.startsWith("src/widget/"));
  if (foreign.length) throw new Error(`the widget would contain ${foreign.join(", ")}`);
  const size = gzipSync(await readFile(file), { level: 9 }).length;
  if (size > WIDGET_MOST)
    throw new Error(`widget/cc-callback.js: ${size} B gzipped, ${WIDGET_MOST} B at most`);
}

async function licences(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const meta = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((f) => /^(licen[cs]e|copying)/i.test(f));
    if (!file) throw new Error(`${name}: no licence file in its package; it cannot be bundled`);
    const text = (await readFile(join(folder, file), "utf8")).trim();
    parts.push(`${meta.name} ${meta.version} (${meta.license})\n\n${text}\n`);
  }
  return parts.join(`\n${"-".repeat(78)}\n\n`);
}

const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

async function files(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await files(path)));
    else found.push(path);
  }
  return found.sort();
}

async function build() {
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, "assets"), { recursive: true });
  const version = JSON.parse(await readFile(join(here, "package.json"), "utf8")).version;

  const ticker = await bundle("src/ticker.worker.ts");
  const styles = await bundle("src/styles/main.css");
  const main = await bundle("src/main.tsx", {
    define: {
      __VERSION__: JSON.stringify(version),
      __TICKER__: JSON.stringify(ticker.file),
    },
  });
  await widget();
  const icon = (await files(join(out, "assets"))).map((f) => basename(f))
    .find((f) => f.startsWith("icon-idle-"));

  let page = await readFile(join(here, "index.html"), "utf8");
  for (const [mark, file] of [["MAIN", main.file], ["STYLES", styles.file], ["ICON", icon]]) {
    const bytes = await readFile(join(out, "assets", file));
    page = page.replaceAll(`{{${mark}}}`, `assets/${file}`)
      .replaceAll(`{{${mark}_INTEGRITY}}`, integrity(bytes));
  }
  await writeFile(join(out, "index.html"), page);
  await writeFile(
    join(out, "THIRD_PARTY_LICENSES.txt"),
    await licences([...main.inputs, ...styles.inputs, ...ticker.inputs]),
  );

  const manifest = {};
  let packed = 0;
  for (const file of await files(out)) {
    const bytes = await readFile(file);
    const name = relative(out, file).replaceAll("\\", "/");
    manifest[name] = integrity(bytes);
    const gz = gzipSync(bytes, { level: 9 }).length;
    if (!name.endsWith(".txt")) packed += gz;
    console.log(`  ${name.padEnd(36)} ${String(bytes.length).padStart(8)} B  ${String(gz).padStart(7)} B gz`);
  }
  await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`  console ${version}: ${(packed / 1024).toFixed(1)} KiB gz in all`);
}

async function buildTests() {
  const folder = join(here, ".test");
  await rm(folder, { recursive: true, force: true });
  const entries = (await readdir(join(here, "test"))).filter((f) => f.endsWith(".test.ts"));
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: entries.map((f) => join("test", f)),
    outdir: folder,
    outExtension: { ".js": ".test.mjs" },
    entryNames: "[name]",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { __VERSION__: '"test"', __TICKER__: '"ticker.js"' },
    plugins: [widgetParts],
    logLevel: "warning",
  });
}

await (process.argv.includes("--tests") ? buildTests() : build());
