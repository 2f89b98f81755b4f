// The most confused samples of the layer, each beside whom it meets.

const cards = element("ul", { class: "cards" });
const none = element("p", { class: "hint" });
at("confused").append(none, cards);
const MOST_CARDS = 24;

// Without images there is nothing, rather than an empty frame.
function pictureOf(images, called, sample, name) {
  const given = (images[pair().data] || {})[sample];
  if (!given) return "";
  if (given.text !== undefined) return element("span", { class: "picture words" }, given.text);
  return element("img", { class: "picture", src: given.image, alt: `${called} ${sample}: ${name}` });
}

function cardOf(one) {
  const own = nameOf(one.class);
  const [others, kind] = one.known ? [report.images, "sample"] : [report.references, "reference"];
  const called = (id, sample) => (id === undefined ? `#${sample}` : id);
  const foreign = one.known ? called(one.foreign_id, one.foreign) : `reference #${one.foreign}`;
  return element("li", {},
    element("figure", {}, pictureOf(report.images, "sample", one.sample, own),
      element("figcaption", {}, element("button", { type: "button", class: "link",
        click: () => pick(one.class) }, own), element("small", {}, called(one.id, one.sample)))),
    element("figure", {}, pictureOf(others, kind, one.foreign, one.meets),
      element("figcaption", {}, one.meets, element("small", {}, foreign))),
    element("p", {}, `k* = ${one.kstar} of ${one.size}`));
}

shows(["pair", "layer", "picked"], () => {
  const all = layer().confused;
  const picked = new Set(state.picked.map(({ code }) => code));
  const own = all.filter((one) => picked.has(one.class));
  const chosen = (own.length ? own : all).slice(0, MOST_CARDS);
  if (!all.length) none.textContent = "This result does not know whom its samples meet.";
  else if (!picked.size) none.textContent = "Of all classes. Pick classes to see theirs.";
  else if (own.length) none.textContent = "Of the picked classes.";
  else none.textContent = "None that is listed is of a picked class; these are of all classes.";
  cards.replaceChildren(...chosen.map(cardOf));
});
