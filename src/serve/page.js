"use strict";
(function () {
  const one = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const root = document.documentElement;

  const go = (query) => { location.assign("/?" + query); };
  one("#file").addEventListener("change", (event) => go(new URLSearchParams({ file: event.target.value })));
  const settings = one("#controls");
  if (!settings) return;

  const known = JSON.parse(settings.dataset.known);
  const [now, progress, mistake, timeline] = ["#now", "#progress", "#mistake", "#timeline"].map((id) => one(id));
  const controls = all(".control").map((box) => {
    const stops = JSON.parse(one("script", box).textContent).map((stop) => (typeof stop === "string" ? [stop, stop] : stop));
    const input = one("input,select", box);
    return { box, input, stops, path: box.dataset.path, own: Number(box.dataset.own), isPlace: "place" in box.dataset };
  });

  // What the controls say, as the URL and the command line have it.
  const changes = () => controls
    .filter((control) => Number(control.input.value) !== control.own)
    .map((control) => ({ isPlace: control.isPlace, text: control.path + "=" + control.stops[control.input.value][0] }));
  const value = (id) => { const part = one(id); return part ? part.value : null; };
  const query = (set, was) => {
    const state = new URLSearchParams({ file: known.file });
    if (value("#before") !== null) state.set("before", value("#before"));
    if (value("#after") !== null) state.set("after", value("#after"));
    was.forEach((text) => state.append("was", text));
    set.forEach((text) => state.append("set", text));
    if (Number(value("#seed")) !== known.command.seed) state.set("seed", value("#seed"));
    if (Number(value("#runs")) !== known.runs) state.set("runs", value("#runs"));
    if (value("#time") !== "p95") state.set("time", value("#time"));
    return state.toString();
  };
  const texts = (list) => list.map((change) => change.text);
  const current = () => query(texts(changes()), known.was);

  const quoted = (text) => (/^[\w.,:/=%+-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
  const command = () => {
    const words = ["sim", "run", quoted(known.file)];
    if (value("#after") !== null) words.push("--variant", quoted(value("#after")));
    texts(changes()).forEach((text) => words.push("--set", quoted(text)));
    if (Number(value("#seed")) !== known.command.seed) words.push("--seed", value("#seed"));
    if (Number(value("#runs")) !== known.runs) words.push("--replications", value("#runs"));
    return words.join(" ");
  };

  const label = (control) => {
    const text = control.stops[control.input.value][1];
    const shown = one("output", control.box);
    if (shown) {
      shown.textContent = text;
      control.input.setAttribute("aria-valuetext", text);
    }
    control.box.classList.toggle("changed", Number(control.input.value) !== control.own);
  };

  // One answer at a time: the one before is closed, which ends its trials.
  let source = null;
  const close = () => {
    if (source) source.close();
    source = null;
  };
  const show = (part, html) => {
    part.innerHTML = html;
    part.classList.remove("stale");
  };
  const ask = () => {
    close();
    const state = current();
    const asked = performance.now();
    history.replaceState(null, "", "/?" + state);
    one("#save").href = "/experiment.toml?" + state;
    one("#report").href = "/report.html?" + state;
    one("#command").textContent = command();
    one("#same").hidden = changes().some((change) => !change.isPlace) || known.was.length > 0 || value("#before") !== value("#after");
    [now, timeline].forEach((part) => part.classList.add("stale"));
    now.setAttribute("aria-busy", "true");
    const own = new EventSource("/answer?" + state);
    source = own;
    own.addEventListener("figures", (event) => {
      if (source !== own) return;
      const answer = JSON.parse(event.data);
      if (now.classList.contains("stale")) root.dataset.ms = String(performance.now() - asked);
      mistake.hidden = true;
      show(now, answer.html);
      const runs = answer.of === 1 ? "run" : "runs";
      progress.textContent = answer.done + " of " + answer.of + " " + runs + " of each design";
      if (!answer.last) return;
      show(timeline, answer.timeline || "");
      doubts(answer.doubts);
      now.setAttribute("aria-busy", "false");
      root.dataset.state = state;
      root.answer = answer;
      one("#said").textContent = all(".finding .lead", now).map((line) => line.textContent).join(" ");
    });
    own.addEventListener("mistake", (event) => {
      if (source !== own) return;
      one("pre", mistake).textContent = JSON.parse(event.data).text;
      mistake.hidden = false;
      [now, timeline].forEach((part) => { part.textContent = ""; });
      doubts([]);
      progress.textContent = "";
      root.dataset.state = state;
      close();
    });
    own.addEventListener("end", () => { if (source === own) close(); });
    own.addEventListener("error", () => {
      if (source !== own) return;
      progress.textContent = "The server does not answer. Is `sim serve` still running?";
      close();
    });
  };
  const doubts = (list) => {
    const place = one("#doubts");
    place.textContent = "";
    if (list.length === 0) return;
    const heading = document.createElement("h2");
    heading.textContent = "Warnings";
    const items = document.createElement("ul");
    list.forEach((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      items.append(item);
    });
    place.append(heading, items);
  };

  // Of several moves within a frame the last one counts.
  let isDue = false;
  const soon = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; ask(); });
  };
  controls.forEach((control) => {
    label(control);
    control.input.addEventListener("input", () => { label(control); soon(); });
  });
  ["#runs", "#seed", "#time"].forEach((id) => one(id).addEventListener("change", soon));
  // A design of its own has controls of its own; the load stays.
  const places = () => texts(changes().filter((change) => change.isPlace));
  ["#before", "#after"].filter((id) => one(id)).forEach((id) => one(id).addEventListener("change", () => {
    go(query(id === "#after" ? places() : texts(changes()), id === "#before" ? [] : known.was));
  }));
  one("#pin").addEventListener("click", () => {
    const designs = texts(changes().filter((change) => !change.isPlace));
    if (one("#before")) one("#before").value = value("#after");
    go(query(texts(changes()), designs));
  });
  if (one("#unpin")) one("#unpin").addEventListener("click", () => go(query(texts(changes()), [])));
  one("#reset").addEventListener("click", () => {
    controls.forEach((control) => { control.input.value = String(control.own); label(control); });
    soon();
  });
  addEventListener("pagehide", close);
  ask();
})();
