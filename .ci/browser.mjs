// What .ci/browser asks of a page in Chromium: node browser.mjs CHROMIUM OUTPUT SCREENSHOTS
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { check, finish, launch, open as opened, suitsEveryScreen, turnsDark } from "./chromium.mjs";

const [, , executablePath, output, screenshots] = process.argv;
const browser = await launch(executablePath);

// A line of CSV whose fields may be quoted.
const fields = (line) => [...line.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)].map((it) => it[1].replace(/^"|"$/g, "")).slice(0, -1);

const open = (file, options) => opened(browser, pathToFileURL(file).href, "file:", options);

for (const experiment of fs.readdirSync(output)) {
  const folder = path.join(output, experiment);
  const file = path.join(folder, "report.html");

  // The figures are those of results.csv, to the digits that are shown.
  let page = await open(file);
  const lines = fs.readFileSync(path.join(folder, "results.csv"), "utf8").trim().split("\n").map(fields);
  const column = (name) => lines[0].indexOf(name);
  const rows = await page.$$eval("#table tbody tr", (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const heads = await page.$$eval("#table thead th", (all) => all.map((head) => head.textContent));
  check(rows.length === lines.length - 1, `${experiment}: ${rows.length} rows of ${lines.length - 1}`);
  const unit = { "throughput/min": 1, "throughput/s": 60, "throughput/h": 1 / 60 };
  const throughput = heads.findIndex((head) => head in unit);
  let compared = 0;
  rows.forEach((cells, index) => {
    const text = cells[throughput].split(" ")[0].replaceAll(",", "");
    if (cells[throughput].includes(" or ") || Number.isNaN(Number(text))) return;
    const digits = (text.split(".")[1] || "").length;
    const value = Number(lines[index + 1][column("throughput_per_min")]) / unit[heads[throughput]];
    check(Math.abs(value - Number(text)) <= 0.501 * 10 ** -digits, `${experiment}, ${cells[0]}: ${value} is shown as ${text}`);
    compared += 1;
  });
  check(compared > rows.length / 2, `${experiment}: ${compared} of ${rows.length} rows compared`);

  // A pointer over a point shows the figures of its row; a click marks it in every chart and table.
  // Where curves meet, the mark of one covers that of another: a point is taken that is on top.
  const onTop = (part) => {
    const box = part.getBoundingClientRect();
    return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === part;
  };
  const hits = [];
  for (const hit of await page.$$("#answer .linear .h, #answer .plot > svg .h")) {
    if (await hit.evaluate(onTop)) hits.push(hit);
  }
  check(hits.length > 0 || !(await page.$("#answer .h")), `${experiment}: no point is on top`);
  if (hits.length > 0) {
    const hit = hits[Math.floor(hits.length / 3)];
    const point = await hit.getAttribute("data-p");
    await hit.hover({ force: true });
    const tip = await page.textContent("#tip");
    check(await page.isVisible("#tip"), `${experiment}: nothing at the pointer`);
    check(rows[point].slice(1).every((text) => tip.includes(text)), `${experiment}: ${tip} for ${rows[point]}`);
    await hit.click({ force: true });
    const picked = await page.$$eval(".pick", (all) => all.map((part) => part.dataset.p));
    check(picked.length > 2 && picked.every((it) => it === point), `${experiment}: ${picked} for ${point}`);
    check((await page.textContent("#picked")).includes(rows[point][0]), `${experiment}: ${point} is not named`);
    // The arrow keys go to the next point of the same variant, and Escape to none.
    await page.focus("#answer .plot");
    const before = await page.$eval("#table tr.pick", (row) => [row.dataset.v, Number(row.dataset.at.split(" ")[0])]);
    await page.keyboard.press(before[1] > 0 ? "ArrowLeft" : "ArrowRight");
    const after = await page.$eval("#table tr.pick", (row) => [row.dataset.v, Number(row.dataset.at.split(" ")[0])]);
    check(before[0] === after[0] && Math.abs(before[1] - after[1]) === 1, `${experiment}: from ${before} to ${after}`);
    await page.keyboard.press("Escape");
    check((await page.$$(".pick")).length === 0, `${experiment}: Escape leaves a mark`);
  }

  // The buttons do what they say.
  const toggle = await page.$("[data-toggle='0']");
  if (toggle) {
    const shown = () => page.$$eval("#table tr[data-v='0']", (all) => all.filter((row) => row.offsetHeight > 0).length);
    const all = await shown();
    await toggle.click();
    check((await shown()) === 0 && all > 0, `${experiment}: a variant stays`);
    check((await toggle.getAttribute("aria-pressed")) === "false", `${experiment}: the button stays pressed`);
    await toggle.click();
    check((await shown()) === all, `${experiment}: a variant does not return`);
  }
  if (await page.$("#scale")) {
    await page.click("#scale");
    check((await page.isVisible(".log")) && !(await page.isVisible(".linear")), `${experiment}: no logarithmic axis`);
    await page.click("#scale");
    check(await page.isVisible(".linear"), `${experiment}: no linear axis`);
  }
  for (const name of await page.$$eval("[data-group]", (all) => all.map((button) => button.dataset.group))) {
    await page.click(`[data-group='${name}']`);
    const of = await page.$$eval("[data-of]", (all) => all.filter((part) => !part.hidden).map((part) => part.dataset.of));
    check(of.length === 1 && of[0] === name, `${experiment}: ${of} for ${name}`);
  }
  await turnsDark(page, experiment);
  await page.close();
  await suitsEveryScreen((options) => open(file, options), experiment, path.join(screenshots, experiment));

  // On paper.
  page = await open(file);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) || []).length;
  check(pages >= 1 && pages <= 2, `${experiment} prints on ${pages} pages`);
  fs.writeFileSync(path.join(screenshots, `${experiment}.pdf`), pdf);
  await page.close();
}
await browser.close();
finish("report.html", executablePath);
