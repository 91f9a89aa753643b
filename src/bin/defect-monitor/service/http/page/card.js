// SPDX-License-Identifier: MPL-2.0
// A stream on the wall.

import { draw } from "./timeline.js";
import { ago, endOf, moment, span } from "./times.js";
import { SIGNS, judge, levelOf } from "./levels.js";
import { el, say, sign } from "./dom.js";
import { showSmall, smallMeter } from "./meters.js";
import { detailText, kindName, number } from "./words.js";

/** Open defects that are named; the rest is counted. */
const NAMED = 2;
const PICTURE_EVERY = 3000;

export class Card {
  constructor(id, base) {
    this.id = id;
    this.data = null;
    this.age = -1;
    this.levels = [];
    this.loudness = null;
    this.day = null;
    this.visible = false;
    this.picture = `${base}/${encodeURIComponent(id)}/thumbnail.jpg`;
    this.shown = null;
    this.asked = 0;
    this.build();
  }

  build() {
    this.image = el("img", { alt: "", decoding: "async", draggable: "false" });
    this.image.hidden = true;
    this.image.addEventListener("load", () => this.pictured(true));
    this.image.addEventListener("error", () => this.pictured(false));
    this.nothing = el("span", { class: "nothing" });
    this.meters = smallMeter();
    this.sign = el("i", { class: "sign", "aria-hidden": "true" });
    this.name = el("button", { type: "button", class: "name" });
    this.labels = el("span", { class: "labels" });
    this.state = el("p", { class: "state" });
    this.open = el("ul", { class: "open" });
    this.owner = el("p", { class: "owner" });
    this.level = el("span", { class: "level" });
    this.notes = el("span", { class: "notes" });
    this.canvas = el("canvas", { class: "day", role: "img", "aria-label": `Last 24 hours of ${this.id}` });
    this.node = el("article", { class: "card", "data-id": this.id },
      el("div", { class: "picture" }, this.image, this.nothing, this.meters),
      el("div", { class: "head" }, this.sign, el("h3", {}, this.name), this.labels),
      el("div", { class: "what" }, this.state, this.open),
      el("div", { class: "sound" }, this.level, this.owner, this.notes),
      this.canvas);
    say(this.name, this.id);
  }

  /** What the server says of it. Gives the defects that are new since the last time. */
  update(data) {
    const before = this.data;
    this.data = data;
    const labels = Object.entries(data.labels ?? {});
    say(this.labels, labels.map(([, value]) => value).join(" · "));
    this.labels.title = labels.map(([key, value]) => `${key}: ${value}`).join("\n");
    this.text = null;
    const fresh = this.fresh(before);
    this.known = new Set([...data.open, ...data.recent].map((e) => e.episode));
    this.is = judge(data, this.age);
    this.listed = null;
    return fresh;
  }

  /** Whether all these words are in its name, labels, state or defects. */
  has(words) {
    if (this.text === null) {
      const { data } = this;
      const labels = Object.entries(data.labels ?? {});
      const defects = data.open.map((e) => [e.kind, kindName(e.kind), detailText(e), e.severity]);
      this.text = [data.id, data.uri, data.state, data.reason, labels.flat(), labels.map((l) => l.join("=")), defects]
        .flat(2).join(" ").toLowerCase();
    }
    return words.every((word) => this.text.includes(word));
  }

  /** An episode, as the alarm and the reader of the screen are told of it. */
  said(e) {
    return { stream: this.id, kind: e.kind, severity: e.severity, text: `${this.id}: ${kindName(e.kind)}` };
  }

  fresh(before) {
    if (!before) return [];
    const events = [...this.data.open, ...this.data.recent].filter((e) => !this.known.has(e.episode) && !e.maintenance);
    const fresh = events.map((e) => this.said(e));
    // A stream that is lost has an episode of its own; one that there is no room for hasn't.
    if (before.state !== "refused" && this.data.state === "refused") {
      fresh.push({ stream: this.id, kind: "", severity: "error", text: `${this.id}: not watched, too much for this machine` });
    }
    return fresh;
  }

  /** The measures of this moment. */
  beat([age, lag, loudness, levels, mark, word]) {
    Object.assign(this, { age, lag, loudness, levels });
    if (this.day) {
      const last = this.day.marks.length - 1;
      if (mark > this.day.marks[last]) {
        this.day.marks[last] = mark;
        this.day.words[last] = word;
        this.drawn = false;
      }
    }
    this.is = judge(this.data, age);
  }

  setDay(day, until) {
    this.day = day;
    this.until = until;
    this.drawn = false;
  }

  /** Writes everything; only for those on the screen. */
  show(now, operations) {
    const { level, text, silent } = this.is;
    this.node.dataset.level = level;
    this.node.classList.toggle("silent", silent);
    this.sign.dataset.level = level;
    say(this.sign, SIGNS[level]);
    say(this.state, silent || this.data.state !== "watching" ? text : this.quietText(now));
    this.state.title = this.state.textContent;
    this.showOpen(now);
    this.showOwner(operations);
    this.showSound();
    if (!this.drawn && this.day) {
      draw(this.canvas, this.day, this.until);
      this.drawn = true;
    }
  }

  quietText(now) {
    if (this.data.open.length) return "";
    const last = this.data.recent[0];
    if (!last) return "no defects";
    return `last: ${kindName(last.kind)}, ${ago((now - endOf(last)) / 1000)}`;
  }

  showOpen(now) {
    const { open } = this.data;
    const shown = open.slice(-NAMED).reverse();
    if (this.listed !== this.data) {
      this.listed = this.data;
      const rest = open.length - shown.length;
      const items = shown.map((e) => el("li", { "data-level": levelOf(e), title: `since ${moment(e.time)}` },
        sign(levelOf(e)), el("b", { text: kindName(e.kind) }),
        e.maintenance ? el("span", { class: "dim", text: "maintenance" }) : null,
        el("time", { datetime: e.time })));
      if (rest) items.at(-1).querySelector("b").after(el("span", { class: "dim", text: `+${rest}`, title: `and ${rest} more` }));
      this.open.replaceChildren(...items);
    }
    shown.forEach((e, i) => {
      say(this.open.children[i].querySelector("time"), span((now - Date.parse(e.time)) / 1000));
    });
  }

  showOwner(operations) {
    const names = new Set(this.data.open.map((e) => operations.owner(e.episode)?.who).filter(Boolean));
    const isMuted = operations.mute(this.id, null) || this.data.open.some((e) => operations.mute(this.id, e.kind));
    const text = [names.size ? `${[...names].join(", ")} has it` : "", isMuted ? "muted" : ""].filter(Boolean).join("; ");
    say(this.owner, text);
  }

  showSound() {
    const quiet = this.data.open.some((e) => e.kind === "silence");
    // Of a stream that isn't watched the last level is an old one.
    const isKnown = !this.is.silent && (this.loudness !== null || this.levels.length > 0);
    const loudest = Math.max(...this.levels.map(([rms]) => rms));
    const [value, unit] = this.loudness === null ? [loudest, "dBFS"] : [this.loudness, "LUFS"];
    say(this.level, quiet ? "silence" : !isKnown ? "" : value <= -100 ? "−∞" : `${number(value)} ${unit}`);
    this.level.classList.toggle("quiet", quiet);
    showSmall(this.meters, this.is.silent ? [] : this.levels);
    const notes = [];
    if (this.lag > 1) notes.push(`${number(this.lag)} s behind`);
    if (this.data.analysed < 0.995) notes.push(`${Math.round(this.data.analysed * 100)} % analysed`);
    if (this.data.restarts) notes.push(`${this.data.restarts} × reconnected`);
    say(this.notes, notes.join(" · "));
    this.notes.title = this.notes.textContent;
  }

  get hasPicture() {
    const tracks = this.data.tracks;
    return !tracks.length || tracks.some((t) => t.name.startsWith("video"));
  }

  /** Asks for the picture anew, if it is time. */
  refresh(time) {
    if (!this.hasPicture) {
      say(this.nothing, "sound only");
    } else if (time - this.asked > PICTURE_EVERY) {
      this.asked = time;
      this.image.src = `${this.picture}?${time}`;
    }
  }

  pictured(there) {
    this.image.hidden = !there;
    if (there) this.shown = this.image.src;
    say(this.nothing, there ? "" : "no picture yet");
  }
}
