// Classes along the layers: the picked ones as lines, all of them as areas.

const TALL = 260, RIGHT = 12, TOP = 10, LETTER = 6.5, NARROW = 500;
const SLANT = 0.75; // how far a slanted name reaches down, and to the left
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

const chart = element("div", {
  class: "chart", tabindex: 0, role: "img",
  "aria-label": "Picked classes along the layers; the tables below have the numbers",
  pointermove: pointAt, pointerdown: pointAt, pointerleave: hideTip, blur: hideTip,
  click: (event) => set({ layer: depthAt(event) }),
  keydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const depth = Math.max(0, Math.min(pair().layers.length - 1, state.layer + step));
    set({ layer: depth });
    say([pair().layers[depth].name, ...state.picked.map(({ code }) =>
      `${pair().classes[code]} ${decimals(pair().layers[depth][state.statistic][code])}`)].join(", "));
  },
});
at("lines").append(chart, element("ul", { class: "legend", id: "legend" }));
let scale = null;

function quantiles(values) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (!known.length) return null;
  return QUARTERS.map((share) => {
    const where = share * (known.length - 1), low = Math.floor(where);
    return known[low] + (where - low) * (known[Math.min(low + 1, known.length - 1)] - known[low]);
  });
}

function stepOf(span) {
  return [10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((step) => span / step <= 6) || 10000;
}

function measured(layers) {
  // An interval ends above its mean, and never below 0.
  const columns = state.statistic === "mean" ? ["mean", "high"] : [state.statistic];
  const all = layers.flatMap((one) => columns.flatMap((name) => one[name])).filter((value) => value !== null);
  const [low, high] = all.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 100]);
  const wide = Math.max(280, chart.clientWidth || 900);
  const most = wide < NARROW ? 10 : 18; // letters of a name
  const slanted = SLANT * LETTER * Math.min(most, Math.max(...layers.map((one) => one.name.length)));
  const left = Math.max(44, slanted);
  const across = (wide - left - RIGHT) / layers.length;
  return {
    low, high, wide, left, across, most,
    below: 14 + slanted,
    x: (depth) => left + (depth + 0.5) * across,
    y: (value) => TOP + (TALL - TOP) * (high - value) / (high - low),
  };
}

// Path through the layers where there is a value, with a gap where there is none.
function path(values) {
  let pen = "M";
  return values.map((value, depth) => {
    const drawn = value === null ? "" : `${pen}${scale.x(depth).toFixed(1)} ${scale.y(value).toFixed(1)}`;
    pen = value === null ? "M" : "L";
    return drawn;
  }).join("");
}

function area(lows, highs) {
  const there = lows.map((low, depth) => depth).filter((depth) => lows[depth] !== null);
  if (!there.length) return "";
  const spot = (depth, value) => `${scale.x(depth).toFixed(1)} ${scale.y(value).toFixed(1)}`;
  const up = there.map((depth) => spot(depth, highs[depth]));
  const back = there.reverse().map((depth) => spot(depth, lows[depth]));
  return `M${[...up, ...back].join("L")}Z`;
}

function axes(layers) {
  const drawn = [];
  const step = stepOf(scale.high - scale.low);
  for (let value = Math.ceil(scale.low / step) * step; value <= scale.high; value += step) {
    const y = scale.y(value);
    drawn.push(element("line", { x1: scale.left, x2: scale.wide - RIGHT, y1: y, y2: y, class: "grid-line" }),
      element("text", { x: scale.left - 6, y: y + 4, "text-anchor": "end" }, (value / 1000).toFixed(2)));
  }
  const every = Math.ceil(16 / scale.across);
  layers.forEach((one, depth) => {
    if (depth % every) return;
    const cut = one.name.length > scale.most ? `\u2026${one.name.slice(1 - scale.most)}` : one.name;
    const [x, y] = [scale.x(depth) + 4, TALL + 14];
    drawn.push(element("text", { x, y, "text-anchor": "end", transform: `rotate(-45 ${x} ${y})` }, cut));
  });
  const x = scale.x(state.layer);
  drawn.push(element("line", { x1: x, x2: x, y1: TOP, y2: TALL, class: "chosen" }));
  return drawn;
}

function lineOf(layers, { code }) {
  const colour = colourOf(code);
  const values = layers.map((one) => one[state.statistic][code]);
  const drawn = [element("path", { d: path(values), class: "own", colour })];
  if (state.statistic === "mean") {
    const d = area(layers.map((one) => one.low[code]), layers.map((one) => one.high[code]));
    drawn.unshift(element("path", { d, class: "own-area", colour }));
  }
  values.forEach((value, depth) => {
    if (value !== null) {
      drawn.push(element("circle", { cx: scale.x(depth), cy: scale.y(value), r: 3, class: "own-dot", colour }));
    }
  });
  return drawn;
}

function depthAt(event) {
  const x = event.clientX - chart.getBoundingClientRect().left;
  const depth = Math.round((x - scale.left) / scale.across - 0.5);
  return Math.max(0, Math.min(pair().layers.length - 1, depth));
}

// The class, of the picked ones or else of all, whose line is nearest in the layer below the pointer.
function pointAt(event) {
  const depth = depthAt(event), one = pair().layers[depth];
  const y = event.clientY - chart.getBoundingClientRect().top;
  const among = state.picked.length ? state.picked.map(({ code }) => code) : codes();
  const far = (code) => Math.abs(scale.y(one[state.statistic][code]) - y);
  const known = among.filter((code) => one[state.statistic][code] !== null);
  if (!known.length) return hideTip();
  const code = known.reduce((best, code) => (far(code) < far(best) ? code : best));
  showTip(told(one, code), event.clientX, event.clientY);
}

function drawLines() {
  const layers = pair().layers;
  scale = measured(layers);
  const all = layers.map((one) => quantiles(one[state.statistic]));
  const level = (place) => all.map((found) => found && found[place]);
  const high = TALL + scale.below;
  chart.replaceChildren(element("svg", { viewBox: `0 0 ${scale.wide} ${high}`, width: scale.wide,
    height: high, "aria-hidden": "true" },
    element("path", { d: area(level(0), level(4)), class: "all" }),
    element("path", { d: area(level(1), level(3)), class: "all" }),
    element("path", { d: path(level(2)), class: "median" }),
    ...axes(layers), ...state.picked.flatMap((one) => lineOf(layers, one))));
  at("legend").replaceChildren(...state.picked.map(({ code }) =>
    element("li", { colour: colourOf(code) }, pair().classes[code])));
}

shows(["pair", "layer", "picked", "statistic"], drawLines);
new ResizeObserver(() => {
  if (scale && chart.clientWidth && Math.abs(chart.clientWidth - scale.wide) > 1) drawLines();
}).observe(chart);
