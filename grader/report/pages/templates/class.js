"use strict";
// Sorts and filters the table of the class.  Only the rows in view are elements; everything is set as text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [ID, NAME, LINK, STATUS, SCORE, PARTS, FAILED, LOOK, CHANGED] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const MARGIN = 12; // rows kept above and below those in view
  const box = document.getElementById("box");
  const table = document.getElementById("roll");
  const body = document.getElementById("rows");
  const count = document.getElementById("count");
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const columns = [
    (row) => row[ID], (row) => row[NAME], (row) => data.statuses[row[STATUS]], (row) => row[SCORE],
    ...data.parts.map((_, at) => (row) => row[PARTS][at]),
  ];
  const haystack = data.rows.map((row) => `${row[ID]}\n${row[NAME]}`.toLowerCase());
  const sorting = { column: 0, down: false };
  let view = data.rows.map((_, at) => at);
  let rowHeight = 40;
  let shown = [-1, -1];

  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const points = (score) => (score === null ? "" : String(Number(score.toPrecision(6))));

  const firstCell = (row) => {
    const cell = element("th");
    cell.scope = "row";
    const name = element("bdi", row[ID]);
    if (row[LINK]) {
      const link = element("a");
      link.href = row[LINK];
      link.append(name);
      cell.append(link);
    } else cell.append(name);
    return cell;
  };

  const line = (at, place) => {
    const row = data.rows[at];
    const made = element("tr");
    made.setAttribute("aria-rowindex", place + 2);
    const name = element("td");
    name.append(element("bdi", row[NAME]));
    made.append(firstCell(row), name, element("td", data.statuses[row[STATUS]] + (row[CHANGED] ? ", changed" : "")),
      element("td", points(row[SCORE]), "num total"),
      ...row[PARTS].map((score) => element("td", points(score), "num")));
    return made;
  };

  const gap = (rows) => {
    const made = element("tr", undefined, "gap");
    made.setAttribute("aria-hidden", "true");
    const cell = element("td");
    cell.colSpan = columns.length;
    cell.style.height = `${rows * rowHeight}px`;
    made.append(cell);
    return made;
  };

  const range = (everything) => {
    if (everything) return [0, view.length];
    const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - MARGIN);
    const last = Math.min(view.length, Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + MARGIN);
    return [Math.min(first, last), last];
  };

  const draw = ({ again = true, everything = false } = {}) => {
    const [first, last] = range(everything);
    if (!again && first === shown[0] && last === shown[1]) return;
    const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    shown = [first, last];
    const rows = view.slice(first, last).map((at, place) => line(at, first + place));
    if (first > 0) rows.unshift(gap(first));
    if (last < view.length) rows.push(gap(view.length - last));
    body.replaceChildren(...rows);
    if (focused) [...body.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)
      ?.focus({ preventScroll: true });
  };

  const compare = (left, right) => {
    const value = columns[sorting.column];
    const [a, b] = [value(data.rows[left]), value(data.rows[right])];
    const [noA, noB] = [a === null || a === undefined || a === "", b === null || b === undefined || b === ""];
    if (noA || noB) return noA - noB || left - right; // what is not there comes last either way
    const order = typeof a === "number" ? a - b : collator.compare(a, b);
    return (sorting.down ? -order : order) || left - right;
  };

  const value = (id) => document.getElementById(id).value;
  const update = () => {
    const words = value("filter-text").toLowerCase().split(/\s+/).filter(Boolean);
    const status = value("filter-status");
    const test = value("filter-test");
    const look = document.getElementById("filter-look").checked;
    view = data.rows.map((_, at) => at).filter((at) => {
      const row = data.rows[at];
      return words.every((word) => haystack[at].includes(word))
        && (!status || row[STATUS] === status)
        && (test === "" || row[FAILED].includes(Number(test)))
        && (!look || row[LOOK] === 1);
    }).sort(compare);
    box.scrollTop = 0;
    table.setAttribute("aria-rowcount", view.length + 1);
    count.textContent = view.length === data.rows.length
      ? `${view.length.toLocaleString("en")} rows`
      : `${view.length.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")} rows`;
    draw();
  };

  const sortBy = (at) => {
    sorting.down = sorting.column === at ? !sorting.down : at >= 3; // numbers begin with the greatest
    sorting.column = at;
    heads.forEach((head, other) => {
      if (other === at) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    update();
  };

  heads.forEach((head, at) => {
    const button = element("button", head.textContent, "sorter");
    button.type = "button";
    if (head.title) button.title = head.title;
    button.addEventListener("click", () => sortBy(at));
    head.replaceChildren(button);
  });
  heads[0].setAttribute("aria-sort", "ascending");

  const present = new Set(data.rows.map((row) => row[STATUS]));
  for (const [status, words] of Object.entries(data.statuses)) {
    if (!present.has(status)) continue;
    const option = element("option", words);
    option.value = status;
    document.getElementById("filter-status").append(option);
  }
  const filters = document.getElementById("filters");
  filters.classList.remove("no-script-hidden");
  table.classList.remove("no-script-hidden");
  filters.addEventListener("input", update);
  filters.addEventListener("submit", (event) => event.preventDefault());

  let waiting = false;
  box.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw({ again: false }); });
  });
  addEventListener("resize", () => draw());
  addEventListener("beforeprint", () => draw({ everything: true }));
  addEventListener("afterprint", () => draw());

  update();
  rowHeight = body.querySelector("tr:not(.gap)")?.getBoundingClientRect().height || rowHeight;
  draw();
  table.dataset.ready = "yes"; // for whoever measures how long it took
})();
