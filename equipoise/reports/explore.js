"use strict";
// Pictures of chosen latents from the server on this machine, and news of the run every few seconds.

const PAUSE = 3000;
const find = (name) => document.getElementById(name);
const all = (selector) => [...document.querySelectorAll(selector)];
const [seed, label, share, tiles, moves] = [find("seed"), find("label"), find("share"), all(".tile"), all(".move input")];
const held = { A: { seed: 0, number: 0, label: "", moves: [] }, B: { seed: 0, number: 1, label: "", moves: [] } };
let active = "A";
let shown = "";
let version = "";

const ask = async (path, parameters) => {
  const query = new URLSearchParams(parameters);
  const answer = await fetch(query.size ? `${path}?${query}` : path);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
};

const tell = (words, isTrouble) => {
  find("status").textContent = words;
  find("status").classList.toggle("trouble", isTrouble);
};

const trouble = (error) =>
  tell(error instanceof TypeError ? "The server has stopped; start equipoise explore again." : error.message, true);

// One request at a time for each place on the page; of several wishes meanwhile the last one counts.
const place = (path, show) => {
  let isBusy = false;
  let wanted = null;
  const go = async () => {
    if (isBusy || !wanted) return;
    isBusy = true;
    const parameters = wanted;
    wanted = null;
    try {
      const found = await ask(path, parameters);
      show(found.pictures);
      see(found.shown);
    } catch (error) {
      trouble(error);
    }
    isBusy = false;
    go();
  };
  return (parameters) => {
    wanted = parameters;
    go();
  };
};

const point = ({ seed, number, label, moves }) => `${seed}:${number}:${label}:${moves.join(",")}`;

const grid = place("/grid", (pictures) => tiles.forEach((tile, number) => (tile.firstChild.src = pictures[number])));
const slots = Object.fromEntries(
  all(".slot").map((slot) => [slot.dataset.slot, place("/picture", ([picture]) => (slot.firstChild.src = picture))]),
);
const way = place("/way", ([picture]) => (find("between").src = picture));

const drawGrid = () => {
  grid({ seed: seed.value, label: label?.value ?? "" });
  markTiles();
};

const markTiles = () => {
  for (const tile of tiles) {
    for (const [name, one] of Object.entries(held)) {
      const isIt = one.seed === Number(seed.value) && one.number === Number(tile.dataset.number);
      tile.classList.toggle(`held-${name}`, isIt && one.label === (label?.value ?? ""));
    }
  }
};

const drawWay = () => {
  way({ start: point(held.A), end: point(held.B), share: share.value });
  find("between-where").textContent = `${Math.round(share.value * 100)} % B`;
};

const drawHeld = (name) => {
  const one = held[name];
  slots[name]({ at: point(one) });
  const told = one.label === "" ? "" : `, class ${label.options[Number(one.label) + 1].text}`;
  const isMoved = one.moves.some(Boolean) ? ", moved" : "";
  find(`where-${name}`).textContent = `seed ${one.seed}, number ${one.number}${told}${isMoved}`;
  drawWay();
};

const drawMoves = () => {
  moves.forEach((range, place) => {
    range.value = held[active].moves[place] ?? 0;
    showMove(range);
  });
};

const showMove = (range) => {
  const value = Number(range.value);
  const text = value === 0 ? "0" : `${value > 0 ? "+" : "\u2212"}${Math.abs(value).toFixed(2)}`;
  range.nextElementSibling.textContent = text;
  range.setAttribute("aria-valuetext", text);
};

const choose = (name) => {
  active = name;
  for (const slot of all(".slot")) slot.setAttribute("aria-pressed", String(slot.dataset.slot === name));
  for (const one of all(".active")) one.textContent = name;
  drawMoves();
};

const drawAll = () => {
  drawGrid();
  drawHeld("A");
  drawHeld("B");
};

// Pictures of another checkpoint than those on the page: all are made anew.
const see = (name) => {
  const isNew = name !== shown && shown !== "";
  shown = name;
  if (isNew) drawAll();
};

const goTo = (number) => {
  seed.value = Math.min(Math.max(0, Math.round(number) || 0), Number(seed.max));
  drawGrid();
};

const hear = (news) => {
  ({ version } = news);
  for (const [name, html] of Object.entries(news.parts)) {
    find(name).innerHTML = html;
  }
  if (news.shown) find("origin").textContent = news.origin;
  const status = news.status && (news.shown ? ` \u00b7 ${news.status}` : ` (${news.status})`);
  tell((news.shown ? `Pictures of ${news.shown}` : news.problem) + status, !news.shown);
  if (!news.shown) return;
  if (shown) see(news.shown);
  else drawAll();
};

const listen = async () => {
  try {
    if (!document.hidden) hear(await ask("/news", { version }));
  } catch (error) {
    trouble(error);
  }
  setTimeout(listen, PAUSE);
};

seed.addEventListener("change", () => goTo(Number(seed.value)));
find("next").addEventListener("click", () => goTo(Number(seed.value) + 1));
find("random").addEventListener("click", () => goTo(Math.random() * 1e6));
label?.addEventListener("change", drawGrid);
share.addEventListener("input", drawWay);
for (const slot of all(".slot")) slot.addEventListener("click", () => choose(slot.dataset.slot));
for (const tile of tiles) {
  tile.addEventListener("click", () => {
    const number = Number(tile.dataset.number);
    held[active] = { seed: Number(seed.value), number, label: label?.value ?? "", moves: [] };
    drawHeld(active);
    drawMoves();
    markTiles();
  });
}
for (const range of moves) {
  range.addEventListener("input", () => {
    held[active].moves = moves.map((each) => Number(Number(each.value).toFixed(2)));
    showMove(range);
    drawHeld(active);
  });
}
find("reset").addEventListener("click", () => {
  held[active].moves = [];
  drawMoves();
  drawHeld(active);
});
drawAll();
listen();
