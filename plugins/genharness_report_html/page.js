"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const said = document.getElementById("said");
  const say = (words) => { said.textContent = words; };

  const theme = document.getElementById("theme");
  const modes = ["auto", "light", "dark"];
  let mode = 0;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    mode = (mode + 1) % modes.length;
    if (mode) root.dataset.theme = modes[mode]; else delete root.dataset.theme;
    theme.textContent = "Theme: " + modes[mode];
  });

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell ? cell.dataset.v : undefined;
    if (text === undefined || text === "") return null;
    return isNaN(text) ? text : Number(text);
  };
  const sort = (table, heads, column) => {
    const head = heads[column];
    const now = head.getAttribute("aria-sort");
    const first = head.dataset.up === "1" ? "descending" : "ascending";
    const way = !now ? first : now === "ascending" ? "descending" : "ascending";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", way);
    const sign = way === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row, place) => ({ row, place, key: value(row, column) }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      return (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * sign || a.place - b.place;
    });
    body.append(...keyed.map((one) => one.row));
    table.classList.toggle("sorted", column !== 0 || way !== "ascending");
    say("Sorted by " + head.dataset.name + ", " + way + ".");
  };
  const tables = all("table.board");
  tables.forEach((table) => {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const words = head.querySelector(".hd");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "hd";
      button.append(...words.childNodes);
      words.replaceWith(button);
      button.addEventListener("click", () => sort(table, heads, column));
    });
  });

  const named = all("[data-m]");
  const filter = document.getElementById("q");
  const shown = () => {
    const words = filter.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let count = 0;
    let total = 0;
    named.forEach((one) => {
      if (!one.matches("tr,.sm,.wr")) return;
      const fits = !words.length || words.some((word) => one.dataset.m.toLowerCase().includes(word));
      one.hidden = !fits;
      if (one.matches(".board tr")) { total += 1; count += fits ? 1 : 0; }
    });
    say(words.length ? count + " of " + total + " rows shown." : "");
  };
  filter.parentElement.hidden = false;
  filter.addEventListener("input", shown);

  let pinned = null;
  let lit = [];
  let last = null;
  const groups = new Map();
  named.forEach((one) => groups.set(one.dataset.m, [...(groups.get(one.dataset.m) || []), one]));
  const light = (name) => {
    if (name === last) return;
    last = name;
    lit.forEach((one) => one.classList.remove("on"));
    lit = (name && groups.get(name)) || [];
    lit.forEach((one) => one.classList.add("on"));
    root.classList.toggle("hl", Boolean(name));
  };
  const near = (event) => {
    const one = event.target.closest ? event.target.closest("figure [data-m],.board [data-m]") : null;
    return one ? one.dataset.m : null;
  };
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") light(near(event) || pinned);
  });
  document.addEventListener("focusin", (event) => light(near(event) || pinned));
  document.addEventListener("click", (event) => {
    if (event.target.closest("a,button,input")) return;
    const name = near(event);
    pinned = name && name !== pinned ? name : null;
    light(pinned);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    pinned = null;
    filter.value = "";
    shown();
    light(null);
  });
})();
