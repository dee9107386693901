// What the checks of all pages share: a browser, a page that may load nothing from elsewhere, and how many checks hold.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let failures = 0;
let checks = 0;

// Counts a check, and says what is wrong where it does not hold.
export const check = (holds, what) => {
  checks += 1;
  if (holds) return;
  failures += 1;
  console.error(`FAILED: ${what}`);
};

export const launch = (executablePath) => chromium.launch({ executablePath, args: ["--no-sandbox"] });

// Opens a page. Any message in the console, and any request beyond `origin`, is a failure.
export const open = async (browser, url, origin, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => check(false, `${url} says ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${url}: ${error.message}`));
  page.on("request", (request) => check(request.url().startsWith(origin) || request.url().startsWith("data:"), `${url} loads ${request.url()}`));
  await page.goto(url);
  return page;
};

// Two clicks on the theme button turn a light page dark.
export const turnsDark = async (page, name) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  await page.click("#theme");
  check((await paper()) !== light, `${name}: no dark theme`);
};

// Every theme and width: nothing is wider than the window, and axe-core finds nothing serious. `opened` opens the page with
// options; screenshots are SHOTS-light-390.png and so on.
export const suitsEveryScreen = async (opened, name, shots) => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 820, 1440]) {
      const page = await opened({ viewport: { width, height: 900 }, colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      check(wide <= width, `${name} at ${width}: ${wide} wide`);
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run());
      for (const it of found.violations) {
        const where = it.nodes.map((node) => node.target).slice(0, 3).join(" ");
        check(!["serious", "critical"].includes(it.impact), `${name}, ${colorScheme}, ${width}: ${it.id} (${it.impact}) at ${where}`);
      }
      await page.screenshot({ path: `${shots}-${colorScheme}-${width}.png` });
      await page.close();
    }
  }
};

// Prints how many checks hold, and ends.
export const finish = (what, executablePath) => {
  console.log(`${what} in ${path.basename(executablePath)}: ${checks - failures} passed, ${failures} failed`);
  process.exit(failures > 0 ? 1 : 0);
};
