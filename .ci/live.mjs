// What .ci/browser asks of the page of `sim serve` in Chromium: node live.mjs CHROMIUM SIM SCREENSHOTS
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { execFileSync, spawn } from "node:child_process";
import { check, finish, launch, open as opened, suitsEveryScreen } from "./chromium.mjs";

const [, , executablePath, sim, screenshots] = process.argv;

const server = spawn(sim, ["serve", "models/registration.toml", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => server.kill());
const base = await new Promise((resolve, reject) => {
  server.stdout.once("data", (line) => resolve(String(line).match(/http:\S+/)[0]));
  server.once("exit", () => reject(new Error("sim serve ended")));
});
const browser = await launch(executablePath);
const open = (query, options) => opened(browser, base + query, base, options);
// The page has an answer to what it shows.
const settled = (page) => page.waitForFunction(() => document.documentElement.dataset.state === location.search.slice(1), null, { timeout: 60000 });
const points = (page) => page.evaluate(() => document.documentElement.answer.points);
const run = (...words) => JSON.parse(execFileSync(sim, ["run", ...words, "--quiet", "--format", "json"], { encoding: "utf8" })).point;
const same = (ours, theirs, what) => {
  for (const name of ["throughput_per_min", "success_rate", "mean_s", "p95_s", "p99_s"]) {
    check(JSON.stringify(ours[name]) === JSON.stringify(theirs[name]), `${what}, ${name}: ${JSON.stringify(ours[name])} for ${JSON.stringify(theirs[name])}`);
  }
};
const slider = (name) => `[data-path='${name}'] input`;
const model = "models/registration.toml";
const workers = "services.user-service.workers";

// A slider that the arrow keys move gives what `sim run` gives, and the URL brings it back.
let page = await open(`?file=${model}`);
await settled(page);
await page.focus(slider(workers));
await page.keyboard.press("ArrowRight");
await page.keyboard.press("ArrowRight");
await page.waitForFunction(() => location.search.includes("workers%3D7"));
await settled(page);
let [before, after] = await points(page);
same(before, run(model), "before");
same(after, run(model, "--set", `${workers}=7`), "after");
check((await page.textContent("#command")).endsWith(`--set ${workers}=7`), "the command is not that of the design after");
check((await page.textContent("#said")).includes("after: "), "nothing is said to a screen reader");
check((await page.textContent("#timeline")).includes("over time"), "no timeline");
await page.reload();
await settled(page);
check((await page.getAttribute(slider(workers), "aria-valuetext")) === "7", "the URL does not bring the slider back");

// 50 quick moves end in the right state.
const concurrency = "load.concurrency";
const move = (name, index) => page.$eval(slider(name), (input, index) => {
  input.value = index;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}, String(index));
const last = Number(await page.getAttribute(slider(concurrency), "max"));
for (let number = 0; number < 50; number += 1) {
  await move(concurrency, (number * 7) % last);
  await page.waitForTimeout(number % 5 === 0 ? 40 : 4);
}
await move(concurrency, 4);
const value = await page.getAttribute(slider(concurrency), "aria-valuetext");
await page.waitForFunction((value) => location.search.includes(`concurrency%3D${value}&`), value);
await settled(page);
[before, after] = await points(page);
same(before, run(model, "--set", `${concurrency}=${value}`), "before, after 50 moves");
same(after, run(model, "--set", `${concurrency}=${value}`, "--set", `${workers}=7`), "after 50 moves");

// What is kept.
const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
const saved = fs.readFileSync(await download.path(), "utf8");
check(download.suggestedFilename() === "registration-live.toml" && saved.includes(`"${workers}" = 7`), `saved is ${saved}`);
const [report] = await Promise.all([page.context().waitForEvent("page"), page.click("#report")]);
await report.waitForLoadState();
check((await report.textContent("h1")).startsWith("User registration"), "no report");
await report.close();
await Promise.all([page.waitForURL(/was=/), page.click("#pin")]);
await settled(page);
[before, after] = await points(page);
same(before, after, "a design that was made the one before");
await page.click("#reset");
await page.waitForFunction(() => !location.search.includes("&set="));
await settled(page);
// A setting that cannot be run says why.
await page.goto(`${base}?file=${model}&set=services.user-service.pools.auth.max_size%3D3`);
await page.waitForSelector("#mistake:not([hidden])");
check((await page.textContent("#mistake pre")).includes("min_size"), "a mistake is not said");
await page.close();

// From the move to the first figures on the page.
page = await open(`?file=${model}`);
await settled(page);
const times = [];
for (let number = 0; number < 40; number += 1) {
  // The model has 5 workers, which is index 4 and no change.
  await move(workers, 5 + (number % 9));
  const at = await page.getAttribute(slider(workers), "aria-valuetext");
  await page.waitForFunction((at) => location.search.endsWith(`workers%3D${at}`), at);
  await settled(page);
  times.push(Number(await page.evaluate(() => document.documentElement.dataset.ms)));
}
times.sort((a, b) => a - b);
const median = times[times.length / 2];
console.log(`a moved slider is answered after ${median.toFixed(0)} ms (median of ${times.length}, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} cores)`);
// Other programs on the same cores are no property of the page.
if (os.loadavg()[0] < 2 * os.cpus().length) check(median < 200, `the median is ${median} ms`);

// A page on which nothing moves takes no time, and tabs that are closed take none either.
const ticks = () => {
  const fields = fs.readFileSync(`/proc/${server.pid}/stat`, "utf8").split(")").pop().trim().split(" ");
  return Number(fields[11]) + Number(fields[12]);
};
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
await wait(1000);
let idle = ticks();
await wait(3000);
check(ticks() === idle, `an idle page costs ${ticks() - idle} ticks in 3 s`);
const tabs = [];
for (let number = 0; number < 8; number += 1) tabs.push(await open(`?file=models/mm1.toml&set=load.duration%3D400000s&runs=200&seed=${number}`));
await wait(500);
for (const tab of tabs) await tab.close({ runBeforeUnload: false });
await wait(2000);
idle = ticks();
await wait(2000);
check(ticks() - idle <= 1, `closed tabs cost ${ticks() - idle} ticks in 2 s`);
await page.close();

for (const [name, query] of [
  ["model", `?file=${model}&set=${concurrency}%3D100&set=${workers}%3D6`],
  ["experiment", "?file=experiments/pooling.toml&after=lifespan+pool&set=load.concurrency%3D150"],
]) {
  const answered = async (options) => {
    const page = await open(query, options);
    await settled(page);
    return page;
  };
  await suitsEveryScreen(answered, name, path.join(screenshots, `live-${name}`));
}
await browser.close();
server.kill();
finish("sim serve", executablePath);
