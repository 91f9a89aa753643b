// SPDX-License-Identifier: MPL-2.0
// What is broken now: since when, what it looks like, and who has it. One entry for each stream; what nobody has comes first.

import { ago, endOf, lasted, moment, span } from "./times.js";
import { pictureOf } from "./history.js";
import { atLeast, rank, worstOf } from "./levels.js";
import { button, el, get, say, sign } from "./dom.js";
import { kindName, ownerText } from "./words.js";

/** What was over last is named below, so many. */
const OVER = 6;
/** What is to be said of a stream that isn't watched and has no defect. */
const STATES = {
  waiting: "Lost", connecting: "Connecting", refused: "Too much for this machine",
  quarantined: "Not watched", unwatched: "Not watched",
};
/** Pictures of defects may come a while after their begin. */
const PICTURES_EVERY = 5000;

export class Problems {
  /** `take` and `mute` are told the stream and the episodes; `open` the stream; `enlarge` a picture. */
  constructor(told) {
    this.told = told;
    this.entries = new Map();
    this.pictures = new Map();
    this.asked = 0;
    this.head = el("h2");
    this.list = el("ol", { class: "problems" });
    this.over = el("ol", { class: "over" });
    this.overHead = el("h2", { text: "Over lately" });
    get("problems").append(this.head, this.list, this.overHead, this.over);
  }

  /** The streams as they are; `operations`: who has what, and what is muted. */
  update(cards, operations, now) {
    const all = [];
    for (const card of cards) {
      const episodes = card.data.open.filter((e) => !e.maintenance && atLeast(e.severity, "warning"));
      episodes.sort((a, b) => rank(a.severity) - rank(b.severity));
      const isLost = ["lost", "waiting"].includes(card.is.level) && !episodes.length && card.data.state !== "pending";
      if (!episodes.length && !isLost) continue;
      const free = episodes.filter((e) => !operations.owner(e.episode) && !operations.mute(card.id, e.kind));
      const muted = episodes.length > 0 && episodes.every((e) => operations.mute(card.id, e.kind));
      const level = worstOf(episodes) ?? card.is.level;
      const since = episodes.reduce((t, e) => (e.time < t ? e.time : t), episodes[0]?.time ?? card.data.since);
      all.push({ card, episodes, free, muted, level, since });
    }
    const place = (p) => (p.muted ? 2 : p.free.length || !p.episodes.length ? 0 : 1);
    all.sort((a, b) => place(a) - place(b) || rank(a.level) - rank(b.level) || b.since.localeCompare(a.since));
    const nobody = all.filter((p) => place(p) === 0).length;
    const streams = all.length === 1 ? "1 stream has trouble" : `${all.length} streams have trouble`;
    say(this.head, !all.length ? "Nothing is broken" : `${streams}${nobody ? `, nobody has ${nobody}` : ", all taken care of"}`);
    this.head.dataset.level = nobody ? "error" : "ok";
    this.show(all, operations, now);
    this.showOver(cards, now);
    this.loadPictures(all);
  }

  show(all, operations, now) {
    const ids = new Set(all.map((p) => p.card.id));
    for (const [id, entry] of this.entries) {
      if (ids.has(id)) continue;
      entry.node.remove();
      this.entries.delete(id);
    }
    let at = this.list.firstElementChild;
    for (const problem of all) {
      const { id } = problem.card;
      if (!this.entries.has(id)) this.entries.set(id, new Entry(id, this.told));
      const entry = this.entries.get(id);
      entry.show(problem, operations, this.pictures, now);
      if (entry.node === at) at = at.nextElementSibling;
      else this.list.insertBefore(entry.node, at);
    }
  }

  /** The latest that are over, of all streams. */
  showOver(cards, now) {
    const all = cards.flatMap((c) => c.data.recent.filter((e) => !e.maintenance).map((e) => [c, e]));
    all.sort((a, b) => endOf(b[1]) - endOf(a[1]));
    const shown = all.slice(0, OVER);
    this.overHead.hidden = !shown.length;
    const text = shown.map(([, e]) => e.episode).join() + Math.floor(now / 60000);
    if (this.over.dataset.text === text) return;
    this.over.dataset.text = text;
    this.over.replaceChildren(...shown.map(([card, e]) => el("li", {}, sign(e.severity),
      el("span", {}, button(card.id, () => this.told.open(card.id), { class: "name" }), ` ${kindName(e.kind)}`),
      el("span", { class: "dim", text: `${lasted(e.duration / 1e9)}, ${ago((now - endOf(e)) / 1000)}`, title: moment(e.time) }))));
  }

  /** Asks which of the open episodes have pictures: there are none of sound. */
  async loadPictures(all) {
    const episodes = all.flatMap((p) => p.episodes.map((e) => e.episode));
    const isMissing = episodes.some((e) => !this.pictures.has(e));
    if (!isMissing && Date.now() - this.asked < 3 * PICTURES_EVERY) return;
    if (!episodes.length || Date.now() - this.asked < PICTURES_EVERY) return;
    this.asked = Date.now();
    try {
      const answer = await fetch("api/v1/episodes?open=true&limit=1000", { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) return;
      this.pictures = new Map((await answer.json()).map((e) => [e.episode, e.pictures]));
    } catch {
      // The poll tells when the server is gone.
    }
  }
}

/** A stream of which something is broken. */
class Entry {
  constructor(id, told) {
    this.id = id;
    this.told = told;
    this.image = el("img", { alt: "", decoding: "async" });
    this.image.hidden = true;
    this.frame = button("", () => this.source && told.enlarge(this.source, this.caption), {
      class: "shot", "aria-label": `Picture of ${id}`,
    });
    this.frame.append(this.image);
    this.sign = el("i", { class: "sign", "aria-hidden": "true" });
    this.labels = el("span", { class: "dim" });
    this.what = el("ul", { class: "what" });
    this.length = el("b");
    this.since = el("span");
    this.owner = el("p", { class: "owner" });
    this.take = button("Take it", () => told.take(this.id, this.problem.episodes), { class: "main" });
    this.mute = button("Mute", () => told.mute(this.id, this.problem.episodes));
    this.node = el("li", { class: "problem", "data-problem": id }, this.frame,
      el("div", { class: "head" }, this.sign, button(id, () => told.open(id), { class: "name" }), this.labels),
      this.what, el("p", { class: "since" }, this.length, " ", this.since),
      el("div", { class: "care" }, this.owner, this.take, this.mute));
  }

  show(problem, operations, pictures, now) {
    this.problem = problem;
    const { card, episodes, level, free, muted, since } = problem;
    this.node.dataset.level = level;
    this.node.classList.toggle("taken", episodes.length > 0 && !free.length);
    this.sign.dataset.level = level;
    say(this.sign, sign(level).textContent);
    say(this.labels, Object.values(card.data.labels ?? {}).join(" · "));
    const lines = episodes.map((e) => [kindName(e.kind), ""]);
    if (!lines.length) lines.push([STATES[card.data.state] ?? "No result", ""]);
    // What is lost says why itself.
    if (card.is.silent && card.data.reason) lines[0][1] = card.data.reason;
    const all = lines.flat().join("\n");
    if (this.what.dataset.text !== all) {
      this.what.dataset.text = all;
      this.what.replaceChildren(...lines.map(([what, why]) =>
        el("li", {}, el("b", { text: what }), why ? el("span", { text: ` ${why}` }) : null)));
    }
    say(this.length, span((now - Date.parse(since)) / 1000));
    say(this.since, `since ${moment(since)}`);
    this.showOwner(operations, episodes, muted, free);
    this.showPicture(card, episodes, pictures);
  }

  showOwner(operations, episodes, muted, free) {
    const owners = episodes.map((e) => operations.owner(e.episode)).filter(Boolean);
    const mute = episodes.map((e) => operations.mute(this.id, e.kind)).find(Boolean);
    const last = owners.at(-1);
    const has = last && ownerText(last);
    const quiet = muted && `muted by ${mute.who} until ${moment(mute.until)}`;
    say(this.owner, [has, quiet].filter(Boolean).join("; ") || "Nobody has it.");
    this.owner.classList.toggle("nobody", !last && !muted);
    this.take.hidden = !episodes.length;
    this.mute.hidden = !episodes.length || muted;
    say(this.take, last && !free.length ? "Take over" : "Take it");
    this.take.classList.toggle("main", free.length > 0);
  }

  /** The worst or the first picture of the defect; the last that came if there is none. */
  showPicture(card, episodes, pictures) {
    const shot = episodes.map((e) => [e, pictures.get(e.episode) ?? []]).find(([, all]) => all.length);
    let source = null;
    if (shot) {
      const [episode, all] = shot;
      source = pictureOf(episode.episode, all.includes("worst") ? "worst" : "begin");
      this.caption = `${this.id}: ${kindName(episode.kind)}, ${moment(episode.time)}`;
    } else if (card.shown) {
      source = card.shown;
      this.caption = `${this.id}: the last picture`;
    }
    this.frame.hidden = !source;
    if (source && this.source !== source) {
      this.source = source;
      this.image.src = source;
      this.image.hidden = false;
    }
  }
}
