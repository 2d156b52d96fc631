"use strict";
// A time slider over sample grids, and tables that sort. Without this script the page shows the last grids, unsorted.

for (const box of document.querySelectorAll("[data-slider]")) {
  const control = box.querySelector(".control");
  if (!control) continue;
  const steps = JSON.parse(box.dataset.steps);
  const labels = JSON.parse(box.dataset.labels);
  const range = control.querySelector("input");
  const output = control.querySelector("output");
  const grids = [...box.querySelectorAll(".grid")].map((grid) => [...grid.querySelectorAll("img")]);

  const show = () => {
    const step = Number(range.value);
    for (const images of grids) {
      const reached = images.filter((image) => Number(image.dataset.iteration) <= steps[step]);
      const current = reached.length ? reached[reached.length - 1] : images[0];
      for (const image of images) image.hidden = image !== current;
    }
    output.textContent = labels[step];
    range.setAttribute("aria-valuetext", labels[step]);
  };
  range.addEventListener("input", show);
  control.hidden = false;
  show();
}

const compare = (a, b) => {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
};

const sortBy = (table, column, ascending) => {
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => [row.cells[column].dataset.order, row]);
  const known = keyed.filter(([order]) => order !== "").sort(([a], [b]) => (ascending ? compare(a, b) : compare(b, a)));
  const unknown = keyed.filter(([order]) => order === "");
  body.append(...known.concat(unknown).map(([, row]) => row));
};

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, column, ascending);
    });
  });
}
