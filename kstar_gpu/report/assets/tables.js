// The three tables: the classes of a layer with their distributions, classes by layers, layers.

const BROAD = 180, FLAT = 26; // of a distribution
const MANY_CLASSES = 100, MANY_LAYERS = 12;

const nameOf = (code) => pair().classes[code];
const distributions = new SortedTable(at("distributions"), "Classes of the layer", nameOf);
const matrix = new SortedTable(at("matrix"), "Classes in all layers", nameOf);
const layersTable = new SortedTable(at("layers"), "Layers",
  ([model, data, one]) => [model.model, model.data, one.name].join(" "));

// The histogram of a class, mirrored, over 0 to 1; its mean and the interval of that.
function violin(one, code) {
  const bins = [...one.letters[code]].map((letter) => letter.charCodeAt(0) - 97);
  const half = FLAT / 2 - 2, wide = BROAD / report.bins;
  const top = bins.map((level, bin) => {
    const y = (FLAT / 2 - half * level / 25).toFixed(1);
    return `L${(bin * wide).toFixed(1)} ${y}H${((bin + 1) * wide).toFixed(1)}`;
  });
  const bottom = bins.map((level, bin) => {
    const y = (FLAT / 2 + half * level / 25).toFixed(1);
    return `L${((bin + 1) * wide).toFixed(1)} ${y}H${(bin * wide).toFixed(1)}`;
  }).reverse();
  const x = BROAD * one.mean[code] / 1000;
  const ends = [one.low[code], one.high[code]].map((end) => BROAD * end / 1000);
  const drawn = element("svg", { viewBox: `0 0 ${BROAD} ${FLAT}`, width: BROAD, height: FLAT, role: "img",
    class: `violin ${one.pattern[code]}`, "aria-label": `distribution of ${nameOf(code)}` },
    element("line", { x1: 0, x2: BROAD, y1: FLAT / 2, y2: FLAT / 2, class: "grid-line" }),
    element("path", { d: `M0 ${FLAT / 2}${top.join("")}${bottom.join("")}Z` }));
  if (one.low[code] !== null) {
    drawn.append(element("line", { x1: ends[0], x2: ends[1], y1: FLAT / 2, y2: FLAT / 2, class: "interval" }));
  }
  drawn.append(element("circle", { cx: x, cy: FLAT / 2, r: 3, class: "mean" }));
  const tell = (event) => showTip(told(one, code), event.clientX, event.clientY);
  drawn.addEventListener("pointermove", tell);
  drawn.addEventListener("pointerdown", tell);
  drawn.addEventListener("pointerleave", hideTip);
  return drawn;
}

// The letters of all bins, cut into those of each class; missing classes have none.
function cutLetters(one) {
  let start = 0;
  one.letters = one.n.map((n) => {
    const letters = n === null ? null : one.bins.slice(start, start + report.bins);
    start += letters ? report.bins : 0;
    return letters;
  });
}
for (const { layers } of report.pairs) layers.forEach(cutLetters);

function box(code) {
  return element("input", { type: "checkbox", "aria-label": `pick ${nameOf(code)}`, "data-code": code,
    change: () => pick(code) });
}

function tick() {
  for (const input of distributions.body.querySelectorAll("input")) {
    const colour = colourOf(Number(input.dataset.code));
    input.checked = colour !== null;
    input.style.setProperty("accent-color", colour || "auto");
  }
}

shows(["pair", "layer"], () => {
  const one = layer();
  for (const place of document.querySelectorAll("h2 .layer")) place.textContent = one.name;
  const number = (name) => (code) => one[name][code];
  const shown = (name) => (code) => decimals(one[name][code]);
  const columns = [
    { title: "", cell: box },
    { title: "class", value: nameOf, words: true },
    { title: "n", value: number("n") },
    { title: "from 0 to 1", words: true, cell: (code) => violin(one, code) },
    { title: "mean", value: number("mean"), cell: shown("mean") },
    { title: "interval", cell: (code) => interval(one, code) },
    { title: "std", value: number("std"), cell: shown("std") },
    { title: "skewness", value: number("skew"), cell: shown("skew") },
    { title: "pattern", value: (code) => PATTERNS[one.pattern[code]],
      cell: (code) => element("span", { class: one.pattern[code] }, PATTERNS[one.pattern[code]]) },
  ];
  const own = codes().filter((code) => one.n[code] !== null);
  const { sorted, falling } = distributions;
  distributions.fill(columns, own, sorted ?? (own.length > MANY_CLASSES ? 4 : null), falling);
});
distributions.drawn = tick;
shows(["pair", "layer", "picked"], tick);

shows(["pair", "statistic"], () => {
  const { layers } = pair();
  matrix.table.classList.toggle("many", layers.length > MANY_LAYERS);
  const columns = layers.map((one) => ({
    title: one.name,
    value: (code) => one[state.statistic][code],
    cell: (code) => element("td", { class: mark(one, code), title: told(one, code).join("\n") },
      element("span", {}, decimals(one[state.statistic][code])), ` ${mark(one, code)}`),
  }));
  matrix.fill([{ title: "class", value: nameOf, words: true }, ...columns], codes(), null);
});

const middle = (values) => (quantiles(values) || [null, null, null])[2];
const letters = (one, letter) => [...one.pattern].filter((found) => found === letter).length;
layersTable.fill([
  { title: "model", value: ([model]) => model.model, words: true },
  { title: "data", value: ([model]) => model.data, words: true },
  { title: "layer", words: true, value: ([, , one]) => one.name,
    cell: ([model, , one]) => element("button", { type: "button", class: "link", click: () => {
      const [number, depth] = [report.pairs.indexOf(model), model.layers.indexOf(one)];
      if (number === state.pair) set({ layer: depth });
      else choosePair(number, depth);
    } }, one.name) },
  { title: "median of means", value: ([, , one]) => middle(one.mean),
    cell: ([, , one]) => decimals(middle(one.mean)) },
  { title: "median of skewness", value: ([, , one]) => middle(one.skew),
    cell: ([, , one]) => decimals(middle(one.skew)) },
  ...["F", "O", "C"].map((letter) => ({ title: PATTERNS[letter], value: ([, , one]) => letters(one, letter) })),
], report.pairs.flatMap((model) => model.layers.map((one) => [model, model.data, one])), null);
