// A table that is sorted by its heads and searched by a field above it.

const MOST_ROWS = 100;

class SortedTable {
  // `columns` are of {title, value(row), cell(row)}; either of the two stands for the other.
  constructor(section, label, text) {
    this.text = text;
    this.limit = MOST_ROWS;
    this.drawn = () => {}; // called when there are other rows
    this.search = element("input", { type: "search", "aria-label": `Search ${label}`,
      placeholder: "Search", input: () => this.drawRows() });
    this.count = element("span", { class: "count", role: "status" });
    this.more = element("button", { type: "button", class: "more", click: () => {
      this.limit = Infinity;
      this.drawRows();
    } });
    this.head = element("tr");
    this.body = element("tbody");
    this.table = element("table", { "aria-label": label }, element("thead", {}, this.head), this.body);
    const scroll = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      this.table);
    section.append(element("p", { class: "above" }, this.search, this.count), scroll, this.more);
  }

  // Take columns and rows; sort by a column's place, the first sort being the smallest at the top.
  fill(columns, rows, sorted, falling = false) {
    this.columns = columns;
    this.rows = rows;
    this.limit = MOST_ROWS;
    this.sorted = sorted;
    this.falling = falling;
    this.head.replaceChildren(...columns.map((column, place) => element("th",
      { scope: "col", class: column.words ? "words" : null,
        "data-title": column.value ? column.title : null },
      column.value
        ? element("button", { type: "button", click: () => this.sort(place) }, column.title)
        : column.title)));
    this.drawRows();
  }

  sort(place) {
    this.falling = this.sorted === place && !this.falling;
    this.sorted = place;
    this.drawRows();
    say(`sorted by ${this.columns[place].title}, ${this.falling ? "falling" : "rising"}`);
  }

  drawRows() {
    [...this.head.children].forEach((cell, place) => {
      if (place !== this.sorted) cell.removeAttribute("aria-sort");
      else cell.setAttribute("aria-sort", this.falling ? "descending" : "ascending");
    });
    const wanted = this.search.value.trim().toLowerCase();
    const found = this.rows.filter((row) => this.text(row).toLowerCase().includes(wanted));
    const value = this.sorted === null ? null : this.columns[this.sorted].value;
    const shown = (value ? ordered(found, value, this.falling) : found).slice(0, this.limit);
    this.body.replaceChildren(...shown.map((row) => this.line(row)));
    this.count.textContent = `${shown.length} of ${this.rows.length}`;
    this.more.hidden = shown.length === found.length;
    this.more.textContent = `Show all ${found.length}`;
    this.drawn();
  }

  line(row) {
    return element("tr", {}, ...this.columns.map((column) => {
      const content = (column.cell || column.value)(row);
      if (content instanceof Element && content.tagName === "TD") return content;
      if (column.words) return element("td", { class: "words" }, element("div", {}, content));
      return element("td", {}, content === null ? "\u2013" : content);
    }));
  }
}
