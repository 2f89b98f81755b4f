// What stands beside the pointer, or beside what the keyboard is at.

function showTip(lines, x, y) {
  const tip = at("tip");
  tip.replaceChildren(...lines.map((line) => element("div", {}, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(4, Math.min(x + 14, innerWidth - width - 4));
  tip.style.left = `${left}px`;
  tip.style.top = `${y + height + 18 > innerHeight ? Math.max(4, y - height - 12) : y + 14}px`;
}

function hideTip() {
  at("tip").hidden = true;
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip();
});
addEventListener("scroll", hideTip, { passive: true });
