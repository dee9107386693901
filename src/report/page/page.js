"use strict";
(function () {
  const one = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const table = one("#table");
  const rows = table ? all("tbody tr", table) : [];
  const heads = table ? all("thead th", table).map((head) => head.textContent) : [];
  const tip = one("#tip");
  const status = one("#picked");
  let picked = -1;

  const scale = one("#scale");
  if (!one(".log")) scale.remove();
  scale.addEventListener("click", () => {
    const on = scale.getAttribute("aria-pressed") !== "true";
    scale.setAttribute("aria-pressed", String(on));
    all(".log").forEach((part) => { part.hidden = !on; });
    all(".linear").forEach((part) => { part.hidden = on; });
  });

  all("[data-toggle]").forEach((button) => button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    all('[data-v="' + button.dataset.toggle + '"]').forEach((part) => part.classList.toggle("off", !on));
  }));

  all("[data-group]").forEach((button) => button.addEventListener("click", () => {
    all("[data-group]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    all("[data-of]").forEach((part) => { part.hidden = part.dataset.of !== button.dataset.group; });
  }));

  const text = (tag, words) => {
    const element = document.createElement(tag);
    element.textContent = words;
    return element;
  };
  // The figures of a point, as the table has them.
  const figures = (point) => Array.from(rows[point].cells).slice(1)
    .map((cell, index) => [heads[index + 1], cell.textContent])
    .filter(([, value]) => value !== "");
  const name = (point) => rows[point].cells[0].textContent;

  const pick = (point) => {
    all(".pick").forEach((part) => part.classList.remove("pick"));
    picked = point;
    status.textContent = "";
    if (point < 0) return;
    all('[data-p="' + point + '"]').forEach((part) => part.classList.add("pick"));
    const close = text("button", "close");
    close.type = "button";
    close.addEventListener("click", () => pick(-1));
    status.append(close, text("b", name(point)), ": " + figures(point).map(([head, value]) => head + " " + value).join("; "));
  };

  // The next point along the first axis, or of the next variant; the other axes stay.
  const beside = (along, across) => {
    const here = rows[picked].dataset;
    const place = (row) => row.dataset.at.split(" ");
    const [first, ...others] = place(rows[picked]);
    const far = (row) => (along !== 0 ? along * (place(row)[0] - first) : across * (row.dataset.v - here.v));
    let best = -1;
    rows.forEach((row, index) => {
      const [own, ...rest] = place(row);
      const isBeside = rest.join(" ") === others.join(" ") && (along !== 0 ? row.dataset.v === here.v : own === first);
      if (!isBeside || row.classList.contains("off") || far(row) <= 0) return;
      if (best < 0 || far(row) < far(rows[best])) best = index;
    });
    return best;
  };

  const hide = () => { tip.hidden = true; };
  const show = (point, x, y) => {
    tip.textContent = "";
    tip.append(text("b", name(point)));
    const list = document.createElement("dl");
    figures(point).forEach(([head, value]) => list.append(text("dt", head), text("dd", value)));
    tip.append(list);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = x + 18 + box.width > innerWidth ? x - 18 - box.width : x + 18;
    const top = y + 18 + box.height > innerHeight ? y - 18 - box.height : y + 18;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, top) + "px";
  };
  const pointOf = (event) => {
    const part = event.target.closest ? event.target.closest("[data-p]") : null;
    return part && rows[Number(part.dataset.p)] ? Number(part.dataset.p) : -1;
  };
  all(".plot, .pickable").forEach((area) => {
    const isTable = !!one("#table", area);
    area.addEventListener("pointermove", (event) => {
      const point = isTable ? -1 : pointOf(event);
      if (point < 0) hide();
      else show(point, event.clientX, event.clientY);
    });
    area.addEventListener("pointerleave", hide);
    area.addEventListener("click", (event) => {
      const point = pointOf(event);
      if (point >= 0) pick(point === picked ? -1 : point);
    });
    area.addEventListener("keydown", (event) => {
      const isOff = (point) => rows[point].classList.contains("off");
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Escape") {
        pick(-1);
        return;
      }
      if (move === undefined || rows.length === 0) return;
      event.preventDefault();
      if (picked < 0) {
        pick(rows.findIndex((row, index) => !isOff(index)));
        return;
      }
      const next = beside(move[0], move[1]);
      if (next >= 0) pick(next);
    });
  });
  addEventListener("scroll", hide, { passive: true });
})();
