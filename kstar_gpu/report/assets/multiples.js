// The layers beside one another: a dot per class, the same class ringed in every layer.

const WIDE = 150, HIGH = 96, EDGE = 5, MOST_SKEW = 3000;
const FIND_WITHIN = 12; // of a picture's units
const FEW = 100; // classes, whose dots are larger

const multiples = element("div", { class: "grid" });
at("multiples").append(multiples);
let rings = []; // of each layer
let pointed = null; // a class

function place(one, code) {
  if (one.mean[code] === null) return null;
  let skew = one.skew[code];
  if (skew === null) skew = one.pattern[code] === "C" ? -MOST_SKEW : 0; // all values are 1
  const clipped = Math.max(-MOST_SKEW, Math.min(MOST_SKEW, skew));
  const x = EDGE + (WIDE - 2 * EDGE) * one.mean[code] / 1000;
  return [x, HIGH / 2 - (HIGH / 2 - EDGE) * clipped / MOST_SKEW];
}

// Dots are strokes of no length with round ends: one path per pattern, however many classes.
function dots(one) {
  const strokes = { F: "", O: "", C: "", U: "" };
  for (const code of codes()) {
    const spot = place(one, code);
    if (spot) strokes[one.pattern[code]] += `M${spot[0].toFixed(1)} ${spot[1].toFixed(1)}h0`;
  }
  return Object.entries(strokes).filter(([, d]) => d)
    .map(([pattern, d]) => element("path", { class: `dots ${pattern} ${codes().length > FEW ? "" : "few"}`, d }));
}

function ring(code) {
  pointed = code;
  pair().layers.forEach((one, depth) => {
    const spot = code === null ? null : place(one, code);
    rings[depth].setAttribute("visibility", spot ? "visible" : "hidden");
    if (!spot) return;
    rings[depth].setAttribute("cx", spot[0]);
    rings[depth].setAttribute("cy", spot[1]);
  });
}

function nearest(one, svg, event) {
  const box = svg.getBoundingClientRect();
  const x = (event.clientX - box.left) * WIDE / box.width;
  const y = (event.clientY - box.top) * HIGH / box.height;
  let best = null, least = FIND_WITHIN ** 2;
  for (const code of codes()) {
    const spot = place(one, code);
    const far = spot ? (spot[0] - x) ** 2 + (spot[1] - y) ** 2 : Infinity;
    if (far < least) [best, least] = [code, far];
  }
  return best;
}

function walk(one, svg, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const line = ordered(codes().filter((code) => one.mean[code] !== null), (code) => one.mean[code]);
  const now = line.indexOf(pointed);
  const next = line[now < 0 ? 0 : (now + step + line.length) % line.length];
  if (next === undefined) return;
  const box = svg.getBoundingClientRect();
  const [x, y] = place(one, next);
  ring(next);
  showTip(told(one, next), box.left + x * box.width / WIDE, box.top + y * box.height / HIGH);
  say(told(one, next).join(", "));
}

function multiple(one, depth) {
  const limit = (HIGH / 2 - EDGE) * Math.min(1, 1000 * one.threshold / MOST_SKEW);
  const line = (y) => element("line", { x1: EDGE, x2: WIDE - EDGE, y1: y, y2: y });
  const circle = element("circle", { class: "ring", r: 5, visibility: "hidden" });
  rings.push(circle);
  const picks = element("g", { class: "picks" });
  const svg = element("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" },
    line(HIGH / 2 - limit), line(HIGH / 2 + limit), ...dots(one), picks, circle);
  const seen = (event) => {
    const code = nearest(one, svg, event);
    ring(code);
    if (code === null) hideTip();
    else showTip(told(one, code), event.clientX, event.clientY);
  };
  const of = (pattern) => [...one.pattern].filter((letter) => letter === pattern).length;
  const counts = `${of("F")} F, ${of("O")} O, ${of("C")} C`;
  return element("button", {
    type: "button", class: "multiple", "aria-label": `layer ${one.name}: ${counts}`,
    click: () => set({ layer: depth }),
    pointermove: seen, pointerdown: seen,
    pointerleave: () => { ring(null); hideTip(); },
    blur: () => { ring(null); hideTip(); },
    keydown: (event) => walk(one, svg, event),
  }, element("span", { class: "name" }, one.name), svg, element("small", {}, counts));
}

shows(["pair"], () => {
  rings = [];
  multiples.replaceChildren(...pair().layers.map(multiple));
});
shows(["pair", "layer"], () => [...multiples.children].forEach((button, depth) =>
  button.setAttribute("aria-pressed", depth === state.layer)));
shows(["pair", "picked"], () => pair().layers.forEach((one, depth) => {
  const spots = state.picked.map(({ code }) => [place(one, code), colourOf(code)]);
  multiples.children[depth].querySelector(".picks").replaceChildren(
    ...spots.filter(([spot]) => spot).map(([[cx, cy], fill]) => element("circle", { cx, cy, r: 3.5, fill })));
}));
