"use strict";
// What is shown, who shows it, and how elements are made. Texts are only ever put in as text.

const report = JSON.parse(document.getElementById("data").textContent);
const state = { pair: 0, layer: 0, statistic: "mean", picked: [] };
const PATTERNS = { F: "fractured", O: "overlapped", C: "clustered", U: "undefined", " ": "missing" };
const MOST_PICKED = report.colours.length;
const DRAWN = new Set(["svg", "path", "circle", "line", "rect", "text", "g"]);

const parts = [];

// Draw a part of the page whenever one of these of the state changes.
function shows(names, draw) {
  parts.push([names, draw]);
}

function set(changes) {
  Object.assign(state, changes);
  for (const [names, draw] of parts) if (names.some((name) => name in changes)) draw();
}

function at(id) {
  return document.getElementById(id);
}

// Show another model or data set. What is picked stays where the classes are the same.
function choosePair(number, depth) {
  const names = (one) => JSON.stringify(one.classes);
  const same = names(report.pairs[number]) === names(pair());
  const layer = Math.min(depth, report.pairs[number].layers.length - 1);
  set({ pair: number, layer, picked: same ? state.picked : [] });
}

const pair = () => report.pairs[state.pair];
const layer = () => pair().layers[state.layer];
const codes = () => pair().classes.map((_, code) => code);

function element(tag, attributes = {}, ...children) {
  const made = DRAWN.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (name === "colour") made.style.setProperty("--own", value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function say(text) {
  at("said").textContent = text;
}

function decimals(thousandths) {
  return thousandths === null ? "\u2013" : (thousandths / 1000).toFixed(3);
}

function interval(one, code) {
  return one.low[code] === null ? "\u2013" : `${decimals(one.low[code])} to ${decimals(one.high[code])}`;
}

function mark(one, code) {
  return "FOC".includes(one.pattern[code]) ? one.pattern[code] : "";
}

// All that is known of a class in a layer, in a line each.
function told(one, code) {
  const name = pair().classes[code];
  if (one.n[code] === null) return [name, `not in ${one.name}`];
  return [
    name,
    `${one.name}: ${PATTERNS[one.pattern[code]]}`,
    `n ${one.n[code]}, mean ${decimals(one.mean[code])}, skewness ${decimals(one.skew[code])}`,
    `interval of the mean ${interval(one, code)}`,
  ];
}

function colourOf(code) {
  const place = state.picked.findIndex((pick) => pick.code === code);
  return place < 0 ? null : report.colours[state.picked[place].colour];
}

// Pick a class, or let it go. Each keeps its colour as long as it is picked.
function pick(code) {
  let picked = state.picked.filter((pick) => pick.code !== code);
  const name = pair().classes[code];
  if (picked.length < state.picked.length) {
    say(`${name} is no longer picked`);
  } else {
    if (picked.length === MOST_PICKED) {
      say(`${name} is picked; ${pair().classes[picked[0].code]} is not any more: ${MOST_PICKED} fit`);
      picked = picked.slice(1);
    } else say(`${name} is picked`);
    const taken = new Set(picked.map((pick) => pick.colour));
    picked.push({ code, colour: report.colours.findIndex((_, colour) => !taken.has(colour)) });
  }
  set({ picked });
}

// Numbers from the smallest, what is undefined last.
function ordered(rows, value, falling = false) {
  const words = new Intl.Collator("en", { numeric: true });
  const keys = new Map(rows.map((row) => [row, value(row)]));
  return [...rows].sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (a === null || b === null) return (a === null) - (b === null) || one - other;
    const order = typeof a === "string" ? words.compare(a, b) : a - b;
    return (falling ? -order : order) || one - other;
  });
}
