// SPDX-License-Identifier: MPL-2.0
// The wall of all streams: places them, and keeps up to date what is on the screen.

import { Card } from "./card.js";
import { Hand, arranged } from "./order.js";
import { el, get, say } from "./dom.js";

/** More streams than that are a list unless somebody chose otherwise. */
const TILES = 100;
/** So few have large pictures. */
const FEW = 8;

const isNarrow = matchMedia("(max-width: 640px)");

export class Wall {
  constructor(base, open) {
    this.base = base;
    this.open = open;
    this.main = get("streams");
    this.cards = new Map();
    this.nodes = new WeakMap();
    this.hand = new Hand();
    this.placed = "";
    this.seen = new IntersectionObserver((entries) => this.noteSeen(entries), { rootMargin: "200px" });
    this.drag();
  }

  get all() {
    return [...this.cards.values()];
  }

  /** The card of that stream; makes one for a new stream. */
  card(id) {
    const known = this.cards.get(id);
    if (known) return known;
    const card = new Card(id, this.base);
    this.cards.set(id, card);
    this.nodes.set(card.node, card);
    card.name.addEventListener("click", () => this.open(id));
    this.seen.observe(card.node);
    return card;
  }

  cardOf(node) {
    return this.nodes.get(node);
  }

  keepOnly(ids) {
    for (const [id, card] of this.cards) {
      if (ids.has(id)) continue;
      this.seen.unobserve(card.node);
      card.node.remove();
      this.cards.delete(id);
    }
  }

  /** Shows those that are chosen where they belong. Gives how many of each group there are, and how many are shown. */
  arrange(chosen) {
    const words = chosen.words.toLowerCase().split(/\s+/).filter(Boolean);
    const counts = { all: 0, broken: 0, lost: 0, warned: 0, fine: 0 };
    let shown = 0;
    for (const card of this.all) {
      counts.all += 1;
      counts[card.is.group] += 1;
      const fits = (chosen.show === "all" || card.is.group === chosen.show) && card.has(words);
      if (card.node.hidden === fits) card.node.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    this.main.classList.toggle("few", counts.all <= FEW);
    this.setLayout(chosen.layout ?? (isNarrow.matches || counts.all > TILES ? "list" : "tiles"));
    this.place(chosen);
    return { counts, shown };
  }

  place(chosen) {
    this.chosen = chosen;
    const groups = arranged(this.all, chosen, this.hand);
    const text = JSON.stringify(groups.map(([name, cards]) => [name, cards.map((card) => card.id)])) + chosen.group;
    if (this.placed !== text) {
      this.placed = text;
      const focused = this.main.contains(document.activeElement) ? document.activeElement : null;
      this.main.replaceChildren(...groups.map(([name, cards]) => section(chosen.group, name, cards)));
      // A moved element loses the focus.
      if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
    }
    groups.forEach(([, cards], i) => {
      const node = this.main.children[i];
      const bad = cards.filter((card) => card.is.group !== "fine").length;
      node.hidden = cards.every((card) => card.node.hidden);
      if (chosen.group) say(node.querySelector(".count"), bad ? `${cards.length}, of them ${bad} not fine` : `${cards.length}, all fine`);
    });
    for (const card of this.all) card.node.draggable = chosen.order === "hand";
  }

  setLayout(layout) {
    if (this.main.dataset.layout === layout) return;
    this.main.dataset.layout = layout;
    for (const button of document.querySelectorAll("[data-layout][aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === layout));
    }
    this.redraw();
  }

  redraw() {
    for (const card of this.all) card.drawn = false;
  }

  noteSeen(entries) {
    for (const entry of entries) {
      const card = this.nodes.get(entry.target);
      card.visible = entry.isIntersecting;
      if (card.visible && card.data && this.last) card.show(...this.last);
    }
  }

  draw(now, operations) {
    this.last = [now, operations];
    for (const card of this.all) if (card.visible && !card.node.hidden) card.show(now, operations);
  }

  /** Asks for pictures of what is on the screen; `also`: of these in any case. */
  pictures(also) {
    if (document.hidden) return;
    const time = Date.now();
    const areTiles = this.main.dataset.layout === "tiles";
    for (const card of this.all) {
      if ((areTiles && card.visible && !card.node.hidden) || also.has(card.id)) card.refresh(time);
    }
  }

  /** Moving by hand: by dragging, and by Alt and arrow keys. */
  drag() {
    let moved = null;
    const cardAt = (event) => this.cardOf(event.target.closest?.(".card"));
    this.main.addEventListener("dragstart", (event) => {
      moved = cardAt(event);
      event.dataTransfer.effectAllowed = "move";
    });
    this.main.addEventListener("dragover", (event) => moved && event.preventDefault());
    this.main.addEventListener("drop", (event) => {
      event.preventDefault();
      const target = cardAt(event);
      if (moved && target && moved !== target) this.move(moved, target);
      moved = null;
    });
    this.main.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      const card = cardAt(event);
      if (!event.altKey || !step || !card || this.chosen?.order !== "hand") return;
      event.preventDefault();
      const shown = this.shown();
      const target = this.cards.get(shown[shown.indexOf(card.id) + step]);
      if (target) this.move(card, target);
    });
  }

  shown() {
    return [...this.main.querySelectorAll(".card")].map((node) => node.dataset.id);
  }

  /** To the place of another, which moves on. */
  move(card, target) {
    const shown = this.shown();
    const isForward = shown.indexOf(card.id) < shown.indexOf(target.id);
    const before = isForward ? shown[shown.indexOf(target.id) + 1] : target.id;
    this.hand.move(card.id, before, shown);
    this.place(this.chosen);
  }
}

function section(key, name, cards) {
  const head = key ? el("h2", {}, name ? `${key}: ${name} ` : `without ${key} `, el("span", { class: "count dim" })) : null;
  return el("section", {}, head, el("div", { class: "grid" }, cards.map((card) => card.node)));
}
