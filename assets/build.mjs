// Fills assets/built/ with what the browser loads: `npm ci && npm run build`.
//
//   css/kern.css, css/kern.rtl.css   our fonts, and the design system KERN cut down to what we use
//   fonts/                           Noto Sans in small files, one per script and weight
//   js/jsqr.js                       the reader of QR codes for the kiosk's camera
//   css/, js/, icons/ …              a plain copy of every other folder in assets/
//   licences/                        of what we pass on
//
// Beside every text file lies its .gz, so that a server need not compress on each request.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import postcss from "postcss";
import rtlcss from "rtlcss";
import subsetFont from "subset-font";

const assets = dirname(fileURLToPath(import.meta.url));
const built = join(assets, "built");
const modules = join(assets, "..", "node_modules");
const kernHome = join(modules, "@kern-ux/native");

// A class of KERN that is not listed here has no effect: add its family when a page needs it.
const KERN_FAMILIES = `
  alert badge body btn card description-list divider error fieldset form-check form-input heading hint icon label
  link list number preline sr-only subline table title
`.trim().split(/\s+/);
const KERN_ICONS = `
  account-circle add arrow-back arrow-down arrow-forward arrow-up autorenew calendar-today check checklist
  chevron-left chevron-right close content-copy danger delete download easy-language edit help home info language
  logout mail open-in-new search success visibility warning
  small default large x-large
`.trim().split(/\s+/);

// Where two faces cover a character the later one is loaded. `letters` is the part of a file that names and texts of
// European languages need, or those in Arabic and Farsi; it is cut out because the whole is ten or five times as big,
// and a page has to be light. The rest stays available.
const LETTERS = "U+0100-017F,U+018F,U+0218-021B,U+0259,U+1E9E";
const ARABIC_LETTERS = "U+060C,U+061B,U+061F,U+0621-063A,U+0640-0655,U+0660-066C,U+0670,U+067E,U+0686,U+0698,U+06A9,U+06AF," +
  "U+06C0,U+06CC,U+06F0-06F9,U+200C-200E";
const FACES = [
  { packageName: "noto-sans-arabic", family: "Noto Sans Arabic", subset: "arabic" },
  { packageName: "noto-sans-arabic", family: "Noto Sans Arabic", subset: "arabic", letters: ARABIC_LETTERS },
  { packageName: "noto-sans", family: "Noto Sans", subset: "vietnamese" },
  { packageName: "noto-sans", family: "Noto Sans", subset: "greek" },
  { packageName: "noto-sans", family: "Noto Sans", subset: "cyrillic-ext" },
  { packageName: "noto-sans", family: "Noto Sans", subset: "cyrillic" },
  { packageName: "noto-sans", family: "Noto Sans", subset: "latin-ext" },
  { packageName: "noto-sans", family: "Noto Sans", subset: "latin-ext", letters: LETTERS },
  { packageName: "noto-sans", family: "Noto Sans", subset: "latin" },
];
const WEIGHTS = [400, 700];
// Until Noto Sans is there the device's own font stands in, drawn as wide as it: else everything moves once it comes. How
// much wider Noto Sans is than each, in per cent, was measured with sentences of these pages.
const STAND_INS = [
  { family: "As wide on Android", local: ["Roboto"], widths: { 400: 106.3, 700: 110.7 } },
  { family: "As wide elsewhere", local: ["Arial", "Helvetica", "Liberation Sans"], widths: { 400: 105.1, 700: 104.2 } },
  { family: "As wide on Linux", local: ["DejaVu Sans"], widths: { 400: 92.8, 700: 87 } },
];
const STAND_IN_LETTERS = "U+0000-024F,U+0400-04FF,U+2000-206F";
const [ASCENT, DESCENT] = [106.9, 29.3]; // of Noto Sans, in per cent of its size
const FONT_STACK = `"Noto Sans","Noto Sans Arabic",${STAND_INS.map((each) => `"${each.family}"`).join()},system-ui,` +
  '-apple-system,"Segoe UI",Roboto,sans-serif';

function write(path, content) {
  const target = join(built, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

function characters(unicodeRange) {
  return unicodeRange.split(",").map((part) => {
    const [first, last = first] = part.replace("U+", "").split("-").map((hex) => parseInt(hex, 16));
    return Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)).join("");
  }).join("");
}

/** Writes the font files and returns the @font-face rules for them. */
async function fonts() {
  const rules = [];
  for (const { packageName, family, subset, letters } of FACES) {
    const home = join(modules, "@fontsource", packageName);
    const ranges = JSON.parse(readFileSync(join(home, "unicode.json"), "utf8"));
    for (const weight of WEIGHTS) {
      const whole = readFileSync(join(home, "files", `${packageName}-${subset}-${weight}-normal.woff2`));
      const font = letters ? await subsetFont(whole, characters(letters), { targetFormat: "woff2" }) : whole;
      // The content's hash is part of the name because a stylesheet cannot ask for static_url().
      const hash = createHash("sha256").update(font).digest("hex").slice(0, 8);
      const name = `${packageName}-${letters ? "letters" : subset}-${weight}-${hash}.woff2`;
      write(`fonts/${name}`, font);
      rules.push(`@font-face{font-family:"${family}";font-style:normal;font-weight:${weight};font-display:swap;` +
        `src:url(../fonts/${name}) format("woff2");unicode-range:${letters ?? ranges[subset]}}`);
    }
    write(`licences/${packageName}.txt`, readFileSync(join(home, "LICENSE")));
  }
  for (const { family, local, widths } of STAND_INS) {
    for (const weight of WEIGHTS) {
      const width = widths[weight] / 100;
      const sources = local.map((name) => `local("${name}${weight === 700 ? " Bold" : ""}")`).join();
      rules.push(`@font-face{font-family:"${family}";font-weight:${weight};src:${sources};size-adjust:${widths[weight]}%;` +
        `ascent-override:${(ASCENT / width).toFixed(1)}%;descent-override:${(DESCENT / width).toFixed(1)}%;line-gap-override:0%;` +
        `unicode-range:${STAND_IN_LETTERS}}`);
    }
  }
  return rules.join("\n");
}

function isUsed(selector) {
  const subject = selector.replace(/:(?:not|has|is|where)\((?:[^()]|\([^()]*\))*\)/g, "");
  if (/\[data-kern-theme/.test(subject)) return false;
  return [...subject.matchAll(/\.kern-([\w-]+)/g)].every(([, name]) => {
    if (name.startsWith("icon--")) return KERN_ICONS.includes(name.slice("icon--".length));
    return KERN_FAMILIES.some((family) => name === family || name.startsWith(`${family}-`) || name.startsWith(`${family}_`));
  });
}

/** "oklch(96.31% 0.0103 261.79)" as "#f1f4fa": phones from before 2023 know no oklch and would show no colours at all. */
function hexColour(oklch) {
  const [lightness, chroma, hue] = oklch.match(/[\d.]+/g).map(Number);
  const a = chroma * Math.cos(hue * Math.PI / 180);
  const b = chroma * Math.sin(hue * Math.PI / 180);
  const l = (lightness / 100 + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness / 100 - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness / 100 - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
  ];
  return "#" + linear.map((value) => {
    const light = Math.min(1, Math.max(0, value));
    const encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
    return Math.round(encoded * 255).toString(16).padStart(2, "0");
  }).join("");
}

function dropUnusedProperties(root, otherSources) {
  for (let dropped = true; dropped;) {
    dropped = false;
    const used = new Set([...(root.toString() + otherSources).matchAll(/var\(\s*(--[\w-]+)/g)].map((match) => match[1]));
    root.walkDecls(/^--/, (decl) => {
      if (used.has(decl.prop)) return;
      decl.remove();
      dropped = true;
    });
  }
}

/** Icons in a theme of forced colours have the colour of the words that they stand beside. */
const FORCED = `@media (forced-colors: active) {
  :is(button, .kern-btn) .kern-icon { background-color: ButtonText !important; }
  a .kern-icon { background-color: LinkText !important; }
}`;

/** KERN's stylesheet with only the families above, in its light colours. */
function kern() {
  const root = postcss.parse(readFileSync(join(kernHome, "dist/kern.min.css"), "utf8"));
  root.walkAtRules((rule) => {
    if (rule.name === "charset" || /prefers-color-scheme:\s*dark/.test(rule.params)) rule.remove();
    else if (/prefers-color-scheme:\s*light/.test(rule.params)) rule.replaceWith(rule.nodes);
  });
  root.walkRules((rule) => {
    if (/^(from|to|[\d.]+%)/.test(rule.selector)) return;
    rule.selectors = rule.selectors.filter(isUsed);
    if (!rule.selector) rule.remove();
  });
  root.walkRules((rule) => {
    // Every icon comes twice; all browsers know the prefixed form, older ones only that.
    if (rule.some((decl) => decl.prop === "-webkit-mask")) rule.walkDecls("mask", (decl) => decl.remove());
    // A tick is a tick in every script; see also `direction` in site.css.
    if (/__checkbox\S*:before/.test(rule.selector)) rule.before(postcss.comment({ text: "rtl:ignore" }));
  });
  // KERN paints them white under forced colours, where the ground may be white as well.
  root.walkAtRules("media", (rule) => {
    if (/forced-colors:\s*active/.test(rule.params)) rule.walkDecls("background-color", (decl) => { decl.value = "CanvasText"; });
  });
  root.walkDecls(/^--kern-/, (decl) => {
    decl.value = decl.value.replace(/oklch\([\d.]+% [\d.]+ [\d.]+\)/g, hexColour);
    if (decl.prop === "--kern-typography-font-family-default") decl.value = FONT_STACK;
    // We ship regular and bold only; half-way weights would be drawn as either, depending on the browser.
    if (/font-weight-(medium|semi-bold)$/.test(decl.prop)) decl.value = "700";
  });
  dropUnusedProperties(root, folder(assets, "css").map((path) => readFileSync(path, "utf8")).join("\n"));
  root.walkRules((rule) => { if (!rule.nodes.length) rule.remove(); });
  root.walkAtRules((rule) => { if (rule.nodes && !rule.nodes.length) rule.remove(); });
  write("licences/kern-ux.txt", readFileSync(join(kernHome, "LICENSE.md")));
  return root.toString();
}

/** Reads QR codes for the kiosk's camera, in browsers that cannot do it themselves. */
function qrReader() {
  const home = join(modules, "jsqr");
  write("js/jsqr.js", readFileSync(join(home, "dist/jsQR.js")));
  write("licences/jsqr.txt", readFileSync(join(home, "LICENSE")));
}

function folder(...parts) {
  return readdirSync(join(...parts), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function copyOwnFolders() {
  for (const entry of readdirSync(assets, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== "built") {
      cpSync(join(assets, entry.name), join(built, entry.name), { recursive: true });
    }
  }
}

rmSync(built, { recursive: true, force: true });
const faces = await fonts();
const stylesheet = `@charset "UTF-8";\n/* KERN design system (kern-ux.de), EUPL-1.2; Noto Sans, OFL-1.1 */\n${faces}\n${kern()}\n${FORCED}\n`;
write("css/kern.css", stylesheet);
write("css/kern.rtl.css", rtlcss.process(stylesheet));
copyOwnFolders();
qrReader();
for (const path of folder(built)) {
  if (/\.(css|js|svg|txt)$/.test(path)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
