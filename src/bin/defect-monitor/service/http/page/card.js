// SPDX-License-Identifier: MPL-2.0
// A stream on the page.

import { ago, called, el, judge, number, say, sign, SIGNS, span } from "./words.js";
import { draw } from "./timeline.js";

/** Open defects that are named; the rest is counted. */
const NAMED = 4;
/** The scale of the sound's bar, in LUFS or dBFS. */
const QUIET = -60;
const PICTURE_EVERY = 3000;

export class Card {
  constructor(id, base) {
    this.id = id;
    this.data = null;
    this.age = -1;
    this.day = null;
    this.visible = false;
    this.picture = `${base}/${encodeURIComponent(id)}/thumbnail.jpg`;
    this.asked = 0;
    this.build();
  }

  build() {
    this.image = el("img", { alt: "", decoding: "async" });
    this.image.hidden = true;
    this.image.addEventListener("load", () => this.pictured(true));
    this.image.addEventListener("error", () => this.pictured(false));
    this.nothing = el("span", { class: "nothing" });
    this.sign = el("i", { class: "sign", "aria-hidden": "true" });
    this.name = el("button", { type: "button", class: "name" });
    this.labels = el("span", { class: "labels" });
    this.state = el("p", { class: "state" });
    this.open = el("ul", { class: "open" });
    this.bar = el("span", { class: "fill" });
    this.level = el("span", { class: "level" });
    this.notes = el("span", { class: "notes" });
    this.canvas = el("canvas", { class: "day", role: "img", "aria-label": `Last 24 hours of ${this.id}` });
    this.node = el("article", { class: "card", "data-id": this.id },
      el("div", { class: "picture" }, this.image, this.nothing),
      el("div", { class: "head" }, this.sign, el("h2", {}, this.name), this.labels),
      el("div", { class: "what" }, this.state, this.open),
      el("div", { class: "sound" }, el("span", { class: "meter", "aria-hidden": "true" }, this.bar), this.level, this.notes),
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
    const defects = [...data.open, ...data.recent].map((e) => [e.kind, e.detail, e.severity]).slice(0, data.open.length);
    this.text = [data.id, data.uri, data.state, data.reason, labels.flat(), labels.map((l) => l.join("=")), defects]
      .flat(2).join(" ").toLowerCase();
    const fresh = this.fresh(before);
    this.known = new Set([...data.open, ...data.recent].map((e) => e.episode));
    this.judge();
    this.listed = null;
    return fresh;
  }

  fresh(before) {
    if (!before) return [];
    const events = [...this.data.open, ...this.data.recent].filter((e) => !this.known.has(e.episode) && !e.maintenance);
    const fresh = events.map((e) => ({ severity: e.severity, text: `${this.id}: ${called(e)}` }));
    // A stream that is lost has an episode of its own; one that there is no room for hasn't.
    if (before.state !== "refused" && this.data.state === "refused") {
      fresh.push({ severity: "error", text: `${this.id}: not watched, too much for this machine` });
    }
    return fresh;
  }

  /** The measures of this moment. */
  beat([age, lag, loudness, level, mark, word]) {
    this.age = age;
    this.lag = lag;
    this.loudness = loudness;
    this.rms = level;
    if (this.day) {
      const last = this.day.marks.length - 1;
      if (mark > this.day.marks[last]) {
        this.day.marks[last] = mark;
        this.day.words[last] = word;
        this.drawn = false;
      }
    }
    this.judge();
  }

  judge() {
    this.is = judge(this.data, this.age);
  }

  setDay(day, until) {
    this.day = day;
    this.until = until;
    this.drawn = false;
  }

  /** Writes everything; only for those on the screen. */
  show(now) {
    const { level, text, silent } = this.is;
    this.node.dataset.level = level;
    this.node.classList.toggle("silent", silent);
    this.sign.dataset.level = level;
    say(this.sign, SIGNS[level]);
    say(this.state, silent || this.data.state !== "watching" ? text : this.quietText(now));
    this.showOpen(now);
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
    return `last: ${called(last)}, ${ago((now - (Date.parse(last.time) + last.duration / 1e6)) / 1000)}`;
  }

  showOpen(now) {
    const open = this.data.open;
    if (this.listed !== this.data) {
      this.listed = this.data;
      const items = open.slice(-NAMED).reverse().map((e) => el("li", { "data-level": e.severity },
        sign(e.maintenance ? "info" : e.severity), el("b", { text: called(e) }),
        e.track ? el("span", { class: "track", text: e.track }) : null,
        e.maintenance ? el("span", { class: "track", text: "maintenance" }) : null,
        el("time", { datetime: e.time })));
      if (open.length > NAMED) items.push(el("li", { class: "more", text: `and ${open.length - NAMED} more` }));
      this.open.replaceChildren(...items);
    }
    open.slice(-NAMED).reverse().forEach((e, i) => {
      say(this.open.children[i].querySelector("time"), span((now - Date.parse(e.time)) / 1000));
    });
  }

  showSound() {
    const value = this.loudness ?? this.rms;
    const kind = this.loudness === null ? "dBFS" : "LUFS";
    const quiet = this.data.open.some((e) => e.kind === "silence");
    // Of a stream that isn't watched the last level is an old one.
    const known = value !== null && value !== undefined && !this.is.silent;
    const text = quiet ? "silence" : !known ? "" : value <= -100 ? "−∞" : `${number(value)} ${kind}`;
    say(this.level, known || quiet ? text : "no sound level");
    this.level.classList.toggle("quiet", quiet);
    this.bar.style.transform = `scaleX(${known ? Math.min(1, Math.max(0, 1 - value / QUIET)) : 0})`;
    const notes = [];
    if (this.lag > 1) notes.push(`${number(this.lag)} s behind`);
    if (this.data.analysed < 0.995) notes.push(`${Math.round(this.data.analysed * 100)} % analysed`);
    if (this.data.restarts) notes.push(`${this.data.restarts} × restarted`);
    say(this.notes, notes.join(" · "));
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
    say(this.nothing, there ? "" : "no picture");
  }
}
