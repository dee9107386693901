// What .ci/browser asks of the pages of run, knee, optimize, sensitivity, explain and digest: node pages.mjs CHROMIUM PAGES SCREENSHOTS
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { check, finish, launch, open as opened, suitsEveryScreen, turnsDark } from "./chromium.mjs";

const [, , executablePath, pages, screenshots] = process.argv;
const browser = await launch(executablePath);

const all = fs.readdirSync(pages, { recursive: true }).filter((file) => file.endsWith(".html"));
const names = all.map((file) => path.basename(file, ".html")).sort();
check(names.join() === "digest,explain,knee,optimize,run,sensitivity", `pages of ${names}`);

const open = (file, options) => opened(browser, pathToFileURL(path.join(pages, file)).href, "file:", options);

// A page may break a line between a number and its unit only.
const plain = (text) => text.replaceAll("\u00a0", " ").replace(/\s+/g, " ").toLowerCase();

for (const file of all) {
  const name = path.basename(file, ".html");
  const page = await open(file);
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

  await turnsDark(page, name);
  await page.close();
  await suitsEveryScreen((options) => open(file, options), name, path.join(screenshots, `page-${name}`));
}
await browser.close();
finish(`pages of ${names.length} commands`, executablePath);
