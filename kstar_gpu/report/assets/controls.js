// What is chosen: model and data, layer, number, classes. Then the first picture is drawn.

function options(select, names) {
  select.replaceChildren(...names.map((name, value) => element("option", { value }, name)));
}

options(at("pair"), report.pairs.map((one) => `${one.model}, ${one.data}`));
at("pairs").hidden = report.pairs.length === 1;
at("pair").addEventListener("change", (event) => choosePair(Number(event.target.value), state.layer));
at("layer").addEventListener("change", (event) => set({ layer: Number(event.target.value) }));
at("statistic").addEventListener("change", (event) => set({ statistic: event.target.value }));
at("controls").addEventListener("submit", (event) => event.preventDefault());

// Pick the class of this name that is not picked; of several, the first.
function pickNamed(field) {
  const wanted = field.value.trim();
  const free = codes().filter((code) => colourOf(code) === null);
  const code = free.find((code) => nameOf(code).trim() === wanted);
  if (code === undefined) return false;
  field.value = "";
  pick(code);
  return true;
}

// A name that is chosen from the list is picked at once, one that is written when Enter is pressed.
at("pick").addEventListener("input", (event) => {
  if (event.inputType === undefined || event.inputType === "insertReplacementText") pickNamed(event.target);
});
at("pick").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const known = event.target.value.trim();
  if (known && !pickNamed(event.target)) say(`no other class is called ${known}`);
});

shows(["pair"], () => {
  at("pair").value = state.pair;
  options(at("layer"), pair().layers.map((one) => one.name));
  at("names").replaceChildren(...pair().classes.map((value) => element("option", { value })));
});
shows(["pair", "layer"], () => {
  at("layer").value = state.layer;
});
shows(["pair", "picked"], () => at("picked").replaceChildren(...state.picked.map(({ code }) =>
  element("li", { colour: colourOf(code) }, nameOf(code), element("button", { type: "button",
    "aria-label": `let go of ${nameOf(code)}`, click: () => {
      pick(code);
      at("pick").focus();
    } }, "\u00d7")))));
shows(["pair", "layer"], () => {
  const one = layer();
  document.querySelector("footer").textContent =
    `Mean of k* / class size; metric ${one.metric}; pattern by the ${one.skewness} skewness, ` +
    `threshold ${one.threshold}; intervals of means: ${report.interval}. ${report.versions}.`;
});

if (report.errors.length) {
  at("errors").hidden = false;
  at("errors").append(element("ul", {}, ...report.errors.map((error) => element("li", {}, error))));
}

// The last layer first, with those classes picked whose means are the least and the largest there.
{
  const last = pair().layers.length - 1, one = pair().layers[last];
  const line = ordered(codes().filter((code) => one.mean[code] !== null), (code) => one.mean[code]);
  const ends = pair().classes.length <= 5 ? line : [...new Set([line[0], line[line.length - 1]])];
  set({ pair: 0, layer: last, statistic: at("statistic").value,
    picked: ends.map((code, colour) => ({ code, colour })) });
}
