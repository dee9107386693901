"use strict";
// The button with the reader's choice of colours: of the system, light, or dark. It holds for this page only where nothing
// can be stored, as in a file opened from a mail.
(function () {
  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("sim-theme");
      localStorage.setItem("sim-theme", value);
    } catch (refused) { /* Nothing is stored. */ }
    return null;
  };
  const root = document.documentElement;
  const theme = document.querySelector("#theme");
  const wanted = ["system", "light", "dark"];
  const paint = (name) => {
    if (name === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", name);
    theme.textContent = "theme: " + name;
    theme.dataset.now = name;
  };
  paint(wanted.includes(kept()) ? kept() : "system");
  theme.addEventListener("click", () => {
    const next = wanted[(wanted.indexOf(theme.dataset.now) + 1) % wanted.length];
    kept(next);
    paint(next);
  });
})();
