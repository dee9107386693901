// What .ci/browser asks of the pages of run, knee, optimize, sensitivity and digest: node pages.mjs CHROMIUM PAGES SCREENSHOTS
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [, , executablePath, pages, screenshots] = process.argv;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failures = 0;
let checks = 0;
const check = (holds, what) => {
  checks += 1;
  if (holds) return;
  failures += 1;
  console.error(`FAILED: ${what}`);
};

const all = fs.readdirSync(pages, { recursive: true }).filter((file) => file.endsWith(".html"));
const names = all.map((file) => path.basename(file, ".html")).sort();
check(names.join() === "digest,knee,optimize,run,sensitivity", `pages of ${names}`);

const open = async (file, options) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => check(false, `${file} says ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${file}: ${error.message}`));
  page.on("request", (request) => check(request.url().startsWith("file:") || request.url().startsWith("data:"), `${file} loads ${request.url()}`));
  await page.goto(pathToFileURL(path.join(pages, file)).href);
  return page;
};

// A page may break a line between a number and its unit only.
const plain = (text) => text.replaceAll("\u00a0", " ").replace(/\s+/g, " ").toLowerCase();

for (const file of all) {
  const name = path.basename(file, ".html");
  let page = await open(file);
  const words = plain(await page.textContent("main"));
  check((await page.$$("h1")).length === 1, `${name}: no question`);
  check((await page.textContent("#answer .answer")).trim().length > 10, `${name}: no answer`);
  // The question, the answer and one chart are on the first screen.
  const chart = await page.$("#answer figure svg");
  const box = chart && (await chart.boundingBox());
  check(box && box.y < 500 && box.height > 100, `${name}: no chart on the first screen: ${JSON.stringify(box)}`);
  check(words.includes("again by") && words.includes(`sim ${name} `), `${name}: no command that gives it again`);
  for (const id of ["method", "assumed"]) check(await page.$(`#${id}`), `${name}: no ${id}`);

  // It says what the document for programs says.
  const json = path.join(pages, file.replace(/html$/, "json"));
  if (fs.existsSync(json)) {
    const found = JSON.parse(fs.readFileSync(json, "utf8"));
    const sentences = found.sentences || (found.variants || []).map((variant) => variant.sentence);
    check(sentences.length > 0, `${name}.json has no sentences`);
    for (const sentence of sentences) check(words.includes(plain(sentence)), `${name} lacks: ${sentence}`);
  }

  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  await page.click("#theme");
  check((await paper()) !== light, `${name}: no dark theme`);
  await page.close();

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 820, 1440]) {
      page = await open(file, { viewport: { width, height: 900 }, colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      check(wide <= width, `${name} at ${width}: ${wide} wide`);
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run());
      for (const it of found.violations) {
        const where = it.nodes.map((node) => node.target).slice(0, 3).join(" ");
        check(!["serious", "critical"].includes(it.impact), `${name}, ${colorScheme}, ${width}: ${it.id} (${it.impact}) at ${where}`);
      }
      await page.screenshot({ path: path.join(screenshots, `page-${name}-${colorScheme}-${width}.png`) });
      await page.close();
    }
  }
}
await browser.close();
console.log(`pages of ${names.length} commands in ${path.basename(executablePath)}: ${checks - failures} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
