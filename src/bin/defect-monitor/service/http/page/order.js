// SPDX-License-Identifier: MPL-2.0
// Where streams stand on the wall: by name or by hand nothing moves by itself. Groups are by a label.

const KEY = "order-by-hand";
const names = new Intl.Collator(undefined, { numeric: true });

/** The order that somebody made by hand, in this browser. */
export class Hand {
  constructor() {
    try {
      this.ids = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    } catch {
      this.ids = [];
    }
  }

  place(id) {
    const at = this.ids.indexOf(id);
    return at < 0 ? this.ids.length : at;
  }

  /** Puts a stream before another of the streams in the order in which they are shown. */
  move(id, before, shown) {
    this.ids = shown.filter((other) => other !== id);
    const at = this.ids.indexOf(before);
    this.ids.splice(at < 0 ? this.ids.length : at, 0, id);
    localStorage.setItem(KEY, JSON.stringify(this.ids));
  }
}

/** All keys of labels. */
export function labelKeys(cards) {
  const keys = new Set(cards.flatMap((card) => Object.keys(card.data.labels ?? {})));
  return [...keys].sort(names.compare);
}

/** The cards in groups, as pairs of name and cards, in the order in which they stand. */
export function arranged(cards, { order, group }, hand) {
  const latest = (card) => card.data.open.reduce((t, e) => (e.time > t ? e.time : t), "");
  const byName = (a, b) => names.compare(a.id, b.id);
  const compare = {
    name: byName,
    hand: (a, b) => hand.place(a.id) - hand.place(b.id) || byName(a, b),
    worst: (a, b) => a.is.rank - b.is.rank || latest(b).localeCompare(latest(a)) || byName(a, b),
  };
  const groups = new Map();
  for (const card of [...cards].sort(compare[order] ?? byName)) {
    const name = group ? card.data.labels?.[group] ?? "" : "";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(card);
  }
  return [...groups].sort(([a], [b]) => (a === "") - (b === "") || names.compare(a, b));
}
